"""A process that has imported the station, set its people's text, and bears one by `fork` for each line it reads.

A start costs no import and no font: as if the station had run for a while. What it keeps and draws is its own.

    {"arguments": [...], "die": {"commit": 3, "moment": "written"}, "retry": false}  ->  {"pid": 4711}

It has one thread, so that a fork of it is as clean as a process of its own. With `die` the station ends itself by
SIGKILL at a commit, as counted from the first `job-created`: "before" its bytes are written, when they are
"written" but not synced, or "after" it. With `retry` nothing is reconciled: whatever is in doubt is done again. With
`leak` it keeps LEAKED_BYTES and a descriptor of each job.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import date
from importlib import import_module
from itertools import islice
from typing import Any

from kiosk import station as _  # noqa: F401  # imported here, so that no child has to
from kiosk.cli import main, station
from kiosk.core.frames import Frame
from kiosk.core.reconcile import Verdict
from kiosk.journal.journal import Journal
from kiosk.render import check_fit
from kiosk.rig.residents import Resident, invent

MOMENTS = ("before", "written", "after")
SEED = 7
LATER = ("drivers.printers.evolis", "drivers.encoders.ktp_el", "drivers.sim.chiplink", "jinja2.ext")
"""What a station imports only when it comes to it."""
LEAKED_BYTES = 8 << 20
_PR_SET_PDEATHSIG = 1


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(commit: int, moment: str) -> None:
    """From now on the `commit`-th frame from the first job on is the last thing that this process does."""
    append, sync = Journal.append, os.fdatasync
    count = 0

    def synced(fd: int) -> None:
        if count == commit and moment == "written":
            die()
        sync(fd)

    def appended(journal: Journal, frame: Frame) -> None:
        nonlocal count
        count += bool(count or frame.kind == "job-created")
        if count == commit and moment == "before":
            die()
        append(journal, frame)
        if count == commit and moment == "after":
            die()

    Journal.append = appended  # type: ignore[method-assign]
    os.fdatasync = synced


def leak() -> None:
    append = Journal.append
    kept: list[tuple[bytes, int]] = []

    def appended(journal: Journal, frame: Frame) -> None:
        append(journal, frame)
        if frame.kind == "job-ended":
            kept.append((os.urandom(LEAKED_BYTES), os.dup(1)))

    Journal.append = appended  # type: ignore[method-assign]


def never_reconcile() -> None:
    from kiosk.worker import card

    card.reconcile = lambda evidence: (Verdict.NOT_DONE, "retry")


def bear(order: dict[str, Any], log: int) -> None:
    """In the child; does not return. It ends with the nursery (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["die"]:
        arm(**order["die"])
    if order["retry"]:
        never_reconcile()
    if order["leak"]:
        leak()
    main(order["arguments"], standalone_mode=True)


def people() -> list[Resident]:
    """Whose records every station of the matrix has, and no others."""
    return list(islice(invent(SEED, 10, issued=date(2018, 8, 14)), 2))


def serve() -> None:
    """Until standard input ends. Children that ended are reaped with the next line."""
    for name in LATER:
        import_module(name)
    for each in people():
        check_fit(each.sku, each.fields)
    gc.freeze()  # no child's collector looks through what it was born with
    for line in sys.stdin:
        order = json.loads(line)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        child = os.fork()
        if child == 0:
            os.close(0)
            bear(order, log)
            os._exit(1)
        os.close(log)
        sys.stdout.write(json.dumps({"pid": child}) + "\n")
        sys.stdout.flush()
        with suppress(ChildProcessError):  # the one just born may have ended, and be reaped, by now
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue


if __name__ == "__main__":
    assert station is not None
    serve()
