"""The centre as a station calls it: one HTTPS request at a time, signed, with every answer distrusted."""

from __future__ import annotations

import json
import secrets
import ssl
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Position, verify_receipt
from kiosk.crypto.endorsement import Successors
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.errors import Rejected, Unavailable, UsageError
from kiosk.sync.answers import date_s, media_type, one_line, problem, retry_after_s
from kiosk.sync.stream import NDJSON, Item, NotItems, read_items
from kiosk.sync.tls import trust, why

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
TOLD_LATE = timedelta(seconds=30)
"""An answer that took longer says no time: its Date may be of the beginning."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# Refusals of the token alone: the answer's Date, or a fresh token, cures them.
_STALE = frozenset({"expired", "not-yet-valid", "replayed"})


class HubUnreachable(Unavailable):
    """No answer, or none that is the centre's. Whether the request had its effect is not known: repeat it.

    `retry_after_s`: how long the centre asked to be left alone.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class HubRefused(Rejected):
    """The centre understood and refused; `reason` is its keyword, `status` the HTTP status."""

    def __init__(self, message: str, reason: str, status: int) -> None:
        super().__init__(message, reason)
        self.status = status


class ChainRefused(HubRefused):
    """409: our frames do not continue what the centre holds. What it holds, ask `position`."""


class UntrustedAnswer(Rejected):
    """An answer that a pinned key of the centre did not sign, or that speaks of another station."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "untrusted")


@dataclass(frozen=True)
class Receipt:
    """A verified position, and the token that proves it."""

    position: Position
    token: str


def check_url(url: str) -> str:
    """UsageError unless https; plain http is for a centre on this machine only (personal data pass here)."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise UsageError(f"hub {url!r}: give an https:// address")
    return url.rstrip("/")


def connect(
    url: str,
    *,
    timeout: httpx.Timeout = TIMEOUT,
    ca: Path | None = None,
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], float] = time.time,
) -> httpx.Client:
    """A connection pool to one centre: no proxy or certificate from the environment, no redirects.

    `ca`: PEM file to trust instead of the system's authorities; UsageError if it can't be read. Opens nothing yet.
    `clock`: Unix seconds, for when a certificate of that authority ends.
    """
    base = check_url(url)
    trusted = trust(ca, clock) if base.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=base, timeout=timeout, trust_env=False, verify=trusted, transport=transport)


class Trust(Protocol):
    """Which keys of the centre's are believed, as it changes them. Each returns them, newest first."""

    def hear(self, announcements: Sequence[str]) -> Sequence[OKPKey]: ...

    def proved(self, kid: str) -> Sequence[OKPKey]: ...


class HubClient:
    """Every call blocks at most about 13 s without progress on the line, and at most two requests long.

    Raises HubUnreachable, HubRefused or UntrustedAnswer only. Not for two threads at once.
    `http` comes from `connect`, and `close` closes it. `key` signs. `hub_keys` are the pinned ones, newest first.
    `trust` follows them where they change. `heard` is called with the Date (Unix ms) of each answer that is the
    centre's; as trustworthy as the connection.
    """

    def __init__(
        self,
        http: httpx.Client,
        station: str,
        key: OKPKey,
        hub_keys: Sequence[OKPKey],
        *,
        clock: Callable[[], float] = time.time,
        heard: Callable[[int], None] = lambda centre_ms: None,
        trust: Trust | None = None,
    ) -> None:
        self.station = station
        self.hub_keys = tuple(hub_keys)
        self.key = key
        self._trust = trust
        self._clock = clock
        self._ahead_s = 0.0
        self._heard = heard
        self._http = http

    def items(self, after: str, limit: int) -> Generator[Item]:
        """What is for this station behind the cursor ("" from the start): each item as soon as its line is whole.

        HubUnreachable where the link is lost, after the items that came before. `close` of the generator hangs up.
        """
        response = self._answer("GET", "records", params={"after": after, "limit": str(limit)}, stream=True)
        try:
            if media_type(response) != NDJSON or "Content-Encoding" in response.headers:
                raise HubUnreachable("something else than the centre answers there")
            yield from read_items(response.iter_raw())
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc
        except NotItems as exc:
            raise HubUnreachable(f"something else than the centre answers there: {exc}") from exc
        finally:
            response.close()

    def ship(self, lines: Sequence[bytes], checkpoint: str) -> Receipt:
        """Send frames (whole lines, in order) under the station's signed checkpoint."""
        headers = {"Keping-Checkpoint": checkpoint, "Content-Type": "application/x-ndjson"}
        return self._receipt(self._call("POST", "journal", body=b"".join(lines), headers=headers))

    def position(self) -> Receipt:
        """What the centre holds of this station's journal."""
        return self._receipt(self._call("GET", "status"))

    def change_keys(self, endorsement: str, coming: Successors) -> None:
        """Let the centre take the keys that `endorsement` names beside those in use. May be repeated.

        UntrustedAnswer unless the centre signed that it holds them: to sign by a key that it lacks would shut us out.
        """
        answer = self._call("PUT", "keys", body=json.dumps({"endorsement": endorsement}).encode())
        held = {
            "station": self.station, "signing": keys.thumbprint(coming.signing),
            "encryption": keys.thumbprint(coming.encryption),
        }  # fmt: skip
        try:
            said = jose.verify(str(answer.get("keys")), self.hub_keys, jose.KEYS)
        except SignatureError as exc:
            raise UntrustedAnswer(f"change of keys: {exc}") from exc
        if said != held:
            raise UntrustedAnswer("the centre holds other keys than it was told")

    def close(self) -> None:
        self._http.close()

    def _receipt(self, answer: Mapping[str, Any]) -> Receipt:
        token, news = answer.get("receipt"), answer.get("announcements")
        if self._trust and isinstance(news, list):
            self.hub_keys = tuple(self._trust.hear([str(each) for each in news]))
        try:
            position = verify_receipt(str(token), self.hub_keys)
        except SignatureError as exc:
            raise UntrustedAnswer(f"receipt: {exc}") from exc
        if position.station != self.station:
            raise UntrustedAnswer(f"receipt for station {position.station}")
        if self._trust:
            self.hub_keys = tuple(self._trust.proved(jose.signer(str(token))))
        return Receipt(position, str(token))

    def _call(
        self,
        method: str,
        name: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        response = self._answer(method, name, params=params, body=body, headers=headers)
        content = _content(response)
        if (told_s := date_s(response.headers.get("Date", ""))) and response.elapsed < TOLD_LATE:
            self._heard(int(told_s * 1000))
        return content

    def _answer(
        self,
        method: str,
        name: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        """With status 200, or raises. `stream`: the body has not been read, and the caller closes the answer."""
        path = f"/v1/stations/{self.station}/{name}"
        response = self._send(method, path, params or {}, body, headers or {}, stream)
        if response.status_code == 401 and problem(response).get("reason") in _STALE:
            response = self._send(method, path, params or {}, body, headers or {}, stream)
        if response.status_code != 200:
            raise self._refusal(response)
        return response

    def _send(
        self, method: str, path: str, params: Mapping[str, str], body: bytes, headers: Mapping[str, str], stream: bool
    ) -> httpx.Response:
        asked = jose.Request.of(self.station, keys.thumbprint(self.hub_keys[0]), method, path, body)
        now_s = self._clock() + self._ahead_s
        token = jose.sign_request(asked, self.key, now_s, secrets.token_urlsafe(16))
        request = self._http.build_request(
            method, path, params=params, content=body,
            headers={"Accept-Encoding": "identity", **headers, "Authorization": f"Bearer {token}"},
        )  # fmt: skip
        try:
            response = self._http.send(request, stream=True)
            if "Content-Encoding" in response.headers:  # nobody asked for it, and a few KB could be gigabytes
                response.close()
                raise HubUnreachable("something else than the centre answers there: a packed answer")
            if response.status_code != 200 or not stream:
                response.read()
        except httpx.HTTPError as exc:
            raise _unreachable(exc) from exc
        self._learn_time(response)
        return response

    def _learn_time(self, response: httpx.Response) -> None:
        """A station whose clock is wrong still makes tokens that fit: the centre's Date is what counts."""
        told_s = date_s(response.headers.get("Date", ""))
        if told_s is not None:
            self._ahead_s = told_s - self._clock()

    def _refusal(self, response: httpx.Response) -> HubUnreachable | HubRefused:
        status = response.status_code
        told = problem(response)
        detail = f"{status} {one_line(told.get('detail'), response.reason_phrase)}"
        if status in (408, 429) or not 400 <= status < 500 or "reason" not in told:
            return HubUnreachable(
                f"centre cannot serve now: {detail}", retry_after_s(response, self._clock() + self._ahead_s)
            )
        refusal = ChainRefused if status == 409 else HubRefused
        return refusal(f"centre refuses: {detail}", one_line(told["reason"], "unnamed"), status)


def _unreachable(exc: httpx.HTTPError) -> HubUnreachable:
    return HubUnreachable(f"centre not reached: {why(exc)}")


def _content(response: httpx.Response) -> dict[str, Any]:
    """A hotel's log-in page also answers 200."""
    try:
        answer = response.json()
    except (ValueError, RecursionError) as exc:
        raise HubUnreachable("something else than the centre answers there") from exc
    if not isinstance(answer, dict):
        raise HubUnreachable("something else than the centre answers there")
    return answer
