"""The transcript beside the codec, walked through it; and what the codec must not accept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.errors import ProtocolViolation
from drivers.printers import evolis_classic as classic
from drivers.printers import evolis_codec as codec
from drivers.printers.evolis_codec import Vector
from drivers.printers.evolis_status import StatusWords

PARSERS: dict[str, Callable[[str], object]] = {
    "Rtp": str,
    "Rco": codec.parse_count,
    "Rrt": codec.parse_ribbon_left,
    "Rpst": lambda text: "classic" if classic.is_classic(text) else codec.parse_status(text),
    "Rse": classic.parse_cover_open,
    "Rcr": classic.parse_ribbon_ended,
    "Rem": classic.parse_restarted,
    "Rlr": codec.parse_presence,
}


@pytest.mark.parametrize("vector", codec.TRANSCRIPT, ids=lambda v: f"{v.command!r}={v.reply!r}")
def test_transcript(vector: Vector) -> None:
    command = vector.command[1:-1].decode("ascii")
    assert codec.frame(command) == vector.command
    parse = PARSERS.get(command.split(";")[0], codec.parse_done)
    assert parse(codec.parse_text(vector.reply)) == vector.meaning
    assert vector.source


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
