"""What the doctor found, all of it, and what of it is read aloud. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kiosk.core.faults import codes
from kiosk.doctor.situations import REACHED, STORED, Finding, Result


@dataclass(frozen=True)
class Report:
    """One look. `time_s`: Unix seconds by the station's clock. `seq`, `head`: where the journal ends, 0 and "" if
    unknown; 16 hex digits. `printer`: model, firmware, serial, or nothing. `reasons`: its printer-state reasons, and
    those for which work has stopped. Nothing here is of a resident."""

    version: str
    station: str
    time_s: int
    seq: int
    head: str
    printer: tuple[str, ...]
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def troubles(self) -> list[Finding]:
        """The worst first."""
        order = (Result.FAIL, Result.WARN)
        return sorted((each for each in self.findings if each.result in order), key=lambda f: order.index(f.result))

    @property
    def exit_code(self) -> int:
        """0 if nothing failed; 3 if stored data did, else 4 if something can't be reached, else 1."""
        failed = {each.check for each in self.findings if each.result is Result.FAIL}
        if failed & STORED:
            return 3
        return 4 if failed & REACHED else int(bool(failed))


def six_lines(report: Report) -> list[str]:
    """To be read aloud over a telephone."""
    time = datetime.fromtimestamp(report.time_s, UTC)
    head = " ".join(report.head[at : at + 4] for at in range(0, len(report.head), 4))
    faults = codes(report.reasons)
    return [
        f"1  {report.station}, Keping {report.version}",
        f"2  {time:%Y-%m-%d %H:%M} UTC",
        f"3  {f'frame {report.seq}, {head}' if report.seq else 'no journal'}",
        f"4  {', '.join(report.printer) or 'no printer'}",
        f"5  {' '.join(faults) if faults else 'no fault'}",
        f"6  {' '.join(each.situation for each in report.troubles) or 'all well'}",
    ]
