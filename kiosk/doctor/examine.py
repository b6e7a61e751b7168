"""One look at everything, in the order in which a technician would go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kiosk.config import Config
from kiosk.control import NotRunning, call
from kiosk.doctor import reached, stored
from kiosk.doctor.look import Look
from kiosk.doctor.report import Report
from kiosk.doctor.situations import Finding
from kiosk.equipment import list_readers
from kiosk.equipment_choice import as_chosen
from kiosk.errors import KepingError, Rejected

HEAD_DIGITS = 16


def examine(
    config: Config | KepingError, source: str, data: Path | None, *, safe: bool = False,
    readers: Callable[[], list[str]] = list_readers, tell: Callable[[Finding], object] = lambda finding: None,
) -> Report:  # fmt: skip
    """Look at a station, whether it runs or not. Blocks <= 30 s, most of it for a printer or centre that is silent.

    `config`: or why it can't be read; then there is nothing else to look at. `source`: where it came from. `safe`: by
    safe mode's own touchscreen: printer and readers are left alone. `tell` is given each finding as it is made.
    Writes nothing, moves nothing, opens no device that the station or another process holds.
    """
    now_ms = time.time_ns() // 1_000_000
    if isinstance(config, KepingError) or data is None:
        broken = Finding("config.broken", str(config))
        tell(broken)
        return Report(version("keping"), "", now_ms // 1000, 0, "", (), (), (broken,))
    found: list[Finding] = []

    def note(*findings: Finding) -> None:
        for each in findings:
            found.append(each)
            tell(each)

    service, status = _service(data)
    look = Look(as_chosen(config, data), data, status, now_ms, readers)
    note(Finding("config.ok", source), service, stored.directory(look))
    journal, last = stored.journal(look)
    note(journal)
    if journal.situation != "journal.none":
        note(stored.reserve(look), stored.clock(look, last), stored.keys(look), stored.vault(look))
    note(stored.mirror(look), reached.hub(look))
    work, halted = reached.work(look)
    note(work, *(() if safe else reached.queue(look)))
    printer = reached.Printer(Finding("printer.left-alone")) if safe else reached.printer(look)
    note(printer.finding)
    note(*(() if safe else (*reached.readers(look), reached.screen(look))), reached.browser())
    return Report(
        version("keping"), config.station.id, now_ms // 1000, last.seq if last else 0,
        last.head[:HEAD_DIGITS] if last else "", printer.identity,
        tuple(sorted({*printer.reasons, *halted})), tuple(found),
    )  # fmt: skip


def _service(data: Path) -> tuple[Finding, Mapping[str, Any] | None]:
    try:
        return Finding("service.running"), call(data, "station.status", {})
    except NotRunning:
        return Finding("service.stopped"), None
    except Rejected as exc:
        return Finding("service.locked" if exc.reason == "vault-locked" else "service.silent", str(exc)), None
    except KepingError as exc:
        return Finding("service.silent", str(exc)), None
