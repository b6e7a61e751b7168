"""A chip that answers what it likes. Nothing leaves the driver but a device error, and "verified" stays true."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

from drivers.encoders import ktp_el
from drivers.errors import DeviceError, NotStarted
from drivers.iso7816 import one_by_one
from drivers.sim.chip import Chip
from tests.chip.readers import FILES, UID
from tests.fuzz.engine import Finding, mutated

ANSWERS = (b"", b"\x90", b"\x90\x00", b"\x61\x00", b"\x61\x10", b"\x6c\x00", b"\x6c\x10", b"\x62\x82", b"\x60\x00",
           b"\x00" * 258, b"\xff" * 70_000, b"\xff\xff\x90\x00", b"\x00\x00\x90\x00")  # fmt: skip
MOST = 120


class Lying:
    """`ApduLink` to a chip; the n-th answer is exchanged for `lies[n]`, whatever the chip did."""

    def __init__(self, chip: Chip, lies: dict[int, bytes], atr: bytes) -> None:
        self._chip, self._lies, self._atr, self._asked = chip, lies, atr, 0
        self.name, self.last_insert_ms = "lying", 0.0

    def connect(self, timeout_s: float) -> bytes:
        self._chip.power_on()
        return self._atr

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._chip.transmit(apdu)
        self._asked += 1
        return self._lies.get(self._asked, self._lies.get(0, answer))

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        one_by_one(self.transmit, apdus, heard)

    def disconnect(self) -> None:
        self._chip.power_off()

    close = disconnect


class ChipAnswers:
    budget = 1_000_000
    declared = (DeviceError,)
    secrets = ()

    def __init__(self, directory: object = None) -> None:
        self._atr = Chip(UID).atr

    def case(self, random: Random) -> bytes:
        places = [random.randrange(1, MOST) for _ in range(random.choice((0, 1, 1, 2, 5)))]
        if random.random() < 0.05:
            places.append(0)
        lies = {at: mutated(random, random.choice(ANSWERS), ANSWERS).hex() for at in places}
        atr = mutated(random, self._atr) if random.random() < 0.3 else self._atr
        return json.dumps({"lies": lies, "atr": atr[:64].hex()}).encode()

    def hold(self, case: bytes) -> str:
        told = json.loads(case)
        chip = Chip(UID)
        lies = {int(at): bytes.fromhex(lie) for at, lie in told["lies"].items()}
        encoder = ktp_el.open(Lying(chip, lies, bytes.fromhex(told["atr"])), 1.0)
        try:
            encoder.identify()
            before = chip.updates
            try:
                encoder.encode(FILES)
            except NotStarted as exc:
                if chip.updates != before:
                    raise Finding(f"not started, and {chip.updates - before} writes: {exc}") from exc
                raise
            encoder.verify(FILES)
            _holds(chip)
            encoder.read("6FF0")
        finally:
            encoder.close()
        return "verified"

    def close(self) -> None:
        """Nothing was opened."""


def _holds(chip: Chip) -> None:
    for name, content in FILES.items():
        stored = chip.content(int(name, 16))
        if stored[: 2 + len(content)] != len(content).to_bytes(2) + content:
            raise Finding(f"{name} is verified and is not there")
