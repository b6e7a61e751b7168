"""What every `ChipEncoder` owes its caller, on every link that there is. The chip is simulated, the links are not."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from drivers.errors import Cause, DeviceError, NotStarted, OutcomeUnknown, Refused
from drivers.iso7816 import Ins, exchange, select, update_binary
from drivers.protocols import ChipEncoder
from drivers.sim.chip import KTP_EL, Behaviour
from tests.chip.readers import (
    UID,
    Reader,
    assert_soon,
    count_descriptors,
    in_process,
    over_pcsc,
    pcscd,
    reader,
    vpcd_antenna,
)

__all__ = ["in_process", "over_pcsc", "pcscd", "reader", "vpcd_antenna"]

FILES: Mapping[str, bytes] = {
    "6FF0": b"control".ljust(0x34, b"."),
    "6FF1": b'"3171234567890123","JALAN MERDEKA"',
    "6FF2": bytes(range(250)) * 12,
    "6FF3": b"signature" * 80,
    "6FF4": b"right" * 90,
    "6FF5": b"left" * 100,
    "6FF6": b"\x30\x45" * 35,
}


def test_identify_reads_uid_atr_and_state_and_writes_nothing(reader: Reader) -> None:
    chip = reader.lay()
    found = reader.encoder().identify()
    assert (found.uid, found.atr, found.holds_data) == (UID.hex().upper(), chip.atr.hex().upper(), False)
    assert chip.updates == 0


def test_what_was_encoded_is_on_the_chip_and_verifies(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(FILES)
    encoder.verify(FILES)
    for name, content in FILES.items():
        assert chip.content(int(name, 16))[: len(content) + 2] == len(content).to_bytes(2) + content


def test_a_chip_with_content_shows_it(reader: Reader) -> None:
    reader.lay(Behaviour(used=True))
    assert reader.encoder().identify().holds_data


def test_encode_twice_is_once(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(FILES)
    once = [chip.content(int(name, 16)) for name in FILES]
    encoder.encode(FILES)
    assert [chip.content(int(name, 16)) for name in FILES] == once
    encoder.release()
    assert encoder.identify().holds_data
    encoder.verify(FILES)


def test_verify_refuses_a_blank_chip(reader: Reader) -> None:
    """Negative control: verify can fail."""
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    with pytest.raises(Refused) as refused:
        encoder.verify(FILES)
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
        make(encoder)
    assert (refused.value.cause, refused.value.sw) == (cause, sw)


def make(encoder: ChipEncoder) -> None:
    encoder.identify()
    encoder.encode(FILES)
    encoder.verify(FILES)


def test_a_locked_chip_is_refused_with_its_status_word(reader: Reader) -> None:
    reader.lay(profile=replace(KTP_EL, protected=frozenset({0x6FF1})))
    with pytest.raises(Refused) as refused:
        reader.encoder().identify()
    assert (refused.value.cause, refused.value.sw) == (Cause.CHIP_UNKNOWN, 0x6982)


@pytest.mark.parametrize("behaviour", [None, Behaviour(dead=True)], ids=["no chip", "dead chip"])
def test_silence_is_refused_in_time(reader: Reader, behaviour: Behaviour | None) -> None:
    if behaviour is not None:
        reader.lay(behaviour)
    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        reader.encoder(appear_timeout_s=0.3).identify()
    assert refused.value.cause is Cause.CHIP_SILENT
    assert 0.25 < time.monotonic() - started < 2.3


def test_chip_pulled_mid_write_is_in_doubt_and_then_completed(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    reader.pull_at(chip, 3, Ins.UPDATE_BINARY)
    with pytest.raises(OutcomeUnknown):
        encoder.encode(FILES)
    reader.antenna.enter(chip)
    assert encoder.identify().uid == UID.hex().upper()
    encoder.encode(FILES)
    encoder.verify(FILES)


def test_an_exchanged_chip_is_never_written(reader: Reader) -> None:
    """What was identified is what is written to, even where the reader does not notice the exchange by itself."""
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    reader.antenna.leave()
    other = reader.lay(uid=UID[:-1] + b"\0")
    with pytest.raises(OutcomeUnknown):
        encoder.encode(FILES)
    with pytest.raises(NotStarted):
        encoder.encode(FILES)
    assert other.updates == 0


def test_before_identify_and_after_release_nothing_starts(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    for act in (encoder.encode, encoder.verify):
        with pytest.raises(NotStarted):
            act(FILES)
    encoder.identify()
    encoder.release()
    encoder.release()
    with pytest.raises(NotStarted):
        encoder.encode(FILES)
    assert chip.updates == 0


def test_close_is_idempotent_and_leaves_nothing_open(reader: Reader) -> None:
    descriptors, threads = count_descriptors(), threading.active_count()
    encoder = reader.encoder()
    reader.lay()
    make(encoder)
    encoder.close()
    encoder.close()
    reader.antenna.leave()
    with pytest.raises(DeviceError):
        encoder.encode(FILES)
    assert_soon(lambda: (count_descriptors(), threading.active_count()) == (descriptors, threads))


def test_what_was_encoded_is_read_and_nothing_is_written(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    assert encoder.read("6FF1") == b""
    encoder.encode(FILES)
    written = chip.updates
    encoder.release()
    encoder.identify()
    assert {name: encoder.read(name) for name in FILES} == FILES
    assert chip.updates == written


def test_a_read_of_a_chip_that_leaves_did_nothing(reader: Reader) -> None:
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    encoder.encode(FILES)
    reader.pull_at(chip, 4)
    with pytest.raises(NotStarted):
        encoder.read("6FF2")


def test_a_file_that_states_more_than_it_can_hold_is_refused(reader: Reader) -> None:
    reader.lay()
    encoder = reader.encoder()
    encoder.identify()
    for command in (select(0x6FF1), update_binary(0, b"\x7f\xff")):
        assert exchange(reader.link, command).sw.ok
    with pytest.raises(Refused) as refused:
        encoder.read("6FF1")
    assert refused.value.cause is Cause.CHIP_UNKNOWN
