"""What every answer of the centre carries, at every route there is, and a page from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from kiosk.hub.app import create_app
from kiosk.hub.keyring import HubKeys
from kiosk.hub.page import HEADERS, create_page
from kiosk.hub.store import Store

ARGUMENTS = {"station": "kupang-01", "incarnation": "0" * 16, "filename": "keping.css"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path, "")
    yield made
    made.close()


def asked(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and path of each route, and one that is none."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, {name: ARGUMENTS[name] for name in rule.arguments})
        yield from ((method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}))
    yield "GET", "/nothing"


def test_every_route_of_the_page_carries_the_headers(store: Store) -> None:
    app = create_page(store, "wita", lambda: 0)
    client = app.test_client()
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    for method, path in asked(app):
        for host in ("localhost:8441", "evil.example"):
            answer = client.open(path, method=method, headers={"Host": host})
            assert HEADERS.items() <= dict(answer.headers).items(), (path, host)
            assert (answer.status_code == 403) is (host == "evil.example"), (path, host)
            assert not answer.headers.getlist("Set-Cookie")
            answer.close()


def test_every_answer_at_the_stations_door_is_kept_by_nobody(store: Store) -> None:
    app = create_app(store, HubKeys.generate(), lambda: 1_800_000_000.0)
    client, paths = app.test_client(), 0
    for method, path in asked(app):
        if path.startswith("/static"):
            continue
        answer = client.open(path, method=method)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert not answer.headers.getlist("Set-Cookie")
        paths += 1
    assert paths > 7
