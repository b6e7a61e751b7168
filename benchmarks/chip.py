"""All files of a chip written by the encoder, against a bare loop that sends the same APDUs with pyscard, in one run.

    .venv/bin/python -m benchmarks.chip [--rounds 12]

Over a private pcscd with vpcd (root, pcscd, vsmartcard-vpcd), the simulated chip in a process of its own, twice:

* `at_once`: the chip takes no time at all. What is measured is all that is *not* the chip, the worst there can be;
* `at_848`: each byte takes the 10.6 microseconds that it takes in the air at 848 kbit/s, the fastest of the four
  rates of ISO/IEC 14443-4:2008 (9 bits of 16/fc, and 5 bytes around each block); the chip itself still takes none.

Each contender writes the same files to the same chip, in turn:

* `keping`: FileEncoder.encode over PcscLink: commands built, answers parsed, the calls in a thread of their own;
* `link`: PcscLink alone, given the APDUs of the former, and one at a time as `each`;
* `pyscard`: the same through pyscard's CardConnection, as its manual shows it;
* `scard`: the same through SCardTransmit, the least there can be.

The APDUs of one encoding are counted too. Their bar: for each file a SELECT and as many UPDATE BINARY as 255 bytes a
command make of it, and four in all.

Figures are medians of a round, and of the rounds the best for each contender, because noise only adds. The result is
printed, and kept in benchmarks/results/chip.json. Takes a minute. Where other things run too: `chrt -r 50` before it.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from typing import Any

from benchmarks.machine import machine, report
from drivers.encoders import ktp_el
from drivers.iso7816 import MAX_SHORT_DATA, one_by_one
from drivers.pcsc import PcscLink
from drivers.sim.chip import Chip
from drivers.sim.pace import AT_848_US, Pace
from drivers.sim.vpcd import VpcdAntenna
from kiosk.rig.pcscd import PrivatePcscd

UID = bytes.fromhex("04A1B2C3D4E5F6")
PREFIX = 2
FILES = {name: bytes(n % 251 for n in range(size - PREFIX)) for name, size in ktp_el.LAYOUT.items()}
BARS = {"apdus_above": 4, "to_pyscard": 1.15}
APPEAR_S = 5.0
AIRS = {"at_once": (0.0, 10), "at_848": (AT_848_US, 2)}
"""Microseconds a byte, and encodings of each contender in a round."""

Write = Callable[[], object]


class Recorder:
    """An `ApduLink` that keeps what it sends."""

    def __init__(self, link: PcscLink) -> None:
        self.name, self.connect, self.disconnect, self.close = link.name, link.connect, link.disconnect, link.close
        self._link = link
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        return self._link.transmit(apdu)

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        one_by_one(self.transmit, apdus, heard)


def recorded(reader: str) -> dict[str, list[bytes]]:
    """The APDUs of each act of the encoder."""
    recorder = Recorder(PcscLink(reader))
    with closing(ktp_el.open(recorder, APPEAR_S)) as encoder:
        acts: dict[str, Callable[[], object]] = {
            "identify": encoder.identify,
            "encode": lambda: encoder.encode(FILES),
            "verify": lambda: encoder.verify(FILES),
        }
        found = {}
        for name, act in acts.items():
            recorder.sent = []
            act()
            found[name] = recorder.sent
    return found


@contextmanager
def keping(reader: str, apdus: list[bytes]) -> Iterator[Write]:
    with closing(ktp_el.open(PcscLink(reader), APPEAR_S)) as encoder:
        encoder.identify()
        yield lambda: encoder.encode(FILES)


@contextmanager
def link(reader: str, apdus: list[bytes]) -> Iterator[Write]:
    with closing(PcscLink(reader)) as opened:
        opened.connect(APPEAR_S)
        opened.transmit(SELECT_DF)
        yield lambda: opened.transmit_all(apdus, lambda answer, seconds: None)


@contextmanager
def each(reader: str, apdus: list[bytes]) -> Iterator[Write]:
    with closing(PcscLink(reader)) as opened:
        opened.connect(APPEAR_S)
        opened.transmit(SELECT_DF)
        yield lambda: [opened.transmit(apdu) for apdu in apdus]


@contextmanager
def pyscard(reader: str, apdus: list[bytes]) -> Iterator[Write]:
    from smartcard.System import readers

    connection = next(each for each in readers() if each.name == reader).createConnection()
    connection.connect()
    connection.transmit(list(SELECT_DF))
    yield lambda: [connection.transmit(list(apdu)) for apdu in apdus]
    connection.disconnect()
    connection.release()


@contextmanager
def scard(reader: str, apdus: list[bytes]) -> Iterator[Write]:
    from smartcard import scard as flat

    _, context = flat.SCardEstablishContext(flat.SCARD_SCOPE_USER)
    _, card, _ = flat.SCardConnect(context, reader, flat.SCARD_SHARE_EXCLUSIVE, flat.SCARD_PROTOCOL_T1)
    flat.SCardTransmit(card, flat.SCARD_PCI_T1, list(SELECT_DF))
    yield lambda: [flat.SCardTransmit(card, flat.SCARD_PCI_T1, list(apdu)) for apdu in apdus]
    flat.SCardDisconnect(card, flat.SCARD_UNPOWER_CARD)
    flat.SCardReleaseContext(context)


CONTENDERS = [keping, link, each, pyscard, scard]
SELECT_DF = bytes.fromhex("00A40000027F0A")


def measure(reader: str, apdus: list[bytes], rounds: int, times: int) -> dict[str, float]:
    """Milliseconds of one encoding, for each contender."""
    best: dict[str, float] = {}
    for turn in range(rounds):
        for offset in range(len(CONTENDERS)):  # nobody always follows the same one
            contender = CONTENDERS[(turn + offset) % len(CONTENDERS)]
            with contender(reader, apdus) as write:
                write()
                took = [timed(write) for _ in range(times)]
            name, median = contender.__name__, statistics.median(took)
            best[name] = min(best.get(name, math.inf), median)
    return {name: round(ms, 3) for name, ms in best.items()}


def timed(write: Write) -> float:
    begun = time.perf_counter_ns()
    write()
    return (time.perf_counter_ns() - begun) / 1e6


def counted(acts: dict[str, list[bytes]]) -> dict[str, Any]:
    stored = [PREFIX + len(content) for content in FILES.values()]
    return {
        "bytes": sum(stored),
        "apdus": {name: len(sent) for name, sent in acts.items()},
        "least": sum(1 + math.ceil(size / MAX_SHORT_DATA) for size in stored),
        "longest_lc": max(apdu[4] for apdu in acts["encode"]),
    }


def ratios(ms: dict[str, float]) -> dict[str, Any]:
    others = ("pyscard", "scard")
    return {
        "ms": ms,
        "keping_to": {name: round(ms["keping"] / ms[name], 3) for name in others},
        "link_to": {name: round(ms["link"] / ms[name], 3) for name in others},
        "each_to": {name: round(ms["each"] / ms[name], 3) for name in others},
    }


def judged(counts: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The bars: [measured, limit, held]."""
    above = counts["apdus"]["encode"] - counts["least"]
    bars: dict[str, Any] = {"apdus_above": [above, BARS["apdus_above"], above <= BARS["apdus_above"]]}
    for air, each in found.items():
        ratio = each["keping_to"]["pyscard"]
        bars[f"to_pyscard_{air}"] = [ratio, BARS["to_pyscard"], ratio <= BARS["to_pyscard"]]
    return bars


def serve(port: int, byte_us: float) -> None:
    """The process of the chip, until its stdin ends."""
    chip = Chip(UID)
    if byte_us:
        chip.on_apdu(Pace(byte_us))
    with closing(VpcdAntenna("127.0.0.1", port)) as antenna:
        antenna.enter(chip)
        sys.stdin.read()


@contextmanager
def chip_of_its_own(port: int, byte_us: float) -> Iterator[None]:
    words = [sys.executable, "-m", "benchmarks.chip", "--serve", str(port), "--byte-us", str(byte_us)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:  # noqa: S603  # fixed words
        yield
        assert process.stdin is not None
        process.stdin.close()


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--byte-us", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.byte_us)
        return
    before = machine() | {"pyscard": version("pyscard")}
    found: dict[str, Any] = {}
    with PrivatePcscd() as pcscd:
        os.environ.update(pcscd.environment)
        for air, (byte_us, times) in AIRS.items():
            with chip_of_its_own(pcscd.port, byte_us):
                acts = recorded(pcscd.reader_name)
                found[air] = ratios(measure(pcscd.reader_name, acts["encode"], options.rounds, times))
    counts = counted(acts)
    report("chip", before, {"rounds": options.rounds, **counts, **found, "bars": judged(counts, found)})


if __name__ == "__main__":
    main()
