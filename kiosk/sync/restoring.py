"""The centre as a station calls it that lost its disk: what it had delivered before, and the consent to go on."""

from __future__ import annotations

import json
from typing import Any

from kiosk.crypto import jose
from kiosk.crypto.checkpoint import Position
from kiosk.crypto.jose import SignatureError
from kiosk.sync.client import HubClient, HubUnreachable, UntrustedAnswer


class RestoreClient(HubClient):
    """Raises and blocks as HubClient."""

    def incarnations(self) -> list[dict[str, Any]]:
        """Every journal of this station that the centre holds, oldest first."""
        found = self._call("GET", "incarnations").get("incarnations")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise HubUnreachable("the answer holds no list of incarnations")
        return found

    def frames(self, incarnation: str, after: int) -> list[bytes]:
        """Lines that this station delivered once, some MiB at most. Not checked."""
        found = self._call("GET", f"incarnations/{incarnation}", params={"after": str(after)}).get("frames")
        if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
            raise HubUnreachable("the answer holds no list of frames")
        return [line.encode() + b"\n" for line in found]

    def succeed(self, incarnation: str, end: Position) -> str:
        """Ask the centre to close the open journal at `end` and to take `incarnation` as the next one.

        Returns how far its records must be read again (a cursor). May be repeated.
        """
        asked = json.dumps({"incarnation": end.incarnation, "seq": end.seq, "head": end.head}).encode()
        answer = self._call("PUT", f"incarnations/{incarnation}", body=asked)
        try:
            said = jose.verify(str(answer.get("succession")), self.hub_keys, jose.SUCCESSION)
        except SignatureError as exc:
            raise UntrustedAnswer(f"consent: {exc}") from exc
        told = (
            said.get("station"),
            said.get("incarnation"),
            said.get("continues"),
            said.get("seq"),
            said.get("head"),
        )
        if told != (self.station, incarnation, end.incarnation, end.seq, end.head):
            raise UntrustedAnswer("the consent is for something else")
        return str(said.get("cursor"))
