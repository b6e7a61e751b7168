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
from kiosk.errors import KepingError, Rejected

HEAD_DIGITS = 16


def examine(
    config: Config | KepingError, source: str, data: Path | None, readers: Callable[[], list[str]] = list_readers
) -> Report:
    """Look at a station, whether it runs or not. Blocks <= 30 s, most of it for a printer or centre that is silent.

    `config`: or why it can't be read; then there is nothing else to look at. `source`: where it came from.
    Writes nothing, moves nothing, opens no device that the station or another process holds.
    """
    now_ms = time.time_ns() // 1_000_000
    if isinstance(config, KepingError) or data is None:
        return Report(version("keping"), "", now_ms // 1000, 0, "", (), (), (Finding("config.broken", str(config)),))
    service, status = _service(data)
    look = Look(config, data, status, now_ms, readers)
    journal, last = stored.journal(look)
    printer = reached.printer(look)
    work, halted = reached.work(look)
    enrolled = journal.situation != "journal.none"
    kept = (stored.reserve(look), stored.clock(look, last), stored.keys(look), stored.vault(look)) if enrolled else ()
    findings = (
        Finding("config.ok", source), service, stored.directory(look), journal, *kept, stored.mirror(look),
        reached.hub(look), work, printer.finding, *reached.readers(look), reached.screen(look), reached.browser(),
    )  # fmt: skip
    return Report(
        version("keping"), config.station.id, now_ms // 1000, last.seq if last else 0,
        last.head[:HEAD_DIGITS] if last else "", printer.identity,
        tuple(sorted({*printer.reasons, *halted})), findings,
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
