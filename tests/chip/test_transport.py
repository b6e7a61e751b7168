"""Chips that speak T=0, chain commands or take extended lengths: by themselves, and through `exchange`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from drivers import iso7816
from drivers.atr import SHORT_ONLY, Capabilities
from drivers.errors import NotStarted
from drivers.iso7816 import Command, exchange, t0_tpdu
from drivers.sim.chip import KTP_EL, Chip, Profile, contactless_atr
from drivers.sim.transport import Transport
from tests.chip.readers import BY_THREAD, UID, Reader

DF, PHOTO, FCI = "00A40000027F0A", "00A40000026FF2", "6F0B80021000820101" + "83026FF2"
T0 = replace(KTP_EL, atr=bytes.fromhex("3B06") + b"KPDEV\x01", transport=Transport(t0=True))
CHAINING = Profile(
    KTP_EL.df, KTP_EL.files, atr=contactless_atr(bytes.fromhex("80730000 80")),
    transport=Transport(chaining=True, extended=False),
)  # fmt: skip
EXTENDED = replace(KTP_EL, atr=contactless_atr(bytes.fromhex("80730000 40")))
SHORT = replace(KTP_EL, transport=Transport(extended=False))
FILES = {"6FF1": b"biodata" * 40, "6FF2": bytes(range(256)) * 12}


def say(profile: Profile, *apdus: str) -> str:
    """The last answer, in hex."""
    chip = Chip(UID, profile)
    chip.power_on()
    return [chip.transmit(bytes.fromhex(apdu)).hex().upper() for apdu in apdus][-1]


@pytest.mark.parametrize(
    ("apdus", "answer"),
    [
        ([DF], "6109"),
        ([DF, PHOTO], "610D"),
        ([DF, PHOTO, "00C000000D"], FCI + "9000"),
        ([DF, PHOTO, "00C0000005"], FCI[:10] + "6108"),
        ([DF, PHOTO, "00C0000005", "00C0000008"], FCI[10:] + "9000"),
        ([DF, PHOTO, "00C00000FF"], "6C0D"),
        ([DF, PHOTO, "00C00000FF", "00C000000D"], FCI + "9000"),
        ([DF, PHOTO, "00B0000002", "00C000000D"], "6D00"),
        ([DF, PHOTO, "00D60000020A0B"], "9000"),
        ([DF, PHOTO, "00B0000002"], "00009000"),
        ([DF, PHOTO, "00B00FFE00"], "6C02"),
        (["00A4000C027F0A"], "9000"),
        (["FFCA000000"], "6C07"),
        ([DF, PHOTO, "00D6000000000A" + "00" * 10], "6700"),
    ],
)
def test_a_chip_of_t0_gives_data_or_takes_them(apdus: list[str], answer: str) -> None:
    assert say(T0, *apdus) == answer


@pytest.mark.parametrize(
    ("apdus", "answer"),
    [
        (["10D60000020A0B"], "9000"),
        (["10D60000020A0B", "00B0000004"], "6883"),
        (["10D60000020A0B", "00D60000020C0D", "00B0000005"], "0A0B0C0D009000"),
        (["10D60000020A0B", "10D60000010C", "00D60000010D", "00B0000005"], "0A0B0C0D009000"),
        (["10D60000020A0B", "00D60002020C0D"], "6883"),
        (["10D60000020A0B", "00D60002020C0D", "00B0000002"], "00009000"),
        (["00D6000000000A" + "00" * 10], "6700"),
        (["FFCA000000"], "04A1B2C3D4E5F69000"),
    ],
)
def test_a_chip_that_chains(apdus: list[str], answer: str) -> None:
    assert say(CHAINING, DF, PHOTO, *apdus) == answer


def test_a_chain_is_forgotten_without_power() -> None:
    chip = Chip(UID, CHAINING)
    chip.power_on()
    chip.transmit(bytes.fromhex("10D60000020A0B"))
    chip.power_on()
    assert chip.transmit(bytes.fromhex(DF)).hex() == "9000"


CASES = [
    ("1", "00440000", "0044000000"),
    ("2S", "00B0000008", "00B0000008"),
    ("2S, all", "00B0000000", "00B0000000"),
    ("3S", "00D6000002AABB", "00D6000002AABB"),
    ("4S", "00A4040002A00100", "00A4040002A001"),
    ("4S, 5 bytes", "00A4040002A00105", "00A4040002A001"),
]


@pytest.mark.parametrize(("case", "apdu", "tpdu"), CASES, ids=[each[0] for each in CASES])
def test_a_command_on_its_way_over_t0(case: str, apdu: str, tpdu: str) -> None:
    """ISO/IEC 7816-3, 12.2, by the names it gives the cases."""
    assert t0_tpdu(bytes.fromhex(apdu)).hex().upper() == tpdu


@pytest.mark.parametrize("apdu", ["00B00000000101", "00D60000000002AABB", "00A40400000002A0010000"])
def test_extended_lengths_do_not_go_over_t0(apdu: str) -> None:
    with pytest.raises(NotStarted):
        t0_tpdu(bytes.fromhex(apdu))


class Wire:
    """A link straight to a chip that keeps what went over it."""

    name = "wire"

    def __init__(self, profile: Profile) -> None:
        self.chip = Chip(UID, profile)
        self.sent: list[bytes] = []

    def connect(self, timeout_s: float) -> bytes:
        self.chip.power_on()
        return self.chip.atr

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        return self.chip.transmit(apdu)

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        iso7816.one_by_one(self.transmit, apdus, heard)

    def disconnect(self) -> None:
        self.chip.power_off()

    def close(self) -> None:
        self.chip.power_off()


@contextmanager
def photo_of(profile: Profile) -> Iterator[tuple[Wire, Capabilities]]:
    wire = Wire(profile)
    able = Capabilities.of(wire.connect(0))
    for fid in (KTP_EL.df, 0x6FF2):
        assert exchange(wire, iso7816.select(fid)).sw.ok
    wire.sent.clear()
    yield wire, able


LONG = iso7816.update_binary(0, bytes(range(256)) * 3)


def test_a_long_command_is_chained_where_the_card_says_so() -> None:
    with photo_of(CHAINING) as (wire, able):
        assert exchange(wire, LONG, able).sw.ok
    assert [(each[0], each[4], len(each)) for each in wire.sent] == [
        (0x10, 255, 260), (0x10, 255, 260), (0x10, 255, 260), (0x00, 3, 8),
    ]  # fmt: skip
    assert wire.chip.content(0x6FF2)[:768] == LONG.data
    assert wire.chip.updates == 1


def test_a_long_command_is_one_where_the_card_says_so() -> None:
    with photo_of(EXTENDED) as (wire, able):
        assert exchange(wire, LONG, able).sw.ok
        assert exchange(wire, iso7816.read_binary(0, 768), able).data == LONG.data
    assert len(wire.sent) == 2
    assert wire.sent[0][4:7] == bytes.fromhex("000300")


@pytest.mark.parametrize("command", [LONG, iso7816.read_binary(0, 768)], ids=["write", "read"])
@pytest.mark.parametrize("profile", [SHORT, KTP_EL], ids=["can't", "does not say so"])
def test_a_long_command_is_not_begun_elsewhere(profile: Profile, command: Command) -> None:
    with photo_of(profile) as (wire, able):
        assert able == SHORT_ONLY
        with pytest.raises(NotStarted):
            exchange(wire, command, able)
    assert wire.sent == []


def test_a_long_answer_is_not_to_be_had_by_chaining() -> None:
    with photo_of(CHAINING) as (wire, able), pytest.raises(NotStarted):
        exchange(wire, iso7816.read_binary(0, 768), able)


def test_a_chain_ends_with_the_part_that_is_refused() -> None:
    """A card that chains no more than it says."""
    with photo_of(SHORT) as (wire, _):
        answer = exchange(wire, LONG, Capabilities(chaining=True))
    assert answer.sw == 0x6884
    assert len(wire.sent) == 1


def test_the_encoder_works_on_a_chip_of_t0(reader: Reader) -> None:
    chip, encoder = reader.lay(profile=T0), reader.encoder()
    assert encoder.identify().uid == UID.hex().upper()
    encoder.encode(FILES)
    encoder.verify(FILES)
    assert {name: encoder.read(name) for name in FILES} == FILES
    assert chip.content(0x6FF2)[2:][: len(FILES["6FF2"])] == FILES["6FF2"]


@pytest.mark.pcsc
@BY_THREAD
def test_a_link_over_t0_makes_tpdus_of_its_commands(over_pcsc: Reader) -> None:
    chip, seen = over_pcsc.lay(profile=T0), list[bytes]()
    over_pcsc.link.connect(5.0)
    chip.on_apdu(seen.append)
    select = Command(0x00, iso7816.Ins.SELECT, data=KTP_EL.df.to_bytes(2), ne=256)
    assert exchange(over_pcsc.link, select).data == bytes.fromhex("6F0782013883027F0A")
    assert [each.hex().upper() for each in seen] == [DF, "00C0000009"]
    with pytest.raises(NotStarted):
        over_pcsc.link.transmit(bytes(LONG))
    assert len(seen) == 2


@pytest.mark.pcsc
@BY_THREAD
def test_the_same_chip_without_t0_gets_the_whole_command(over_pcsc: Reader) -> None:
    """Negative control."""
    chip, seen = over_pcsc.lay(), list[bytes]()
    over_pcsc.link.connect(5.0)
    chip.on_apdu(seen.append)
    select = Command(0x00, iso7816.Ins.SELECT, data=KTP_EL.df.to_bytes(2), ne=256)
    assert exchange(over_pcsc.link, select).sw.ok
    assert [each.hex().upper() for each in seen] == [DF + "00"]
