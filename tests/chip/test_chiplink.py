"""Antennas and the link without a daemon: who may come, die and come back, and in which order."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from drivers import iso7816
from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.sim import vicc
from drivers.sim.chip import Behaviour, Chip
from drivers.sim.chiplink import SocketLink
from tests.chip.readers import UID, Reader, count_descriptors

GET_UID = bytes(iso7816.get_uid())
ANSWER = UID + b"\x90\x00"


def test_host_may_wait_for_the_chip(in_process: Reader) -> None:
    hand = threading.Timer(0.1, in_process.lay)
    hand.start()
    assert in_process.link.connect(5.0)[:1] == b"\x3b"
    hand.join()
    assert in_process.link.last_insert_ms > 50
    assert in_process.link.transmit(GET_UID) == ANSWER


def test_a_host_that_gave_up_does_not_disturb_the_next(in_process: Reader) -> None:
    """More of them than a listen backlog has room for."""
    for _ in range(200):
        with pytest.raises(Refused) as refused:
            in_process.link.connect(0.0005)
        assert refused.value.cause is Cause.CHIP_SILENT
    in_process.lay()
    in_process.link.connect(5.0)
    assert in_process.link.transmit(GET_UID) == ANSWER


def test_no_antenna_is_no_reader(tmp_path: Path) -> None:
    with pytest.raises(Stopped) as stopped:
        SocketLink(tmp_path / "none").connect(1.0)
    assert stopped.value.reasons == {"reader-missing"}


def test_disconnect_takes_the_power_and_the_selection(in_process: Reader) -> None:
    chip, link = in_process.lay(), in_process.link
    for _ in range(2):
        link.connect(5.0)
        assert link.transmit(bytes(iso7816.select(0x6FF0))).hex() == "6a82"
        link.transmit(bytes(iso7816.select(0x7F0A)))
        assert link.transmit(bytes(iso7816.select(0x6FF0))).hex() == "9000"
        link.disconnect()
        link.disconnect()
    with pytest.raises(NotStarted):
        link.transmit(GET_UID)
    assert chip.updates == 0


def test_pulled_between_commands(in_process: Reader) -> None:
    in_process.lay()
    in_process.link.connect(5.0)
    in_process.antenna.leave()
    in_process.antenna.leave()
    with pytest.raises(OutcomeUnknown):
        in_process.link.transmit(GET_UID)
    with pytest.raises(NotStarted):
        in_process.link.transmit(GET_UID)


def test_the_antenna_of_a_closed_rig_is_no_reader(in_process: Reader) -> None:
    in_process.antenna.close()
    in_process.antenna.close()
    with pytest.raises(Stopped):
        in_process.link.connect(1.0)


def test_one_place_one_chip(in_process: Reader) -> None:
    in_process.lay()
    with pytest.raises(RuntimeError):
        in_process.lay()
    in_process.antenna.leave()
    in_process.lay(Behaviour(dead=True))
    with pytest.raises(RuntimeError):
        in_process.lay()


HOST = """
import sys
from pathlib import Path
from drivers.encoders import ktp_el
from drivers.sim.chiplink import SocketLink
encoder = ktp_el.open(SocketLink(Path(sys.argv[1])), 5.0)
sys.stdout.write(encoder.identify().uid)
encoder.encode({"6FF2": bytes(4000)})
"""


@pytest.mark.parametrize("nth", [1, 2, 9])
def test_host_killed_at_its_nth_update_and_another_comes(in_process: Reader, nth: int) -> None:
    """The chip executes what it was told, and lies there powered down for the next host."""
    chip, host = in_process.lay(), list[subprocess.Popen[bytes]]()
    started, updates = threading.Event(), [0]

    def kill(apdu: bytes) -> None:
        updates[0] += apdu[1] == iso7816.Ins.UPDATE_BINARY
        if updates[0] == nth and host:
            assert started.wait(60)
            host.pop().kill()

    chip.on_apdu(kill)
    assert isinstance(in_process.link, SocketLink)
    path = str(in_process.link._path)
    process = subprocess.Popen([sys.executable, "-c", HOST, path], stdout=subprocess.PIPE)
    host.append(process)
    started.set()
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert chip.updates == nth
    encoder = in_process.encoder()
    assert encoder.identify().holds_data
    encoder.encode({"6FF2": bytes(4000)})
    encoder.verify({"6FF2": bytes(4000)})


def test_one_hundred_insertions_leave_nothing_open(in_process: Reader) -> None:
    encoder = in_process.encoder()
    in_process.lay()
    encoder.identify()
    encoder.release()
    in_process.antenna.leave()
    before, threads = count_descriptors(), threading.active_count()
    for number in range(100):
        uid = UID[:4] + number.to_bytes(3)
        in_process.lay(uid=uid)
        assert encoder.identify().uid == uid.hex().upper()
        encoder.release()
        in_process.antenna.leave()
    assert count_descriptors() <= before + 1  # the last host's hang-up may not have been read yet
    assert threading.active_count() == threads


def test_vicc_controls() -> None:
    chip = Chip(UID)
    assert vicc.respond(chip, vicc.GET_ATR) == chip.atr
    assert vicc.respond(chip, vicc.ON) is None
    assert vicc.respond(chip, GET_UID) == ANSWER
    assert vicc.respond(chip, b"\x55") == b"\x67\x00"


def test_an_apdu_in_process_takes_less_than_a_millisecond(in_process: Reader) -> None:
    in_process.lay()
    in_process.link.connect(5.0)
    started = time.monotonic()
    for _ in range(200):
        in_process.link.transmit(GET_UID)
    assert (time.monotonic() - started) / 200 < 1e-3


WITHOUT_PYSCARD = """
import sys
sys.modules["smartcard"] = None
from drivers import pcsc
from drivers.errors import Stopped
assert "pip install" in pcsc.available()
for act in (pcsc.list_readers, lambda: pcsc.PcscLink("any").connect(0.1)):
    try:
        act()
    except Stopped as exc:
        assert exc.reasons == {"reader-missing"}
    else:
        raise AssertionError("went on without pyscard")
"""


def test_without_pyscard_the_door_says_so() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_PYSCARD], timeout=120, check=True)
