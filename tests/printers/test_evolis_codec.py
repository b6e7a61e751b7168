"""The transcript beside the codec, walked through it; and what the codec must not accept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.errors import ProtocolViolation
from drivers.printers import evolis_codec as codec
from drivers.printers.evolis_codec import StatusWords, Vector
from drivers.protocols import Position

PARSERS: dict[str, Callable[[str], object]] = {
    "Rtp": str,
    "Rco": codec.parse_count,
    "Rrt": codec.parse_ribbon_left,
    "Rpst": codec.parse_status,
    "Rlr": codec.parse_presence,
}


@pytest.mark.parametrize("vector", codec.TRANSCRIPT, ids=lambda v: f"{v.command!r}={v.reply!r}")
def test_transcript(vector: Vector) -> None:
    command = vector.command[1:-1].decode("ascii")
    assert codec.frame(command) == vector.command
    parse = PARSERS.get(command.split(";")[0], codec.parse_done)
    assert parse(codec.parse_text(vector.reply)) == vector.meaning
    assert vector.source


def test_every_failure_reply_is_known_for_one() -> None:
    for text in ("ERROR FEEDER", "FEEDER EMPTY", "CARD JAM", "NEED CLEANING", "ERR WHATEVER", "OPTION NOT AVAILABLE"):
        assert codec.is_failure(text)
        assert codec.parse_done(text) is False
    assert not codec.is_failure("OK")


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
    assert codec.reasons_of_reply(text) == {reason}


@pytest.mark.parametrize("text", ["ERROR CDE", "ERROR PARAMETRES", "OPT NOT AVAILABLE"])
def test_not_understood_is_a_violation(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        codec.reasons_of_reply(text)


@pytest.mark.parametrize("reply", [b"", b"O\x01K", b"\xff\xfe", b"OK\nOK"])
def test_text_is_one_printable_line(reply: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        codec.parse_text(reply)


@pytest.mark.parametrize("text", ["", "OKAY", "O", "ok", "0"])
def test_done_is_ok_or_an_error(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        codec.parse_done(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "12 13", "OK", "9" * 11, "²"])
def test_counter_is_digits(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        codec.parse_count(text)


@pytest.mark.parametrize(
    "text", ["", "0" * 31, "0" * 33, "0" * 39, "0" * 72, "OK", "0" * 31 + "G", " " * 32, "0x" + "0" * 30]
)
def test_status_is_never_guessed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        codec.parse_status(text)


@pytest.mark.parametrize("text", ["", "CARDS", "ERROR CDE", "ERROR CARD"])
def test_presence_is_never_guessed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        codec.parse_presence(text)


def test_extension_words_are_read_past() -> None:
    assert codec.parse_status("0" * 32 + "F" * 32) == StatusWords(0, 0, 0, 0)


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


@pytest.mark.parametrize("bit", range(32))
def test_no_error_bit_goes_unheard(bit: int) -> None:
    assert words(err=1 << bit).stopping
    status = words(war=1 << bit)
    assert status.stopping | status.warnings


def test_reset_bit() -> None:
    assert words(inf=0x0001_0000).just_reset
    assert not words(inf=0xFFFE_FFFF).just_reset
