"""Events of a station without devices: genesis, stock, records and whole lives of cards, as bodies to commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.books import Books, replay
from kiosk.core.accounts import OUTSIDE
from kiosk.core.frames import Frame
from kiosk.crypto import keys
from kiosk.journal import scan

Event = tuple[str, dict[str, Any]]

LOT = "BAST-1/2018"
KEY = keys.generate_signing()
GENESIS = {"station": "kupang-01", "incarnation": "ab" * 8, "key": keys.thumbprint(KEY), "predecessor": None}
COUNTERS = {"printer": "KP000123", "fed": 1, "panels": 5, "panels_due": 5}


def stock(movement: str, source: str, target: str, count: int, lot: str = LOT, document: str = "") -> Event:
    return "stock", {"movement": movement, "document": document, "moves": [["wni", lot, source, target, count]]}


def opening(blanks: int) -> list[Event]:
    return [
        stock("receive", "supplier", "vault", blanks, document=LOT),
        stock("release", "vault", "shift", blanks),
        stock("load", "shift", "hopper", blanks),
    ]


def records(numbers: Iterable[int]) -> Event:
    rows = [{"ref": f"{number:032x}", "sku": "wni", "reason": "baru", "priority": 10} for number in numbers]
    return "records", {"records": rows, "refused": [], "cursor": "1"}


def intent(step: str) -> dict[str, Any]:
    return {"step": step, **COUNTERS, **({"tray": "output"} if step == "eject" else {})}


def card(number: int, chip: int | None = None) -> list[Event]:
    """From the job to the printed card of record `number`, which has been taken in: eight commits.

    `chip`: where it is not one of its own.
    """
    job, ref, uid = f"{number:08x}", f"{number:032x}", f"04{chip or number:012X}"
    steps = ["feed", "identify", "encode", "verify", "print", "eject"]
    found: dict[str, dict[str, Any]] = {"identify": {"uid": uid}, "print": {"panels": 5}}
    life: list[Event] = [
        ("job-created", {"job": job, "ref": ref}),
        ("step", {"job": job, "intent": intent("feed"), "lot": LOT}),
    ]
    for step, following in pairwise(steps):
        body = {
            "job": job,
            "outcome": {"step": step, "result": "done", **found.get(step, {})},
            "intent": intent(following),
        }
        if step == "feed":
            body["moves"] = [["wni", LOT, "hopper", "in-machine", 1]]
        life.append(("step", body))
    life.append(("job-ended", {
        "job": job, "ref": ref, "state": "completed", "uid": uid, "reasons": ["job-completed-successfully"],
        "outcome": {"step": "eject", "result": "done"}, "end": "printed",
        "moves": [["wni", LOT, "in-machine", "printed", 1]],
    }))  # fmt: skip
    return life


def endless(first: int = 1, blanks: int = 1_000_000) -> Iterator[Event]:
    """A station that is never done: stock, then one card after another."""
    yield from opening(blanks)
    while True:
        yield records([first])
        yield from card(first)
        first += 1


def faults(data: Path, books: Books) -> list[str]:
    """What is wrong with books that are open: two views differ, sums are not zero, a chip is used twice."""
    frames = list(scan(data / "journal"))
    with books.transaction() as view:
        digest, rows = view.digest, view.rows("balances")
    found = []
    if digest != replay(iter(frames)).digest:
        found.append("the view is not what a replay gives")
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums[row["sku"], row["lot"]] += row["quantity"]
        if row["quantity"] < 0 and row["account"] not in OUTSIDE:
            found.append(f"{row['account']} holds {row['quantity']}")
    found += [f"{place} adds up to {total}" for place, total in sums.items() if total]
    return found + twice_consumed(frames)


def twice_consumed(frames: Iterable[Frame]) -> list[str]:
    """Chips that two jobs began to write."""
    seen: dict[str, str] = {}
    uids: dict[str, str] = {}
    found = []
    for frame in frames:
        if frame.kind != "step":
            continue
        job = frame.data["job"]
        uids[job] = frame.data.get("outcome", {}).get("uid", uids.get(job, ""))
        if frame.data.get("intent", {}).get("step") == "encode" and seen.setdefault(uids[job], job) != job:
            found.append(f"chip {uids[job]} was written for {seen[uids[job]]} and {job}")
    return found
