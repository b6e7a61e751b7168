"""What happens once, ever: a chip is written, a record arrives and is printed. Pure.

`Writings` picks out of frames what has to be remembered of them; `Ever` remembers all of it, for an audit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kiosk.core import gap, release
from kiosk.core.change import ProjectionError
from kiosk.core.frames import Frame
from kiosk.core.history import Key, Subject
from kiosk.core.jobs import JobState
from kiosk.core.plan import Step


class Writings:
    """Along frames: the UID of the chip that each one begins to write. Memory: a few jobs.

    `identified`: the UID that a job identified before the first of the frames.
    """

    def __init__(self, identified: Callable[[str], str | None] = lambda job: None) -> None:
        self._identified = identified
        self._uids: dict[str, str] = {}

    def take(self, frame: Frame) -> str | None:
        """KeyError if no frame says which chip."""
        if frame.kind in ("job-ended", "test-ended"):
            self._uids.pop(frame.data["job"], None)
        if frame.kind != "step":
            return None
        job, uid = frame.data["job"], identified_by(frame)
        if uid:
            self._uids[job] = uid
        if not begins_writing(frame):
            return None
        if job not in self._uids:
            found = self._identified(job)
            if found is None:
                raise KeyError(job)
            self._uids[job] = found
        return self._uids[job]


def identified_by(frame: Frame) -> str | None:
    """The chip that is in the machine from this frame on."""
    outcome = frame.data.get("outcome", {})
    uid: str | None = outcome.get("uid") if outcome.get("result") == "done" else None
    return uid


def begins_writing(frame: Frame) -> bool:
    return frame.kind == "step" and frame.data.get("intent", {}).get("step") == Step.ENCODE


def keys_of(frame: Frame, uid: str | None) -> Iterator[Key]:
    """What is asked for after the view has forgotten it; `uid`: as `Writings.take`."""
    if uid is not None:
        yield Key(Subject.CHIP, uid)
    for card in found_cards(frame):
        if card["uid"]:
            yield Key(Subject.CHIP, card["uid"])
    for ref in released(frame):
        yield Key(Subject.RECORD, ref)
    for card in cards_taken(frame):
        yield Key(Subject.RECORD, card["ref"])
        yield Key(Subject.JOB, card["job"])


def found_cards(frame: Frame) -> list[dict[str, Any]]:
    """Cards of which nothing else is told: they were made in a gap."""
    return frame.data["cards"] if frame.kind == gap.CLOSED else []


def cards_taken(frame: Frame) -> list[dict[str, Any]]:
    """Those that are in their holders' hands from this frame on: `job`, `ref`."""
    if frame.kind == "handed-over":
        return [frame.data]
    return [card for card in found_cards(frame) if card["with"] == "holder"]


def released(frame: Frame) -> list[str]:
    """Records that went back to the centre by this frame."""
    return frame.data["refs"] if frame.kind == release.KIND else []


class Ever:
    """All chips and records of a journal. Memory: 0.3 KB a card."""

    def __init__(self) -> None:
        self._writings = Writings()
        self._chips: dict[str, str] = {}
        self._records: dict[str, str | None] = {}
        self._reprints: set[str] = set()

    def take(self, frame: Frame) -> None:
        """ProjectionError if something happens the second time."""
        uid = self._writings.take(frame)
        if uid is not None:
            self._chip(uid, frame.data["job"])
        for card in found_cards(frame):
            self._records[card["ref"]] = card["job"]
            if card["uid"]:  # a job that was given up at the gap may have begun to write it
                self._chips.setdefault(card["uid"], card["job"])
        for ref in released(frame):
            self._released(ref)
        match frame.kind:
            case "records":
                self._arrived(frame)
            case "reprint":
                self._booked_away(frame)
            case "job-ended":
                self._ended(frame)

    def _booked_away(self, frame: Frame) -> None:
        if "job" in frame.data:
            self._reprints.add(frame.data["job"])
        else:  # its data are wrong: it is not printed again before somebody says that they are right
            self._records[frame.data["ref"]] = None

    def _arrived(self, frame: Frame) -> None:
        for ref in (item["ref"] for item in frame.data["records"]):
            if ref in self._records:
                raise ProjectionError(f"record {ref} was taken in before")
            self._records[ref] = None

    def _released(self, ref: str) -> None:
        """Whatever is done with it later is done a second time."""
        if (job := self._records.get(ref)) is not None:
            raise ProjectionError(f"record {ref} was released, after job {job} had printed it")
        self._records[ref] = release.KIND

    def _chip(self, uid: str, job: str) -> None:
        if (owner := self._chips.setdefault(uid, job)) != job:
            raise ProjectionError(f"chip {uid} was consumed by job {owner}, then by job {job}")

    def _ended(self, frame: Frame) -> None:
        job, ref = frame.data["job"], frame.data["ref"]
        reprint = job in self._reprints
        self._reprints.discard(job)
        if frame.data["state"] != JobState.COMPLETED:
            # The record waits again: whichever job prints it now is in the reprint's place.
            if reprint and frame.data.get("record_state") != "card-missing":
                self._records[ref] = None
            return
        before = self._records.get(ref)
        if before is not None and not reprint:
            raise ProjectionError(f"record {ref} was printed by job {before}, then by job {job}, which is no reprint")
        self._records[ref] = job
