"""The books of an office that does everything that the table of movements knows, over some weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from kiosk.core.accounts import Account
from kiosk.core.frames import ZERO_HEAD, Frame, make_frame
from kiosk.core.movements import COUNT, COUNTABLE, HAND_MOVEMENTS
from kiosk.core.records import Reason, Sku
from kiosk.core.shift import held_now, rows
from kiosk.errors import Rejected
from kiosk.reports.period import Period
from kiosk.shift import Shifts
from tests.crash.events import GENESIS, LOT, card, records
from tests.stock.ledger import BY, Ledger, complete

WITA = ZoneInfo("Asia/Makassar")
BEGIN = date(2026, 10, 25)
NOVEMBER = Period.month(2026, 11, WITA)
ROWS = sorted(name for name in HAND_MOVEMENTS if name != COUNT)
CARD_ENDS = ["printed", "printed", "spoiled", "factory-defect", "count-adjustment"]
STEPS_MS = (1_000, 60_000, 3_600_000, 8 * 3_600_000, 3 * 86_400_000)

LAST = [
    ("hand_over", 0, "taken"), ("hand_over", 0, "taken"), ("reprint", 0, "misprint"),
    ("reprint", 1, "lost-before-hand-over"), ("destroy_old", 1), ("release", 0), ("take_in", 2, Reason.BARU),
    ("make", "factory-defect", "altered"), ("make", "spoiled", ""), ("seal",), ("look", 0, ""),
    ("look", 1, "ekspedisi"), ("shift", 0), ("shift", -1), ("hand_over", -1, "none"),
]  # fmt: skip

OPS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(ROWS), st.sampled_from(Sku), st.integers(1, 9), st.integers(0, 5)),
    st.tuples(st.just("reverse"), st.integers(0, 6)),
    st.tuples(st.just("count"), st.sampled_from(COUNTABLE), st.sampled_from(list(Sku)), st.integers(-2, 2)),
    st.tuples(st.just("take_in"), st.integers(1, 3), st.sampled_from(list(Reason))),
    st.tuples(st.just("make"), st.sampled_from(CARD_ENDS), st.sampled_from(["", "altered", "card-missing"])),
    st.tuples(st.just("hand_over"), st.integers(0, 3), st.sampled_from(["taken", "none"])),
    st.tuples(st.just("reprint"), st.integers(0, 3), st.sampled_from(["misprint", "lost-before-hand-over"])),
    st.tuples(st.just("destroy_old"), st.integers(1, 2)),
    st.tuples(st.just("release"), st.integers(0, 2)),
    st.tuples(st.just("seal")),
    st.tuples(st.just("look"), st.integers(0, 3), st.sampled_from(["", "trail", "ekspedisi"])),
    st.tuples(st.just("shift"), st.integers(-1, 1)),
)  # fmt: skip


class Office(Ledger):
    """Verbs that do nothing where it is not possible now."""

    key = None
    """Nothing is signed."""

    def __init__(self) -> None:
        super().__init__()
        self.commit("genesis", GENESIS, "test")
        self.shifts = Shifts(self, self, Path("nowhere"), self.stock)  # type: ignore[arg-type]
        for row, blanks in (("receive", 300), ("release", 200), ("load", 100)):
            self.stock.move(BY, row, "wni", blanks, LOT if row == "receive" else "")
        self.stock.move(BY, "receive", "wna", 50, "BAST-WNA")
        self._records = self._papers = 0

    def do(self, operation: tuple[Any, ...]) -> None:
        verb, *said = operation
        try:
            getattr(self, f"do_{verb}")(*said)
        except (Rejected, IndexError):
            return

    def do_move(self, name: str, sku: Sku, quantity: int, place: int) -> None:
        row = HAND_MOVEMENTS[name]
        self._papers += 1
        said = {"source": row.sources[place % len(row.sources)].value} if len(row.sources) > 1 else {}
        if row.paper:
            said["document"] = f"P-{self._papers}"
        self.stock.move(BY, name, sku.value, quantity, **complete(row, said))

    def do_reverse(self, place: int) -> None:
        entry = self.stock.entries(BY)[place]
        self.stock.reverse(BY, entry["seq"], "wrong", "yosep", "1")

    def do_count(self, place: Account, sku: Sku, more: int) -> None:
        held = max(0, self.held(place, sku) + more)
        self.stock.count(BY, [[place.value, sku.value, held]], "SO-1", "counted", "yosep", "1")

    def do_take_in(self, count: int, reason: Reason) -> None:
        kind, body = records(range(self._records + 1, self._records + count + 1))
        body["records"] = [{**row, "reason": reason.value} for row in body["records"]]
        self.commit(kind, body, "centre")
        self._records += count

    def do_make(self, end: str, state: str) -> None:
        """The next who waits gets a card, or loses one; of a lost one `state` says what becomes of the record."""
        waiting = [row for row in self.view.rows("records") if row["state"] in ("waiting", "altered")]
        job = len(self.frames)
        self._card(waiting[0]["ref"], f"{job:08x}", end, state)

    def _card(self, ref: str, job: str, end: str, state: str, *, made: bool = False) -> None:
        if self.held(Account.HOPPER) < 1:
            raise Rejected("no blank", "hopper-empty")
        lot = next(iter(self.view.places(Sku.WNI, Account.HOPPER)))
        life = [(kind, _renamed(body, ref, job, lot)) for kind, body in card(int(job, 16))]
        *steps, last = life[1:] if made else life
        for event in steps:
            self.commit(*event, "station")
        if end == Account.PRINTED:
            self.commit(*last, "station")
            return
        self.commit("job-ended", {
            "job": job, "ref": ref, "state": "aborted", "reasons": [], "end": end, "cause": "media-jam",
            "moves": [["wni", lot, "in-machine", end, 1]], **({"record_state": state} if state else {}),
        }, BY)  # fmt: skip

    def do_hand_over(self, place: int, old_card: str) -> None:
        row = self.view.rows("uncollected")[place]
        moves = [[row["sku"], row["lot"], "printed", "issued", 1]]
        self.commit("handed-over", {
            "job": row["job"], "ref": row["ref"], "uid": row["uid"], "taker": "holder", "verified": "kk",
            "chip": "read", "old_card": old_card, "signed": True, "moves": moves,
        }, BY)  # fmt: skip

    def do_reprint(self, place: int, reason: str) -> None:
        """Of a printed or an issued card, and the second one is made at once."""
        cards = [*self.view.rows("uncollected"), *(r["issued"] for r in self.view.rows("records", state="issued"))]
        row, job = cards[place], f"{len(self.frames):08x}"
        issued = self.view.read("uncollected", row["job"]) is None
        gone = "spoiled" if reason == "misprint" else "count-adjustment"
        cause = "misprint" if reason == "misprint" else "card-missing"
        self.commit("reprint", {
            "job": job, "ref": row["ref"], "reprint_of": row["job"], "reason": reason, "approved": "op:yosep",
            "cause": cause, "moves": [[row["sku"], row["lot"], "issued" if issued else "printed", gone, 1]],
        }, BY)  # fmt: skip
        self._card(row["ref"], job, "printed", "", made=True)

    def do_destroy_old(self, count: int) -> None:
        self.stock.destroy_old_cards(BY, count, "BA-1", witnesses="x", method="y", second="yosep", pin="1")

    def do_release(self, place: int) -> None:
        waiting = [row for row in self.view.rows("records") if row["state"] == "waiting"]
        self.commit("released", {"refs": [waiting[place]["ref"]]}, "station")

    def do_look(self, place: int, paper: str) -> None:
        """At one life on the screen, or at several on a paper."""
        refs = [row["ref"] for row in self.view.rows("records")]
        made = {"refs": refs[place : place + 3], "paper": paper, "way": "printer"}
        self.commit("looked-up", made if paper else {"ref": refs[place]}, BY)

    def do_shift(self, more: int) -> None:
        """The open one is counted and closed, with a difference in the hopper; the next one is opened."""
        if self.shifts.current:
            now = held_now(self.view.read)
            hopper = max(0, now["wni"]["hopper"] + more)
            self.shifts.count(BY, [[place, sku, hopper if (place, sku) == ("hopper", "wni") else blanks]
                                   for place, sku, blanks in rows(now) if place != "in-machine"])  # fmt: skip
            self.shifts.close(BY, "counted", "yosep", "1")
        self.shifts.open(BY)

    def second(self, by: str, ident: str, pin: str) -> str:
        return f"op:{ident}"

    def checkpoint(self) -> str:
        return ""

    def do_seal(self) -> None:
        self.commit("segment", {"previous": {"file": "x", "bytes": 1, "head": "0" * 64}, "snapshot": None}, "station")


def _renamed(body: dict[str, Any], ref: str, job: str, lot: str) -> dict[str, Any]:
    named = {**body, "job": job, **({"ref": ref} if "ref" in body else {}), **({"lot": lot} if "lot" in body else {})}
    if "moves" in body:
        named["moves"] = [[sku, lot, *rest] for sku, _, *rest in body["moves"]]
    return named


def dated(frames: Iterable[Frame], steps_ms: Iterable[int]) -> Iterator[Frame]:
    """The same events from BEGIN on, each so much later than the one before."""
    head, steps = ZERO_HEAD, iter(steps_ms)
    time_ms = round(datetime(BEGIN.year, BEGIN.month, BEGIN.day, 8, tzinfo=WITA).timestamp() * 1000)
    for frame in frames:
        time_ms += next(steps)
        made = make_frame(frame.seq, frame.kind, frame.stamp._replace(time_ms=time_ms), frame.data, head)
        head = made.head
        yield made


def every_kind() -> list[Frame]:
    """One office in which each movement of the table happens, before November and in it."""
    office = Office()
    for _ in range(2):
        for name in ROWS:
            for place in range(len(HAND_MOVEMENTS[name].sources)):
                office.do(("move", name, Sku.WNI, 2, place))
                office.do(("move", name, Sku.WNI, 3, place))
                office.do(("reverse", 0))
        for place in COUNTABLE:
            office.do(("count", place, Sku.WNI, -1))
            office.do(("count", place, Sku.WNI, 2))
            office.do(("reverse", 0))
        office.do(("take_in", 12, Reason.BARU))
        ends = [*[("printed", "")] * 6, ("factory-defect", "altered"), ("spoiled", ""), ("spoiled", "altered")]
        for end, state in [*ends, ("count-adjustment", "card-missing")]:
            office.do(("make", end, state))
        for operation in LAST:
            office.do(operation)
    half = len(office.frames) // 2
    step = int(timedelta(days=7) / timedelta(milliseconds=1) / half)
    return list(dated(office.frames, [step] * len(office.frames)))


FRAMES_OF_EVERYTHING = every_kind()
