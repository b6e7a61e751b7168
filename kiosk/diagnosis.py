"""What a technician asks of one device: of one that is opened for it, or of the station's own by way of its worker.

Nothing moves; nothing is written to a chip but by an APDU that somebody typed and `allow_write` lets through.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from drivers.atr import Capabilities, historical_bytes, protocols
from drivers.errors import DeviceError
from drivers.protocols import CardPrinter, ChipEncoder
from kiosk.config import ReaderConfig
from kiosk.datalock import DataLock
from kiosk.equipment import as_command, as_response, list_readers, open_link
from kiosk.errors import Rejected, Unavailable
from kiosk.wire_trace import code_of

READS = 50
LOOK_S = 0.5
"""For a chip on a reader that may well be empty."""

_FIRST_PROPRIETARY, _READER = 0x80, 0xFF
_READING = frozenset({0x84, 0xA0, 0xA1, 0xA2, 0xA4, 0xB0, 0xB1, 0xB2, 0xB3, 0xC0, 0xCA, 0xCB})
"""GET CHALLENGE, SEARCH, SELECT, READ, GET RESPONSE, GET DATA (ISO/IEC 7816-4:2005, table 4)."""
_GET_DATA = 0xCA


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """While no station runs on `data`, and none can begin: Unavailable names the process that does.

    A device's own error becomes Unavailable, with its keyword.
    """
    held = DataLock(data) if data.is_dir() else None
    try:
        yield
    except DeviceError as exc:
        raise Unavailable(f"{code_of(exc)}: {exc}") from exc
    finally:
        if held:
            held.release()


def readers(config: ReaderConfig) -> Iterator[dict[str, Any]]:
    """Each reader that is there, and what lies on it, as it is found. Blocks <= 2 s, and 1 s for each."""
    names = list_readers() if config.link == "pcsc" else list(filter(None, (config.name, config.desk, config.sam)))
    used = {config.sam: "reader.sam", config.desk: "reader.desk", config.name: "reader.name"}
    for name in names:
        yield {"name": name, "used_as": used.get(name, ""), **_on(config, name)}


def _on(config: ReaderConfig, name: str) -> dict[str, Any]:
    with closing(open_link(config, name)) as link:
        try:
            return atr_in_words(link.connect(LOOK_S))
        except DeviceError as exc:
            return {"error": code_of(exc)}


def atr_in_words(atr: bytes) -> dict[str, Any]:
    """ISO/IEC 7816-3, 8.2, and of the historical bytes what 7816-4, 8.1.1 says of commands. Pure."""
    try:
        historical, able = historical_bytes(atr), Capabilities.of(atr)
    except DeviceError as exc:
        return {"atr": atr.hex().upper(), "error": code_of(exc)}
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in historical)
    return {
        "atr": atr.hex().upper(), "convention": {0x3B: "direct", 0x3F: "inverse"}.get(atr[0], "unknown"),
        "protocols": [f"T={t}" for t in protocols(atr)], "historical": historical.hex().upper(), "text": text,
        "chaining": able.chaining, "extended": able.extended,
    }  # fmt: skip


def printer(opened: CardPrinter) -> dict[str, Any]:
    """Who it is and how it stands. Blocks <= 6 s."""
    identity, status = opened.identity(), opened.status()
    return {
        **vars(identity), "position": status.position.value, **vars(status.counters),
        "stopping": sorted(status.stopping), "warnings": sorted(status.warnings), "restarted": status.just_reset,
    }  # fmt: skip


def reading_times(opened: CardPrinter, reads: int = READS) -> Iterator[float]:
    """How many ms each of `reads` readings of the status takes. Blocks <= 3 s for each of them."""
    for _ in range(reads):
        begun = time.perf_counter()
        opened.status()
        yield (time.perf_counter() - begun) * 1000


def summary(times_ms: Sequence[float]) -> dict[str, float]:
    """Of two times or more. Pure."""
    found = {
        "min": min(times_ms), "median": median(times_ms), "p95": quantiles(times_ms, n=20, method="inclusive")[-1],
        "max": max(times_ms),
    }  # fmt: skip
    return {name: round(value, 2) for name, value in found.items()}


def histogram(times_ms: Sequence[float]) -> list[tuple[float, int]]:
    """(up to how many ms, how many), each up to twice the one before, from the first that is not empty on. Pure."""
    bars: list[tuple[float, int]] = []
    low, high = 0.0, 0.125
    while sum(count for _, count in bars) < len(times_ms):
        count = sum(low < each <= high for each in times_ms)
        if bars or count:
            bars.append((high, count))
        low, high = high, high * 2
    return bars


def chip(encoder: ChipEncoder) -> dict[str, Any]:
    """What lies on the reader. Blocks as `ChipEncoder.identify`; writes nothing."""
    try:
        found = encoder.identify()
    finally:
        encoder.release()
    return {"uid": found.uid, "holds_data": found.holds_data, **atr_in_words(bytes.fromhex(found.atr))}


def apdu(config: ReaderConfig, name: str, commands: Sequence[bytes], *, allow_write: bool) -> list[dict[str, Any]]:
    """Send each to the one chip on the reader called `name`, in this order, while its power stays on.

    Before anything is sent: UsageError for what is no command APDU, Rejected `may-write` unless `allow_write`.
    """
    for raw in commands:
        if not allow_write and not reads_only(raw):
            raise Rejected(f"{raw[:4].hex().upper()} may write; to send it all the same: --allow-write", "may-write")
    with closing(open_link(config, name)) as link:
        link.connect(config.appear_timeout)
        return [_sent(link.transmit(raw), raw) for raw in commands]


def _sent(answer: bytes, raw: bytes) -> dict[str, Any]:
    response = as_response(answer)
    return {"sent": raw.hex().upper(), "data": response.data.hex().upper(), "sw": str(response.sw)}


def reads_only(raw: bytes) -> bool:
    """Whether 7816-4 or PC/SC part 3 say that this changes nothing. What a proprietary class means nobody knows."""
    command = as_command(raw)
    if command.cla == _READER:
        return command.ins == _GET_DATA
    return command.cla < _FIRST_PROPRIETARY and command.ins in _READING
