"""Every request passes the same checks, every answer carries the same headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from werkzeug.routing import Rule

from kiosk.core.permissions import BEGINNING
from kiosk.web.screens.sign_in import _local
from kiosk.web.security import HEADERS, MACHINE, OPEN
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor

ARGUMENTS = {"filename": "keping.css", "weight": "400", "size": "small"}


def paths(kiosk: Kiosk, method: str) -> Iterator[tuple[Rule, str]]:
    adapter = kiosk.app.url_map.bind("127.0.0.1")
    for rule in kiosk.app.url_map.iter_rules():
        if method in (rule.methods or ()):
            values = {name: ARGUMENTS.get(name, "x") for name in rule.arguments}
            yield rule, adapter.build(rule.endpoint, values, method=method)


def ask(visitor: Visitor, path: str, method: str = "GET") -> httpx.Response:
    """Headers are enough; a stream has no end."""
    with visitor.http.stream(method, path) as answer:
        return answer


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "[::1]", "localhost.evil.example:80", "0"]
)
def test_another_host_is_refused(quiet: Kiosk, host: str) -> None:
    for path in ("/queue", "/healthz", "/static/keping.css", "/sign-in"):
        assert httpx.get(quiet.url + path, headers={"Host": host}, timeout=None, verify=False).status_code == 400


def test_its_own_names_are_served(quiet: Kiosk) -> None:
    for host in ("127.0.0.1", f"localhost:{quiet.server.port}"):
        assert httpx.get(quiet.url + "/healthz", headers={"Host": host}, timeout=None, verify=False).json() == {
            "ok": True
        }


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(quiet: Kiosk, reader: Visitor, headers: dict[str, str]) -> None:
    for path in ("/sign-in", "/language", "/jobs"):
        assert reader.http.post(path, data=reader.form(), headers=headers).status_code == 403
    assert quiet.made() == []


@pytest.mark.parametrize(
    ("referer", "led_to"),
    [("http://[", "/sign-in"), ("http://[/now?x=1", "/sign-in?next=/now"), ("x", "/sign-in"), ("", "/sign-in")],
)
def test_no_referer_makes_it_stumble(quiet: Kiosk, referer: str, led_to: str) -> None:
    answer = httpx.post(quiet.url + "/sign-out", headers={"Referer": referer}, timeout=None)
    assert (answer.status_code, answer.headers["Location"]) == (303, led_to)


def test_a_refusal_quotes_no_more_than_a_line(
    quiet: Kiosk, reader: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    for ref in ("9" * 5_000, "%0aWARNING all is well"):
        answer = reader.get(f"/check/{ref}")
        assert answer.status_code == 409
        note = answer.text.partition("Catatan mesin")[2].partition("</p>")[0]
        assert 0 < len(note) < 1_100
    assert max(map(len, caplog.messages)) < 200
    assert [message for message in caplog.messages if "\n" in message] == []


def test_every_answer_carries_the_headers(quiet: Kiosk, reader: Visitor) -> None:
    stranger = Visitor(quiet.url)
    asked = 0
    for method in ("GET", "POST"):
        for rule, path in [*paths(quiet, method), *[(None, "/nothing")]]:
            for visitor in (reader, stranger):
                answer = ask(visitor, path, method)
                apart = {"Cross-Origin-Resource-Policy": "cross-origin"} if path == "/healthz" else {}
                assert {name: answer.headers.get(name) for name in HEADERS} == {**HEADERS, **apart}, path
                kept = rule is not None and rule.endpoint in ("static", "font") and answer.status_code == 200
                assert ("no-store" in answer.headers["Cache-Control"]) is not kept, path
                asked += 1
    assert asked > 60
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    stranger.leave()


def test_nothing_is_shown_to_somebody_who_is_not_signed_in(quiet: Kiosk) -> None:
    stranger = Visitor(quiet.url)
    for rule, path in paths(quiet, "GET"):
        if rule.endpoint not in OPEN:
            answer = ask(stranger, path)
            if rule.endpoint in MACHINE:
                assert answer.status_code == 401, path
            elif rule.endpoint in BEGINNING:  # it is over: there is nothing to come back to
                assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path
            else:
                assert (answer.status_code, answer.headers["Location"][:9]) == (303, "/sign-in?"), path
    stranger.leave()


def test_no_form_is_taken_without_its_token_and_key(quiet: Kiosk, reader: Visitor) -> None:
    form = reader.form()
    for rule, path in paths(quiet, "POST"):
        if rule.endpoint in OPEN:
            continue
        if rule.endpoint in BEGINNING:  # nobody has a token there, and nobody can do anything there any more
            answer = reader.post(path, form)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path
            continue
        assert reader.post(path, {**form, "csrf": ""}).status_code == 403, path
        assert reader.post(path, {**form, "csrf": form["csrf"][:-1] + "é"}).status_code == 403, path
        assert reader.post(path, {"csrf": form["csrf"]}).status_code == 400, path
    assert quiet.made() == []


def test_the_token_of_another_session_does_not_fit(quiet: Kiosk, reader: Visitor) -> None:
    other = Visitor(quiet.url)
    other.sign_in("yosep", OTHER_PIN)
    assert reader.post("/now/stop", other.form()).status_code == 403
    assert reader.post("/now/stop", reader.form()).status_code == 303
    other.leave()


def test_the_cookie_is_for_this_screen_only(quiet: Kiosk) -> None:
    visitor = Visitor(quiet.url)
    [cookie] = visitor.sign_in().headers.get_list("Set-Cookie")
    parts = cookie.split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(parts)
    assert not [part for part in parts if part.startswith(("Domain", "Expires", "Max-Age"))]
    [language] = visitor.http.post("/language", data={"language": "en"}).headers.get_list("Set-Cookie")
    assert {"HttpOnly", "SameSite=Strict"} <= set(language.split("; "))
    visitor.leave()


def test_a_form_may_be_so_long_and_no_longer(quiet: Kiosk, reader: Visitor) -> None:
    assert reader.post("/jobs", {"csrf": "x" * (65 << 10)}).status_code == 413
    assert (
        httpx.post(quiet.url + "/sign-in", data={"pin": "1" * (65 << 10)}, timeout=None, verify=False).status_code
        == 413
    )


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil.example",
     "javascript:alert(1)", "http:/evil.example", " //evil.example", "/\n/evil.example", "evil.example"],
)  # fmt: skip
def test_no_way_leads_elsewhere(quiet: Kiosk, elsewhere: str) -> None:
    visitor = Visitor(quiet.url)
    answer = visitor.sign_in(next=elsewhere)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue")
    answer = visitor.http.post("/language", data={"language": "id", "back": elsewhere})
    assert answer.headers["Location"] == "/sign-in"
    assert visitor.sign_in(next="/outbox?a=1").headers["Location"] == "/outbox?a=1"
    visitor.leave()


def test_a_way_within_is_kept() -> None:
    assert _local("/check/ab?x=//evil") == "/check/ab?x=//evil"
    assert [_local(path) for path in ("/\t/evil", "//[", "/\n/[", "\t//evil", "/\r\\evil")] == [""] * 5


def test_an_unknown_page_speaks_the_language_of_its_reader(reader: Visitor) -> None:
    page = reader.get("/nothing", Cookie=f"keping={reader.http.cookies['keping']}; bahasa=en")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert '<html lang="en">' in page.text
    page = reader.get("/nothing")
    assert (page.status_code, "Halaman itu tidak ada" in page.text) == (404, True)


def test_health_needs_nobody(quiet: Kiosk) -> None:
    assert httpx.get(quiet.url + "/healthz", timeout=None, verify=False).json() == {"ok": True}


def test_many_guesses_at_once_are_counted_one_by_one(kiosk: Kiosk) -> None:
    begin = threading.Barrier(8)
    found: list[int] = []

    def guess(number: int) -> None:
        begin.wait()
        with httpx.Client(base_url=kiosk.url, timeout=None, verify=False) as http:
            found.append(http.post("/sign-in", data={"person": "maria", "pin": f"90000{number}"}).status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [403] * 3 + [429] * 5
    visitor = Visitor(kiosk.url)
    assert visitor.sign_in("maria", PIN).status_code == 429, "while one must wait, no PIN is tried at all"
    assert visitor.sign_in("yosep", OTHER_PIN).status_code == 303, "nobody else waits for it"
    kiosk.clock.advance(60)
    assert visitor.sign_in("maria", PIN).status_code == 303
    visitor.leave()
