"""Who signs in gets a session that nobody knew before, and it dies with the sign-out."""

from __future__ import annotations

import httpx

from tests.web.conftest import OTHER_PIN, Kiosk, Visitor

KNOWN = "a-session-that-somebody-chose"


def with_token(kiosk: Kiosk, token: str) -> int:
    headers = {"Cookie": f"keping={token}"}
    return httpx.get(kiosk.url + "/queue", headers=headers, timeout=None, verify=False).status_code


def test_a_session_that_somebody_left_in_the_browser_is_not_the_one_that_is_signed_in(quiet: Kiosk) -> None:
    visitor = Visitor(quiet.url)
    answer = httpx.post(
        quiet.url + "/sign-in", data={"person": "yosep", "pin": OTHER_PIN}, headers={"Cookie": f"keping={KNOWN}"},
        timeout=None,
    )  # fmt: skip
    assert (answer.status_code, answer.cookies["keping"] != KNOWN) == (303, True)
    assert with_token(quiet, KNOWN) == 303
    assert with_token(quiet, answer.cookies["keping"]) == 200
    visitor.sign_in()
    first = visitor.http.cookies["keping"]
    visitor.sign_in("yosep", OTHER_PIN)
    assert visitor.http.cookies["keping"] != first
    assert with_token(quiet, first) == 303, "the session before is gone"
    visitor.leave()


def test_what_was_signed_out_or_locked_opens_nothing_again(quiet: Kiosk) -> None:
    visitor = Visitor(quiet.url)
    visitor.sign_in()
    token = visitor.http.cookies["keping"]
    assert with_token(quiet, token) == 200
    visitor.post("/sign-out", visitor.form())
    assert with_token(quiet, token) == 303
    visitor.http.close()
