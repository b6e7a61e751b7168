"""What can be lost, and how it comes back: on the simulated wire, and at a real pcscd."""

from __future__ import annotations

import threading

from kiosk.rig.pcscd import PrivatePcscd
from tests.heal.jacks import Network
from tests.heal.site import Site

PATIENCE_S = 20.0


class Trouble:
    """`lose` in any thread, and at once; the others in the test's. The device is there when `restore` returns.

    `wire`: what the printer hangs on. `of_reader`: the chip's reader is lost, not the printer. `name`: of its column.
    `silent`: nothing hangs up. `brief`: it is back before anybody has noticed. `renames`: it comes back
    under another name. `reply_timeout_s`: in the config; as long as a look, which makes the longest of it, where it
    does not matter otherwise.
    """

    name = ""
    wire = "pty"
    of_reader = False
    silent = False
    brief = False
    renames = False
    reply_timeout_s = 3.0

    def __init__(self, site: Site) -> None:
        self.site = site

    def lose(self) -> None:
        raise AssertionError(self.name)

    def stay_away(self) -> None:
        """What else it takes for the device to be lost, if that can't be done at once."""

    def restore(self) -> None:
        raise AssertionError(self.name)


class PtyHungUp(Trouble):
    """The adapter is pulled and put back; its tty has the same name."""

    name = "pty-hung-up"
    back_as = "ttyUSB0"

    def lose(self) -> None:
        self.site.in_simulator(self.site.jack.unplug)

    def restore(self) -> None:
        self.site.in_simulator(lambda: self.site.jack.plug(self.back_as))


class PtyRenamed(PtyHungUp):
    """The adapter is put back, and its tty has another name, one that `printer.ports` allows."""

    name = "pty-renamed"
    renames = True
    back_as = "ttyUSB1"


class TcpCut(Trouble):
    """The connection is reset, and refused until the printer is back at its address."""

    name = "tcp-cut"
    wire = "tcp"

    def lose(self) -> None:
        self.site.in_simulator(self.site.jack.unplug)

    def restore(self) -> None:
        self.site.in_simulator(self.site.jack.plug)


class TcpRebooted(TcpCut):
    """A printer on the network is switched off and on at once: it has forgotten the connection, and tells nobody."""

    name = "tcp-rebooted"
    brief = True
    reply_timeout_s = 30.0

    def lose(self) -> None:
        jack = self.site.jack
        assert isinstance(jack, Network)
        self.site.in_simulator(jack.vanish)
        self.site.world.power_off()

    def restore(self) -> None:
        super().restore()
        self.site.world.power_on()


class Silent(Trouble):
    """Nothing hangs up. The device is back when a look has just begun in vain: it takes the longest to notice."""

    silent = True

    def restore(self) -> None:
        back = threading.Event()
        padded = False

        def hear(data: bytes) -> bool:
            """Nobody answers the first question; what may be a broken download is filled up, and it is put again."""
            nonlocal padded
            if back.is_set():
                return False
            padded = padded or b"\0" in data
            if padded and b"\x1bR" in data:
                self.come_back()
                back.set()
            return True

        self.site.jack.swallow = hear
        assert back.wait(PATIENCE_S)

    def come_back(self) -> None:
        """In the simulator thread."""


class PowerCycled(Silent):
    """The printer is switched off and on. Its adapter stays."""

    name = "power-cycled"

    def lose(self) -> None:
        self.site.world.power_off()

    def come_back(self) -> None:
        self.site.world.power_on()


class LineCut(Silent):
    """The cable between adapter and printer is pulled and put back; the printer goes on with what it has."""

    name = "line-cut"

    def lose(self) -> None:
        self.site.jack.mute = True
        self.site.jack.swallow = lambda data: True

    def come_back(self) -> None:
        self.site.jack.mute = False


class PcscdKilled(Trouble):
    """SIGKILL, and started anew."""

    name = "pcscd-killed"
    of_reader = True

    @property
    def pcscd(self) -> PrivatePcscd:
        assert self.site.pcscd is not None
        return self.site.pcscd

    def lose(self) -> None:
        self.pcscd.kill()

    def restore(self) -> None:
        self.pcscd.start()


class ReaderUnplugged(PcscdKilled):
    """pcscd is there and has no reader, until it is put back. As vpcd can't come and go, pcscd restarts for it."""

    name = "reader-unplugged"

    def stay_away(self) -> None:
        self.pcscd.unplug()

    def restore(self) -> None:
        self.pcscd.plug()


class ReaderRenamed(ReaderUnplugged):
    """Its index is another than the config knows. No index can be given to vpcd's, so it is another all along."""

    name = "reader-renamed"
    renames = True


TROUBLES: dict[str, type[Trouble]] = {
    each.name: each
    for each in (
        PtyHungUp,
        PtyRenamed,
        TcpCut,
        TcpRebooted,
        LineCut,
        PowerCycled,
        PcscdKilled,
        ReaderUnplugged,
        ReaderRenamed,
    )
}
