"""Each status bit and failure reply means what it should; the bits here were written down apart from the driver."""

from __future__ import annotations

import pytest

from drivers.errors import ProtocolViolation, Severity
from drivers.printers.evolis_codec import parse_done
from drivers.printers.evolis_status import STATUS_BITS, StatusBit, StatusWords, is_failure, reasons_of_reply
from drivers.protocols import Position

BITS = """
inf CLAIM 80000000 -            inf CARD_HOPPER 40000000 -        inf CARD_FEEDER 20000000 -
inf CARD_FLIP 10000000 -        inf CARD_CONTACTLESS 08000000 -   inf CARD_SMART 04000000 -
inf CARD_PRINT 02000000 -       inf CARD_EJECT 01000000 -         inf PRINTER_MASTER 00800000 -
inf SLEEP_MODE 00200000 -       inf UNKNOWN_RIBBON 00100000 w     inf RIBBON_LOW 00080000 w
inf CLEANING_MANDATORY 00040000 w inf CLEANING 00020000 w         inf RESET 00010000 -
inf RIBBON_CHANGED 00000200 -   inf CLEANING_REQUIRED 00000100 w  inf PRINTING_RUNNING 00000080 -
inf ENCODING_RUNNING 00000040 - inf CLEANING_RUNNING 00000020 -   inf UPDATING_FIRMWARE 00000002 E
inf BUSY 00000001 -
war POWER_SUPPLY 80000000 w     war REMOVE_RIBBON 40000000 E      war REJECT_BOX_FULL 08000000 E
war CARD_ON_EJECT 04000000 w    war WAIT_CARD 02000000 E          war FEEDER_EMPTY 01000000 E
war COOLING 00200000 w          war HOPPER_FULL 00100000 E        war RIBBON_ENDED 00080000 E
war PRINTER_LOCKED 00040000 E   war COVER_OPEN 00020000 E         war NO_RIBBON 00010000 E
war UNSUPPORTED_RIBBON 00008000 E war FEEDER_OPEN 00000100 E
err HEAD_TEMP 20000000 E        err NO_OPTION 10000000 E          err FEEDER_ERROR 08000000 E
err RIBBON_ERROR 04000000 E     err COVER_OPEN 02000000 E         err MECHANICAL 01000000 E
err REJECT_BOX_FULL 00800000 E  err BAD_RIBBON 00400000 E         err RIBBON_ENDED 00200000 E
err HOPPER_FULL 00100000 E      err BLANK_TRACK 00080000 E        err MAGNETIC_DATA 00040000 E
err READ_MAGNETIC 00020000 E    err WRITE_MAGNETIC 00010000 E     err FEATURE 00008000 E
err CARD_ON_EJECT 00000200 E    err NO_CARD_INSERTED 00000100 E   err FEEDER_OPEN 00000080 E
"""
"""Word, name and mask as in the vendor's header; `-` says nothing, `w` warns, `E` stops."""
WEIGHTS = {"-": Severity.REPORT, "w": Severity.WARNING, "E": Severity.ERROR}


def bits_of_the_header() -> list[tuple[str, str, int, Severity]]:
    cells = iter(BITS.split())
    return [(word, name, int(mask, 16), WEIGHTS[mark]) for word, name, mask, mark in zip(*[cells] * 4, strict=True)]


def with_bit(word: str, mask: int) -> StatusWords:
    return StatusWords(0, **{"inf": 0, "war": 0, "err": 0, word: mask})


def same(rows: tuple[StatusBit, ...]) -> bool:
    return sorted(bits_of_the_header()) == sorted((row.word, row.name, row.mask, row.severity) for row in rows)


def test_the_table_has_every_bit_of_the_header_and_no_other() -> None:
    assert same(STATUS_BITS)
    assert not same(STATUS_BITS[1:])
    assert not same((*STATUS_BITS[:-1], STATUS_BITS[-1]._replace(mask=1)))


@pytest.mark.parametrize("bit", bits_of_the_header(), ids=lambda bit: f"{bit[0]}-{bit[1]}")
def test_a_bit_alone_says_what_its_row_says(bit: tuple[str, str, int, Severity]) -> None:
    word, name, mask, severity = bit
    [keyword] = {row.keyword for row in STATUS_BITS if (row.word, row.name) == (word, name)}
    status = with_bit(word, mask)
    assert status.stopping == ({keyword} if severity is Severity.ERROR else set())
    assert status.warnings == ({keyword} if severity is Severity.WARNING else set())
    assert (keyword == "none") is (severity is Severity.REPORT)


NAMED = {(word, mask) for word, _, mask, _ in bits_of_the_header()}
UNNAMED = [(word, 1 << at) for word in ("inf", "war", "err") for at in range(32) if (word, 1 << at) not in NAMED]


@pytest.mark.parametrize(("word", "mask"), UNNAMED, ids=lambda part: f"{part:08X}" if isinstance(part, int) else part)
def test_a_bit_without_a_name_is_other(word: str, mask: int) -> None:
    status = with_bit(word, mask)
    assert (status.stopping, status.warnings) == (({"other"}, set()) if word == "err" else (set(), {"other"}))


def test_all_bits_at_once_are_all_keywords() -> None:
    status = StatusWords(0, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF)
    assert status.stopping | status.warnings == {row.keyword for row in STATUS_BITS} - {"none", "media-needed"}


def test_every_failure_reply_is_known_for_one() -> None:
    for text in ("ERROR FEEDER", "FEEDER EMPTY", "CARD JAM", "NEED CLEANING", "ERR WHATEVER", "OPTION NOT AVAILABLE"):
        assert is_failure(text)
        assert parse_done(text) is False
    assert not is_failure("OK")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ERROR FEEDER", "media-needed"),
        ("ERROR MECHANICAL", "media-jam"),
        ("ERR RIB DETECTION", "marker-supply-missing"),
        ("ERROR UNKNOW", "other"),
    ],
)
def test_failure_replies_have_reasons(text: str, reason: str) -> None:
    assert reasons_of_reply(text) == {reason}


@pytest.mark.parametrize("text", ["ERROR CDE", "ERROR PARAMETRES", "OPT NOT AVAILABLE"])
def test_not_understood_is_a_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        reasons_of_reply(text)


def words(inf: int = 0, war: int = 0, err: int = 0) -> StatusWords:
    return StatusWords(0, inf, war, err)


@pytest.mark.parametrize(
    ("status", "position"),
    [
        (words(), Position.NONE),
        (words(inf=0x0200_0000), Position.PRINT),
        (words(inf=0x0400_0000), Position.CONTACT),
        (words(inf=0x0800_0000), Position.CONTACTLESS),
        (words(inf=0x0100_0000), Position.EJECT),
        (words(inf=0x1000_0000), Position.UNKNOWN),
        (words(inf=0x4000_0000), Position.NONE),
        (words(inf=0x0A00_0000), Position.UNKNOWN),
        (StatusWords(0, 0, 0, 0, Position.UNKNOWN), Position.UNKNOWN),
        (StatusWords(0, 0x0200_0000, 0, 0, Position.UNKNOWN), Position.PRINT),
    ],
)
def test_position_is_what_one_sensor_says(status: StatusWords, position: Position) -> None:
    assert status.position is position


@pytest.mark.parametrize(
    ("status", "stopping", "warnings"),
    [
        (words(), set(), set()),
        (words(war=0x0100_0000), {"media-empty"}, set()),
        (words(war=0x0100_0000, err=0x0800_0000), {"media-empty"}, set()),
        (words(err=0x0800_0000), {"media-needed"}, set()),
        (words(war=0x0002_0000), {"cover-open"}, set()),
        (words(war=0x0002_0000, err=0x0200_0000), {"cover-open"}, set()),
        (words(err=0x0100_0000), {"media-jam"}, set()),
        (words(war=0x0010_0000), {"output-area-full"}, set()),
        (words(war=0x0800_0000), {"output-area-full"}, set()),
        (words(war=0x0008_0000), {"marker-supply-empty"}, set()),
        (words(war=0x0001_0000), {"marker-supply-missing"}, set()),
        (words(inf=0x0008_0000), set(), {"marker-supply-low"}),
        (words(inf=0x0004_0000), set(), {"cleaner-life-over"}),
        (words(inf=0x0002_0000), set(), {"cleaner-life-almost-over"}),
        (words(err=0x0008_0000), {"other"}, set()),
        (words(war=0x8000_0000), set(), {"other"}),
    ],
)
def test_bits_become_keywords(status: StatusWords, stopping: set[str], warnings: set[str]) -> None:
    assert (status.stopping, status.warnings) == (stopping, warnings)


def test_reset_bit() -> None:
    assert words(inf=0x0001_0000).just_reset
    assert not words(inf=0xFFFE_FFFF).just_reset
