"""The printer's program: bytes from the host in, reply bytes out; an Evolis ESC dialect.

No I/O of its own: a line carries the bytes, `World` is its sensors and motors, `SimClock` its time. A command that
moves a card holds up those behind it; only a panel prints while the next is downloaded. Replies: text and NUL.
Sources: Programming Guide A5013 Rev E; traffic of evolis-sdk 9.4.1 and the Windows driver. Else the choice is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from drivers.sim import status
from drivers.sim.answers import PRIMACY, Identity, answers
from drivers.sim.cards import COLUMNS, ROWS, Panel, Place
from drivers.sim.commands import CLASSIC_GRAMMAR, GRAMMAR, NOT_FITTED, Body, Command, Header, Token, Tokenizer
from drivers.sim.decoder import DecodeError, decode_compressed, decode_raw
from drivers.sim.mechanics import Mechanics, Motion, eject, print_panel, reprint, to_station
from drivers.sim.memory import Job, Memory
from drivers.sim.status import Err
from drivers.sim.world import PowerLost, World

OK = "OK"
UNKNOWN_COMMAND = "ERROR CDE"
BAD_PARAMETERS = "ERROR PARAMETRES"
TIME_OUT = "ERROR TIME OUT"
NO_OPTION = "OPTION NOT AVAILABLE"
HOST_DECIDES = 2
"""Bit of `Pem`: after a fault the printer waits for the host instead of reprinting."""


class Firmware:
    """Every method is for the simulator thread alone; `errors` may be read by any."""

    def __init__(self, world: World, identity: Identity = PRIMACY) -> None:
        self._world = world
        self._grammar = CLASSIC_GRAMMAR if identity.classic else GRAMMAR
        self._saved_pem = 0
        self._memory = Memory()
        self._tokens = Tokenizer()
        self._mechanics = Mechanics(world)
        self._reset_asked = False
        self._reads = {
            **answers(world, identity),
            "Rem": lambda: f"{self._memory.pem} {self._saved_pem}",
            "Rem;1": lambda: f"{self._memory.pem}",
            "Rpst": self._status_words,
        }
        self._acts: dict[str, Callable[[str], str]] = {
            "Si": lambda _: self._insert(Place.PRINT),
            "Sis": lambda _: self._insert(Place.CONTACT),
            "Sic": lambda _: self._insert(Place.CONTACTLESS),
            "Ss": self._open_sequence,
            "Sr": lambda _: self._choose_side("front"),
            "Sv": lambda _: self._choose_side("back"),
            "Se": self._close_sequence,
            "Sce": lambda _: self._throw_out("output"),
            "Ser": lambda _: self._throw_out("reject"),
            "Scs": self._clear_status,
            "Srs": self._ask_reset,
            "Pem": self._set_error_management,
            "Pneab": self._set_eject,
            "Psid": self._reserve,
            "Pcla": self._claim,
            "Wcb": self._fill,
        }

    @property
    def powered(self) -> bool:
        return self._world.powered

    @property
    def errors(self) -> Err:
        """The error word as `Rpst` would give it now. Any thread."""
        return self._mechanics.errors

    def status_block(self) -> bytes:
        """What a host is told that asks nothing; empty if the printer has no status words, is off or boots."""
        self.tick()
        if not self._world.ready or "Rpst" not in self._grammar:
            return b""
        return status.block(self._status_words(), self._memory.session.holder(self._world.clock.now))

    @property
    def mid_command(self) -> bool:
        """Whether a command has begun and its end has not come."""
        return self._tokens.mid_command

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Execute what `data` completes; yields each reply when its command is done. Blocks as long as moves take.

        While the printer is off or boots, bytes fall on deaf ears. ClockStopped at shutdown.
        """
        self.tick()
        if not self._world.ready:
            return
        try:
            for token in self._tokens.push(data):
                reply = self._execute(token)
                heard = self._memory.answered(token.text if isinstance(token, Command) else "")
                if reply is not None and heard:
                    yield reply.encode("ascii") + b"\x00"
                if self._reset_asked:
                    self._world.reset()
                self._mechanics.check_power()
        except PowerLost:
            return

    def tick(self) -> None:
        """Notice what changed while no byte came: power, cover, a fault that a person mended."""
        if self._mechanics.epoch != self._world.epoch:
            self._boot()
        self._mechanics.heed_cover()
        memory, errors = self._memory, self._mechanics.errors
        if memory.reprint and self._world.ready and not errors & status.standing(self._world):
            panels, memory.reprint = memory.reprint, []
            self._mechanics.errors = Err(0)
            self._mechanics.start(reprint(self._world, panels, keep_inside=memory.keep_inside))

    def stalled(self) -> Iterator[bytes]:
        """The host fell silent within a command: give it up."""
        self._tokens.reset()
        yield TIME_OUT.encode("ascii") + b"\x00"

    def _boot(self) -> None:
        self._memory = Memory(pem=self._saved_pem)
        self._tokens.reset()
        self._mechanics.restart()
        self._reset_asked = False

    def _execute(self, token: Token) -> str | None:
        if isinstance(token, Header):
            return self._begin_download(token)
        if isinstance(token, Body):
            return self._end_download(token)
        self._tell("command", token.text)
        return self._dispatch(token)

    def _tell(self, event: str, detail: str) -> None:
        self._world.emit(event, self._world.path, detail)
        self._mechanics.check_power()

    def _dispatch(self, command: Command) -> str:
        if command.name in NOT_FITTED or (command.name == "Sv" and self._world.timings.flip is None):
            return NO_OPTION
        if command.name not in self._grammar:
            return UNKNOWN_COMMAND
        if self._grammar[command.name].fullmatch(command.parameters) is None:
            return BAD_PARAMETERS
        read = self._reads.get(command.text)
        if read is not None:
            with self._world.lock:
                return read()
        act = self._acts.get(command.name)
        return OK if act is None else act(command.parameters)

    def _status_words(self) -> str:
        world, reset = self._world, self._memory.just_reset
        words = (
            status.configuration(world),
            status.information(world, reset=reset, moving=self._mechanics.moving, claimed=self._memory.claimed),
            status.warnings(world),
            self._mechanics.errors,
        )
        return "".join(f"{word:08X}" for word in words)

    # Downloads

    def _begin_download(self, header: Header) -> str | None:
        self._tell("command", header.text)
        if header.size is None:
            return BAD_PARAMETERS
        self._tell("download-started", header.panel)
        if self._memory.job is not None:
            self._release(self._memory.job)
        return None

    def _end_download(self, body: Body) -> str:
        header, job = body.header, self._memory.job
        self._tell("download-finished", header.panel)
        if not body.closed or not header.fits:
            return BAD_PARAMETERS
        if job is None:
            return UNKNOWN_COMMAND
        decode = decode_compressed if header.compressed else decode_raw
        try:
            raster = decode(body.data, header.levels)
        except DecodeError:
            return BAD_PARAMETERS
        job.panels.append(Panel(header.panel, header.levels, raster, side=job.side))
        return OK

    def _release(self, job: Job) -> None:
        """Send panels that are in memory to the head; they print in the background, unless a fault stands."""
        while job.released < len(job.panels) and not self._mechanics.errors:
            panel = job.panels[job.released]
            job.released += 1
            self._mechanics.start(print_panel(self._world, panel, job.released))

    # Commands that move a card

    def _perform(self, motion: Motion) -> str:
        """Wait for the motors, make `motion`, and say how it went. With an error latched nothing moves."""
        self._mechanics.settle()
        if not self._mechanics.errors:
            self._mechanics.start(motion)
            self._mechanics.settle()
        return status.text_of(self._mechanics.errors)

    def _insert(self, place: Place) -> str:
        self._mechanics.settle()
        was_empty = self._world.path is None
        answer = self._perform(to_station(self._world, place))
        if answer == OK and was_empty:
            self._memory.just_reset = False
        return answer

    def _throw_out(self, tray: str) -> str:
        self._memory.job = None
        return self._perform(eject(self._world, tray))

    def _open_sequence(self, _: str) -> str:
        self._mechanics.settle()
        self._memory.job = None if self._mechanics.errors else Job()
        return status.text_of(self._mechanics.errors)

    def _choose_side(self, side: str) -> str:
        """The card is turned when the first panel of that side is printed: no source tells when."""
        if self._memory.job is None:
            return UNKNOWN_COMMAND
        self._memory.job.side = side
        return OK

    def _close_sequence(self, _: str) -> str:
        job = self._memory.job
        if job is None:
            return UNKNOWN_COMMAND
        sent = {panel.name for panel in job.panels}
        presets = self._memory.presets
        job.panels += [presets[name] for name in "ymcko" if name in presets and name not in sent]
        self._release(job)
        self._mechanics.settle()
        if not self._memory.keep_inside and not self._mechanics.errors:
            self._perform(eject(self._world, "output"))
        if self._mechanics.errors and not self._memory.pem & HOST_DECIDES:
            self._memory.reprint = job.panels
        self._memory.job = None
        return status.text_of(self._mechanics.errors)

    # Commands that change memory

    def _clear_status(self, _: str) -> str:
        self._mechanics.settle()
        self._mechanics.errors &= status.standing(self._world)
        self._memory.just_reset = False
        self._memory.job = None
        self._world.ribbon_changed = False
        return OK

    def _ask_reset(self, _: str) -> str:
        self._reset_asked = True
        return OK

    def _set_error_management(self, parameters: str) -> str:
        value, _, save = parameters.partition(";")
        self._memory.pem = int(value)
        if save:
            self._saved_pem = int(value)
        return OK

    def _set_eject(self, parameters: str) -> str:
        self._memory.keep_inside = parameters == "E"
        return OK

    def _reserve(self, parameters: str) -> str:
        self._memory.session.reserve(parameters, self._world.clock.now)
        return OK

    def _claim(self, parameters: str) -> str:
        self._memory.claimed = parameters == "1"
        return OK

    def _fill(self, parameters: str) -> str:
        """`Wcb`: a panel that each following sequence prints where the host downloads none; 0 is no ink at all."""
        name, _, value = parameters.partition(";")
        filling = int(value or 0)
        if filling > 255:
            return BAD_PARAMETERS
        if self._memory.job is not None and not self._memory.pem & HOST_DECIDES:
            return UNKNOWN_COMMAND
        self._memory.presets.pop(name, None)
        if filling and name in "ko":
            self._memory.presets[name] = Panel(name, 2, decode_raw(bytes([filling]) * (ROWS * COLUMNS // 8), 2))
        elif filling:
            self._memory.presets[name] = Panel(name, 256, np.full((ROWS, COLUMNS), filling, np.uint8))
        return OK
