"""Opening a station with ten years behind it, against replaying them; and the audit, against a bare loop.

    .venv/bin/python -m benchmarks.opening [--frames 1000000] [--live 1000]

The journal is generated: `live` records that wait, then one job that is held and released again. Openings are
measured in processes of their own, each in the same run as the replay that it is divided by.
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
from pathlib import Path
from typing import Any

from kiosk.books import SNAPSHOT, replay
from kiosk.core.frames import ZERO_HEAD, parse_line
from kiosk.core.projection import project
from kiosk.journal import scan
from kiosk.journal.audit import check_segments
from kiosk.journal.segments import list_segments, segment_path
from kiosk.views import View

SEGMENT_BYTES = 8 << 20
JOB = "0000000a"
BATCH = 500
MB = 1_000_000


class FastWriter:
    """Writes what `Books` would, without a sync for each frame. The view follows the first frames only: those after
    them cancel out in pairs, so at a seal it differs in its sequence number alone."""

    def __init__(self, data: Path) -> None:
        self._directory = data / "journal"
        self._directory.mkdir(parents=True)
        self._snapshot = data / SNAPSHOT
        self.view = View()
        self.seq = 0
        self._head = bytes(32)
        self._begin()

    def _begin(self) -> None:
        self._path = segment_path(self._directory, self.seq + 1)
        self._lines: list[bytes] = []
        self.size = 0

    def write(self, kind: str, body: str) -> bytes:
        """The line of the next frame."""
        self.seq += 1
        record = b'{"s":%d,"v":1,"k":"%s","t":%d,"b":["0123abcd",%d],"by":"cli:maria","d":%s}' % (
            self.seq, kind.encode(), 1_534_212_000_000 + self.seq, self.seq, body.encode(),
        )  # fmt: skip
        self._head = hashlib.sha256(self._head + record).digest()
        line = b'{"c":%d,"h":"%s","r":%s}\n' % (zlib.crc32(record), self._head.hex().encode(), record)
        self._lines.append(line)
        self.size += len(line)
        return line

    def commit(self, kind: str, data: dict[str, Any]) -> None:
        """As `write`, and the view follows."""
        before = self._head.hex() if self.seq else ZERO_HEAD
        frame = parse_line(self.write(kind, json.dumps(data, separators=(",", ":"))), before)
        self.view.apply(frame.seq, project(frame, self.view.read))

    def flush(self) -> None:
        self._path.write_bytes(b"".join(self._lines))

    def seal(self) -> None:
        self.flush()
        self.view.seq = self.seq
        content = self.view.dump()
        self._snapshot.write_bytes(content)
        previous = {"file": self._path.name, "bytes": self.size, "head": self._head.hex()}
        body = json.dumps(
            {"previous": previous, "snapshot": hashlib.sha256(content).hexdigest()}, separators=(",", ":")
        )
        self._begin()
        self.write("segment", body)


def generate(data: Path, frames: int, live: int, live_frames: int = 10_000) -> None:
    """A DATA directory of about `frames` frames in sealed segments and `live_frames` in the live one."""
    writer = FastWriter(data)
    writer.commit("genesis", {"station": "kupang-01", "incarnation": "ab" * 8, "key": "k", "predecessor": None})
    for first in range(0, live, BATCH):
        refs = [f"{number:032x}" for number in range(first, min(first + BATCH, live))]
        records = [{"ref": ref, "sku": "wni", "reason": "baru", "priority": 10} for ref in refs]
        writer.commit("records", {"records": records, "refused": [], "cursor": str(first)})
    writer.commit("job-created", {"job": JOB, "ref": f"{0:032x}"})
    hold = {"job": JOB, "event": "hold", "reasons": ["job-hold-until-specified"], "message": "x" * 60}
    release = {"job": JOB, "event": "release", "reasons": [], "message": "x" * 60}
    for body in (hold, release):
        writer.commit("job-state", body)
    pair = [json.dumps(body, separators=(",", ":")) for body in (hold, release)]
    while writer.seq < frames:
        for body in pair:
            writer.write("job-state", body)
        if writer.size >= SEGMENT_BYTES:
            writer.seal()
    writer.seal()
    for _ in range(live_frames // 2):
        for body in pair:
            writer.write("job-state", body)
    writer.flush()


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
before, peak = resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
begun = time.perf_counter()
books = Books.open(Path(sys.argv[1]), 8 << 20, "bench")
seconds = time.perf_counter() - begun
print(json.dumps({"s": seconds, "resident_mb": (resident() - before) / 1e6, "peak_mb":
    (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 1e6, "seq": books.seq}))
"""


def measure_opening(data: Path) -> dict[str, float]:
    """Seconds and MB over import of an opening in a fresh process, and what a full replay takes in this one."""
    done = subprocess.run([sys.executable, "-c", OPEN, data], capture_output=True, check=True)  # noqa: S603  # our words
    opened = json.loads(done.stdout)
    begun = time.perf_counter()
    view = replay(scan(data / "journal"))
    seconds = time.perf_counter() - begun
    assert view.seq == opened["seq"]
    return {
        "frames": view.seq, "open_s": opened["s"], "replay_s": seconds, "replay_over_open": seconds / opened["s"],
        "open_resident_mb": opened["resident_mb"], "open_peak_mb": opened["peak_mb"],
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
        generate(data, given.frames, given.live)
        found = {"opening": measure_opening(data), "audit": measure_audit(data)}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
