"""A paper on its way out, for the touchscreen: made beside the work, one at a time, for printer, stick or screen.

What names people is written down before it is given out, goes to no stick, and is shown to nobody but whoever asked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from kiosk.core.records import Fields
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, KepingError, Rejected
from kiosk.reports import pack
from kiosk.reports.catalogue import CATALOGUE, NAMED, named_paper, papers
from kiosk.reports.events import EVENTS
from kiosk.reports.named import Whose
from kiosk.reports.office_printer import NotPrinted, OfficePrinter
from kiosk.reports.out import as_pdf, name_of
from kiosk.reports.paper import Paper
from kiosk.reports.period import Period
from kiosk.reports.trail import ALL
from kiosk.station import Station
from kiosk.sync.stick import StickGone, on_medium

log = logging.getLogger(__name__)

AUDIT_PACK = "audit-pack"
GONE, OWN_DISK = "stick-gone", "own-disk"
NAMES_IN_A_FRAME = 200
EVERYBODY = Whose()


class Way(StrEnum):
    PRINTER = "printer"
    STICK = "stick"
    SCREEN = "screen"


@dataclass(frozen=True)
class Order:
    """`paper`: a keyword of CATALOGUE, NAMED or EVENTS, or AUDIT_PACK. `by`: as the journal names them;
    `session`: to whom it is shown. `place`: the stick. `item`: of an event."""

    paper: str
    way: Way
    by: str
    session: str
    period: Period = ALL
    place: str = ""
    item: str = ""
    whose: Whose = EVERYBODY


@dataclass
class Work:
    """Once it has `ended`: `made` for the screen, `said` by the printer, the `file` on the stick, or why it failed: a
    keyword, a line."""

    order: Order
    made: Paper | None = None
    said: str = ""
    file: str = ""
    reason: str = ""
    detail: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def ended(self) -> bool:
        return self.over.is_set()


class Papers:
    """Thread-safe. `latest`: the work that goes on or was done last, None before the first."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._turn = threading.Lock()
        self.printer = OfficePrinter()
        self.latest: Work | None = None

    def begin(self, order: Order) -> Work | None:
        """In a thread of its own; None, and nothing is done, while another one lasts. Rejected `not-permitted` for
        names that would go to a stick."""
        if order.paper in NAMED and order.way is Way.STICK:
            raise Rejected("a paper with names goes to no stick", "not-permitted")
        if not self._turn.acquire(blocking=False):
            return None
        work = self.latest = Work(order)
        threading.Thread(target=self._work, args=(work,), name="paper", daemon=True).start()
        self._station.pulse.beat()
        return work

    def made_for(self, session: str) -> Paper | None:
        """The last one, if that session asked for it on the screen."""
        work = self.latest
        return work.made if work is not None and work.order.session == session else None

    def _work(self, work: Work) -> None:
        work.reason = OWN_DISK  # until it is out
        try:
            self._give(work)
            work.reason = ""
        except NotPrinted as exc:
            work.reason, work.detail = exc.reason, str(exc)
        except Rejected as exc:
            work.reason, work.detail = exc.reason, str(exc)
        except StickGone as exc:
            work.reason, work.detail = GONE, str(exc)
        except (KepingError, OSError) as exc:
            work.reason, work.detail = OWN_DISK, str(exc)
        finally:
            if work.reason:
                log.warning("paper: %s by %s: %s", work.order.paper, work.order.by, work.detail)
            self._turn.release()
            work.over.set()
            self._station.pulse.beat()

    def _give(self, work: Work) -> None:
        order = work.order
        if order.paper == AUDIT_PACK:
            work.file = self._on_stick(
                order, name_of(self._station.config, "audit", order.period.stamp, "zip"), self._pack(order)
            )
            return
        paper = self._make(order)
        if order.way is Way.SCREEN:
            work.made = paper
            return
        content = as_pdf(self._station.config, paper)
        if order.way is Way.PRINTER:
            work.said = self.printer.put_out(content, paper.title, private=order.paper in NAMED)
        else:
            name = name_of(self._station.config, paper.name, paper.stamp, "pdf")
            work.file = self._on_stick(order, name, lambda path: replace_file(path, content))

    def _make(self, order: Order) -> Paper:
        if order.paper in CATALOGUE:
            return papers(self._station.data, order.period, (order.paper,), self._station.config.supply)[0]
        if order.paper in NAMED:
            return self._named(order)
        if order.paper in EVENTS:
            station = self._station
            return EVENTS[order.paper].make(station.data, station.books.look, station.config, order.item)
        raise Rejected(f"{order.paper}: no such paper", "not-found")

    def _named(self, order: Order) -> Paper:
        """The frame comes first: of one person before it is read, of many as soon as it is known who they are."""
        known = _Known(self._station)
        make = partial(named_paper, self._station.data, order.period, order.paper, known)
        if not NAMED[order.paper].of_person:
            paper, named = make(order.whose)
            self._note(order, named)
            return paper
        refs, calls = known.all_of(order.whose.refs)
        self._note(order, refs)
        paper, _ = make(Whose(refs=refs, calls=calls))
        return paper

    def _note(self, order: Order, refs: Sequence[str]) -> None:
        for first in range(0, len(refs), NAMES_IN_A_FRAME):
            named = list(refs[first : first + NAMES_IN_A_FRAME])
            self._station.books.commit(
                "looked-up", {"paper": order.paper, "way": order.way.value, "refs": named}, order.by
            )

    def _pack(self, order: Order) -> Callable[[Path], object]:
        config = self._station.config
        return lambda path: pack.write(path, self._station.data, order.period, partial(as_pdf, config), config.supply)

    def _on_stick(self, order: Order, name: str, write: Callable[[Path], object]) -> str:
        """Whole and durable under its name, or not there; only where a stick is offered. Returns the name."""
        if order.place not in {place.path for place in self._station.sticks.places}:
            raise Rejected(f"{order.place}: no stick is there", GONE)
        with on_medium(Path(order.place)):
            write(Path(order.place) / name)
        return name


class _Known:
    """What the vault and the call-backs know, while one paper is made."""

    def __init__(self, station: Station) -> None:
        self._vault = station.vault
        self._roster = station.roster
        self._here = set(station.vault.with_identity())
        self._calls = {row.call.nik: row.number for row in station.callbacks.waiting() if row.call}

    def get(self, ref: str) -> Fields | None:
        """DamagedData if it is here and can't be opened: what is unreadable was not destroyed."""
        if ref not in self._here:
            return None
        fields = self._roster.get(ref)
        if fields is None:
            raise DamagedData(f"record {ref} can't be opened; see the log")
        return fields

    def call_of(self, nik: str) -> str:
        return self._calls.get(nik, "")

    def has_biometrics(self, ref: str) -> bool:
        return self._vault.has_biometrics(ref)

    def all_of(self, refs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Every record of the same person that is still here, and their open call-backs. Blocks 0.2 ms for each
        record in the vault."""
        niks = {fields.nik for ref in refs if (fields := self.get(ref))}
        same = [
            ref for ref in sorted(self._here) if niks and (fields := self._roster.get(ref)) and fields.nik in niks
        ]
        return tuple(dict.fromkeys([*refs, *same])), tuple(filter(None, map(self.call_of, sorted(niks))))
