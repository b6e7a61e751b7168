"""A simulated chip that can be written, and mostly read, only through a SAM (drivers.sim.sam): bytes in, bytes out.

How a real KTP-el encrypts is not public: keys, tokens and wrapping are invented here, of the sizes that are known,
and protect nothing. The wrapping keeps the header, with the CLA 0C of secure messaging (ISO/IEC 7816-4, 5.1.1), and
a command in the clear ends the session.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from drivers.iso7816 import MAX_SHORT_NE, Command, Response, StatusWord
from drivers.sim.chip import KTP_EL, Chip

LOCKED_KTP_EL = replace(KTP_EL, protected=frozenset(KTP_EL.files) - {0x6FF0, 0x6FF2})
"""Photo and card control free to read, as is public; all else behind the SAM."""

CHALLENGE, TOKEN = 8, 40
_GET_CHALLENGE, _EXTERNAL_AUTHENTICATE = 0x84, 0x82
_WRAPPED = 0x0C
_MAC = 8


def chip_key(uid: bytes) -> bytes:
    """Of one chip, from the key that all simulated SAMs hold. `uid`: 7 bytes."""
    return mac(b"development SAM", uid)


def mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), "sha256")


class Session:
    """One end of a session; both ends count the messages, so that none is repeated or left out."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._key = mac(key, b"session", nonce)
        self._messages = 0

    def seal(self, header: bytes, plain: bytes) -> bytes:
        self._messages += 1
        hidden = self._masked(plain)
        return hidden + self._mac(header, hidden)

    def unseal(self, header: bytes, sealed: bytes) -> bytes | None:
        """None if it was not sealed as the next message of this session."""
        self._messages += 1
        hidden = sealed[:-_MAC]
        return self._masked(hidden) if hmac.compare_digest(sealed[-_MAC:], self._mac(header, hidden)) else None

    def _mac(self, header: bytes, hidden: bytes) -> bytes:
        return mac(self._key, b"mac", self._messages.to_bytes(4), header, hidden)[:_MAC]

    def _masked(self, data: bytes) -> bytes:
        seed = self._key + self._messages.to_bytes(4)
        return bytes(one ^ other for one, other in zip(data, hashlib.shake_256(seed).digest(len(data)), strict=True))


class SecuredChip(Chip):
    """A `Chip` whose protected files can be read, and any file written, in a session with a SAM alone."""

    _session: Session | None = None
    _challenge = b""

    def power_on(self) -> None:
        with self._lock:
            super().power_on()
            self._session, self._challenge = None, b""

    def _execute(self, command: Command) -> Response:
        if command.cla == 0xFF:  # the reader's, not the chip's
            return super()._execute(command)
        if command.cla == _WRAPPED and self._session is not None:
            return self._within(command, self._session)
        challenge, self._challenge, self._session = self._challenge, b"", None
        if command.cla == 0x00 and command.ins == _GET_CHALLENGE:
            self._challenge = mac(self.uid, self._power_ups.to_bytes(4))[:CHALLENGE]
            return answer(0x9000, self._challenge)
        if command.cla == 0x00 and command.ins == _EXTERNAL_AUTHENTICATE:
            return self._authenticate(command.data, challenge)
        return super()._execute(command)

    def _authenticate(self, token: bytes, challenge: bytes) -> Response:
        key, nonce = chip_key(self.uid), token[:CHALLENGE] + challenge
        if not challenge or token[CHALLENGE:] != mac(key, b"sam", nonce):
            return answer(0x6300)
        self._session = Session(key, nonce)
        return answer(0x9000, challenge + mac(key, b"chip", nonce))

    def _within(self, command: Command, session: Session) -> Response:
        header = bytes((0x00, command.ins, command.p1, command.p2))
        body = session.unseal(header, command.data)
        if body is None:
            self._session = None
            return answer(0x6988)
        self._ram.open = True
        inner = super()._execute(Command.parse(header + body))
        self._ram.open = False
        return answer(0x9000, session.seal(b"", bytes(inner)))

    def _update_binary(self, command: Command) -> Response:
        return super()._update_binary(command) if self._ram.open else answer(0x6982)


def wrapped(command: Command, session: Session) -> Command:
    """What the SAM makes of `command`, for the chip at the other end of `session`."""
    raw = bytes(command)
    return replace(command, cla=_WRAPPED, data=session.seal(raw[:4], raw[4:]), ne=MAX_SHORT_NE)


def answer(sw: int, data: bytes = b"") -> Response:
    return Response(data, StatusWord(sw))
