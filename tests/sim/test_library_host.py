"""What the vendor's library wants of a printer beyond the guide: status unasked, sessions, jobs without answers."""

from __future__ import annotations

import math
import socket

import pytest

from drivers.sim.answers import CLASSIC
from drivers.sim.cards import blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import TcpLine
from drivers.sim.world import World
from tests.sim.printer_bench import Bench, download

WORDS = "800C2020" + "00010000" + "00000000" + "00000000"
JOB = (b"\x1bPsync;1;0\r<HEADER>\x1bPsmgr;1\r\x1bPcla;1\r\x1bPr;0;t\r</HEADER>\x1bPsync;2\r\x1bSs\r\x1bSr\r"
       + download("k") + b"\x1bSe\r\x1bPcla;0\r\x1bPsync;11;1\r<END>\x1bPsync;11;0\r")  # fmt: skip


def heard_unasked(line: TcpLine) -> bytes:
    with socket.create_connection(("127.0.0.1", line.port), 10) as host:
        host.shutdown(socket.SHUT_WR)
        data = b""
        while part := host.recv(100):
            data += part
        return data


@pytest.mark.parametrize("classic", [False, True])
def test_a_connection_that_asks_nothing_is_told_the_status(classic: bool) -> None:
    clock = SimClock(math.inf)
    world = World(clock, blanks([None]))
    with TcpLine(Firmware(world, CLASSIC) if classic else Firmware(world), clock) as line:
        said = heard_unasked(line)
        world.power_off()
        assert heard_unasked(line) == b""
    block = b"\x00\x00\x14\x10" + bytes.fromhex(WORDS) + b"\x02\x00\x00"
    assert said == (b"" if classic else block)


def test_a_session_is_one_hosts_until_it_is_given_back_or_forgotten() -> None:
    bench = Bench()

    def holder() -> int:
        return int.from_bytes(bench.firmware.status_block()[-2:])

    assert bench.send("Psid;7;45", "Psid;8;45") == ["OK"] * 2
    assert holder() == 7
    bench.clock.skip(30)
    bench.ask("Psid;7;45")
    bench.clock.skip(30)
    assert holder() == 7
    bench.clock.skip(15)
    assert holder() == 0
    bench.ask("Psid;8;180")
    assert holder() == 8
    bench.ask("Psid;0;45")
    assert holder() == 0
    bench.ask("Psid;8;180")
    bench.ask("Srs")
    assert holder() == 0


def test_a_job_of_the_library_is_printed_and_not_answered() -> None:
    """The first that it hears is the answer to the command behind the job."""
    bench = Bench()
    assert list(bench.firmware.receive(JOB + b"\x1bRfv\r")) == [b"1932\x00"]
    assert [panel.name for panel in bench.world.output[0].panels] == ["k"]
    assert bench.words()[1] & 0x80000000 == 0
    list(bench.firmware.receive(b"\x1bPcla;1\r"))
    assert bench.words()[1] & 0x80000000


def test_a_printer_that_was_switched_off_in_a_job_answers_again() -> None:
    bench = Bench()
    assert list(bench.firmware.receive(JOB[:40])) == []
    bench.world.power_off()
    bench.world.power_on()
    assert bench.ask("Rok") == "OK"
