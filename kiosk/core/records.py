"""The print-ready record: what the centre signs and leases, and what the station may print.

Pure. The schema is closed: a field that is missing, unknown or of the wrong shape is named in the error.
Rules of the NIK and of names: warnings, not rejections, since a NIK stays as first issued even where it
disagrees with the birth date (docs/record.md).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1

CHIP_FILES = ("6FF0", "6FF1", "6FF2", "6FF3", "6FF4", "6FF5", "6FF6")


class RecordError(ValueError):
    """The record breaks the schema; the message names the field."""


class Sku(StrEnum):
    """Which blank: blue for citizens, orange for foreign residents. Never exchanged for each other."""

    WNI = "wni"
    WNA = "wna"


class Reason(StrEnum):
    """The six legal kinds of issuance (Perpres 96/2018)."""

    BARU = "baru"
    PINDAH_DATANG = "pindah-datang"
    PERUBAHAN_DATA = "perubahan-data"
    PERPANJANGAN = "perpanjangan"
    HILANG_RUSAK = "hilang-rusak"
    LUAR_DOMISILI = "luar-domisili"


@dataclass(frozen=True)
class Fields:
    """The printed text, as printed. Dates are DD-MM-YYYY; `gol_darah` is "-" when unknown."""

    provinsi: str
    kabupaten: str
    nik: str
    nama: str
    tempat_lahir: str
    tanggal_lahir: str
    jenis_kelamin: str
    gol_darah: str
    alamat: str
    rt: str
    rw: str
    kel_desa: str
    kecamatan: str
    agama: str
    status_perkawinan: str
    pekerjaan: str
    kewarganegaraan: str
    berlaku_hingga: str
    tempat_dikeluarkan: str
    tanggal_dikeluarkan: str

    @property
    def birth_date(self) -> date:
        day, month, year = (int(part) for part in self.tanggal_lahir.split("-"))
        return date(year, month, day)


@dataclass(frozen=True)
class Record:
    """One card to make. `ref` is the centre's random reference: the only name of it outside the vault.

    `station`: whom it is leased to. `priority`: lower is served first. `photo`: JPEG; `signature`: PNG, 1 bit.
    `chip`: elementary files by ID, "6FF0".."6FF6", as they must stand on the chip (without length prefix).
    `replaces`: the reference of the record that this one corrects, empty for most.
    """

    ref: str
    station: str
    sku: Sku
    reason: Reason
    priority: int
    issued_at: str
    fields: Fields
    photo: bytes
    signature: bytes
    chip: Mapping[str, bytes]
    replaces: str = ""


_TEXT = dict.fromkeys(Fields.__dataclass_fields__, str)
_TOP = {
    "v": int, "ref": str, "station": str, "sku": str, "reason": str, "priority": int, "issued_at": str,
    "fields": dict, "photo": str, "signature": str, "chip": dict,
}  # fmt: skip
_REF = re.compile(r"[0-9a-f]{32}")
_MAX_TEXT = 120


def _shape(value: object, want: Mapping[str, type], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordError(f"{where}: expected an object, got {type(value).__name__}")
    for name in sorted(want.keys() - value.keys()):
        raise RecordError(f"{where}.{name}: missing")
    for name in sorted(value.keys() - want.keys()):
        raise RecordError(f"{where}.{name}: unknown field")
    for name, kind in want.items():
        if type(value[name]) is not kind:
            raise RecordError(f"{where}.{name}: expected {kind.__name__}, got {type(value[name]).__name__}")
    return value


def _bytes(value: object, where: str) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as exc:
        raise RecordError(f"{where}: not base64") from exc


def _fields(value: object) -> Fields:
    text = _shape(value, _TEXT, "record.fields")
    for name, what in field_faults(text):
        raise RecordError(f"record.fields.{name}: {what}")
    return Fields(**text)


def field_faults(text: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the printed text, by field; all twenty are in `text`."""
    for name in _TEXT:
        if len(text[name]) > _MAX_TEXT or not text[name].isprintable() or not text[name].strip():
            yield name, f"1 to {_MAX_TEXT} printable characters"
    if not re.fullmatch(r"[0-9]{16}", text["nik"]):
        yield "nik", "16 digits"
    try:
        _ = Fields(**{name: text[name] for name in _TEXT}).birth_date
    except ValueError as exc:
        yield "tanggal_lahir", f"{exc}; DD-MM-YYYY"


def parse_ref(value: object, where: str = "record.ref") -> str:
    """RecordError unless it is a reference."""
    if not isinstance(value, str) or not _REF.fullmatch(value):
        raise RecordError(f"{where}: 32 lower-case hex digits")
    return value


def parse_record(value: object) -> Record:
    """Build a Record from the decoded JSON payload. RecordError names the first thing that is wrong."""
    corrects = isinstance(value, dict) and "replaces" in value
    top = _shape(value, _TOP | ({"replaces": str} if corrects else {}), "record")
    if top["v"] != SCHEMA_VERSION:
        raise RecordError(f"record.v: {top['v']} is not {SCHEMA_VERSION}; upgrade the station first")
    parse_ref(top["ref"])
    try:
        sku, reason = Sku(top["sku"]), Reason(top["reason"])
    except ValueError as exc:
        raise RecordError(f"record: {exc}") from exc
    chip = _shape(top["chip"], dict.fromkeys(CHIP_FILES, str), "record.chip")
    return Record(
        ref=top["ref"], station=top["station"], sku=sku, reason=reason, priority=top["priority"],
        issued_at=top["issued_at"], fields=_fields(top["fields"]),
        photo=_bytes(top["photo"], "record.photo"), signature=_bytes(top["signature"], "record.signature"),
        chip={name: _bytes(content, f"record.chip.{name}") for name, content in chip.items()},
        replaces=parse_ref(top["replaces"], "record.replaces") if corrects else "",
    )  # fmt: skip


def dump_record(record: Record) -> dict[str, Any]:
    """The inverse of `parse_record`."""
    return {
        "v": SCHEMA_VERSION, "ref": record.ref, "station": record.station, "sku": record.sku.value,
        "reason": record.reason.value, "priority": record.priority, "issued_at": record.issued_at,
        "fields": dict(vars(record.fields)),
        "photo": base64.b64encode(record.photo).decode(),
        "signature": base64.b64encode(record.signature).decode(),
        "chip": {name: base64.b64encode(data).decode() for name, data in record.chip.items()},
        **({"replaces": record.replaces} if record.replaces else {}),
    }  # fmt: skip


def nik_warnings(fields: Fields) -> list[str]:
    """What looks odd in a NIK (PP KK CC DDMMYY SSSS, day + 40 for women). Never a reason to refuse."""
    nik, born = fields.nik, fields.birth_date
    female = fields.jenis_kelamin in ("PEREMPUAN", "FEMALE")  # English on the card of a foreign resident
    expected = f"{born.day + (40 if female else 0):02d}{born.month:02d}{born.year % 100:02d}"
    warnings = []
    if nik[6:12] != expected:
        warnings.append(f"NIK says {nik[6:12]}, birth date and sex say {expected}")
    if nik[12:] == "0000":
        warnings.append("NIK serial is 0000")
    if len(set(nik)) == 1:
        warnings.append("NIK repeats one digit")
    return warnings
