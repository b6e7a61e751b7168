"""docs/openapi.yaml is what the reference centre does: its routes, its answers, its refusals."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from kiosk.core.records import parse_record
from kiosk.core.release import Withdrawal
from kiosk.crypto import jose, keys
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.crypto.jose import Fault
from kiosk.hub import stations
from kiosk.hub.app import BODY_BYTES, CHECKPOINT_HEADER, ENROL_BYTES, LINES, MOST_LINES, create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.leases import withdraw
from kiosk.hub.stations import add_station, declare_lost
from kiosk.hub.store import Store
from kiosk.hub.succession import allow_restore
from kiosk.sync.stream import LINE_BYTES, NDJSON
from tests.docs.pages import ROOT, page
from tests.hub.conftest import STATION, Hub
from tests.samples import sample_payload
from tests.sync.centre import Clock, Journal

SPEC: dict[str, Any] = yaml.safe_load(page("openapi.yaml"))
NEXT = "cd" * 8
REFUSALS = ("BadRequest", "Unauthorised", "Forbidden", "TooLarge", "Busy")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    store, clock, key = Store.open(tmp_path), Clock(), keys.generate_signing()
    code = stations.add_station(store, STATION)
    stations.enrol(store, STATION, code, key, keys.generate_encryption(), 0)
    yield Hub(store, HubKeys.generate(), clock, key, Journal(STATION, key))
    store.close()


def resolved(value: Any) -> Any:
    """Follow one $ref."""
    while isinstance(value, dict) and "$ref" in value and len(value) == 1:
        found: Any = SPEC
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def promised(operation: str, status: int) -> dict[str, Any]:
    operations = [each for path in SPEC["paths"].values() for each in path.values() if isinstance(each, dict)]
    [found] = [each for each in operations if each.get("operationId") == operation]
    promise: dict[str, Any] = resolved(found["responses"][str(status)])
    return promise


def check(operation: str, answer: TestResponse) -> str:
    """The answer is one that the page promises; returns the reason of a refusal."""
    promise = promised(operation, answer.status_code)
    [(media, content)] = promise["content"].items()
    assert answer.mimetype == media
    if media == NDJSON:
        check_lines(answer.get_data())
        return ""
    schema = {**content["schema"], "components": SPEC["components"]}
    OAS31Validator(schema).validate(answer.get_json(force=True))
    for header in promise.get("headers", {}):
        assert header in answer.headers
    assert {"Date", "Cache-Control"} <= set(answer.headers.keys())
    return str(answer.get_json(force=True).get("reason", ""))


def check_lines(body: bytes) -> None:
    validator = OAS31Validator({"$ref": "#/components/schemas/Item", "components": SPEC["components"]})
    cursors = []
    for line in body.splitlines(keepends=True):
        assert line.endswith(b"\n")
        assert line.startswith(b'{"cursor":"')
        assert len(line) <= LINE_BYTES
        item = json.loads(line)
        validator.validate(item)
        cursors.append(int(item["cursor"]))
    assert cursors == sorted(set(cursors))


def test_it_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(SPEC).validate()


def test_a_broken_page_would_be_refused() -> None:
    broken = {**SPEC, "paths": {"/v1/enrol": {"post": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_routes_both_ways(hub: Hub) -> None:
    app = create_app(hub.store, hub.keys, hub.clock)
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules() if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }  # fmt: skip
    written = {
        (path, method.upper())
        for path, item in SPEC["paths"].items() for method in item if method != "parameters"
    }  # fmt: skip
    assert served == written


def test_limits_and_names_are_those_of_the_code() -> None:
    text = " ".join(SPEC["info"]["description"].split())
    assert f"at most {BODY_BYTES >> 20} MiB" in text
    assert f"{ENROL_BYTES >> 10} KiB" in text
    records = SPEC["paths"]["/v1/stations/{station}/records"]["get"]
    limit = records["parameters"][1]["schema"]
    assert (limit["default"], limit["maximum"]) == (LINES, MOST_LINES)
    journal = SPEC["paths"]["/v1/stations/{station}/journal"]["post"]
    assert journal["parameters"][0]["name"] == CHECKPOINT_HEADER
    token = SPEC["components"]["securitySchemes"]["station"]["description"]
    assert f"{jose.REQUEST_LIFE_S} s" in token
    assert f"{jose.LEEWAY_S} s of skew" in token
    types = {
        jose.RECORD,
        jose.RECEIPT,
        jose.CHECKPOINT,
        jose.ENROLMENT,
        jose.REQUEST,
        jose.SUCCESSION,
        jose.WITHDRAWAL,
        jose.ENDORSEMENT,
        jose.KEYS,
        jose.ANNOUNCEMENT,
    }
    assert set(re.findall(r"keping-[a-z]+\+jw[st]", page("openapi.yaml"))) == types


def reasons_written() -> set[str]:
    found = set(SPEC["components"]["schemas"]["Conflict"]["allOf"][1]["properties"]["reason"]["enum"])
    for name in REFUSALS:
        schema = SPEC["components"]["responses"][name]["content"]["application/problem+json"]["schema"]
        found |= set(schema["allOf"][1]["properties"]["reason"]["enum"])
    return found


def reasons_in_code() -> set[str]:
    """First or second argument of what a refusal is made with, where it is a plain word."""
    makers = {"Problem": 1, "_document": 1, "ChainConflict": 0, "EnrolmentRefused": 1}
    found = {fault.value for fault in Fault} | {"request-entity-too-large", "fork", "rollback"}
    for path in (ROOT / "kiosk" / "hub").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                given = node.args[makers[node.func.id]]
                if isinstance(given, ast.Constant):
                    found.add(given.value)
    return found


def test_reasons_both_ways() -> None:
    assert reasons_written() == reasons_in_code()


def test_enrolment(hub: Hub) -> None:
    code = add_station(hub.store, "kupang-02")
    own = {"signing_key": keys.public_jwk(keys.generate_signing()),
           "encryption_key": keys.public_jwk(keys.generate_encryption())}  # fmt: skip
    asked = {"station": "kupang-02", "code": code, **own}
    OAS31Validator({"$ref": "#/components/schemas/EnrolmentRequest", "components": SPEC["components"]}).validate(
        asked
    )
    assert check("enrol", hub.http.post("/v1/enrol", json=asked)) == ""
    assert check("enrol", hub.http.post("/v1/enrol", json={**asked, "code": "WRONG"})) == "enrolment"
    assert check("enrol", hub.http.post("/v1/enrol", json={**asked, "signing_key": {}})) == "key-format"
    assert check("enrol", hub.http.post("/v1/enrol", data=b"no")) == "not-json"
    assert check("enrol", hub.http.post("/v1/enrol", data=b"x" * (ENROL_BYTES + 1))) == "request-entity-too-large"


def test_the_public_line(hub: Hub) -> None:
    for day, reason in (("", ""), ("2000-01-01", "bad-query"), ("x", "bad-query")):
        assert check("stockLine", hub.http.get("/v1/stock-line", query_string={"date": day})) == reason
    yesterday = datetime.fromtimestamp(hub.clock(), UTC).date() - timedelta(days=1)
    assert check("stockLine", hub.http.get("/v1/stock-line", query_string={"date": str(yesterday)})) == ""


def test_good_answers(hub: Hub) -> None:
    assert check("status", hub.call("GET", "status")) == ""
    assert check("journal", hub.ship()) == ""
    assert check("journal", hub.ship(b"")) == ""
    assert check("records", hub.call("GET", "records?after=&limit=2")) == ""
    issue(hub.store, hub.keys, [parse_record(sample_payload())] * 2, STATION, now_s=0)
    answer = hub.call("GET", "records?after=&limit=5")
    assert check("records", answer) == ""
    assert answer.get_data().count(b"\n") == 2
    ref = jose.verify(json.loads(answer.get_data().splitlines()[0])["record"], [hub.keys.signing], jose.RECORD)["ref"]
    withdraw(hub.store, hub.keys, ref, Withdrawal.MOVED, 1.0)
    for query, lines in (("after=&limit=5", 2), ("after=&limit=0", 1)):
        answer = hub.call("GET", f"records?{query}")
        assert check("records", answer) == ""
        assert answer.get_data().count(b"\n") == lines


def test_a_restore(hub: Hub) -> None:
    hub.ship()
    held = hub.call("GET", "incarnations")
    assert check("incarnations", held) == ""
    [journal] = held.get_json()["incarnations"]
    assert check("frames", hub.call("GET", f"incarnations/{journal['incarnation']}?after=0")) == ""
    end = {name: journal[name] for name in ("incarnation", "seq", "head")}
    assert check("succeed", hub.call("PUT", f"incarnations/{NEXT}", json.dumps(end).encode())) == "incarnation"
    assert check("succeed", hub.call("PUT", f"incarnations/{NEXT}", b"{}")) == "bad-query"
    old = hub.key
    code = allow_restore(hub.store, STATION)
    hub.clock.now_s += 1
    hub.key = keys.generate_signing()
    stations.enrol(hub.store, STATION, code, hub.key, keys.generate_encryption(), int(hub.clock() * 1000))
    assert check("succeed", hub.call("PUT", f"incarnations/{NEXT}", json.dumps(end).encode())) == ""
    hub.key = old
    assert check("status", hub.call("GET", "status")) == "superseded"


def test_a_change_of_keys(hub: Hub) -> None:
    old, coming = hub.key, Successors(keys.generate_signing(), keys.generate_encryption())
    token = sign_endorsement(Endorsement(hub.journal.position(), coming, 0), hub.key)
    body = json.dumps({"endorsement": token}).encode()
    OAS31Validator({"$ref": "#/components/schemas/KeyChange", "components": SPEC["components"]}).validate(
        {"endorsement": token}
    )
    assert check("changeKeys", hub.call("PUT", "keys", b"{}")) == "keys"
    assert check("changeKeys", hub.call("PUT", "keys", b"no")) == "not-json"
    assert check("changeKeys", hub.call("PUT", "keys", body)) == ""
    hub.key = coming.signing
    assert check("status", hub.call("GET", "status")) == ""
    hub.key = old
    assert check("changeKeys", hub.call("PUT", "keys", body)) == "key-retired"


def after_a_gap(hub: Hub) -> TestResponse:
    hub.journal.stock(3)
    return hub.ship(hub.journal.frames[2].line)


REFUSED: dict[str, tuple[str, Callable[[Hub], TestResponse]]] = {
    "bad-query": ("records", lambda hub: hub.call("GET", "records?limit=1001")),
    "partial-line": ("journal", lambda hub: hub.ship(b"{")),
    "bad-frames": ("journal", lambda hub: hub.ship(b"{}\n")),
    "checkpoint": ("journal", lambda hub: hub.ship(checkpoint="no")),
    "unsigned": ("status", lambda hub: hub.http.get(f"/v1/stations/{STATION}/status")),
    "gap": ("journal", after_a_gap),
    "request-entity-too-large": ("journal", lambda hub: hub.ship(b"x" * (BODY_BYTES + 1))),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refusals(hub: Hub, reason: str) -> None:
    operation, ask = REFUSED[reason]
    assert check(operation, ask(hub)) == reason


def test_stale_and_replayed_tokens(hub: Hub) -> None:
    path = f"/v1/stations/{STATION}/status"
    for change, reason in ((-400.0, "expired"), (400.0, "not-yet-valid")):
        token = hub.token("GET", path, now_s=hub.clock() + change)
        assert check("status", hub.http.get(path, headers={"Authorization": f"Bearer {token}"})) == reason
    token = hub.token("GET", path)
    assert check("status", hub.http.get(path, headers={"Authorization": f"Bearer {token}"})) == ""
    assert check("status", hub.http.get(path, headers={"Authorization": f"Bearer {token}"})) == "replayed"


def test_a_lost_station(hub: Hub) -> None:
    declare_lost(hub.store, STATION, 0)
    assert check("records", hub.call("GET", "records")) == "station-lost"


def test_a_busy_centre(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(hub.store, "transaction", busy)
    assert check("status", hub.call("GET", "status")) == "busy"


def test_an_answer_that_is_not_promised_would_be_found(hub: Hub) -> None:
    with pytest.raises(KeyError):
        check("status", hub.http.post(f"/v1/stations/{STATION}/status"))
