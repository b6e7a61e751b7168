"""What a page in another tab can try, at every route there is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.web.conftest import Kiosk, Visitor
from tests.web.test_guard import ask, paths


def test_a_name_that_was_made_to_point_here_opens_no_route(quiet: Kiosk, reader: Visitor) -> None:
    asked = 0
    reader.http.headers["Host"] = f"station.evil.example:{quiet.server.port}"
    try:
        for method in ("GET", "POST"):
            for _, path in paths(quiet, method):
                assert ask(reader, path, method).status_code == 400, path
                asked += 1
    finally:
        del reader.http.headers["Host"]
    assert asked > 60


@pytest.mark.parametrize("header", [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")])
def test_a_form_from_elsewhere_is_refused_at_every_route(
    quiet: Kiosk, reader: Visitor, header: tuple[str, str]
) -> None:
    form, frames = reader.form(), len(quiet.office.frames())
    for _, path in paths(quiet, "POST"):
        assert reader.http.post(path, data=form, headers=dict([header])).status_code == 403, path
    assert len(quiet.office.frames()) == frames


def dripped() -> Iterator[bytes]:
    """Without a length."""
    yield b"pin="
    for _ in range(70):
        yield b"1" * 1024


def test_no_form_is_too_big_in_any_way(quiet: Kiosk, reader: Visitor) -> None:
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    parts = {"Content-Type": "multipart/form-data; boundary=x"}
    many = (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(1_100)) + b"--x--\r\n"
    )
    for path in ("/sign-in", "/jobs"):
        for body, headers in (
            (b"a=" + b"1" * (65 << 10), plain),
            (b"a=&" * (22 << 10), plain),
            (
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"1" * (65 << 10) + b"\r\n--x--\r\n",
                parts,
            ),
            (many, parts),
            (dripped(), plain),
        ):
            answer = reader.http.post(path, content=body, headers=headers)
            assert answer.status_code == 413, (path, answer.status_code)
    assert httpx.get(quiet.url + "/healthz", timeout=None, verify=False).status_code == 200
