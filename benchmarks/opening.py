"""Opening a station with ten years behind it, against replaying them; and the audit, against a bare loop.

    .venv/bin/python -m benchmarks.opening [--frames 1000000] [--live 1000]

The journal is generated: `live` records that wait, then whole lives of cards, from their record to the hand-over.
Openings are measured in processes of their own, each in the same run as the replay that it is divided by.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.books import SNAPSHOT, replay
from kiosk.core.frames import ZERO_HEAD, Frame, parse_line
from kiosk.core.plan import Plan, Step
from kiosk.core.projection import project
from kiosk.journal import scan
from kiosk.journal.audit import check_segments
from kiosk.journal.segments import list_segments, segment_path
from kiosk.views import View

SEGMENT_BYTES = 8 << 20
BATCH, PAGE = 500, 20
LOT = "BAST-1/2018"
INTENT = {"printer": "KP000123", "fed": 1, "panels": 5, "panels_due": 5}
MB = 1_000_000


class FastWriter:
    """Writes what `Books` would, without a sync for each frame. The view follows."""

    def __init__(self, data: Path) -> None:
        self._directory = data / "journal"
        self._directory.mkdir(parents=True)
        self._snapshot = data / SNAPSHOT
        self.view = View()
        self.seq = 0
        self._head = bytes(32)
        self._time_ms = 1_534_212_000_000
        self._begin()

    def _begin(self) -> None:
        self._path = segment_path(self._directory, self.seq + 1)
        self._lines: list[bytes] = []
        self.size = 0

    def write(self, kind: str, body: str) -> Frame:
        """The next frame, which the view follows."""
        seq, self._time_ms = self.seq + 1, self._time_ms + 1
        record = b'{"s":%d,"v":1,"k":"%s","t":%d,"b":["0123abcd",%d],"by":"cli:maria","d":%s}' % (
            seq, kind.encode(), self._time_ms, seq, body.encode(),
        )  # fmt: skip
        head = hashlib.sha256(self._head + record).hexdigest().encode()
        return self.copy(b'{"c":%d,"h":"%s","r":%s}\n' % (zlib.crc32(record), head, record))

    def copy(self, line: bytes) -> Frame:
        """As `write`, of a frame that is made already."""
        frame = parse_line(line, self._head.hex() if self.seq else ZERO_HEAD)
        self.seq, self._head, self._time_ms = frame.seq, bytes.fromhex(frame.head), frame.stamp.time_ms
        self._lines.append(line)
        self.size += len(line)
        self.view.apply(frame.seq, project(frame, self.view.read))
        return frame

    def commit(self, kind: str, data: dict[str, Any]) -> None:
        self.write(kind, json.dumps(data, separators=(",", ":")))

    def flush(self) -> None:
        self._path.write_bytes(b"".join(self._lines))

    def seal(self) -> None:
        self.flush()
        content = self.view.dump()
        self._snapshot.write_bytes(content)
        previous = {"file": self._path.name, "bytes": self.size, "head": self._head.hex()}
        body = json.dumps(
            {"previous": previous, "snapshot": hashlib.sha256(content).hexdigest()}, separators=(",", ":")
        )
        self._begin()
        self.write("segment", body)


def uid_of(number: int) -> str:
    """Of the chip in a card; without an order, as in life."""
    return f"04{hashlib.sha256(b'uid%d' % number).hexdigest()[:12].upper()}"


def ref_of(number: int) -> str:
    return hashlib.sha256(b"ref%d" % number).hexdigest()[:32]


def life(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """A card from its job to the hand-over: nine frames, as worker and counter write them."""
    job, ref, uid = hashlib.sha256(b"job%d" % number).hexdigest()[:8], ref_of(number), uid_of(number)
    said: dict[Step, dict[str, Any]] = {Step.IDENTIFY: {"uid": uid}, Step.PRINT: {"panels": 5}}
    yield "job-created", {"job": job, "ref": ref}
    yield "step", {"job": job, "intent": {"step": "feed", **INTENT}, "lot": LOT}
    for step, following in pairwise(Plan.INLINE.steps):
        tray = {"tray": "output"} if following is Step.EJECT else {}
        moves = {"moves": [["wni", LOT, "hopper", "in-machine", 1]]} if step is Step.FEED else {}
        yield "step", {
            "job": job, "outcome": {"step": step.value, "result": "done", **said.get(step, {})},
            "intent": {"step": following.value, **INTENT, **tray}, **moves,
        }  # fmt: skip
    yield "job-ended", {
        "job": job, "ref": ref, "state": "completed", "uid": uid, "reasons": ["job-completed-successfully"],
        "outcome": {"step": "eject", "result": "done"}, "end": "printed",
        "moves": [["wni", LOT, "in-machine", "printed", 1]],
    }  # fmt: skip
    yield "handed-over", {
        "job": job, "ref": ref, "uid": uid, "taker": "holder", "verified": "ktp-lama", "chip": "read",
        "old_card": "taken", "signed": True, "moves": [["wni", LOT, "printed", "issued", 1]],
    }  # fmt: skip


def arrival(numbers: Iterable[int]) -> dict[str, Any]:
    """The body of a page of records."""
    rows = [{"ref": ref_of(number), "sku": "wni", "reason": "baru", "priority": 10} for number in numbers]
    return {"records": rows, "refused": [], "cursor": "1"}


def take_blanks(writer: FastWriter, count: int) -> None:
    """From the supplier into the hopper."""
    for movement, source, target in (
        ("receive", "supplier", "vault"),
        ("release", "vault", "shift"),
        ("load", "shift", "hopper"),
    ):
        moves = [["wni", LOT, source, target, count]]
        writer.commit("stock", {"movement": movement, "document": LOT, "moves": moves})


def generate(data: Path, frames: int, live: int, live_frames: int = 10_000) -> int:
    """A DATA directory of about `frames` frames in sealed segments and `live_frames` in the live one. How many cards
    were handed over; they are the numbers from `live` on."""
    writer = FastWriter(data)
    writer.commit("genesis", {"station": "kupang-01", "incarnation": "ab" * 8, "key": "k", "predecessor": None})
    take_blanks(writer, frames)
    for first in range(0, live, BATCH):
        writer.commit("records", arrival(range(first, min(first + BATCH, live))))
    return live_through(writer, live, frames, live_frames)


def live_through(writer: FastWriter, first: int, frames: int, live_frames: int, cursor: str = "1") -> int:
    """Whole lives of the cards from number `first` on, to frame `frames` sealed and `live_frames` more. How many."""
    number, end = first, frames
    while writer.seq < end:
        writer.commit("records", {**arrival(range(number, number + PAGE)), "cursor": cursor})
        for card in range(number, number + PAGE):
            for kind, body in life(card):
                writer.commit(kind, body)
        number += PAGE
        if end == frames and (writer.size >= SEGMENT_BYTES or writer.seq >= end):
            writer.seal()
            end = writer.seq + live_frames if writer.seq >= frames else frames
    writer.flush()
    return number - first


def _from_medium(path: Path) -> bytes:
    """As the audit reads: not what the page cache holds."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()


def bare_loop(directory: Path) -> int:
    """CRC-32 and SHA-256 over every record and nothing compared with anything: the least that an audit has to do."""
    frames, head = 0, bytes(32)
    for segment in list_segments(directory)[:-1]:
        lines = _from_medium(segment.path).split(b"\n")[:-1]
        for line in lines:
            record = line[line.index(b"{", 1) : -1]
            zlib.crc32(record)
            head = hashlib.sha256(head + record).digest()
        frames += len(lines)
    return frames


OPEN = """
import json, resource, sys, time
from pathlib import Path
import kiosk.books
from kiosk.books import Books
def resident(): return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = resident()
begun = time.perf_counter()
books = Books.open(Path(sys.argv[1]), 8 << 20, "bench")
seconds = time.perf_counter() - begun
found = {"open_s": seconds, "open_resident_mb": (resident() - before) / 1e6, "open_peak_mb": (peak() - before) / 1e6,
    "seq": books.seq}
asked = []
for uid in sys.argv[2:]:
    begun = time.perf_counter()
    owner = books.past.consumer(uid)
    asked.append((time.perf_counter() - begun, owner is not None))
for known in (True, False):
    times = [taken for taken, hit in asked if hit is known]
    found["hit" if known else "miss"] = {"count": len(times), "mean_ms": 1e3 * sum(times) / max(1, len(times)),
        "max_ms": 1e3 * max(times, default=0)}
print(json.dumps(found))
"""


def _opened(data: Path, *uids: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", OPEN, data, *uids], capture_output=True, check=True)  # noqa: S603  # our words
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_opening(data: Path, first: int, cards: int) -> dict[str, Any]:
    """Seconds and MB over import of an opening in a fresh process, what a full replay takes in this one, and how long
    a chip is looked up: 500 of the `cards` from number `first` on, and as many that were never seen.

    `unindexed_s`: an opening that has to make the index first.
    """
    unindexed = _opened(data)
    seen = [uid_of(first + place * cards // 500) for place in range(500)]
    opened = _opened(data, *seen, *(uid_of(-1 - place) for place in range(500)))
    begun = time.perf_counter()
    view = replay(scan(data / "journal"))
    seconds = time.perf_counter() - begun
    assert view.seq == opened["seq"]
    return {
        **opened, "unindexed_s": unindexed["open_s"],
        "replay_s": seconds, "replay_over_open": seconds / opened["open_s"],
        "snapshot_mb": (data / SNAPSHOT).stat().st_size / MB, "segments": len(list_segments(data / "journal")),
        "cards": cards, "index_mb": sum(path.stat().st_size for path in (data / "index").iterdir()) / MB,
    }  # fmt: skip


def measure_audit(data: Path, rounds: int = 3) -> dict[str, float]:
    """Frames a CPU second of the audit and of the bare loop in this process, the best of alternating rounds."""
    bare, audit = [], []
    for _ in range(rounds):
        begun = time.process_time()
        frames = bare_loop(data / "journal")
        between = time.process_time()
        checked = sum(step.frames for step in check_segments(data / "journal"))
        bare.append(between - begun)
        audit.append(time.process_time() - between)
        assert checked == frames
    return {
        "frames": frames, "audit_frames_cpu_s": frames / min(audit), "bare_frames_cpu_s": frames / min(bare),
        "audit_over_bare": min(bare) / min(audit),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--live", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        cards = generate(data, given.frames, given.live)
        found = {"opening": measure_opening(data, given.live, cards), "audit": measure_audit(data)}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
