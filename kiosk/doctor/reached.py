"""What must answer: printer, readers, the centre, the touchscreen.

While the station runs, its devices are its own: then it is asked what they said last, and nothing is opened.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from drivers.errors import DeviceError, Stopped
from drivers.protocols import PrinterIdentity
from kiosk.core.equipment import pick_reader
from kiosk.core.faults import with_codes
from kiosk.crypto import keys
from kiosk.doctor.look import Look
from kiosk.doctor.situations import Finding
from kiosk.equipment import open_printer, survey_queue
from kiosk.errors import KepingError, UsageError
from kiosk.sync.client import HubClient, HubUnreachable, connect
from kiosk.sync.enrol import load_pins

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 3.0


class Printer(NamedTuple):
    """What the printer says of itself, if it says anything."""

    finding: Finding
    identity: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def printer(look: Look) -> Printer:
    """Blocks <= 10 s. Moves nothing."""
    port = look.config.printer.port
    if look.status is not None:
        return _said(look)
    if "://" not in port:
        if not Path(port).exists():
            return Printer(Finding("printer.missing", port))
        if others := list(holders(port)):
            return Printer(Finding("printer.held", f"{port} is held by {', '.join(others)}"))
    try:
        with closing(open_printer(look.config.printer)) as opened:
            identity, status = opened.identity(), opened.status()
    except UsageError as exc:
        return Printer(Finding("printer.no-driver", str(exc)))
    except Stopped as exc:
        return Printer(Finding("printer.stopped", f"{with_codes(sorted(exc.reasons))}: {exc}"), (), (*exc.reasons,))
    except DeviceError as exc:
        return Printer(Finding("printer.silent", str(exc)))
    return _judged(vars(identity), sorted(status.stopping), sorted(status.warnings), f"at {port}")


def queue(look: Look) -> list[Finding]:
    """What has to be changed at a print queue; of one without, or silent, nothing. Blocks <= 6 s.

    Before `printer`, which ends the jobs that are left, as the station does when it starts.
    """
    try:
        found = survey_queue(look.config.printer)
    except (UsageError, DeviceError):
        return []
    if found is None:
        return []
    # While the station runs, a job of its own is the card in the machine.
    said = [(word, told) for word, told in found if word != "job-left" or look.status is None]
    return [Finding(f"queue.{word.removeprefix('queue-')}", told) for word, told in said] or [Finding("queue.ok")]


def _said(look: Look) -> Printer:
    assert look.status is not None
    found = look.status["devices"]["printer"]
    if found is None:
        return Printer(Finding("printer.silent", f"{look.config.printer.port} is held by the station"))
    where = f"{found['port']} is held by the station"
    identity = {name: found[name] for name in PrinterIdentity.__dataclass_fields__}
    return _judged(identity, found["stopping"], found["warnings"], where)


def _judged(identity: dict[str, str], stopping: list[str], warnings: list[str], where: str) -> Printer:
    names = tuple(identity.values())
    level = "stopped" if stopping else "warns" if warnings else "ok"
    told = with_codes([*stopping, *warnings])
    return Printer(
        Finding(f"printer.{level}", ", ".join(filter(None, [*names, told, where]))), names, (*stopping, *warnings)
    )


def holders(port: str) -> Iterator[str]:
    """Other processes that have this port open, as far as this user may see: "4711 (minicom)"."""
    wanted = os.path.realpath(port)
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid() and _has_open(process, wanted):
            yield f"process {process.name} ({_name(process)})"


def _has_open(process: Path, wanted: str) -> bool:
    try:
        return any(str(each.readlink()) == wanted for each in (process / "fd").iterdir())
    except OSError:  # it ended meanwhile, or it is another user's
        return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"


def readers(look: Look) -> list[Finding]:
    """Reader, desk and SAM by their names, as pcscd lists them. Blocks <= 2 s. No chip is touched."""
    config = look.config.reader
    named = {"reader": config.name, "desk": config.desk, "sam": config.sam}
    if config.link != "pcsc":
        return [Finding(f"{check}.none", "in-process" if name else "") for check, name in named.items()]
    try:
        there = look.readers()
    except Stopped as exc:
        return [Finding("reader.no-service", str(exc))]
    return [_listed(check, name, there, set(named.values()) - {name}) for check, name in named.items()]


def _listed(check: str, name: str, there: list[str], others: set[str]) -> Finding:
    if not name:
        return Finding(f"{check}.none")
    if found := pick_reader(name, there, others):
        return Finding(f"{check}.ok", found)
    return Finding(f"{check}.missing", f"{name!r}; there: {', '.join(map(repr, there)) or 'none'}")


def hub(look: Look) -> Finding:
    """Blocks <= 13 s. Asks the centre where our journal stands, unless the station does so anyway."""
    url, state = look.config.hub.url, (look.status or {}).get("sync")
    if not url:
        return Finding("hub.none")
    if look.status is None or state is None:
        return _asked(look, url)
    if state["alarm"]:
        return Finding("hub.refused", state["alarm"])
    waiting = f"{state['unsent']} frames wait"
    if state["online"]:
        return Finding("hub.ok", f"{url}, {waiting}")
    return Finding("hub.silent", f"{url}: {state['last_error']}; {waiting}")


def _asked(look: Look, url: str) -> Finding:
    try:
        pins = load_pins(look.data / "keys" / "hub.json")
        own = keys.load_okp(look.data / "keys" / "signing.jwk", keys.SIGNING)
        http = connect(url, ca=look.config.hub.authority)
        with closing(HubClient(http, look.config.station.id, own, pins.signing)) as client:
            held = client.position().position
    except HubUnreachable as exc:
        return Finding("hub.silent", str(exc))
    except KepingError as exc:
        return Finding("hub.refused", str(exc))
    return Finding("hub.ok", f"{url}, holds frame {held.seq}")


def work(look: Look) -> tuple[Finding, tuple[str, ...]]:
    """Why the worker stands, if it does."""
    holdup = (look.status or {}).get("holdup")
    if not holdup:
        return Finding("work.ok"), ()
    return Finding("work.halted", with_codes(holdup["reasons"])), tuple(holdup["reasons"])


def screen(look: Look) -> Finding:
    """The touchscreen's address. Blocks <= 3 s."""
    port = look.config.web.port
    if look.status is None:
        return Finding("screen.ok", f"port {port} is free") if _is_free(port) else Finding("screen.taken", str(port))
    if port == 0:
        return Finding("screen.ok", "any free port, see the log")
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
            connection.request("GET", "/healthz")
            answer = connection.getresponse().status
    except (OSError, http.client.HTTPException) as exc:
        return Finding("screen.silent", f"port {port}: {exc}")
    return Finding("screen.ok" if answer == http.client.OK else "screen.silent", f"port {port} answers {answer}")


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def browser() -> Finding:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    return Finding("browser.ok", path) if path else Finding("browser.missing", ", ".join(BROWSERS))
