"""A report as one text for a QR code: capital letters and digits, which a QR code holds at 5.5 bits a character.

    KEPING1 <base32 (RFC 4648, 6) of: CRC-32, 4 bytes, then raw deflate of a JSON array>

The details of the findings stay on the machine. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any

from kiosk.doctor.report import Report
from kiosk.doctor.situations import SITUATIONS, Finding

PREFIX = "KEPING1"
MOST_BYTES = 8192
LONGEST_TEXT = 4296
"""Characters that the largest QR code holds (ISO/IEC 18004, version 40-L, alphanumeric)."""
_DEFLATE = -15


class CompactError(ValueError):
    """The text is not one that `encode` made, or not all of it."""


def encode(report: Report) -> str:
    """Some 300 characters."""
    found = [each.situation for each in report.findings]
    value = [
        report.version, report.station, report.time_s, report.seq, report.head, list(report.printer),
        list(report.reasons), found,
    ]  # fmt: skip
    plain = json.dumps(value, separators=(",", ":")).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, _DEFLATE)
    packed = packer.compress(plain) + packer.flush()
    return PREFIX + base64.b32encode(zlib.crc32(packed).to_bytes(4) + packed).decode().rstrip("=")


def decode(text: str) -> Report:
    """The inverse, without the details. Blanks, hyphens and small letters do not matter. CompactError says no more
    than that it does not hold: one wrong letter is enough."""
    plain = re.sub(r"[\s-]+", "", text).upper()
    if not plain.startswith(PREFIX) or len(plain) > LONGEST_TEXT:
        raise CompactError(f"not a result of the doctor: that begins with {PREFIX}")
    try:
        return _report(json.loads(_unpacked(plain.removeprefix(PREFIX))))
    except (ValueError, TypeError, LookupError, RecursionError, zlib.error) as exc:
        raise CompactError("a result of the doctor, but not as it was made: a letter is wrong or missing") from exc


def _unpacked(letters: str) -> bytes:
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as exc:
        raise ValueError("not base32") from exc
    packed = raw[4:]
    unpacker = zlib.decompressobj(_DEFLATE)
    content = unpacker.decompress(packed, MOST_BYTES)
    if zlib.crc32(packed) != int.from_bytes(raw[:4]) or not unpacker.eof or unpacker.unused_data:
        raise ValueError("not whole")
    return content


def _report(value: Any) -> Report:
    version, station, time_s, seq, head, printer, reasons, found = value
    if any(each not in SITUATIONS for each in found):
        raise ValueError("of a newer release")
    return Report(
        str(version), str(station), int(time_s), int(seq), str(head), tuple(map(str, printer)),
        tuple(map(str, reasons)), tuple(map(Finding, found)),
    )  # fmt: skip
