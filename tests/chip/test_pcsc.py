"""`PcscLink` on the real pcscd: what only a daemon, a reader driver and their polling can do to it."""

import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers import iso7816, pcsc
from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.pcsc import PcscLink
from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketLink
from drivers.sim.vpcd import VpcdAntenna
from kiosk.rig.pcscd import PrivatePcscd
from tests.chip.readers import BY_THREAD, UID, Reader, assert_soon, count_descriptors
from tests.conftest import Measured

pytestmark = [pytest.mark.pcsc, BY_THREAD]

GET_UID = bytes(iso7816.get_uid())
ANSWER = UID + b"\x90\x00"
FILES = {"6FF0": b"control", "6FF2": bytes(3000)}


def insert_and_remove(reader: Reader, times: int, noticed: bool = True) -> list[float]:
    """Milliseconds of each insertion as the host waited for it; each removal `noticed` before the next."""
    encoder, waited = reader.encoder(), []
    for number in range(times):
        uid = UID[:4] + number.to_bytes(3)
        reader.lay(uid=uid)
        assert encoder.identify().uid == uid.hex().upper()
        encoder.release()
        waited.append(reader.link.last_insert_ms)
        reader.antenna.leave()
        if noticed:
            await_empty(reader.link)
    return waited


def await_empty(link: SocketLink | PcscLink) -> None:
    scard, event = pcsc.scard, pcsc.scard.SCARD_STATE_UNAWARE
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    while not event & scard.SCARD_STATE_EMPTY:
        known = [(link.name, event & ~scard.SCARD_STATE_CHANGED)]
        result, states = scard.SCardGetStatusChange(context, 5000, known)
        assert result == scard.SCARD_S_SUCCESS
        event = states[0][1]
    scard.SCardReleaseContext(context)


def descriptors_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.parametrize("cycles", [10, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(180)])])
def test_insertions_without_an_error_or_a_leak(
    over_pcsc: Reader, pcscd: PrivatePcscd, measured: Measured, cycles: int
) -> None:
    insert_and_remove(over_pcsc, 1)
    before, threads, daemon = count_descriptors(), threading.active_count(), descriptors_of(pcscd.pid)
    waited = insert_and_remove(over_pcsc, cycles)
    assert (count_descriptors(), threading.active_count()) == (before, threads)
    # pcscd lets go of a client's socket a moment after the client has.
    assert_soon(lambda: descriptors_of(pcscd.pid) <= daemon)
    measured(f"{cycles} insertions over pcscd: median {statistics.median(waited):.0f} ms")


def test_chips_exchanged_faster_than_pcscd_looks(over_pcsc: Reader) -> None:
    insert_and_remove(over_pcsc, 10, noticed=False)


def test_readers_are_listed(over_pcsc: Reader) -> None:
    assert pcsc.available() is None
    assert pcsc.list_readers() == [over_pcsc.link.name, over_pcsc.link.name[:-1] + "1"]


def test_a_reader_of_another_name_is_missing(over_pcsc: Reader) -> None:
    with closing(PcscLink("Elsewhere 00 00")) as link, pytest.raises(Stopped) as stopped:
        link.connect(2.0)
    assert stopped.value.reasons == {"reader-missing"}


def test_an_empty_reader_is_a_silent_chip(over_pcsc: Reader) -> None:
    with pytest.raises(Refused) as refused:
        over_pcsc.link.connect(0.2)
    assert refused.value.cause is Cause.CHIP_SILENT


def test_the_reader_is_held_alone(over_pcsc: Reader) -> None:
    over_pcsc.lay()
    over_pcsc.link.connect(5.0)
    with closing(PcscLink(over_pcsc.link.name)) as second:
        with pytest.raises(Stopped) as stopped:
            second.connect(0.3)
        assert stopped.value.reasons == {"reader-busy"}
        over_pcsc.link.disconnect()
        second.connect(5.0)
        assert second.transmit(GET_UID) == ANSWER


def test_pulled_between_commands(over_pcsc: Reader) -> None:
    over_pcsc.lay()
    over_pcsc.link.connect(5.0)
    over_pcsc.antenna.leave()
    with pytest.raises(OutcomeUnknown):
        over_pcsc.link.transmit(GET_UID)
    with pytest.raises(NotStarted):
        over_pcsc.link.transmit(GET_UID)


class SeenChip(Chip):
    """Tells when a reader has looked at it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seen = threading.Event()

    @property
    def atr(self) -> bytes:
        self.seen.set()
        return super().atr


def test_an_exchange_between_two_looks_of_pcscd_is_not_written_to(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    """No event tells of it; the new chip has no power, and so no command of the old session reaches it."""
    over_pcsc.lay()
    encoder = over_pcsc.encoder()
    encoder.identify()
    over_pcsc.antenna.leave()
    other = SeenChip(UID[:-1] + b"\x00")
    with closing(VpcdAntenna("127.0.0.1", pcscd.port, absence_s=0)) as hasty:
        hasty.enter(other)
        assert other.seen.wait(5)
        with pytest.raises(NotStarted):
            encoder.encode(FILES)
    assert other.updates == 0


def test_an_exchange_between_two_sessions_is_found_by_trying_again(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    over_pcsc.lay()
    encoder = over_pcsc.encoder()
    encoder.identify()
    encoder.release()
    over_pcsc.antenna.leave()
    with closing(VpcdAntenna("127.0.0.1", pcscd.port, absence_s=0)) as hasty:
        hasty.enter(Chip(UID[:-1] + b"\x00"))
        assert encoder.identify().uid.endswith("00")
        assert over_pcsc.link.last_insert_ms < 900
        encoder.release()


def test_a_reset_before_the_first_command_is_overcome_and_later_it_is_not(over_pcsc: Reader) -> None:
    """Another program that shares the chip resets it: SCARD_W_RESET_CARD for ours."""
    over_pcsc.lay()
    link = over_pcsc.link
    assert isinstance(link, PcscLink)
    share(link)
    reset_by_another(link.name)
    assert link.transmit(GET_UID) == ANSWER
    link.disconnect()
    share(link)
    assert link.transmit(GET_UID) == ANSWER
    reset_by_another(link.name)
    with pytest.raises(OutcomeUnknown, match="0x80100068"):
        link.transmit(GET_UID)


def share(link: PcscLink) -> None:
    """Connect, but let others connect too: nobody could reset a chip that is held alone."""
    scard = pcsc.scard

    def share_alike(session: Any) -> int:
        session.disconnect()
        result, session._card, _ = scard.SCardConnect(
            session._context, link.name, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1
        )
        return int(result)

    link.connect(5.0)
    assert link._caller.call(share_alike, 5.0) == scard.SCARD_S_SUCCESS


def reset_by_another(reader: str) -> None:
    scard = pcsc.scard
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    result, card, _ = scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    assert result == scard.SCARD_S_SUCCESS
    assert scard.SCardDisconnect(card, scard.SCARD_RESET_CARD) == scard.SCARD_S_SUCCESS
    scard.SCardReleaseContext(context)


@pytest.mark.parametrize("when", ["in a session", "while waiting", "between sessions"])
def test_pcscd_killed_and_started_again(over_pcsc: Reader, pcscd: PrivatePcscd, when: str) -> None:
    link = over_pcsc.link
    if when == "while waiting":
        killer = threading.Timer(0.2, pcscd.kill)
        killer.start()
        with pytest.raises(Stopped) as stopped:
            link.connect(10.0)
        killer.join()
    else:
        over_pcsc.lay()
        link.connect(5.0)
        if when == "between sessions":
            link.disconnect()
        pcscd.kill()
        if when == "in a session":
            with pytest.raises(OutcomeUnknown):
                link.transmit(GET_UID)
        with pytest.raises(Stopped) as stopped:
            link.connect(2.0)
    assert stopped.value.reasons == {"reader-missing"}
    assert pcsc.available() is not None
    pcscd.start()
    if when == "while waiting":
        over_pcsc.lay()
    link.connect(5.0)
    assert link.transmit(GET_UID) == ANSWER


def test_pcscd_restarted_unnoticed_between_sessions(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    over_pcsc.lay()
    over_pcsc.link.connect(5.0)
    over_pcsc.link.disconnect()
    pcscd.kill()
    pcscd.start()
    over_pcsc.link.connect(5.0)
    assert over_pcsc.link.transmit(GET_UID) == ANSWER


HOST = """
import sys
from drivers import pcsc
from drivers.encoders import ktp_el
encoder = ktp_el.open(pcsc.PcscLink(pcsc.list_readers()[0]), 5.0)
sys.stdout.write(encoder.identify().uid)
encoder.encode({"6FF2": bytes(3000)})
encoder.verify({"6FF2": bytes(3000)})
encoder.close()
"""


def test_another_process_finds_the_chip_by_the_environment(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    chip = over_pcsc.lay()
    environment = {k: v for k, v in os.environ.items() if k != "PCSCLITE_CSOCK_NAME"}
    command = [sys.executable, "-W", "error", "-c", HOST]
    host = subprocess.run(command, env=environment | pcscd.environment, capture_output=True, timeout=20, check=True)
    assert (host.stdout, host.stderr) == (UID.hex().upper().encode(), b"")
    assert chip.content(0x6FF2)[:2] == (3000).to_bytes(2)
    without = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False)
    assert without.returncode != 0


def test_host_killed_in_mid_write_and_another_comes(over_pcsc: Reader, pcscd: PrivatePcscd) -> None:
    chip, hosts = over_pcsc.lay(), list[subprocess.Popen[bytes]]()
    started = threading.Event()

    def kill(apdu: bytes) -> None:
        if apdu[1] == iso7816.Ins.UPDATE_BINARY and chip.updates == 4 and started.wait(10) and hosts:
            hosts.pop().kill()

    chip.on_apdu(kill)
    process = subprocess.Popen(
        [sys.executable, "-c", HOST], env=os.environ | pcscd.environment, stdout=subprocess.PIPE
    )
    hosts.append(process)
    started.set()
    process.communicate(timeout=20)
    assert chip.updates == 5
    encoder = over_pcsc.encoder()
    assert encoder.identify().holds_data
    encoder.encode(FILES)
    encoder.verify(FILES)


def test_an_apdu_over_pcscd_waits_for_no_delayed_ack(over_pcsc: Reader) -> None:
    """Without TCP_QUICKACK each takes 44 ms."""
    over_pcsc.lay()
    over_pcsc.link.connect(5.0)
    started = time.monotonic()
    for _ in range(100):
        over_pcsc.link.transmit(GET_UID)
    assert (time.monotonic() - started) / 100 < 5e-3
