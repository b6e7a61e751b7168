"""A simulated SAM: a contact chip without files that opens and runs sessions with a simulated chip.

It knows the instructions that are public by their number (drivers.encoders.sam names the sources) and that a session
needs. What they are given and answer is invented: see drivers.sim.secured. It is laid into a slot as a chip is, by
`SocketAntenna` or `VpcdAntenna`.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.iso7816 import SW_OK, Command, Response
from drivers.sim.chip import MF, Chip, Profile
from drivers.sim.secured import CHALLENGE, TOKEN, Session, answer, chip_key, mac, wrapped

ATR = bytes.fromhex("3B86014B5053414D01C2")
"""T=1; historical bytes "KPSAM" 01. Chosen, not copied."""

SERIAL = bytes.fromhex("04DE7E10F5A301")

_UID, _UID_PREFIX = 8, 0x80


class Sam(Chip):
    """One SAM; sessions end with its power."""

    def __init__(self) -> None:
        super().__init__(SERIAL, Profile(df=MF, files={}, atr=ATR))
        self._forget()

    def power_on(self) -> None:
        with self._lock:
            super().power_on()
            self._forget()

    def _forget(self) -> None:
        self._key = self._nonce = b""
        self._session: Session | None = None

    def _execute(self, command: Command) -> Response:
        if command.cla != 0x00:
            return answer(0x6E00)
        instructions: dict[int, Callable[[bytes], Response]] = {
            0xF0: self._open,
            0xF1: self._compute,
            0xF2: self._verify,
            0xF3: self._encrypt,
            0xF4: self._decrypt,
        }
        execute = instructions.get(command.ins)
        return execute(command.data) if execute else answer(0x6D00)

    def _open(self, data: bytes) -> Response:
        """UID of the chip in 8 bytes, then its card control, of which nothing is made here."""
        if len(data) < _UID or data[0] != _UID_PREFIX:
            return answer(0x6A80)
        self._forget()
        self._key = chip_key(data[1:_UID])
        return answer(SW_OK)

    def _compute(self, challenge: bytes) -> Response:
        if not self._key or len(challenge) != CHALLENGE:
            return answer(0x6985)
        own = mac(SERIAL, challenge, self._power_ups.to_bytes(4))[:CHALLENGE]
        self._nonce = own + challenge
        return answer(SW_OK, own + mac(self._key, b"sam", self._nonce))

    def _verify(self, proof: bytes) -> Response:
        if len(proof) != TOKEN or proof != self._nonce[CHALLENGE:] + mac(self._key, b"chip", self._nonce):
            return answer(0x6300)
        self._session = Session(self._key, self._nonce)
        return answer(SW_OK)

    def _encrypt(self, apdu: bytes) -> Response:
        if self._session is None:
            return answer(0x6985)
        return answer(SW_OK, bytes(wrapped(Command.parse(apdu), self._session)))

    def _decrypt(self, sealed: bytes) -> Response:
        plain = self._session.unseal(b"", sealed) if self._session else None
        return answer(0x6988) if plain is None else answer(SW_OK, plain)
