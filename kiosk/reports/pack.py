"""The audit pack: the journal as it lies, what vouches for it, balances, papers, and a verifier that is not ours to
change once it is handed over. One zip, without personal data. It is read again, and judged by that verifier, before
anybody relies on it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import secrets
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk import lineage
from kiosk.config import SupplyConfig
from kiosk.core.frames import Frame
from kiosk.durable import sync_directory
from kiosk.errors import DamagedData, Unavailable
from kiosk.journal import signers
from kiosk.journal.extract import Link, links, read_segment
from kiosk.lineage import Volume
from kiosk.reports.catalogue import CATALOGUE
from kiosk.reports.paper import Paper
from kiosk.reports.period import Period
from kiosk.reports.reading import read
from kiosk.reports.stock import moves_of
from kiosk.reports.text import as_csv
from kiosk.resources import resource

CHECKPOINTS, VERIFIER, SUMS = "checkpoints", "verify_journal.py", "SHA256SUMS"
CHUNK = 1 << 20
VERIFYING_S = 3_600.0

READ_ME = """\
Paket pemeriksaan stasiun {station}, {period}.

Isi: jurnal lengkap tanpa data pribadi sampai bingkai {seq}; tanda tangan stasiun (checkpoints); saldo semua pos
menurut lot (saldo.csv); laporan masa ini (laporan/); pemeriksa mandiri (verify_journal.py), yang hanya memerlukan
Python 3.

Cara memeriksa:
    python3 verify_journal.py journal {seq} {head}
Nomor bingkai dan sidik di kaki setiap laporan diperiksa dengan cara yang sama: keduanya ada di jurnal ini.
Isi yang tidak berubah: sha256sum -c SHA256SUMS
"""


@dataclass(frozen=True)
class End:
    """Where the journal stood when the pack was begun: nothing after it is in it. `bytes`: of the live segment."""

    frame: Frame
    bytes: int


@dataclass(frozen=True)
class Packed:
    """`accounts`: "sku/account" -> blanks, as the verifier found them in what was written."""

    seq: int
    head: str
    files: int
    accounts: dict[str, int]


def write(
    target: Path, data: Path, period: Period, as_pdf: Callable[[Paper], bytes], settings: SupplyConfig | None = None
) -> Packed:
    """Under its name when it is whole, durable, and verified; a run of the verifier in another process.

    Blocks for as long as reading the journal takes four times. DamagedData if it does not hold; Unavailable if it
    can't be read again; OSError of the medium.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            end, files = _write_all(file, data, period, as_pdf, settings)
            file.flush()
            os.fsync(file.fileno())
        accounts = _verified(draft, end)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(target.parent)
    return Packed(end.frame.seq, end.frame.head, files, accounts)


def _verified(draft: Path, end: End) -> dict[str, int]:
    try:
        return verify(draft, end.frame.seq, end.frame.head)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Unavailable(f"the pack was written and could not be checked in {tempfile.gettempdir()}: {exc}") from exc


def verify(pack: Path, seq: int, head: str) -> dict[str, int]:
    """What the verifier in the pack says of the journals in it. DamagedData if it refuses, or a sum differs."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)  # our own names
        place = Path(folder)
        for line in (place / SUMS).read_text(encoding="utf-8").splitlines():
            digest, name = line.split("  ", 1)
            if _digest_of(place / name) != digest:
                raise DamagedData(f"{pack}: {name} is not what was written; take another stick")
        for older in sorted(place.glob("journal-*")):
            _judged(place, older.name)
        found = _judged(place, "journal", str(seq), head)
    return {name: int(blanks) for name, blanks in _accounts(found)}


def _judged(place: Path, journal: str, *anchor: str) -> str:
    words = [sys.executable, "-I", VERIFIER, journal, *anchor]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=VERIFYING_S, check=False)  # noqa: S603
    if done.returncode:
        raise DamagedData(f"the verifier refuses the pack: {done.stderr.strip()}")
    return done.stdout


def _accounts(told: str) -> Iterator[tuple[str, str]]:
    [line] = [line for line in told.splitlines() if line.startswith("accounts: ")]
    for part in line.removeprefix("accounts: {").removesuffix("}").split(", "):
        name, _, blanks = part.partition(": ")
        if name:
            yield name.strip("'"), blanks


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Archive:
    """Files of one time, and their sums."""

    def __init__(self, file: io.BufferedIOBase, when: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._when = when.timetuple()[:6]
        self.sums: list[tuple[str, str]] = []

    def add(self, name: str, parts: Iterator[bytes] | Sequence[bytes]) -> None:
        info = zipfile.ZipInfo(name, self._when)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as out:
            for part in parts:
                out.write(part)
                digest.update(part)
        self.sums.append((digest.hexdigest(), name))

    def add_sums(self) -> None:
        text = "".join(f"{digest}  {name}\n" for digest, name in self.sums)
        self.add(SUMS, [text.encode()])

    def close(self) -> None:
        self._zip.close()


def _write_all(
    file: io.BufferedIOBase, data: Path, period: Period, as_pdf: Callable[[Paper], bytes],
    settings: SupplyConfig | None,
) -> tuple[End, int]:  # fmt: skip
    volumes = lineage.of_data(data)
    chain = links(volumes[-1].directory)
    end = _end_of(chain[-1])
    with closing(_Archive(file, datetime.fromtimestamp(end.frame.stamp.time_ms / 1000, UTC))) as archive:
        _add_journals(archive, volumes, chain, end)
        _add_checkpoints(archive, data, volumes, end)
        _add_papers(archive, _until(volumes, end), period, as_pdf, settings)
        archive.add("saldo.csv", [_balances(_until(volumes, end))])
        archive.add(VERIFIER, [resource("docs", VERIFIER).read_bytes()])
        said = READ_ME.format(station=volumes[-1].station, period=period, seq=end.frame.seq, head=end.frame.head)
        archive.add("BACA-SAYA.txt", [said.encode()])
        archive.add_sums()
        return end, len(archive.sums)


def _add_journals(archive: _Archive, volumes: Sequence[Volume], chain: Sequence[Link], end: End) -> None:
    for volume in volumes[:-1]:
        for link in links(volume.directory):
            archive.add(f"{volume.directory.name}/{link.segment.path.name}", _bytes(link.segment.path, None))
    for link in chain:
        most = end.bytes if link is chain[-1] else None
        archive.add(f"journal/{link.segment.path.name}", _bytes(link.segment.path, most))


def _end_of(live: Link) -> End:
    """The last frame that is complete now."""
    last: End | None = None
    for offset, frame in read_segment(live):
        last = End(frame, offset + len(frame.line))
    if last is None:
        raise DamagedData(f"{live.segment.path}: no frame in it yet; repeat it")
    return last


def _bytes(path: Path, most: int | None) -> Iterator[bytes]:
    left = path.stat().st_size if most is None else most
    with path.open("rb") as file:
        while left and (part := file.read(min(CHUNK, left))):
            left -= len(part)
            yield part


def _add_checkpoints(archive: _Archive, data: Path, volumes: Sequence[Volume], end: End) -> None:
    """Those of frames that are in the pack, and how the keys that signed them followed each other."""
    for volume in volumes:
        last = end.frame.seq if volume is volumes[-1] else sys.maxsize
        folder = f"{CHECKPOINTS}/{volume.incarnation}"
        for path in sorted((data / CHECKPOINTS / volume.incarnation).glob("[0-9]*.json")):
            if int(path.stem) <= last:
                archive.add(f"{folder}/{path.name}", [path.read_bytes()])
        changes = signers.changes(data / CHECKPOINTS, volume.incarnation)
        if lines := [change.line for change in changes if change.said.position.seq <= last]:
            archive.add(f"{folder}/{signers.FILE}", lines)


def _add_papers(
    archive: _Archive, frames: Iterator[Frame], period: Period, as_pdf: Callable[[Paper], bytes],
    settings: SupplyConfig | None,
) -> None:  # fmt: skip
    reports = {name: entry.begin(settings) for name, entry in CATALOGUE.items()}
    basis = read(frames, period, reports.values())
    for name, report in reports.items():
        paper = report.paper(period, basis)
        archive.add(f"laporan/{name}-{paper.stamp}.pdf", [as_pdf(paper)])
        archive.add(f"laporan/{name}-{paper.stamp}.csv", [as_csv(paper)])


def _until(volumes: Sequence[Volume], end: End) -> Iterator[Frame]:
    def frames(volume: Volume) -> Iterator[Frame]:
        for link in links(volume.directory):
            for _, frame in read_segment(link):
                yield frame
                if volume is volumes[-1] and frame.seq == end.frame.seq:
                    return

    return lineage.history(volumes, frames)


def _balances(frames: Iterator[Frame]) -> bytes:
    """What lies where at the end, by lot."""
    held = Counter[tuple[str, str, str]]()
    for frame in frames:
        for move in moves_of(frame):
            held[move.sku, move.source, move.lot] -= move.quantity
            held[move.sku, move.target, move.lot] += move.quantity
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sku", "account", "lot", "blanks"])
    writer.writerows([*place, blanks] for place, blanks in sorted(held.items()) if blanks)
    return out.getvalue().encode()
