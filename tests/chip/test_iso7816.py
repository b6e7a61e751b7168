"""Command and response APDUs against the octets of the standards, and `exchange` against a scripted link."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import iso7816
from drivers.errors import ProtocolViolation
from drivers.iso7816 import Command, Response, StatusWord

VECTORS = [
    ("case 1", Command(0x00, 0x44), "00440000"),
    ("case 2 short", Command(0x00, 0xB0, ne=8), "00B0000008"),
    ("case 2 short, all", Command(0x00, 0xB0, ne=256), "00B0000000"),
    ("case 2 extended", Command(0x00, 0xB0, ne=257), "00B00000000101"),
    ("case 2 extended, all", Command(0x00, 0xB0, ne=65536), "00B00000000000"),
    ("case 3 short", Command(0x00, 0xD6, 0x01, 0x02, b"\xaa"), "00D6010201AA"),
    ("case 3 short, longest", Command(0x00, 0xD6, data=b"\x01" * 255), "00D60000FF" + "01" * 255),
    ("case 3 extended", Command(0x00, 0xD6, data=b"\x01" * 256), "00D60000000100" + "01" * 256),
    ("case 4 short", Command(0x00, 0xA4, 0x04, 0x00, b"\xa0\x01", 256), "00A4040002A00100"),
    ("case 4 extended by Ne", Command(0x00, 0xA4, data=b"\xa0", ne=300), "00A40000000001A0012C"),
    ("DF KTP-el, as readers send it", iso7816.select(0x7F0A), "00A40000027F0A"),
    ("its photo", iso7816.select(0x6FF2), "00A40000026FF2"),
    ("two bytes of length", iso7816.read_binary(0, 2), "00B0000002"),
    ("a chunk further on", iso7816.read_binary(0x01F4, 250), "00B001F4FA"),
    ("UID from the reader", iso7816.get_uid(), "FFCA000000"),
]


@pytest.mark.parametrize(("meaning", "command", "octets"), VECTORS, ids=[v[0] for v in VECTORS])
def test_vectors_both_ways(meaning: str, command: Command, octets: str) -> None:
    assert bytes(command).hex().upper() == octets
    assert Command.parse(bytes.fromhex(octets)) == command


@given(
    st.builds(
        Command, st.just(0), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255),
        st.binary(max_size=600), st.integers(0, 65536),
    )
)  # fmt: skip
def test_parse_inverts_bytes(command: Command) -> None:
    assert Command.parse(bytes(command)) == command


@pytest.mark.parametrize("octets", ["", "00A400", "00D6000005AABB", "00D6000001AABBCC", "00D600000000"])
def test_contradicting_lengths_are_no_command(octets: str) -> None:
    with pytest.raises(ValueError, match=r"bytes"):
        Command.parse(bytes.fromhex(octets))


@pytest.mark.parametrize("offset", [-1, 0x8000])
def test_an_offset_never_becomes_a_short_file_identifier(offset: int) -> None:
    with pytest.raises(ValueError, match="15 bits"):
        iso7816.read_binary(offset, 1)


@pytest.mark.parametrize(
    ("sw", "text"),
    [
        (0x9000, "9000 success"),
        (0x6A82, "6A82 file or application not found"),
        (0x6581, "6581 memory failure"),
        (0x6C36, "6C36 wrong Le, 54 bytes available"),
        (0x6C00, "6C00 wrong Le, 256 bytes available"),
        (0x6110, "6110 success, 16 more bytes available"),
        (0x6A99, "6A99 wrong parameters P1-P2"),
        (0x9104, "9104 proprietary"),
    ],
)
def test_a_status_word_says_what_it_means(sw: int, text: str) -> None:
    assert str(StatusWord(sw)) == text
    assert StatusWord(sw).ok == (sw == 0x9000)


@pytest.mark.parametrize("raw", ["", "90", "AABB1000", "6000", "A000"])
def test_what_is_no_response_apdu(raw: str) -> None:
    with pytest.raises(ProtocolViolation):
        Response.parse(bytes.fromhex(raw))


def test_nothing_of_the_content_is_in_a_repr() -> None:
    secret = b"3171234567890123"
    shown = repr(iso7816.update_binary(0, secret)) + repr(Response(secret, StatusWord(0x9000)))
    assert "3171" not in shown


class ScriptedLink:
    """Answers as written, and fails the test at any other command."""

    name = "script"

    def __init__(self, *exchanges: tuple[str, str]) -> None:
        self.left = [(bytes.fromhex(command), bytes.fromhex(answer)) for command, answer in exchanges]

    def connect(self, timeout_s: float) -> bytes:
        return b"\x3b\x00"

    def transmit(self, apdu: bytes) -> bytes:
        command, answer = self.left.pop(0)
        assert apdu == command
        return answer

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        iso7816.one_by_one(self.transmit, apdus, heard)

    def disconnect(self) -> None:
        """Nothing is powered."""

    def close(self) -> None:
        """Nothing is open."""


def test_wrong_le_is_repeated_once_with_the_right_one() -> None:
    link = ScriptedLink(("00B0000036", "6C02"), ("00B0000002", "AABB9000"))
    assert iso7816.exchange(link, iso7816.read_binary(0, 0x36)) == Response(b"\xaa\xbb", StatusWord(0x9000))
    assert not link.left


def test_wrong_le_again_is_the_answer() -> None:
    link = ScriptedLink(("00B0000036", "6C02"), ("00B0000002", "6C01"))
    assert iso7816.exchange(link, iso7816.read_binary(0, 0x36)).sw == 0x6C01


def test_the_rest_is_fetched_by_get_response() -> None:
    link = ScriptedLink(("00A40000027F0A", "6103"), ("00C0000003", "0102036101"), ("00C0000001", "049000"))
    assert iso7816.exchange(link, iso7816.select(0x7F0A)) == Response(b"\1\2\3\4", StatusWord(0x9000))
    assert not link.left


def test_get_response_too_may_have_the_wrong_le() -> None:
    link = ScriptedLink(("00A40000027F0A", "6103"), ("00C0000003", "6C02"), ("00C0000002", "01029000"))
    assert iso7816.exchange(link, iso7816.select(0x7F0A)) == Response(b"\1\2", StatusWord(0x9000))
    assert not link.left


def test_the_rest_of_an_answer_does_not_come_a_byte_at_a_time_for_minutes() -> None:
    """65536 rests of one byte each are within an answer's length, and ten minutes at a real reader."""
    asked = 0

    class Dripping(ScriptedLink):
        def transmit(self, apdu: bytes) -> bytes:
            nonlocal asked
            asked += 1
            return b"\x00\x61\x01"

    with pytest.raises(ProtocolViolation, match="no end"):
        iso7816.exchange(Dripping(), iso7816.select(0x7F0A))
    assert asked < 300


def test_get_response_that_gives_nothing_ends() -> None:
    link = ScriptedLink(("00A40000027F0A", "6103"), ("00C0000003", "6103"))
    with pytest.raises(ProtocolViolation):
        iso7816.exchange(link, iso7816.select(0x7F0A))


SELECT_A, WRITE, READ = iso7816.select(0x7F0A), iso7816.update_binary(0, b"\xaa"), iso7816.read_binary(0, 4)


def test_a_row_ends_at_the_first_that_is_refused() -> None:
    link = ScriptedLink(("00A40000027F0A", "9000"), ("00D6000001AA", "6581"))
    assert [each.sw for each in iso7816.exchange_all(link, [SELECT_A, WRITE, READ])] == [0x9000, 0x6581]
    assert not link.left


def test_a_row_goes_on_after_what_the_protocol_made_of_an_answer() -> None:
    """61xx and 6Cxx are no refusals: the rest is fetched, and then comes the next."""
    link = ScriptedLink(
        ("00A40000027F0A", "6102"), ("00C0000002", "01029000"),
        ("00B0000004", "6C01"), ("00B0000001", "AA9000"),
        ("00D6000001AA", "9000"),
    )  # fmt: skip
    told = iso7816.exchange_all(link, [SELECT_A, READ, WRITE])
    assert [each.data for each in told] == [b"\1\2", b"\xaa", b""]
    assert all(each.sw.ok for each in told)
    assert not link.left
    assert iso7816.exchange_all(link, []) == []
