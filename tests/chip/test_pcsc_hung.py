"""A chip, a reader and a pcscd that never answer, for real: nobody waits for them, and what heals is used again."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from drivers import iso7816, pcsc
from drivers.errors import NotStarted, OutcomeUnknown, Stopped
from drivers.pcsc import PcscLink
from drivers.pcsc_calls import MOST_HUNG, hung_calls
from drivers.sim.chip import Chip
from kiosk.rig.pcscd import PrivatePcscd
from tests.chip.readers import BY_THREAD, UID, Reader, assert_soon, count_descriptors
from tests.patience import BUSY_S

pytestmark = [pytest.mark.pcsc, BY_THREAD]

GET_UID = bytes(iso7816.get_uid())
ANSWER = UID + b"\x90\x00"
BOUND_S = 0.5


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "_TRANSMIT_S", BOUND_S)
    monkeypatch.setattr(pcsc, "_CALL_S", BOUND_S)


@contextmanager
def silenced(chip: Chip) -> Iterator[threading.Event]:
    """The chip takes each command and answers none, until the event."""
    answers = threading.Event()

    def wait(_apdu: bytes) -> None:
        answers.wait(30)

    chip.on_apdu(wait)
    try:
        yield answers
    finally:
        answers.set()


@contextmanager
def stopped(pcscd: PrivatePcscd) -> Iterator[None]:
    os.kill(pcscd.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pcscd.pid, os.WSTOPPED)  # until then one of its threads may still answer
    try:
        yield
    finally:
        os.kill(pcscd.pid, signal.SIGCONT)


def hang(link: PcscLink) -> None:
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="no answer within"):
        link.transmit(GET_UID)
    assert BOUND_S * 0.9 < time.monotonic() - started < BOUND_S + 1 + BUSY_S
    with pytest.raises(NotStarted):
        link.transmit(GET_UID)


def held_up(link: PcscLink, timeout_s: float = 0.2) -> str:
    started = time.monotonic()
    with pytest.raises(Stopped) as caught:
        link.connect(timeout_s)
    assert time.monotonic() - started < timeout_s + BOUND_S + 1 + BUSY_S
    assert caught.value.reasons == {"reader-hung"}
    return str(caught.value)


def is_well(link: PcscLink) -> None:
    link.connect(5.0)
    assert link.transmit(GET_UID) == ANSWER
    link.close()
    assert_soon(lambda: hung_calls(link.name) == 0)


def pcsc_link(reader: Reader) -> PcscLink:
    assert isinstance(reader.link, PcscLink)
    return reader.link


@pytest.mark.parametrize("heals", ["answers", "leaves", "pcscd restarts"])
def test_a_silent_chip_is_given_up_and_the_reader_heals(over_pcsc: Reader, pcscd: PrivatePcscd, heals: str) -> None:
    link = pcsc_link(over_pcsc)
    chip = over_pcsc.lay()
    link.connect(5.0)
    link.close()
    descriptors, threads = count_descriptors(), threading.active_count()
    link.connect(5.0)
    with silenced(chip) as answers:
        hang(link)
        assert "has not come back" in held_up(link)
        if heals == "leaves":
            hand = threading.Thread(target=over_pcsc.antenna.leave)
            hand.start()
            assert_soon(lambda: hung_calls(link.name) == 0)
            answers.set()
            hand.join()
            over_pcsc.lay()
        elif heals == "pcscd restarts":
            pcscd.kill()
            pcscd.start()
            assert_soon(lambda: hung_calls(link.name) == 0)
    is_well(link)
    assert_soon(lambda: (count_descriptors(), threading.active_count()) == (descriptors, threads))


def test_a_pcscd_that_does_not_answer_costs_few_threads_and_heals(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    link = pcsc_link(over_pcsc)
    over_pcsc.lay()
    is_well(link)
    descriptors, threads = count_descriptors(), threading.active_count()
    with stopped(pcscd):
        for _ in range(MOST_HUNG):
            assert "no answer within" in held_up(link)
        with closing(PcscLink(link.name)) as another:
            assert held_up(another) == f"{link.name}: {MOST_HUNG} calls hang; replug it or restart pcscd"
        assert threading.active_count() == threads + MOST_HUNG
        assert "no answer within" in str(pcsc.available())
    assert_soon(lambda: hung_calls(link.name) == hung_calls("pcscd") == 0)
    is_well(link)
    assert_soon(lambda: (count_descriptors(), threading.active_count()) == (descriptors, threads))


def test_a_chip_that_can_not_be_powered_down_holds_nobody_up(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    link = pcsc_link(over_pcsc)
    over_pcsc.lay()
    link.connect(5.0)
    with stopped(pcscd):
        started = time.monotonic()
        link.disconnect()
        link.close()
        assert time.monotonic() - started < BOUND_S + 1 + BUSY_S
        assert hung_calls(link.name) == 1
    assert_soon(lambda: hung_calls(link.name) == 0)
    is_well(link)
