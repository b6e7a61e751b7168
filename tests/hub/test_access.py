"""Who gets in: enrolment, request tokens, lost stations; and how a refusal looks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from kiosk.crypto import jose, keys
from kiosk.errors import UsageError
from kiosk.hub import app as hub_app
from kiosk.hub import leases, stations
from kiosk.hub.schema import metadata, tokens
from tests.hub.conftest import AT_THE_DOOR, STATION, Hub

PATH = f"/v1/stations/{STATION}/status"


def refusal(hub: Hub, token: str | None, path: str = PATH) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    response = hub.http.get(path, headers=headers)
    assert response.content_type == "application/problem+json"
    document = response.get_json()
    assert document["status"] == response.status_code
    return response.status_code, document["reason"]


def test_signed_request_passes(hub: Hub) -> None:
    response = hub.call("GET", "status")
    assert response.status_code == 200
    assert response.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert hub.status.last_contact == int(hub.clock() * 1000)


def test_request_without_a_fitting_token_is_refused(hub: Hub) -> None:
    for token, reason in (
        (None, "unsigned"),
        ("", "unsigned"),
        ("a.b.c", "unsigned"),
        (hub.token("GET", PATH, key=keys.generate_signing()), "unsigned"),
        (hub.token("GET", PATH, now_s=hub.clock() - 151), "expired"),
        (hub.token("GET", PATH, now_s=hub.clock() + 31), "not-yet-valid"),
        (hub.token("POST", PATH), "wrong-claims"),
        (hub.token("GET", f"/v1/stations/{STATION}/records"), "wrong-claims"),
        (hub.token("GET", PATH, b"body"), "wrong-claims"),
    ):
        assert refusal(hub, token) == (401, reason)


def test_a_spent_token_is_forgotten_when_it_has_long_expired(hub: Hub) -> None:
    for _ in range(2):
        assert hub.call("GET", "status").status_code == 200
        hub.clock.now_s += 2 * 3600
    with hub.store.snapshot() as connection:
        assert len(connection.execute(select(tokens)).all()) == 1


def test_token_passes_once(hub: Hub) -> None:
    token = hub.token("GET", PATH)
    assert hub.http.get(PATH, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert refusal(hub, token) == (401, "replayed")
    hub.clock.now_s += 151
    assert refusal(hub, token) == (401, "expired")


def test_token_for_another_hub_is_refused(hub: Hub) -> None:
    asked = jose.Request.of(STATION, keys.thumbprint(keys.generate_signing()), "GET", PATH, b"")
    assert refusal(hub, jose.sign_request(asked, hub.key, hub.clock(), "12345678")) == (401, "wrong-claims")


def test_station_cannot_read_for_another(hub: Hub) -> None:
    other = keys.generate_signing()
    code = stations.add_station(hub.store, "kupang-02")
    stations.enrol(hub.store, "kupang-02", code, other, keys.generate_encryption(), 0)
    path = "/v1/stations/kupang-02/status"
    assert refusal(hub, hub.token("GET", path), path) == (401, "unsigned")
    assert refusal(hub, hub.token("GET", "/v1/stations/nobody/status"), "/v1/stations/nobody/status")[0] == 401


def test_lost_station_is_shut_out_and_its_records_can_go_elsewhere(hub: Hub) -> None:
    assert stations.declare_lost(hub.store, STATION, 5) == 0
    assert refusal(hub, hub.token("GET", PATH)) == (403, "station-lost")
    with pytest.raises(UsageError):
        stations.declare_lost(hub.store, "nobody", 5)


def enrolment(**change: Any) -> dict[str, Any]:
    return {
        "station": "alak-1",
        "code": "X",
        "signing_key": keys.public_jwk(keys.generate_signing()),
        "encryption_key": keys.public_jwk(keys.generate_encryption()),
        **change,
    }


@AT_THE_DOOR
@pytest.mark.parametrize(
    "change",
    [
        {"signing_key": None},
        {"signing_key": keys.public_jwk(keys.generate_encryption())},
        {"encryption_key": keys.public_jwk(keys.generate_signing())},
        {"signing_key": keys.generate_signing().as_dict(private=True)},
    ],
)
def test_enrolment_takes_public_keys_of_the_right_curves(hub: Hub, change: dict[str, Any]) -> None:
    code = stations.add_station(hub.store, "alak-1")
    response = hub.http.post("/v1/enrol", json=enrolment(code=code, **change))
    assert (response.status_code, response.get_json()["reason"]) == (400, "key-format")
    assert hub.http.post("/v1/enrol", json=enrolment(code=code)).status_code == 200


def test_unknown_station_and_wrong_code_look_the_same(hub: Hub) -> None:
    stations.add_station(hub.store, "alak-1")
    answers = {hub.http.post("/v1/enrol", json=enrolment(station=name)).get_data() for name in ("alak-1", "x")}
    assert len(answers) == 1
    assert b'"status": 403' in answers.pop()


def test_code_is_not_kept(hub: Hub) -> None:
    code = stations.add_station(hub.store, "alak-1")
    with hub.store.snapshot() as connection:
        stored = str([connection.execute(select(table)).all() for table in metadata.sorted_tables])
    assert "alak-1" in stored
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_new_code_replaces_the_old_until_the_station_is_enrolled(hub: Hub) -> None:
    first, second = (stations.add_station(hub.store, "alak-1") for _ in range(2))
    assert hub.http.post("/v1/enrol", json=enrolment(code=first)).status_code == 403
    assert hub.http.post("/v1/enrol", json=enrolment(code=second)).status_code == 200
    with pytest.raises(UsageError, match="enrolled already"):
        stations.add_station(hub.store, "alak-1")


def test_lost_station_does_not_come_back_by_its_old_code(hub: Hub) -> None:
    asked = enrolment(code=stations.add_station(hub.store, "alak-1"))
    assert hub.http.post("/v1/enrol", json=asked).status_code == 200
    assert hub.http.post("/v1/enrol", json=asked).status_code == 200
    stations.declare_lost(hub.store, "alak-1", 5)
    assert hub.http.post("/v1/enrol", json=asked).status_code == 403


@AT_THE_DOOR
@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a" * 64, "../x"])
def test_station_ids_are_plain_words(hub: Hub, name: str) -> None:
    with pytest.raises(UsageError):
        stations.add_station(hub.store, name)


@AT_THE_DOOR
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_enrolment_that_is_no_object_is_refused(hub: Hub, body: bytes) -> None:
    response = hub.http.post("/v1/enrol", data=body)
    assert (response.status_code, response.get_json()["reason"]) == (400, "not-json")


@AT_THE_DOOR
def test_bodies_are_bounded(hub: Hub) -> None:
    assert hub.http.post("/v1/enrol", data=b"x" * (hub_app.ENROL_BYTES + 1)).status_code == 413
    assert hub.ship(b"x" * (hub_app.BODY_BYTES + 1)).status_code == 413


@AT_THE_DOOR
@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=²", "limit=1001", "after=" + "9" * 30, "limit=1&limit=1", "limit="]
)
def test_query_is_checked(hub: Hub, query: str) -> None:
    response = hub.call("GET", f"records?{query}")
    assert (response.status_code, response.get_json()["reason"]) == (400, "bad-query")


@AT_THE_DOOR
def test_every_error_is_a_problem_document(hub: Hub) -> None:
    for response, status in ((hub.http.get("/nothing"), 404), (hub.http.get("/v1/enrol"), 405)):
        assert response.status_code == status
        assert response.content_type == "application/problem+json"


def test_busy_data_base_asks_to_come_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **_named: object) -> None:
        raise OperationalError("select", {}, Exception("database is locked"))

    monkeypatch.setattr(leases, "page", locked)
    response = hub.call("GET", "records")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@AT_THE_DOOR
def test_only_a_cursor_may_be_empty(hub: Hub) -> None:
    assert hub.call("GET", "records?after=").status_code == 200
    assert hub.call("GET", f"incarnations/{'0' * 16}?after=").get_json()["reason"] == "bad-query"


JOURNAL = f"/v1/stations/{STATION}/journal"


@pytest.mark.parametrize("reason", ["partial-line", "bad-frames", "checkpoint", "gap"])
def test_what_is_refused_has_spent_its_token(hub: Hub, reason: str) -> None:
    """Else whoever overheard it could ask again; its frames took nothing with them but themselves."""
    hub.journal.stock(2)
    whole = [frame.line for frame in hub.journal.frames]
    checkpoint = "x" if reason == "checkpoint" else hub.journal.checkpoint()
    body = {"partial-line": whole[0][:-1], "bad-frames": b"{}\n", "gap": whole[2]}.get(reason, whole[0])
    signed = {"Authorization": f"Bearer {hub.token('POST', JOURNAL, body)}", "Keping-Checkpoint": checkpoint}
    told = [hub.http.post(JOURNAL, data=body, headers=signed) for _ in range(2)]
    first = 409 if reason == "gap" else 400, reason
    assert [(each.status_code, each.get_json()["reason"]) for each in told] == [first, (401, "replayed")]
    assert hub.status.seq == 0
    assert hub.alarms == ({"gap"} if reason == "gap" else set())
    assert [alarm.times for alarm in hub.status.alarms] == [1] * (reason == "gap")
