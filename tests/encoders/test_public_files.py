"""What can be read of a chip without a SAM, and what a file that stays shut is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.encoders import ktp_el
from drivers.errors import Cause, Refused
from drivers.sim.secured import LOCKED_KTP_EL
from tests.chip.readers import Reader, in_process
from tests.encoders.secured import SamReader, through_sam
from tests.encoders.toy_chip import toy_chip

__all__ = ["in_process", "through_sam", "toy_chip"]

FREE = ("6FF0", "6FF2")
SHUT = sorted(set(ktp_el.LAYOUT) - set(FREE))


def personalised(reader: SamReader) -> None:
    """Leave a chip on the antenna that was written with the SAM."""
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    encoder.encode(reader.files)
    encoder.release()


def test_photo_and_card_control_are_read_without_a_sam_and_nothing_else(through_sam: SamReader) -> None:
    personalised(through_sam)
    encoder = ktp_el.open(through_sam.link, 5.0)
    assert encoder.identify().holds_data
    for name in FREE:
        assert encoder.read(name) == through_sam.files[name]
    for name in SHUT:
        with pytest.raises(Refused, match=f"{name}: 6982 security status not satisfied") as refused:
            encoder.read(name)
        assert (refused.value.cause, refused.value.sw) == (Cause.CHIP_UNKNOWN, 0x6982)


@pytest.mark.parametrize("written", FREE)
def test_each_free_file_shows_that_the_chip_was_begun(through_sam: SamReader, written: str) -> None:
    through_sam.lay()
    encoder = through_sam.encoder()
    encoder.identify()
    encoder.encode({written: through_sam.files[written]})
    encoder.release()
    assert ktp_el.open(through_sam.link, 5.0).identify().holds_data


def test_a_locked_blank_is_identified_and_the_shut_files_say_nothing(in_process: Reader) -> None:
    chip = in_process.lay(profile=LOCKED_KTP_EL)
    assert not in_process.encoder().identify().holds_data
    assert chip.updates == 0


@pytest.mark.parametrize("name", [0x6FF0, 0x6FF2])
def test_a_chip_whose_free_files_are_shut_is_none_of_these(in_process: Reader, name: int) -> None:
    in_process.lay(profile=replace(in_process.profile, protected=frozenset({name})))
    with pytest.raises(Refused, match="6982") as refused:
        in_process.encoder().identify()
    assert refused.value.cause is Cause.CHIP_UNKNOWN


def test_another_profile_names_its_own_sealed_file(toy_chip: Reader) -> None:
    toy_chip.lay(profile=replace(toy_chip.profile, protected=frozenset({0x0A01})))
    encoder = toy_chip.encoder()
    assert not encoder.identify().holds_data
    with pytest.raises(Refused, match="0A01: 6982"):
        encoder.read("0A01")


def test_a_photo_longer_than_the_development_chip_has_room_for_is_read(in_process: Reader) -> None:
    """The sizes of a real chip's files are not public; what is read is bounded by the memory alone."""
    photo = bytes(range(256)) * 24
    chip = in_process.lay(profile=replace(in_process.profile, files={**in_process.profile.files, 0x6FF2: 8000}))
    chip._nv[0x6FF2][: 2 + len(photo)] = len(photo).to_bytes(2) + photo
    encoder = in_process.encoder()
    encoder.identify()
    assert encoder.read("6FF2") == photo
