"""Puts units, rules, users and a first configuration onto a Debian and takes them away; never what is stored."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.durable import sync_directory
from kiosk.errors import Rejected, UsageError
from kiosk.resources import resource

MARK = "Written by `keping install`"
PROGRAM = "@PROGRAM@"
UNITS = ("keping.service", "keping-screen.service")
READERS = Path("etc/systemd/system/pcscd.socket.d/keping.conf")
CONFIG = Path("etc/keping/config.yaml")
DATA = Path("var/lib/keping")
FOR_RUNNING = Path("usr/local/bin")
BACKENDS = Path("usr/lib/cups/backend")
HIDDEN = re.compile(r"/(home|root|run/user|tmp)/")
PLAIN = re.compile(r"/[\w./+-]+")

Run = Callable[[Sequence[str]], object]


@dataclass(frozen=True)
class Step:
    """One thing that is done, as a person reads it. `act` may block for as long as a command of the system does."""

    said: str
    act: Callable[[], object] | None = None


class Installation:
    """What `keping install` does below `root`, whose programs call the station's own as `program`.

    `run` carries out a command of the system. `live`: `root` is the system that runs, so its daemons are told.
    UsageError if units could not run `program`. Nothing is written before a step is carried out.
    """

    def __init__(self, root: Path, program: str, run: Run, *, live: bool) -> None:
        if not PLAIN.fullmatch(program):
            raise UsageError(f"{program}: the folder's name must be of letters, digits and ./+_- alone")
        if HIDDEN.match(program):
            raise UsageError(f"{program}: services don't see that folder; install into /usr/local/lib/keping")
        self._root = root
        self._program = program
        self._run = run
        self._live = live
        self._files = {
            path.relative_to(source): path
            for source in [resource("packaging", "system")] for path in sorted(source.rglob("*")) if path.is_file()
        }  # fmt: skip

    def install(self) -> list[Step]:
        """Idempotent; a run that was broken off is finished by the next. Rejected if a file there is not ours."""
        if foreign := [f"/{path}" for path in self._files if self._is_foreign(path)]:
            raise Rejected(f"not written by keping, so left alone: {', '.join(foreign)}; move it away", "not-ours")
        new = not (self._root / READERS).exists()
        steps = [self._written(path) for path in self._files]
        if (self._root / CONFIG).exists():
            steps.append(Step(f"keep    /{CONFIG}"))
        else:
            steps.append(self._put("write", CONFIG, resource("config.yaml").read_text(encoding="utf-8")))
        root = f"--root={self._root}"
        steps.append(self._command("systemd-sysusers", root, "keping.conf"))
        steps.append(self._command("systemd-tmpfiles", root, "--create", "keping.conf"))
        steps.append(self._command("systemctl", root, "enable", *UNITS))
        return steps + (list(self._told(new)) if self._live else [])

    def uninstall(self) -> list[Step]:
        """Idempotent. What is stored, the configuration and the users stay."""
        ours = [path for path in self._files if (self._root / path).is_file() and not self._is_foreign(path)]
        units = [path.name for path in ours if path.name in UNITS]
        steps = []
        if units:
            where = ["--now"] if self._live else [f"--root={self._root}"]
            steps.append(self._command("systemctl", "disable", *where, *units))
        steps += [Step(f"remove  /{path}", (self._root / path).unlink) for path in ours]
        if ours and self._live:
            steps += self._told(readers=True)
        return [*steps, Step(f"keep    /{DATA}: journal, vault, keys"), Step(f"keep    /{CONFIG}")]

    def _is_foreign(self, path: Path) -> bool:
        there = self._root / path
        if there.is_symlink() or (there.exists() and not there.is_file()):
            return True
        return there.is_file() and MARK.encode() not in there.read_bytes()

    def _written(self, path: Path) -> Step:
        there, text = self._root / path, self._files[path].read_text(encoding="utf-8").replace(PROGRAM, self._program)
        if not there.exists():
            return self._put("write", path, text)
        if there.read_bytes() == text.encode() and there.stat().st_mode & 0o777 == mode(path):
            return Step(f"same    /{path}")
        return self._put("replace", path, text)

    def _put(self, verb: str, path: Path, text: str) -> Step:
        return Step(f"{verb:<7} /{path}", lambda: place(self._root / path, text.encode(), mode(path)))

    def _command(self, *words: str) -> Step:
        return Step(f"run     {' '.join(words)}", lambda: self._run(words))

    def _told(self, readers: bool) -> Iterator[Step]:
        """`readers`: another may reach them than before. Else pcscd is left alone, for a chip may be written now."""
        yield self._command("systemctl", "daemon-reload")
        if readers:
            yield self._command("systemctl", "try-restart", "pcscd.socket")
        yield self._command("systemctl", "try-restart", "polkit.service")
        yield self._command("udevadm", "control", "--reload")
        yield self._command("udevadm", "trigger", "--subsystem-match=tty", "--subsystem-match=usbmisc")


def mode(path: Path) -> int:
    """cupsd runs a backend as root, as the USB backend behind it needs, if nobody else may run it."""
    return {FOR_RUNNING: 0o755, BACKENDS: 0o744}.get(path.parent, 0o644)


def place(path: Path, content: bytes, its_mode: int) -> None:
    """Whole or not at all, also when the power goes. Makes missing folders. Blocks for two fsyncs."""
    for folder in reversed([each for each in path.parents if not each.exists()]):
        folder.mkdir()
        folder.chmod(0o755)
    draft = path.with_name(f".{path.name}.keping")
    with draft.open("wb") as file:
        draft.chmod(its_mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)
