"""Each paper beside the stored bytes: its figures to the unit, by sums that nothing of the program made.

A paper that is new gets a function in `RECONCILE`; without one `test_reconcile.py` fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.core.records import Sku
from kiosk.reports import invalid, production
from kiosk.reports.backlog import AGAIN, CAME, SERVED, WAYS
from kiosk.reports.deed import DEEDS, deed_paper
from kiosk.reports.invalid import Part
from kiosk.reports.named import DESTROYED, Kelurahan, Whose
from kiosk.reports.period import Period
from kiosk.reports.slip import slip_paper
from kiosk.reports.trail import ALL
from kiosk.reports.words import ACCOUNTS
from kiosk.views import View
from tests.purity import project
from tests.reports.reconcile_days import reconcile_pictures, reconcile_request
from tests.reports.told import PLACES, Told, rows


def reconcile_stock(told: Told) -> None:
    folded = told.folded
    for sku, table in zip(Sku, told.papers["stock"].tables, strict=True):
        found = {row[0]: row[1:] for row in rows(table)}
        assert list(found) == [ACCOUNTS[place] for place in Account], "zeros are written"
        for place in Account:
            came, went = folded.into(sku, place), folded.out_of(sku, place)
            wanted = (folded.opening[sku, place], came, went, folded.closing[sku, place])
            assert found[ACCOUNTS[place]] == wanted, (sku, place)
        assert table.total is not None
        assert (table.total[1], table.total[4]) == (0, 0)
        assert table.total[2] == table.total[3]


def reconcile_production(told: Told) -> None:
    summary, log = told.papers["production"].tables
    for sku, (_, *counts) in zip(Sku, rows(summary), strict=True):
        assert counts == [told.folded.into(sku, end, "stock", "shift-closed") for end in production.ENDS], sku
    listed = Counter[tuple[str, str]]()
    for _, _, _, sku, _, end, _, quantity, _ in rows(log):
        listed[sku, end] += quantity
    names = [column.name for column in summary.columns[1:]]
    assert listed == Counter({
        (sku.upper(), name): n for sku, (_, *counts) in zip(Sku, rows(summary), strict=True)
        for name, n in zip(names, counts, strict=True) if n
    })  # fmt: skip


def reconcile_invalid(told: Told) -> None:
    registers, causes, _ = told.papers["invalid"].tables
    places = [(sku, place) for sku in Sku for place in invalid.REGISTERS]
    new = list(Part).index(Part.NEW)
    assert causes.total is not None
    for number, (row, (sku, place)) in enumerate(zip(rows(registers), places, strict=True)):
        _, _, opening, *parts, closing = row
        assert (opening, closing) == (told.folded.opening[sku, place], told.folded.closing[sku, place]), (sku, place)
        assert opening + sum(parts) == closing
        assert parts[new] == causes.total[1 + number] == sum(each[1 + number] for each in rows(causes))


def reconcile_backlog(told: Told) -> None:
    flow, waits, ages = told.papers["backlog"].tables
    waiting = Counter(row["sku"] for row in told.view.rows("records") if row["state"] in ("waiting", "in-job"))
    for sku, (_, opening, *ways, closing) in zip(Sku, rows(flow), strict=True):
        signed = [n if way in (CAME, AGAIN) else -n for way, n in zip(WAYS, ways, strict=True)]
        assert closing == opening + sum(signed) == waiting[sku]
    assert ages.total is not None
    assert ages.total[-1] == waiting.total()
    totals = {way: sum(row[2 + place] for row in rows(flow)) for place, way in enumerate(WAYS)}
    assert (totals[CAME], totals[SERVED]) == (told.folded.came, told.folded.served)
    assert next(rows(waits))[1] == str(told.folded.served)


def reconcile_uncollected(told: Told) -> None:
    ages, cards = told.papers["uncollected"].tables
    for sku, row in zip(Sku, rows(ages), strict=True):
        listed = sum(each[2] == sku.upper() for each in rows(cards))
        assert row[-1] == told.folded.closing[sku, Account.PRINTED] == listed
    assert {(row[1], row[3]) for row in rows(cards)} == {
        (each["job"], each["uid"]) for each in told.view.rows("uncollected")
    }


def reconcile_opname(told: Told) -> None:
    """The last count of each place in the period agrees with the running balance; what moved since ends at the
    balance of the end; and every difference is listed."""
    held: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], tuple[int, int, int, int]] = {}
    differences: list[tuple[str, str, int, str]] = []
    for record in told.records:
        if record["t"] >= told.period.end_ms:
            continue
        before = Counter(held)
        for sku, _, source, target, count in record["d"].get("moves", []):
            held[sku, source] -= count
            held[sku, target] += count
        counts = record["d"].get("counted", []) if record["k"] in ("stock", "shift-closed") else []
        for place, sku, counted, booked in counts if record["t"] >= told.period.begin_ms else []:
            assert (booked, counted) == (before[sku, place], held[sku, place])
            last[sku, place] = (record["s"], booked, counted, counted - booked)
            if counted != booked:
                differences.append((ACCOUNTS[place], sku.upper(), counted - booked, str(record["s"])))
    *tables, listed, wni, wna = told.papers["opname"].tables
    for sku, table in zip(Sku, tables, strict=True):
        found = {row[0]: row for row in rows(table)}
        assert found.keys() == {ACCOUNTS[place] for each, place in last if each == sku}
        for (_, place), (seq, *figures) in ((key, row) for key, row in last.items() if key[0] == sku):
            _, _, *shown, came, went, closing, frame = found[ACCOUNTS[place]]
            assert (shown, frame) == (figures, str(seq))
            assert figures[1] + came - went == closing == told.folded.closing[sku, place]
        assert table.total is not None
        assert table.total[4] == sum(row[4] for row in rows(table))
        assert table.total[7] == sum(told.folded.closing[key] for key in last if key[0] == sku)
    assert [(row[1], row[2], row[3], row[7]) for row in rows(listed)] == differences
    assert [wni, wna] == list(told.papers["stock"].tables)
    [(_, done)] = told.papers["opname"].said
    assert done.startswith(f"{len(last)} dari 14 ")


def _lying(told: Told) -> dict[Kelurahan | None, dict[str, str]]:
    """Jobs of the cards that lie here, with their reference, by where their people live; None: nobody knows."""
    found: dict[Kelurahan | None, dict[str, str]] = {place: {} for place in (*PLACES, None)}
    for row in told.view.rows("uncollected"):
        number = int(row["ref"], 16)
        found[None if number % 4 == 0 else PLACES[number % 3]][row["job"]] = row["ref"]
    return found


def reconcile_uncollected_names(told: Told) -> None:
    lying, held = _lying(told), sum(told.folded.closing[sku, Account.PRINTED] for sku in Sku)
    for (place, *_), paper, named in told.named("uncollected-names", [*map(Whose, PLACES), Whose()]):
        summary, *lists = paper.tables
        assert summary.total is not None
        assert summary.total[2] == sum(row[2] for row in rows(summary)) == held, "wherever they live"
        mine = {job: ref for where, jobs in lying.items() for job, ref in jobs.items() if place in (None, where)}
        known = {job: ref for job, ref in mine.items() if job not in lying[None]}
        names = {row[3]: row[1] for table in lists if table.title != "Tanpa nama" for row in rows(table)}
        assert names == {job: f"ORANG {int(ref, 16)}" for job, ref in known.items()}
        assert sorted(named) == sorted(known.values())
        assert {row[2] for table in lists if table.title == "Tanpa nama" for row in rows(table)} == set(lying[None])


def reconcile_ekspedisi(told: Told) -> None:
    """Those of the period alone; each is on the list of exactly one kelurahan, or of nobody."""
    finished = {
        record["d"]["job"] for record in told.records
        if record["t"] >= told.period.begin_ms and any(move[3] == "printed" for move in record["d"].get("moves", []))
        and "job" in record["d"]
    }  # fmt: skip
    lying = {place: {job: ref for job, ref in jobs.items() if job in finished}
             for place, jobs in _lying(told).items()}  # fmt: skip
    *each, (_, whole, _) = told.named("ekspedisi", [*map(Whose, PLACES), Whose()])
    for (place, *_), paper, named in each:
        listed = {row[4]: row[1] for table in paper.tables for row in rows(table)}
        assert listed == {job: f"ORANG {int(ref, 16)}" for job, ref in lying[place].items()}
        assert paper.said[-1] == ("Jumlah kartu", f"{len(listed)} keping")
        assert sorted(named) == sorted(lying[place].values())
    everybody = [row for table in whole.tables for row in rows(table)]
    assert len(everybody) == sum(map(len, lying.values()))
    assert sum(row[1] == DESTROYED for row in everybody) == len(lying[None])
    assert whole.said == (("Jumlah kartu", f"{len(everybody)} keping"),)


def reconcile_trail(told: Told) -> None:
    """Of whom the most was done, and the least, and who was looked at: each frame of them or their jobs is a row."""
    told_of = Counter(ref for record in told.records for ref in _refs(record["d"]))
    people = [ref for ref, _ in told_of.most_common()]
    looked = [ref for record in told.records if record["k"] == "looked-up" for ref in sorted(_refs(record["d"]))]
    wanted = [Whose(refs=(ref,)) for ref in {*people[:2], *people[-1:], *looked[-1:]}]
    for (_, (ref,), _), paper, named in told.named("trail", wanted, ALL):
        jobs = {r["d"]["job"] for r in told.records if r["d"].get("ref") == ref and "job" in r["d"]}
        frames = [str(record["s"]) for record in told.records
                  if ref in _refs(record["d"]) or record["d"].get("job") in jobs]  # fmt: skip
        [table] = paper.tables
        assert [row[5] for row in rows(table)] == frames
        assert named == [ref]
        assert paper.said[0][1] == (DESTROYED if int(ref, 16) % 4 == 0 else f"ORANG {int(ref, 16)}")


def _refs(data: Mapping[str, Any]) -> set[str]:
    listed = [row["ref"] for part in ("records", "cards", "withdrawn") for row in data.get(part, [])]
    return {*listed, *data.get("refs", []), *data.get("again", []), *([data["ref"]] if "ref" in data else [])}


def reconcile_deed(told: Told) -> None:
    """Each movement that has a berita acara: as many as it moved, from where to where."""
    for frame, record in zip(told.frames, told.records, strict=True):
        data = record["d"]
        if record["k"] != "stock" or data.get("movement") not in DEEDS:
            continue
        paper = deed_paper(frame, "kupang-01", "ab" * 8, _at)
        [table] = paper.tables
        moved = Counter((ACCOUNTS[source], ACCOUNTS[target]) for _, _, source, target, _ in data["moves"])
        if moved:
            assert Counter((row[2], row[3]) for row in rows(table)) == moved
        count = sum(move[4] for move in data["moves"]) or data["old_cards"]
        assert sum(row[-1] for row in rows(table)) == count
        assert f"sebanyak {count:,} keping".replace(",", ".") in paper.opening[-1]


def reconcile_slip(told: Told) -> None:
    """Each shift: its opening and closing are the balances, its terms what crossed into and out of its places."""
    held: Counter[tuple[str, str]] = Counter()
    came: Counter[str] = Counter()
    went: Counter[str] = Counter()
    opening: dict[str, int] = {}
    view = View()
    for frame, record in zip(told.frames, told.records, strict=True):
        view.apply(frame.seq, project(frame, view.read))
        for sku, _, source, target, count in record["d"].get("moves", []):
            held[sku, source] -= count
            held[sku, target] += count
            came[sku] += count if source not in SHIFT and target in SHIFT else 0
            went[sku] += count if source in SHIFT and target not in SHIFT else 0
        now = {sku.value: sum(held[sku, place] for place in SHIFT) for sku in Sku}
        if record["k"] == "shift-opened":
            opening, came, went = now, Counter(), Counter()
        elif record["k"] == "shift-closed":
            [slip] = view.select("shifts", shift=record["d"]["shift"])
            equation, counted = slip_paper({"station": "kupang-01", "checkpoint": None, **slip}, _at).tables
            for place, sku in enumerate(Sku, start=1):
                terms = {row[0]: row[place] for row in rows(equation)}
                assert terms["awal"] == opening[sku]
                assert sum(n for name, n in terms.items() if name.startswith("+")) == came[sku]
                assert sum(n for name, n in terms.items() if name.startswith("-")) == went[sku]
                assert equation.total is not None
                assert equation.total[place] == now[sku] == opening[sku] + came[sku] - went[sku]
            assert sum(row[2] for row in rows(counted)) == sum(now.values())


SHIFT = frozenset({"shift", "hopper", "bench", "in-machine"})
"""The places that the people of a shift answer for (docs/vocabulary.md)."""


def _at(time_ms: int) -> datetime:
    return ALL.at(time_ms)


RECONCILE: Mapping[str, Callable[[Told], None]] = {
    "stock": reconcile_stock,
    "production": reconcile_production,
    "invalid": reconcile_invalid,
    "backlog": reconcile_backlog,
    "opname": reconcile_opname,
    "uncollected": reconcile_uncollected,
    "uncollected-names": reconcile_uncollected_names,
    "ekspedisi": reconcile_ekspedisi,
    "trail": reconcile_trail,
    "berita-acara": reconcile_deed,
    "shift-slip": reconcile_slip,
    "pictures": reconcile_pictures,
    "request-letter": reconcile_request,
}
"""By the name of the paper: AssertionError where it is not what the bytes say."""


def reconcile(frames: list[Frame], period: Period) -> None:
    told = Told(frames, period)
    for check in RECONCILE.values():
        check(told)
