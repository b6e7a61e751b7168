"""A running centre held to docs/openapi.yaml by generated requests, good and bad, signed as a station signs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, not_a_server_error
from schemathesis.core.parameters import ParameterLocation

from kiosk.hub.app import create_app
from kiosk.hub.server import HubServer
from tests.docs.pages import ROOT
from tests.hub.conftest import AT_THE_DOOR, STATION, Hub

SCHEMA = schemathesis.openapi.from_path(str(ROOT / "docs" / "openapi.yaml"))
SCHEMA.config.generation.update(with_security_parameters=False)  # every request is signed below
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
}
HELD_TO = [not_a_server_error, *CHECKS.get_by_names([
    "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
])]  # fmt: skip
"""Not `positive_data_acceptance`: that a token or a checkpoint is signed by somebody, no schema can say."""


@schemathesis.serializer("application/x-ndjson")
def lines(context: object, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def is_sound(case: schemathesis.Case, place: ParameterLocation) -> bool:
    """Whether what is there was made to fit the schema; also if it was left out."""
    part = case.meta.components.get(place) if case.meta else None
    return part is None or part.mode is GenerationMode.POSITIVE


App = Callable[[dict[str, Any], Any], Any]


class Running:
    """The centre over loopback, and what a station adds to a request."""

    def __init__(self, hub: Hub, app: App) -> None:
        self.hub = hub
        self.server = HubServer(app)
        self._session = requests.Session()
        self._session.trust_env = False
        self.answers: dict[int, int] = {}

    def ask(self, case: schemathesis.Case, *, at_home: bool) -> None:
        """`at_home`: as the one station that is enrolled here, with its own checkpoint and frames; what is wrong
        on purpose stays."""
        if at_home and is_sound(case, ParameterLocation.PATH):
            case.path_parameters = {**(case.path_parameters or {}), "station": STATION}
            if "Keping-Checkpoint" in case.headers and is_sound(case, ParameterLocation.HEADER):
                case.headers["Keping-Checkpoint"] = self.hub.journal.checkpoint()
                if is_sound(case, ParameterLocation.BODY):
                    case.body = b"".join(frame.line for frame in self.hub.journal.frames).decode()
        prepared = self._session.prepare_request(requests.Request(**self._arguments(case)))
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
        assert isinstance(body, bytes)
        path = unquote(urlsplit(str(prepared.url)).path)
        prepared.headers["Authorization"] = f"Bearer {self.hub.token(str(prepared.method), path, body)}"
        response = self._session.send(prepared)
        self.answers[response.status_code] = self.answers.get(response.status_code, 0) + 1
        case.validate_response(response, checks=HELD_TO)

    def _arguments(self, case: schemathesis.Case) -> dict[str, Any]:
        return {
            name: value
            for name, value in case.as_transport_kwargs(base_url=self.server.url).items()
            if name in ("method", "url", "headers", "params", "data", "json", "cookies", "files")
        }

    def ask_many(self, examples: int) -> None:
        for name in OPERATIONS:
            self.ask_for(name, examples)

    def ask_for(self, name: str, examples: int) -> None:
        made = [OPERATIONS[name].as_strategy(generation_mode=mode) for mode in GenerationMode]

        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=st.one_of(made), at_home=st.booleans())
        def generated(case: schemathesis.Case, at_home: bool) -> None:
            self.ask(case, at_home=at_home)

        generated()

    def close(self) -> None:
        self._session.close()
        self.server.stop()


@pytest.fixture
def running(hub: Hub) -> Iterator[Running]:
    hub.journal.stock(2)
    hub.ship()
    found = Running(hub, create_app(hub.store, hub.keys, hub.clock))
    yield found
    found.close()


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) >= 7


def test_the_centre_keeps_the_contract(running: Running) -> None:
    running.ask_many(4)
    assert {200, 400, 401} <= set(running.answers)


@pytest.mark.long
def test_the_centre_keeps_the_contract_for_long(running: Running) -> None:
    running.ask_many(100)


@AT_THE_DOOR
@pytest.mark.parametrize(
    "spoil",
    [
        lambda status, headers, body: ("500 Oops", headers, body),
        lambda status, headers, body: ("418 Teapot", headers, body),
        lambda status, headers, body: (status, [], body),
        lambda status, headers, body: (status, headers, json.dumps({"position": 1}).encode()),
    ],
)
def test_a_centre_that_breaks_it_is_found(hub: Hub, spoil: Callable[..., Any]) -> None:
    app = create_app(hub.store, hub.keys, hub.clock)

    def spoiled(environ: dict[str, Any], start_response: Any) -> Any:
        told: list[Any] = []
        body = b"".join(app(environ, lambda *said: told.extend(said[:2])))
        status, headers, content = spoil(told[0], told[1], body)
        start_response(status, [(name, value) for name, value in headers if name != "Content-Length"])
        return [content]

    broken = Running(hub, spoiled)
    try:
        with pytest.raises(BaseExceptionGroup):
            broken.ask_for("status", 10)
    finally:
        broken.close()
