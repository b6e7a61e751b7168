"""The private pcscd leaves nothing behind, takes nobody's reader, and says why it can't run."""

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kiosk.rig import pcscd as rig
from kiosk.rig.pcscd import PcscdFailed, PrivatePcscd, unavailable_reason

needs_pcscd = pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason()))


def ends_within(pid: int, seconds: float) -> bool:
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], seconds)[0])
    finally:
        os.close(watched)


@pytest.mark.pcsc
@needs_pcscd
def test_nothing_is_left_after_stop() -> None:
    with PrivatePcscd() as pcscd:
        pid, place = pcscd.pid, Path(pcscd.environment["PCSCLITE_CSOCK_NAME"])
        assert place.is_socket()
        assert Path(f"/proc/{pid}/comm").read_text() == "pcscd\n"
    assert ends_within(pid, 0)
    assert not place.exists()
    assert not place.parents[2].exists()
    pcscd.stop()
    with pytest.raises(PcscdFailed):
        _ = pcscd.pid


@pytest.mark.pcsc
@needs_pcscd
def test_two_run_beside_each_other_and_the_machine_keeps_its_own_run_directory() -> None:
    before = Path("/run/pcscd").exists()
    with PrivatePcscd() as one, PrivatePcscd() as other:
        assert {one.port, one.port + 1}.isdisjoint({other.port, other.port + 1})
        assert one.environment != other.environment
        assert Path("/run/pcscd").exists() == before


PARENT = """
import sys
from kiosk.rig.pcscd import PrivatePcscd
pcscd = PrivatePcscd()
pcscd.start()
print(pcscd.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Not tmp_path: a socket's name has room for 107 bytes."""
    with TemporaryDirectory(prefix="keping-") as directory:
        yield Path(directory)


@pytest.mark.pcsc
@needs_pcscd
def test_it_dies_with_its_parent(place: Path) -> None:
    environment = os.environ | {"TMPDIR": str(place)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not ends_within(pid, 0)
        parent.kill()
    assert ends_within(pid, 5)


@pytest.mark.pcsc
@needs_pcscd
def test_a_start_that_fails_leaves_no_process(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Both ports are taken: pcscd comes up without its reader, which is no start."""
    others = children()
    with socket.socket() as first, socket.socket() as second:
        first.bind(("", 0))
        port = first.getsockname()[1]
        second.bind(("", port + 1))
        first.listen()
        second.listen()
        monkeypatch.setattr(rig, "_START_TIMEOUT_S", 0.3)
        pcscd = PrivatePcscd(place)
        pcscd.port = port
        with pytest.raises(PcscdFailed):
            pcscd.start()
    assert children() <= others


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig, "_TOOLS", ("no-such-tool",))
    reason = unavailable_reason()
    assert reason is not None
    assert ("root" in reason) or ("no-such-tool is not installed" in reason)
    with pytest.raises(PcscdFailed, match=r"root|not installed"):
        PrivatePcscd().start()
