"""The office's printer for paper, by CUPS. It is the office's own: the station knows none, and asks none.

The PDF goes to `lp` on its standard input: there is no file of ours. A queue that stands still is given nothing, so
that no paper lies in it that somebody believes to be printed. What is `private` stays in the spool until it is
printed, or withdrawn.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.errors import Unavailable

log = logging.getLogger(__name__)

PATIENCE_S = 30.0
"""For one answer of CUPS."""
PRINTED_S = 120.0
"""For a private paper to come out."""
LOOK_S = 0.5
ABSENT, NONE, STOPPED, REFUSED, SILENT, UNPRINTED = (
    "printer-absent", "printer-none", "printer-stopped", "printer-refused", "printer-silent", "printer-unprinted",
)  # fmt: skip
_JOB = re.compile(r"request id is (\S+)")


class NotPrinted(Unavailable):
    """`reason`: a keyword, for the screen."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class OfficePrinter:
    """`printer`: its queue, "" for the default one of CUPS. Each call blocks at most PATIENCE_S for an answer."""

    printer: str = ""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def put_out(self, content: bytes, title: str, *, private: bool = False) -> str:
        """Hand over a PDF; returns what CUPS answered. `private`: blocks until it is printed and gone from the spool,
        at most PRINTED_S; it is withdrawn if it was not. `title` is seen in the queue: nobody's name.

        NotPrinted says why, and nothing of it is left in the queue unless CUPS did not answer.
        """
        if not all(map(shutil.which, ("lp", "lpstat", "cancel") if private else ("lp",))):
            raise NotPrinted("no office printer: CUPS is not installed (apt install cups-client)", ABSENT)
        queue = self._ready()
        words = ["lp", "-t", title, "-o", "media=A4", *(["-d", queue] if queue else []), "-"]
        done = _ask(words, content)
        said = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode:
            raise NotPrinted(f"the office printer took nothing: {_why(done)}", REFUSED)
        job = _JOB.search(said)
        if private and job:
            self._see_out(job[1])
        return said

    def _ready(self) -> str:
        """The queue to use. NotPrinted if there is none, or it stands still."""
        if shutil.which("lpstat") is None:
            return self.printer
        queue = self.printer or _told(["lpstat", "-d"]).partition("destination: ")[2].strip()
        if not queue:
            raise NotPrinted("no office printer: CUPS has no default one (lpadmin -d NAME)", NONE)
        state = _told(["lpstat", "-p", queue, "-a", queue])
        if not state:
            raise NotPrinted(f"{queue}: CUPS has no such printer, or does not run", NONE)
        if " disabled since" in state or "not accepting requests" in state:
            raise NotPrinted(f"{queue} stands still: {' '.join(state.split())}; cupsenable {queue}", STOPPED)
        return queue

    def _see_out(self, job: str) -> None:
        """Until it is printed, then nothing of it is kept; not printed in time, it is withdrawn."""
        until = self.clock() + PRINTED_S
        try:
            while waits := job in _told(["lpstat", "-W", "not-completed", "-o"]).split():
                if self.clock() > until:
                    break
                self.sleep(LOOK_S)
        finally:
            gone = _ask(["cancel", "-x", job])
        if waits:
            raise NotPrinted(
                f"{job} was not printed in {PRINTED_S:.0f} s and is withdrawn: look at the printer", UNPRINTED
            )
        if gone.returncode:
            log.warning("%s is printed; CUPS keeps it for as long as PreserveJobFiles says", job)


def _told(words: list[str]) -> str:
    """Empty if CUPS knows nothing of it."""
    return _ask(words).stdout.decode("utf-8", "replace")


def _ask(words: list[str], content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(words[0]) or words[0]
    plain = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603
            [program, *words[1:]], input=content, capture_output=True, timeout=PATIENCE_S, check=False, env=plain
        )
    except (subprocess.TimeoutExpired, OSError) as exc:
        raise NotPrinted(
            f"the office printer does not answer ({exc}); look at its queue before you repeat it", SILENT
        ) from exc


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode("utf-8", "replace").strip() or f"lp ended with {done.returncode}"
