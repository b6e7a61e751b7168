"""What may have happened after the last frame that is known, when a lost disk's journal is continued. Pure.

The genesis of the new journal declares the gap; until a frame `gap-closed` settles it, no card is begun: any record
may have been printed meanwhile, and a card is never made twice. People settle it by what is there: the blanks that
are left say how many are gone, and for each of those a card must be found. Then the records without one have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiosk.core import closing
from kiosk.core.accounts import Account, Place, Transfer
from kiosk.core.change import NO_RECORD, Change, Document, ProjectionError, Read, stored
from kiosk.core.frames import Frame
from kiosk.core.movements import COUNTABLE, check_second
from kiosk.core.records import Sku

CLOSED = "gap-closed"
UNUSED = tuple(place for place in COUNTABLE if place not in (Account.SPOILED, Account.FACTORY_DEFECT))
"""Where a blank lies before it is fed."""
SOURCES = (Account.IN_MACHINE, Account.HOPPER, *(place for place in UNUSED if place is not Account.HOPPER))
"""Where the blank of a card came from that was found, the likeliest first."""
ENDS = (Account.PRINTED, Account.ISSUED, Account.SPOILED, Account.FACTORY_DEFECT)
HAS_CARD = frozenset({"printed", "issued", "in-job"})


class GapError(ProjectionError):
    """Not with the gap as it is."""


def continued(frame: Frame, read: Read) -> list[Change]:
    """Genesis of a journal that continues another one, whose last state `read` gives."""
    data, station = frame.data, read("station", "self")
    before = data.get("continues")
    if frame.seq != 1 or (station is None) != (before is None):
        raise ProjectionError("genesis is the first frame and the only one, and continues the journal before it")
    changes = [Change("station", "self", {name: value for name, value in data.items() if name in _GENESIS})]
    if station is None or before is None:
        return changes
    if (station["station"], station["incarnation"]) != (data["station"], before["incarnation"]):
        raise ProjectionError(f"continues {before['incarnation']}, before it is {station['incarnation']}")
    for sku, lot, account, quantity in data["opening"]:
        held = read("balances", Place(Sku(sku), lot, Account(account)).key)
        if held is None or held["quantity"] != quantity:
            raise ProjectionError(f"opens with {quantity} {sku} of lot {lot} in {account}, which is not how it ended")
    gap = {**data["gap"], "incarnation": data["incarnation"]}
    return [*changes, Change("intake", "centre", {"cursor": ""}), Change("gap", "open", gap)]


_GENESIS = frozenset({"station", "incarnation", "key", "predecessor"})


_NUMBERED: Mapping[str, tuple[str, ...]] = {
    "records": ("handed_over", "released"), "lots": ("seq",), "entries": ("seq", "reversed"), "chips": ("seq",),
    "finished": ("created", "ended"), "jobs": ("created",), "closed": ("seq",),
    "closing": ("seal",),
}  # fmt: skip
"""Fields that name a frame, to be compared with those of later ones."""


def age(table: str, document: Document, by: int) -> None:
    """Name frames of the journal before in this one's numbers, in place: its last is 0, the one before -1."""
    for name in _NUMBERED.get(table, ()):
        if document.get(name) is not None:
            document[name] -= by
    if table == "records":
        document["order"] = [document["order"][0] - by, document["order"][1]]


def is_open(read: Read) -> bool:
    return read("gap", "open") is not None


def closed(frame: Frame, read: Read) -> list[Change]:
    """What was found. Two people sign that no other card was made."""
    data = frame.data
    gap = stored(read, "gap", "open", "no gap is open")
    check_second(CLOSED, frame.stamp.by, data.get("approved"))
    if not data.get("reason"):
        raise GapError("a reason must be given")
    if not is_complete(gap, read):
        raise GapError("the centre's records are not all here again: any of them may have a card")
    moves = [Transfer.from_json(move) for move in data["moves"]]
    cards = list(_cards(frame, moves, read))
    if reason := unsettled(moves, gap, data):
        raise GapError(reason)
    chips = [change.key for change in cards if change.table == "chips"]
    refs = [card["ref"] for card in data["cards"] if card["with"] == "holder"]
    return [*cards, *closing.noted(frame, read, chips, refs), Change("gap", "open", None)]


def is_complete(gap: Mapping[str, Any], read: Read) -> bool:
    """Every record that the old disk may have held is known here again."""
    intake = read("intake", "centre") or {"cursor": ""}
    return int(intake["cursor"] or 0) >= int(gap["cursor"])


def unsettled(moves: Iterable[Transfer], gap: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """Why there may be a card that nobody found; empty if there can't be.

    `said`: `fed` and `printer`, counter and serial now, None if not read; `put_back`: how many of those that were fed
    came out blank and lie with the others; `unexplained`: SKU -> blanks that are gone, of which the two people say
    that no card was made.
    """
    missing: Counter[str] = Counter()
    ended = said["put_back"] + sum(said["unexplained"].values())
    for move in moves:
        missing[move.sku] += (move.target is Account.COUNT_ADJUSTMENT) * move.quantity
        missing[move.sku] -= (move.source is Account.COUNT_ADJUSTMENT) * move.quantity
        # What was in the machine at the end was fed before it.
        ended += (move.target in ENDS and move.source is not Account.IN_MACHINE) * move.quantity
    for sku in Sku:
        gone = missing[sku] - said["unexplained"].get(sku, 0)
        if gone > 0:
            return f"{gone} {sku} blanks are gone, and no card was found for them"
        if gone < 0:
            return f"{-gone} {sku} blanks more than there can be: book first what came in"
    if said["fed"] is not None and gap["fed"] is not None and said["printer"] == gap["printer"]:
        since = said["fed"] - int(gap["fed"])
        if since > ended:
            return f"the printer fed {since} cards since, {ended} are accounted for"
    return ""


def booked(
    held: Mapping[tuple[Sku, Account], Mapping[str, int]],
    counted: Mapping[tuple[Sku, Account], int],
    ends: Iterable[tuple[Sku, Account]],
) -> list[Transfer]:
    """Movements from what the books hold (lot -> blanks) to what was counted: one blank to each of `ends`, in their
    order, from where one is gone; the rest by way of `count-adjustment`. GapError if nowhere is one gone."""
    piles = _Piles(held, counted)
    for sku, end in ends:
        source = next((place for place in SOURCES if piles.more.get((sku, place), 0) < 0), None)
        if source is None:
            raise GapError(f"more {sku} cards than blanks are gone: count again")
        piles.leave(sku, source, end)
    for sku, place in sorted(piles.more, key=lambda pile: SOURCES.index(pile[1])):
        while piles.more[sku, place] < 0:
            piles.leave(sku, place, Account.COUNT_ADJUSTMENT)
    for sku, place in sorted(piles.more):
        while piles.more[sku, place] > 0:
            piles.come(sku, place)
    return _together(piles.transfers)


class _Piles:
    """`more`: by how many blanks a pile is higher than the transfers so far make it."""

    def __init__(
        self,
        held: Mapping[tuple[Sku, Account], Mapping[str, int]],
        counted: Mapping[tuple[Sku, Account], int],
    ) -> None:
        self._lots = {pile: dict(held.get(pile, {})) for pile in {*held, *counted}}
        self._gone: dict[Sku, list[str]] = {sku: [] for sku in Sku}
        self.more = {pile: counted.get(pile, 0) - sum(lots.values()) for pile, lots in self._lots.items()}
        self.transfers: list[Transfer] = []

    def leave(self, sku: Sku, source: Account, target: Account) -> None:
        """One blank of the oldest lot."""
        at = self._lots[sku, source]
        lot = next(lot for lot, blanks in at.items() if blanks > 0)
        at[lot] -= 1
        self.more[sku, source] += 1
        self.transfers.append(Transfer(sku, lot, source, target))
        if target is Account.COUNT_ADJUSTMENT:
            self._gone[sku].append(lot)

    def come(self, sku: Sku, place: Account) -> None:
        """One of those that just left, else of the pile's newest lot."""
        lot = self._gone[sku].pop() if self._gone[sku] else next(reversed(self._lots[sku, place]), "")
        if not lot:
            raise GapError(f"{place}: more {sku} blanks than there can be: book first what came in")
        self.more[sku, place] -= 1
        self.transfers.append(Transfer(sku, lot, Account.COUNT_ADJUSTMENT, place))


def _together(transfers: Iterable[Transfer]) -> list[Transfer]:
    """One row for each way, in order of the first."""
    sums: Counter[tuple[Sku, str, Account, Account]] = Counter()
    for move in transfers:
        sums[move.sku, move.lot, move.source, move.target] += move.quantity
    return [Transfer(*way, quantity) for way, quantity in sums.items()]


def _cards(frame: Frame, moves: list[Transfer], read: Read) -> Iterator[Change]:
    """Each found card is a finished one, as if its job had been told."""
    left = Counter[tuple[str, str, Account]]()
    for move in moves:
        left[move.sku.value, move.lot, move.target] += (move.target in ENDS[:2]) * move.quantity
    seen: set[str] = set()
    for card in frame.data["cards"]:
        record = _waiting(card["ref"], read)
        gone = card["with"] == "holder"
        left[record["sku"], card["lot"], Account.ISSUED if gone else Account.PRINTED] -= 1
        if not {card["ref"], card["uid"] or card["ref"]}.isdisjoint(seen):
            raise GapError(f"record {card['ref']}: one card, one chip")
        seen |= {card["ref"], card["uid"] or card["ref"]}
        yield from _card(frame, card, record, read)
    if any(left.values()):
        raise GapError("each card that was found is one blank")


def _card(frame: Frame, card: Document, record: Document, read: Read) -> Iterator[Change]:
    row = {
        "job": card["job"], "ref": card["ref"], "sku": record["sku"], "since": frame.stamp.time_ms,
        "uid": card["uid"], "lot": card["lot"],
    }  # fmt: skip
    known = read("chips", card["uid"]) if card["uid"] else None
    if known and (read("uncollected", known["job"]) or {}).get("uid") == card["uid"]:
        raise GapError(f"chip {card['uid']} is that of a card which the books know")
    if card["uid"] and known is None:
        yield Change("chips", card["uid"], {"uid": card["uid"], "job": card["job"], "seq": frame.seq})
    if card["with"] == "holder":
        issued = {"issued": row, "handed_over": frame.seq, "handed_over_at": frame.stamp.time_ms}
        yield Change("records", card["ref"], {**record, "state": "issued", **issued})
    else:
        yield Change("records", card["ref"], {**record, "state": "printed"})
        yield Change("uncollected", card["job"], row)


def _waiting(ref: str, read: Read) -> Document:
    record = stored(read, "records", ref, NO_RECORD)
    if record["state"] in HAS_CARD:
        raise GapError(f"record {ref} is {record['state']}")
    return record
