"""What is over leaves the view: rows of the past are noted as they close, and go at a later seal. Pure.

A seal drops what closed before the seal before it, so that at least one whole segment passes in which a card just
handed over can still be brought back. Who asks later asks `kiosk.journal.once`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kiosk.core.change import Change, Document, Read
from kiosk.core.frames import Frame

SELF = "self"


def noted(frame: Frame, read: Read, chips: Iterable[str] = (), refs: Iterable[str] = ()) -> list[Change]:
    """No chip of `chips` is expected again, each of `refs` is done with: its card is in its holder's
    hand, or the record went back to the centre. Once in a frame."""
    row: Document = {"seq": frame.seq, "chips": sorted(set(chips)), "refs": sorted(refs)}
    if not row["chips"] and not row["refs"]:
        return []
    queue = _queue(read)
    queue["noted"] += 1
    return [Change("closed", str(queue["noted"]), row), Change("closing", SELF, queue)]


def sealed(frame: Frame, read: Read) -> list[Change]:
    """The frame of a seal: the queue is let go up to the seal before."""
    queue = _queue(read)
    until, queue["seal"] = queue["seal"], frame.seq
    changes = []
    while (row := read("closed", str(queue["dropped"] + 1))) and row["seq"] < until:
        queue["dropped"] += 1
        changes += [Change("closed", str(queue["dropped"]), None), *_dropped(row, read)]
    return [*changes, Change("closing", SELF, queue)]


def _queue(read: Read) -> Document:
    """How many rows came into `closed` and how many have left it; the frame of the last seal, if there was one."""
    return dict(read("closing", SELF) or {"noted": 0, "dropped": 0, "seal": 0})


def _dropped(row: Document, read: Read) -> Iterator[Change]:
    for uid in row["chips"]:
        yield Change("chips", uid, None)
    for ref in row["refs"]:
        record = read("records", ref)
        if record and row["seq"] in (
            record.get("handed_over"),
            record.get("released"),
        ):  # else a reprint opened it again
            yield Change("records", ref, None)
            yield Change("withdrawals", ref, None)
