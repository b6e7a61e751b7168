"""What happens at the counter: a finished card is compared with its record and handed over.

The same verbs serve the command line and the screens, as in kiosk.desk.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.errors import DeviceError, Refused, Stopped
from drivers.protocols import ChipEncoder
from kiosk.books import Books
from kiosk.core import release
from kiosk.core.accounts import Account
from kiosk.core.handover import ChipCheck, Compared, HandoverError, compare, parse_handing
from kiosk.deskreader import DeskReader
from kiosk.errors import Rejected, Unavailable, UsageError
from kiosk.vault import Vault

BIODATA_FILE = "6FF1"
WRONG_CARD = "wrong-card"
DIFFERS = "chip-differs"
UNREADABLE = "chip-unreadable"
PROBLEMS = frozenset({WRONG_CARD, DIFFERS, UNREADABLE})
"""What a reading can find, beside the causes of kiosk.core's refusals."""
READINGS_KEPT = 50
PATIENCE_S = 2.0
"""Longer than one look of the worker that waits for a card of its own."""


@dataclass(frozen=True)
class Reading:
    """What the desk reader found for a job. `problem`: a keyword, empty if this is the card and its data agree.

    `owner`: the job that the card belongs to, if it is another's and known here.
    """

    uid: str
    problem: str
    owner: str = ""
    rows: tuple[Compared, ...] = ()


class Counter:
    """`desk`: the reader on it, opened for each reading, which waits `appear_timeout_s` for a chip. Thread-safe.

    Readings are kept in memory only: after a restart a card is read again.
    """

    def __init__(self, books: Books, vault: Vault, desk: DeskReader, appear_timeout_s: float) -> None:
        self._books = books
        self._vault = vault
        self._desk = desk
        self._appear_timeout_s = appear_timeout_s
        self._readings: dict[str, Reading] = {}
        self.commands: dict[str, Callable[..., Any]] = {"jobs.hand-over": self.hand_over}

    @property
    def has_reader(self) -> bool:
        return self._desk.present

    def uncollected(self) -> list[dict[str, Any]]:
        """Finished cards that nobody has taken, oldest first: job, ref, uid, sku, lot, since (Unix ms)."""
        with self._books.transaction() as view:
            return sorted(view.select("uncollected"), key=lambda row: row["since"])

    def card(self, job: str) -> dict[str, Any]:
        """One of them. Rejected if the job has no card, or it was handed over."""
        with self._books.transaction():
            return self._card(job)

    def withdrawal(self, ref: str) -> str:
        """Why the centre has taken this record away, though its card is here: a word of Withdrawal, or empty."""
        with self._books.transaction() as view:
            row = view.get(release.TABLE, ref)
        return str(row["reason"]) if row else ""

    def reading(self, job: str) -> Reading | None:
        """What was last read for this job since the start."""
        return self._readings.get(job)

    def read_card(self, job: str) -> Reading:
        """Read the chip on the desk reader and compare it. Blocks up to the reader's appear_timeout + 5 s.

        Rejected if there is no reader, or another card is read or written on it all the while; Unavailable if it
        does not work.
        """
        card = self.card(job)
        try:
            with self._desk.taken(self._appear_timeout_s, PATIENCE_S) as reader:
                found = self._read(card, reader)
        except Refused as exc:
            found = Reading("", exc.cause.value)
        except Stopped as exc:
            raise Unavailable(f"the reader on the desk: {exc}") from exc
        except DeviceError:  # the card was taken away, or answered nonsense: laid down again it is read again
            found = Reading("", UNREADABLE)
        self._remember(card["job"], found)
        return found

    def _read(self, card: dict[str, Any], reader: ChipEncoder) -> Reading:
        uid = reader.identify().uid
        if uid != card["uid"]:
            with self._books.transaction():
                owner = self._books.past.consumer(uid)
            return Reading(uid, WRONG_CARD, owner or "")
        rows = compare(reader.read(BIODATA_FILE), self._vault.identity(card["ref"]))
        return Reading(uid, "" if all(row.same for row in rows) else DIFFERS, rows=rows)

    def chip_on_desk(self) -> str:
        """The UID of whatever card lies on the desk reader, of this station or not. Blocks as `read_card`.

        Rejected `chip-unreadable` if none answers, else as `read_card`. Nothing is written on it.
        """
        try:
            with self._desk.taken(self._appear_timeout_s, PATIENCE_S) as reader:
                return reader.identify().uid
        except Stopped as exc:
            raise Unavailable(f"the reader on the desk: {exc}") from exc
        except DeviceError as exc:
            raise Rejected(f"the reader on the desk: {exc}", UNREADABLE) from exc

    def _remember(self, job: str, found: Reading) -> None:
        self._readings.pop(job, None)
        self._readings[job] = found
        while len(self._readings) > READINGS_KEPT:
            del self._readings[next(iter(self._readings))]

    def hand_over(self, by: str, job: str, *, although_withdrawn: bool = False, **said: Any) -> dict[str, Any]:
        """Book the card of `job` to issued. `said`: as `kiosk.core.handover.parse_handing`.

        chip=read takes the last reading of this card, or reads now. Rejected if the reading found another card or
        other data, which no word of a person overrides; if the card was handed over already; if the centre has taken
        the record away and nobody says that they know (`although_withdrawn`), which is on record.
        """
        try:
            inspect.signature(parse_handing).bind(**said)
        except TypeError as exc:
            raise UsageError(f"jobs.hand-over: {exc}") from exc
        try:
            handing = parse_handing(**said)
        except HandoverError as exc:
            raise UsageError(str(exc)) from exc
        self._must_fit(job, handing.chip)
        with self._books.transaction():
            card = self._card(job)
            withdrawal = self.withdrawal(card["ref"])
            if withdrawal and not although_withdrawn:
                raise Rejected(f"the centre has taken record {card['ref']} away: {withdrawal}", "withdrawn")
            if handing.name or handing.strokes:
                receipt = {"v": 1, "name": handing.name, "strokes": handing.strokes}
                self._vault.put_receipt(card["ref"], job, receipt)
            self._books.commit("handed-over", {
                "job": job, "ref": card["ref"], "uid": card["uid"], "taker": handing.taker.value,
                "verified": handing.proof.value, "chip": handing.chip.value, "old_card": handing.old_card.value,
                "signed": bool(handing.strokes), **({"withdrawn": withdrawal} if withdrawal else {}),
                "moves": [[card["sku"], card["lot"], Account.PRINTED.value, Account.ISSUED.value, 1]],
            }, by)  # fmt: skip
        self._readings.pop(job, None)
        return {"job": job, "ref": card["ref"], "end": Account.ISSUED.value}

    def _must_fit(self, job: str, check: ChipCheck) -> None:
        found = self._readings.get(job)
        if check is ChipCheck.READ and (found is None or found.problem):
            found = self.read_card(job)
        if found is None or (check is ChipCheck.BY_EYE and found.problem not in (WRONG_CARD, DIFFERS)):
            return
        if found.problem:
            whose = f"; it is the card of job {found.owner}" if found.owner else ""
            raise Rejected(f"chip {found.uid or '?'}: {found.problem}{whose}", found.problem)

    def _card(self, job: str) -> dict[str, Any]:
        with self._books.transaction() as view:
            row = view.get("uncollected", job)
            if row is not None:
                return row
            if self._books.past.was_collected(job):
                raise Rejected(f"the card of job {job} was handed over already", "handed-over-already")
        raise Rejected(f"no card of job {job} waits to be collected", "card-not-here")
