"""Handing a card over: who takes it, what proves it, whether the chip is this person's. Pure."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from kiosk.core.records import Fields

LONGEST_NAME = 60
LONGEST_SIGNATURE = 24_000
"""Characters of a signature as the glass sends it: some 3,000 points."""


class HandoverError(ValueError):
    """What was said of a hand-over is not complete; the message says what is missing."""


class Taker(StrEnum):
    HOLDER = "holder"
    REPRESENTATIVE = "representative"


class Proof(StrEnum):
    """What showed that it is this person."""

    SIDIK_JARI = "sidik-jari"
    KTP_LAMA = "ktp-lama"
    KK = "kk"
    LAINNYA = "lainnya"


class OldCard(StrEnum):
    """What became of the holder's old card."""

    TAKEN = "taken"
    NONE = "none"
    KEPT = "kept"


class ChipCheck(StrEnum):
    """How the card was compared with the record."""

    READ = "read"
    BY_EYE = "by-eye"


@dataclass(frozen=True)
class Handing:
    """What the counter says of one hand-over. `name`: the representative's; `strokes`: the signature, maybe empty."""

    taker: Taker
    proof: Proof
    chip: ChipCheck
    old_card: OldCard
    name: str
    strokes: tuple[tuple[tuple[int, int], ...], ...]


def parse_handing(
    taker: str, verified: str, chip: str = "by-eye", old_card: str = "none", name: str = "", strokes: str = ""
) -> Handing:
    """HandoverError names what is missing or is none of the words."""
    who, name = _word(Taker, taker, "taker"), name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise HandoverError(f"name: at most {LONGEST_NAME} printable characters")
    if who is Taker.REPRESENTATIVE and not name:
        raise HandoverError("a representative is named (--name)")
    return Handing(
        who, _word(Proof, verified, "verified"), _word(ChipCheck, chip, "chip"),
        _word(OldCard, old_card, "old_card"), name if who is Taker.REPRESENTATIVE else "", parse_strokes(strokes),
    )  # fmt: skip


Word = TypeVar("Word", bound=StrEnum)


def _word(kind: type[Word], value: str, where: str) -> Word:
    try:
        return kind(value)
    except ValueError:
        raise HandoverError(f"{where}: {value!r} is not one of {', '.join(kind)}") from None


_STROKES = re.compile(r"(\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*(;|$))*")


def parse_strokes(text: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """ "x,y x,y;x,y": points in thousandths of the pad's width, strokes between semicolons."""
    if len(text) > LONGEST_SIGNATURE or not _STROKES.fullmatch(text):
        raise HandoverError(f'strokes: "x,y x,y;x,y", at most {LONGEST_SIGNATURE} characters')
    return tuple(
        tuple((int(x), int(y)) for x, _, y in (point.partition(",") for point in stroke.split()))
        for stroke in text.split(";") if stroke
    )  # fmt: skip


BIODATA = (
    "nik", "alamat", "rt", "rw", "tempat_lahir", "kecamatan", "kel_desa", "kabupaten", "jenis_kelamin",
    "gol_darah", "agama", "status_perkawinan", "pekerjaan", "nama", "tanggal_lahir", "provinsi",
    None, None, None, "kewarganegaraan",
)  # fmt: skip
"""EF 6FF1, one line of quoted CSV: each value by public reader software; 16 to 18 have no public meaning."""


@dataclass(frozen=True)
class Compared:
    """One field on record and chip."""

    name: str
    record: str
    chip: str

    @property
    def same(self) -> bool:
        return self.record == self.chip


def compare(content: bytes, fields: Fields) -> tuple[Compared, ...]:
    """Every field that EF 6FF1 carries, beside the record's. What can't be read counts as empty, so it differs."""
    try:
        rows = list(csv.reader([content.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    values = rows[0] if len(rows) == 1 and len(rows[0]) == len(BIODATA) else [""] * len(BIODATA)
    pairs = zip(BIODATA, values, strict=True)
    return tuple(Compared(name, getattr(fields, name), value) for name, value in pairs if name)
