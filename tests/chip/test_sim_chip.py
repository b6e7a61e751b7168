"""The simulated chip by itself: which status word for what, what it forgets, and how it can be broken."""

from dataclasses import replace

import pytest

from drivers.encoders import ktp_el
from drivers.sim.chip import KTP_EL, Behaviour, Chip, PowerLost, Tear

UID = bytes.fromhex("04A1B2C3D4E5F6")
DF, PHOTO = "00A40000027F0A", "00A40000026FF2"


def powered(behaviour: Behaviour | None = None) -> Chip:
    chip = Chip(UID, behaviour=behaviour or Behaviour())
    chip.power_on()
    return chip


def say(chip: Chip, *apdus: str) -> str:
    """The last answer, in hex."""
    answers = [chip.transmit(bytes.fromhex(apdu)).hex().upper() for apdu in apdus]
    return answers[-1]


def test_atr_is_well_formed() -> None:
    """7816-3, 8.2.5: with TD2 present the exclusive-or of all bytes from T0 on is zero."""
    atr = powered().atr
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert atr[:1] + atr[2:4] == b"\x3b\x80\x01"
    assert atr[1] == 0x80 | len(atr) - 5
    assert check == 0


def test_driver_and_chip_agree_on_the_map() -> None:
    """Two tables on purpose: a slip in one is not in the other."""
    assert {int(name, 16): size for name, size in ktp_el.LAYOUT.items()} == dict(KTP_EL.files)
    assert KTP_EL.df == ktp_el.DF


@pytest.mark.parametrize(
    ("apdus", "answer"),
    [
        (["FFCA000000"], "04A1B2C3D4E5F69000"),
        (["FFCA000007"], "04A1B2C3D4E5F69000"),
        (["FFCA000004"], "6C07"),
        (["FFCA00000A"], "04A1B2C3D4E5F66282"),
        (["FFCA010000"], "6A81"),
        (["FFB0000000"], "6D00"),
        ([DF], "9000"),
        (["00A4000C027F0A"], "9000"),
        (["00A40000027F0A00"], "6F07820138" + "83027F0A" + "9000"),
        ([DF, "00A40000026FF200"], "6F0B80021000820101" + "83026FF2" + "9000"),
        ([DF, "00A40000026FF204"], "6C0D"),
        ([PHOTO], "6A82"),
        ([DF, "00A40000026FF7"], "6A82"),
        ([DF, PHOTO, "00A40000023F00", PHOTO], "6A82"),
        (["00A4040005A000000001"], "6A82"),
        (["00A40200027F0A"], "6A86"),
        (["00A40004027F0A"], "6A86"),
        (["00A40000017F"], "6A87"),
        (["00A400"], "6700"),
        ([DF, "00B0000002"], "6986"),
        ([DF, PHOTO, "00B0000002"], "00009000"),
        ([DF, PHOTO, "00B00000"], "6700"),
        ([DF, PHOTO, "00B0100002"], "6B00"),
        ([DF, PHOTO, "00B00FFF02"], "6C01"),
        ([DF, PHOTO, "00B00FFE00"], "00009000"),
        ([DF, PHOTO, "00B0820002"], "6A82"),
        ([DF, PHOTO, "00D60FFF020102"], "6A84"),
        ([DF, PHOTO, "00D61000020102"], "6B00"),
        ([DF, PHOTO, "00D60000"], "6700"),
        ([DF, PHOTO, "00D600000501"], "6700"),
        ([DF, PHOTO, "00D60002020A0B", "00B0000104"], "000A0B009000"),
        ([DF, "00D60000010A"], "6986"),
        (["0084000008"], "6D00"),
        (["80A40000027F0A"], "6E00"),
        (["0CA40000027F0A"], "6882"),
        (["01A40000027F0A"], "6881"),
        (["10A40000027F0A"], "6884"),
    ],
)
def test_answers(apdus: list[str], answer: str) -> None:
    assert say(powered(), *apdus) == answer


def test_extended_length_up_to_a_whole_file() -> None:
    chip, whole = powered(), bytes(range(256)) * 16
    assert say(chip, DF, PHOTO, "00D60000001000" + whole.hex()) == "9000"
    assert say(chip, "00B00000001000") == whole.hex().upper() + "9000"
    assert say(chip, "00B00000000000") == whole.hex().upper() + "9000"
    assert say(chip, "00B00000001001") == "6700"
    assert chip.content(0x6FF2) == whole


def test_a_locked_file_needs_what_nobody_has() -> None:
    chip = Chip(UID, replace(KTP_EL, protected=frozenset({0x6FF1})))
    chip.power_on()
    assert say(chip, DF, "00A40000026FF1", "00B0000002") == "6982"
    assert say(chip, "00D60000010A") == "6982"
    assert say(chip, PHOTO, "00B0000002") == "00009000"


def test_power_loss_forgets_the_selection_and_nothing_else() -> None:
    chip = powered()
    say(chip, DF, PHOTO, "00D60000020A0B")
    chip.power_off()
    with pytest.raises(PowerLost):
        say(chip, DF)
    chip.power_on()
    assert say(chip, "00B0000002") == "6986"
    assert say(chip, DF, PHOTO, "00B0000002") == "0A0B9000"


@pytest.mark.parametrize(
    ("tear", "left"), [(Tear.NOT_DONE, "00000000"), (Tear.DONE, "0A0B0C0D"), (Tear.HALF, "0A0B0000")]
)
def test_torn_update(tear: Tear, left: str) -> None:
    chip = powered(Behaviour(tear=tear))
    say(chip, DF, PHOTO)
    chip.on_apdu(lambda apdu: chip.power_off() if apdu[1] == 0xD6 else None)
    with pytest.raises(PowerLost):
        say(chip, "00D60000040A0B0C0D")
    assert chip.content(0x6FF2)[:4].hex().upper() == left


def test_callbacks_see_each_command_before_it_is_done() -> None:
    chip, seen = powered(), list[tuple[str, bytes]]()
    chip.on_apdu(lambda apdu: seen.append((apdu.hex().upper(), chip.content(0x6FF2)[:1])))
    say(chip, DF, PHOTO, "00D60000010A", "00B0000001")
    assert seen == [(DF, b"\0"), (PHOTO, b"\0"), ("00D60000010A", b"\0"), ("00B0000001", b"\x0a")]


def test_a_used_chip_has_content_in_every_file() -> None:
    chip = powered(Behaviour(used=True))
    assert all(chip.content(fid)[:2] != b"\0\0" for fid in KTP_EL.files)
    assert not any(powered().content(fid).strip(b"\0") for fid in KTP_EL.files)


def test_random_uids_differ_and_begin_with_08() -> None:
    chip, uids = powered(Behaviour(random_uid=True)), set[str]()
    for _ in range(5):
        uids.add(say(chip, "FFCA000000"))
        chip.power_on()
    assert len(uids) == 5
    assert all(uid[:2] == "08" and len(uid) == 2 * (4 + 2) for uid in uids)


def test_memory_fails_from_the_nth_update_on() -> None:
    chip = powered(Behaviour(fail_write_at=2))
    say(chip, DF, PHOTO)
    assert [say(chip, f"00D60000010{n}") for n in (1, 2, 3)] == ["9000", "6581", "6581"]
    assert chip.content(0x6FF2)[0] == 1
    assert chip.updates == 3


def test_a_weak_cell_reads_back_otherwise() -> None:
    chip = powered(Behaviour(weak=True))
    assert say(chip, DF, PHOTO, "00D60000040001FF02", "00B0000004") == "0001FE02" + "9000"


@pytest.mark.parametrize("size", [0, 5, 8])
def test_a_uid_has_a_legal_size(size: int) -> None:
    with pytest.raises(ValueError, match="UID"):
        Chip(bytes(size))
