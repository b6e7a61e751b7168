"""Invalid cards by cause, and the registers in which they wait to be destroyed. Pure.

A counter-entry is booked in the column of what it takes back, with the opposite sign, in the period in which it is
made.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from enum import StrEnum

from drivers.errors import Cause
from kiosk.core.accounts import Account, Transfer
from kiosk.core.frames import Frame
from kiosk.core.handover import OldCard
from kiosk.core.movements import BY_HAND, COUNT, DESTROY_OLD_CARDS, REVERSE, DefectCause
from kiosk.core.records import Sku
from kiosk.core.stock import ENTRIES_KEPT
from kiosk.core.verdicts import SpoilCause
from kiosk.reports.paper import HEAD, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.stock import moves_of
from kiosk.reports.words import ACCOUNTS, CAUSES, NO_CAUSE, blank_of

REGISTERS = (Account.SPOILED, Account.FACTORY_DEFECT)
KNOWN = tuple(dict.fromkeys([*map(str, Cause), *map(str, DefectCause), *map(str, SpoilCause)]))


class Part(StrEnum):
    """Of what changes a register; the value is what its column is called."""

    NEW = "Baru"
    DESTROYED = "Musnah"
    SENT_BACK = "Kirim kembali"
    COUNTED = "Selisih"
    OTHER = "Lainnya"


class InvalidReport:
    """`causes`: by kind of blank, register and cause; they add up to `Part.NEW`."""

    def __init__(self) -> None:
        self.opening: Counter[tuple[Sku, Account]] = Counter()
        self.parts: Counter[tuple[Sku, Account, Part]] = Counter()
        self.causes: Counter[tuple[Sku, Account, str]] = Counter()
        self.old_cards: Counter[str] = Counter()
        self._entries: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def take(self, frame: Frame, inside: bool) -> None:
        movement, cause, sign = self._meaning(frame)
        for move in moves_of(frame):
            for register, change in _touched(move):
                if not inside:
                    self.opening[move.sku, register] += change
                    continue
                part = _part(movement, sign * change)
                self.parts[move.sku, register, part] += change
                if part is Part.NEW:
                    self.causes[move.sku, register, cause] += change
        self._take_old_cards(frame, inside)

    def _meaning(self, frame: Frame) -> tuple[str, str, int]:
        """Movement and cause; of a counter-entry those of what it takes back, and -1. `frame.kind` where no person
        named a movement."""
        if frame.kind != BY_HAND:
            movement = COUNT if frame.kind == "shift-closed" else frame.kind
            return movement, str(frame.data.get("cause") or NO_CAUSE), 1
        name = str(frame.data["movement"])
        if name == REVERSE:
            return *self._entries.get(frame.data["reverses"], (REVERSE, NO_CAUSE)), -1
        said = name, str(frame.data.get("cause") or NO_CAUSE)
        if name != DESTROY_OLD_CARDS.name:
            self._entries[frame.seq] = said
            if len(self._entries) > ENTRIES_KEPT:
                self._entries.popitem(last=False)
        return *said, 1

    def _take_old_cards(self, frame: Frame, inside: bool) -> None:
        taken = int(frame.kind == "handed-over" and frame.data["old_card"] == OldCard.TAKEN)
        destroyed = int(frame.data.get("old_cards", 0)) if frame.kind == BY_HAND else 0
        if inside:
            self.old_cards["taken"] += taken
            self.old_cards["destroyed"] += destroyed
        else:
            self.old_cards["opening"] += taken - destroyed

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="invalid",
            title="Laporan KTP-el rusak atau invalid",
            period=str(period),
            stamp=period.stamp,
            tables=(self._registers(), self._by_cause(), self._old()),
            basis=basis.stretches,
            notes=(
                "Koreksi balik dikurangkan dari kolom yang dikoreksi, pada masa koreksi itu dibuat.",
                "KTP lama yang ditarik bukan blangko: hanya dihitung sampai dimusnahkan.",
                *basis.notes,
            ),
            signers=(HEAD, "Pengurus barang"),
        )

    def _registers(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for sku in Sku:
            for register in REGISTERS:
                opening, parts = self.opening[sku, register], [self.parts[sku, register, part] for part in Part]
                rows.append(
                    (blank_of(sku), ACCOUNTS[register], opening, *parts, opening + sum(parts)),
                )
        columns = (
            Column("Jenis blangko", width=2.1), Column("Daftar", width=1.2), Column("Awal", Kind.COUNT),
            *(Column(part.value, Kind.COUNT) for part in Part), Column("Akhir", Kind.COUNT),
        )  # fmt: skip
        return Table("Daftar kartu rusak dan cacat", columns, tuple(rows))

    def _by_cause(self) -> Table:
        others = sorted({cause for _, _, cause in self.causes} - {*KNOWN, NO_CAUSE})
        places = [(sku, register) for sku in Sku for register in REGISTERS]
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (CAUSES.get(cause, cause), *(counts := [self.causes[*place, cause] for place in places]), sum(counts))
            for cause in (*KNOWN, *others, NO_CAUSE)
        )
        names = [f"{ACCOUNTS[register].capitalize()} {sku.upper()}" for sku, register in places]
        columns = (
            Column("Sebab", width=2.0), *(Column(name, Kind.COUNT) for name in names), Column("Jumlah", Kind.COUNT)
        )  # fmt: skip
        sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
        return Table("Kartu rusak dan cacat yang baru, menurut sebab", columns, rows, ("Jumlah", *sums))

    def _old(self) -> Table:
        opening, taken, destroyed = (self.old_cards[name] for name in ("opening", "taken", "destroyed"))
        columns = tuple(Column(name, Kind.COUNT) for name in ("Awal", "Ditarik", "Dimusnahkan", "Akhir"))
        return Table("KTP lama yang ditarik", columns, ((opening, taken, destroyed, opening + taken - destroyed),))


def _touched(move: Transfer) -> Iterator[tuple[Account, int]]:
    if move.target in REGISTERS:
        yield move.target, move.quantity
    if move.source in REGISTERS:
        yield move.source, -move.quantity


def _part(movement: str, change: int) -> Part:
    """`change`: as it would be without the reversal. Blanks that leave a register otherwise are `OTHER`."""
    named = {COUNT: Part.COUNTED, "destroy": Part.DESTROYED, "send-back": Part.SENT_BACK, REVERSE: Part.OTHER}
    return named.get(movement, Part.NEW if change > 0 else Part.OTHER)
