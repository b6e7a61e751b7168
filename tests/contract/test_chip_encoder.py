"""What every `ChipEncoder` owes its caller, on every link that there is and with each kind of chip that we simulate.

The chip is simulated, the links are not.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from drivers.errors import Cause, DeviceError, NotStarted, OutcomeUnknown, Refused
from drivers.iso7816 import Ins
from drivers.protocols import ChipEncoder
from drivers.sim.chip import Behaviour
from tests.chip.readers import (
    BY_THREAD,
    UID,
    Reader,
    assert_soon,
    count_descriptors,
    in_process,
    over_pcsc,
    pcscd,
    vpcd_antenna,
)
from tests.contract.real_reader import MACHINES_PCSCD, RealReader
from tests.encoders.secured import sam_over_pcsc, sam_slot, through_sam
from tests.encoders.toy_chip import PROFILE as TOY
from tests.encoders.toy_chip import toy_chip
from tests.patience import BUSY_S

__all__ = [
    "in_process", "over_pcsc", "pcscd", "sam_over_pcsc", "sam_slot", "through_sam", "toy_chip", "vpcd_antenna",
]  # fmt: skip

OVER_PCSC = [pytest.mark.pcsc, BY_THREAD]


READERS = [
    "in_process",
    pytest.param("over_pcsc", marks=OVER_PCSC),
    "through_sam",
    pytest.param("sam_over_pcsc", marks=[*OVER_PCSC, pytest.mark.long]),
    "toy_chip",
]


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> Iterator[Reader | RealReader]:
    """Each clause on every link, with a SAM between, on a chip with other files, and on the readers of --device."""
    if "=" not in request.param:
        yield request.getfixturevalue(request.param)
        return
    with closing(RealReader(request.param, request.config.stash[MACHINES_PCSCD])) as real:
        yield real


def sealed(reader: Reader) -> str:
    """A small file that a chip of this profile may seal."""
    return "0A01" if reader.profile is TOY else "6FF1"


def largest(reader: Reader) -> str:
    return max(reader.files, key=lambda name: len(reader.files[name]))


@pytest.mark.blanks(1)
def test_identify_reads_uid_atr_and_state_and_writes_nothing(reader: Reader) -> None:
    chip = reader.lay()
    found = reader.encoder().identify()
    reader.shows(chip, found)
    assert not found.holds_data
    assert reader.updates(chip) == 0


@pytest.mark.blanks(1)
def test_what_was_encoded_is_on_the_chip_and_verifies(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(reader.files)
    encoder.verify(reader.files)
    assert reader.stored(chip, encoder) == list(reader.files.values())


def test_a_chip_with_content_shows_it(reader: Reader) -> None:
    reader.lay(Behaviour(used=True))
    assert reader.encoder().identify().holds_data


@pytest.mark.blanks(1)
def test_encode_twice_is_once(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(reader.files)
    once = reader.stored(chip, encoder)
    encoder.encode(reader.files)
    assert reader.stored(chip, encoder) == once
    encoder.release()
    assert encoder.identify().holds_data
    encoder.verify(reader.files)


@pytest.mark.blanks(1)
def test_verify_refuses_a_blank_chip(reader: Reader) -> None:
    """Negative control: verify can fail."""
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    with pytest.raises(Refused) as refused:
        encoder.verify(reader.files)
    assert refused.value.cause is Cause.CHIP_VERIFY_FAILED


@pytest.mark.parametrize(
    ("behaviour", "cause", "sw"),
    [
        (Behaviour(random_uid=True), Cause.CHIP_UID_RANDOM, None),
        (Behaviour(fail_write_at=7), Cause.CHIP_WRITE_FAILED, 0x6581),
        (Behaviour(weak=True), Cause.CHIP_VERIFY_FAILED, None),
    ],
)
def test_a_bad_chip_is_refused_for_its_cause(
    reader: Reader, behaviour: Behaviour, cause: Cause, sw: int | None
) -> None:
    reader.lay(behaviour)
    encoder = reader.encoder()
    with pytest.raises(Refused) as refused:
        make(encoder, reader.files)
    assert (refused.value.cause, refused.value.sw) == (cause, sw)


def make(encoder: ChipEncoder, files: Mapping[str, bytes]) -> None:
    encoder.identify()
    encoder.encode(files)
    encoder.verify(files)


@pytest.mark.parametrize("behaviour", [None, Behaviour(dead=True)], ids=["no chip", "dead chip"])
def test_silence_is_refused_in_time(reader: Reader, behaviour: Behaviour | None) -> None:
    if behaviour is not None:
        reader.lay(behaviour)
    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        reader.encoder(appear_timeout_s=0.3).identify()
    assert refused.value.cause is Cause.CHIP_SILENT
    assert 0.25 < time.monotonic() - started < 2.3 + BUSY_S


def test_chip_pulled_mid_write_is_in_doubt_and_then_completed(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    reader.pull_at(chip, 3, Ins.UPDATE_BINARY)
    with pytest.raises(OutcomeUnknown):
        encoder.encode(reader.files)
    reader.antenna.enter(chip)
    assert encoder.identify().uid == UID.hex().upper()
    encoder.encode(reader.files)
    encoder.verify(reader.files)


@pytest.mark.blanks(2)
def test_an_exchanged_chip_is_never_written(reader: Reader) -> None:
    """What was identified is what is written to, even where the reader does not notice the exchange by itself."""
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    reader.antenna.leave()
    other = reader.lay(uid=UID[:-1] + b"\0")
    for _ in range(2):
        with pytest.raises(NotStarted):
            encoder.encode(reader.files)
    assert reader.updates(other) == 0


@pytest.mark.blanks(1)
def test_before_identify_and_after_release_nothing_starts(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    for act in (encoder.encode, encoder.verify):
        with pytest.raises(NotStarted):
            act(reader.files)
    encoder.identify()
    encoder.release()
    encoder.release()
    with pytest.raises(NotStarted):
        encoder.encode(reader.files)
    assert reader.updates(chip) == 0


@pytest.mark.blanks(1)
def test_close_is_idempotent_and_leaves_nothing_open(reader: Reader) -> None:
    descriptors, threads = count_descriptors(), threading.active_count()
    encoder = reader.encoder()
    reader.lay()
    make(encoder, reader.files)
    encoder.close()
    encoder.close()
    reader.antenna.leave()
    with pytest.raises(DeviceError):
        encoder.encode(reader.files)
    assert_soon(lambda: (count_descriptors(), threading.active_count()) == (descriptors, threads))


@pytest.mark.blanks(1)
def test_what_was_encoded_is_read_and_nothing_is_written(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    assert encoder.read(sealed(reader)) == b""
    encoder.encode(reader.files)
    written = reader.updates(chip)
    encoder.release()
    encoder.identify()
    assert {name: encoder.read(name) for name in reader.files} == reader.files
    assert reader.updates(chip) == written


def test_a_read_of_a_chip_that_leaves_did_nothing(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(reader.files)
    reader.pull_at(chip, 4)
    with pytest.raises(NotStarted):
        encoder.read(largest(reader))


def test_a_file_that_states_more_than_it_can_hold_is_refused(reader: Reader) -> None:
    chip = reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    chip._nv[int(sealed(reader), 16)][:2] = b"\x7f\xff"
    with pytest.raises(Refused) as refused:
        encoder.read(sealed(reader))
    assert refused.value.cause is Cause.CHIP_UNKNOWN
