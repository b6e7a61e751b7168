"""A reader with a place for a chip: without a daemon, and through a real pcscd. Fixtures for both."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.encoders import ktp_el
from drivers.pcsc import PcscLink
from drivers.protocols import ChipEncoder, ChipIdentity
from drivers.sim.chip import KTP_EL, Behaviour, Chip, Profile
from drivers.sim.chiplink import Antenna, SocketAntenna, SocketLink
from drivers.sim.vpcd import VpcdAntenna
from kiosk.rig.pcscd import PrivatePcscd, unavailable_reason

UID = bytes.fromhex("04A1B2C3D4E5F6")

FILES: Mapping[str, bytes] = {
    "6FF0": b"control".ljust(0x34, b"."),
    "6FF1": b'"3171234567890123","JALAN MERDEKA"',
    "6FF2": bytes(range(250)) * 12,
    "6FF3": b"signature" * 80,
    "6FF4": b"right" * 90,
    "6FF5": b"left" * 100,
    "6FF6": b"\x30\x45" * 35,
}

# libpcsclite reads its socket's place once a process, whichever test comes first: so it is told at import.
PCSCD_DIRECTORY = Path(tempfile.gettempdir(), f"keping-tests-{os.getpid()}")
os.environ.update(PrivatePcscd(PCSCD_DIRECTORY).environment)


@dataclass
class Reader:
    """The reader as the host sees it (`link`) and as the world does (`antenna`).

    What lies on it: a `kind` of chip with this `profile`. What speaks to it: the encoder of `opener`, of `files`.
    """

    link: SocketLink | PcscLink
    antenna: Antenna
    opener: Callable[..., ChipEncoder] = field(default=ktp_el.open, kw_only=True)
    profile: Profile = field(default=KTP_EL, kw_only=True)
    kind: type[Chip] = field(default=Chip, kw_only=True)
    files: Mapping[str, bytes] = field(default_factory=lambda: FILES, kw_only=True)

    def encoder(self, appear_timeout_s: float = 5.0) -> ChipEncoder:
        return self.opener(self.link, appear_timeout_s)

    def lay(self, behaviour: Behaviour | None = None, uid: bytes = UID, profile: Profile | None = None) -> Chip:
        """A new chip onto the antenna."""
        chip = self.kind(uid, profile or self.profile, behaviour or Behaviour())
        self.antenna.enter(chip)
        return chip

    def shows(self, chip: Chip, found: ChipIdentity) -> None:
        """Fails unless `found` is this chip."""
        assert (found.uid, found.atr) == (chip.uid.hex().upper(), chip.atr.hex().upper())

    def updates(self, chip: Chip) -> int:
        """How often it was written to."""
        return chip.updates

    def stored(self, chip: Chip, encoder: ChipEncoder) -> list[bytes]:
        """What is really in its files."""
        raw = [chip.content(int(name, 16)) for name in self.files]
        return [content[2 : 2 + int.from_bytes(content[:2])] for content in raw]

    def pull_at(self, chip: Chip, nth: int, ins: int | None = None) -> None:
        """Take the chip away at the n-th command from now, from 1, or the n-th with this INS; once."""
        countdown = [nth]

        def hand(apdu: bytes) -> None:
            if ins in (None, apdu[1]):
                countdown[0] -= 1
                if countdown[0] == 0:
                    self.antenna.leave()

        chip.on_apdu(hand)


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def assert_soon(holds: Callable[[], bool]) -> None:
    """Another thread ends or closes its end a moment after ours."""
    deadline, tick = time.monotonic() + 60, threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        tick.wait(0.005)


@pytest.fixture(scope="module")
def pcscd() -> Iterator[PrivatePcscd]:
    reason = unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    with PrivatePcscd(PCSCD_DIRECTORY) as running:
        yield running
    shutil.rmtree(PCSCD_DIRECTORY)


@pytest.fixture
def in_process() -> Iterator[Reader]:
    # Not tmp_path: a socket's name has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="keping-chip-") as directory:
        path = Path(directory, "antenna")
        with closing(SocketAntenna(path)) as antenna, closing(SocketLink(path)) as link:
            yield Reader(link, antenna)


@pytest.fixture(scope="module")
def vpcd_antenna(pcscd: PrivatePcscd) -> Iterator[VpcdAntenna]:
    # One for all tests, as it remembers when the last chip left.
    with closing(VpcdAntenna("127.0.0.1", pcscd.port)) as antenna:
        yield antenna


@pytest.fixture
def over_pcsc(pcscd: PrivatePcscd, vpcd_antenna: VpcdAntenna) -> Iterator[Reader]:
    with closing(PcscLink(pcscd.reader_name)) as link:
        yield Reader(link, vpcd_antenna)
    vpcd_antenna.leave()


# By thread: a signal can't end a call that hangs inside libpcsclite.
BY_THREAD = pytest.mark.timeout(240, method="thread")


@pytest.fixture(params=["in_process", pytest.param("over_pcsc", marks=[pytest.mark.pcsc, BY_THREAD])])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each test on both links."""
    found: Reader = request.getfixturevalue(request.param)
    return found
