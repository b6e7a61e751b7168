"""The memory of what happens once: chips written and cards handed over in sealed segments. A cache, never truth.

DATA/index/ holds one `.once` file for each sealed segment, made at its seal: a line that binds it to the segment (its
size and last hash) and to its own content (SHA-256), then the first 8 bytes of the SHA-256 of each key, sorted, and
for each the offset of its frame (4 bytes), all little-endian. A file that is missing or does not fit is made again
at the opening. 36 bytes a card stay in memory.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.change import ProjectionError, Read
from kiosk.core.frames import Frame, FrameError, parse_line
from kiosk.core.history import Key, Subject
from kiosk.core.once import Writings, begins_writing, cards_taken, found_cards, identified_by, keys_of, released
from kiosk.durable import replace_file
from kiosk.journal.extract import Link, links, read_segment
from kiosk.journal.index import frames_at, label_of
from kiosk.journal.segments import damaged, head_of, last_line
from kiosk.journal.sieve import Sieve

log = logging.getLogger(__name__)

FORM = 1
TAKEN, STEP = (b'"k":"handed-over"', b'"k":"gap-closed"', b'"k":"released"'), b'"k":"step"'
CHIP = (b'"uid"', b'"encode"')
"""One of them is in each step that says which chip it is, or that it is written."""
ENTRY_BYTES = 12


@dataclass(frozen=True)
class _Shelf:
    """One sealed segment: digests, sorted, and the offset of each one's frame; the time of its last, Unix ms;
    how many frames lie between its journal's end and the beginning of the present one, and that journal's own."""

    link: Link
    digests: Sequence[int]
    offsets: Sequence[int]
    ends_ms: int
    after: int

    def find(self, digest: int) -> list[int]:
        digests = self.digests
        begin = end = bisect_left(digests, digest)
        while end < len(digests) and digests[end] == digest:
            end += 1
        return sorted(self.offsets[begin:end]) if end > begin else []


class Once:
    """Answers from all sealed segments as of the last `extend`. Questions are thread-safe; `extend` is not.

    A question takes about 5 us, and 0.1 ms for the frame that confirms a hit. DamagedData if that frame is not what
    it was.
    """

    def __init__(self, data: Path) -> None:
        self._journal = data / "journal"
        self._directory = data / "index"
        self._shelves: tuple[_Shelf, ...] = ()
        self._sieve = Sieve()

    def extend(self, older: Sequence[Path] = ()) -> None:
        """Take in the segments sealed since; at first also those of the `older` journals that this one continues.

        Reads a file for each, or makes it: 0.1 s, from the segment. DamagedData names file and line of a frame that
        can't be read.
        """
        for place, directory in enumerate(older):
            self._take(directory, sum(_last_seq(each) for each in older[place:]), complete=True)
        self._take(self._journal, 0, complete=False)

    def _take(self, directory: Path, after: int, *, complete: bool) -> None:
        """`complete`: nothing is written there any more, so its last segment counts as well."""
        before = [shelf.link for shelf in self._shelves]
        known = {link.segment.path for link in before}
        for link in links(directory):
            if link.segment.path not in known and (link.sealed or (complete and link.segment.path.stat().st_size)):
                shelf = self._shelf(link, before, after)
                self._sieve.add(shelf.digests)
                self._shelves = (*self._shelves, shelf)
                before.append(link)

    def consumer(self, uid: str) -> str | None:
        """The job that wrote the chip with this UID."""
        for _, frame in self._frames(Key(Subject.CHIP, uid)):
            if begins_writing(frame) and identified_by(frame) in (uid, None):  # None: it was said in an earlier frame
                return str(frame.data["job"])
            if found := next((card for card in found_cards(frame) if card["uid"] == uid), None):
                return str(found["job"])
        return None

    def of_record(self, ref: str) -> int | None:
        """The frame of the newest hand-over of the record's card; in an older journal it is 0 or less."""
        return self._handed_over(Key(Subject.RECORD, ref), "ref")

    def released(self, ref: str) -> bool:
        """The record went back to the centre."""
        return any(ref in released(frame) for _, frame in self._frames(Key(Subject.RECORD, ref)))

    def of_job(self, job: str) -> int | None:
        """As `of_record`, of the card that `job` made."""
        return self._handed_over(Key(Subject.JOB, job), "job")

    def _handed_over(self, key: Key, field: str) -> int | None:
        for shelf, frame in self._frames(key):
            if any(card[field] == key.value for card in cards_taken(frame)):
                return frame.seq - shelf.after
        return None

    def handed_over(self, refs: Iterable[str]) -> set[str]:
        """Those of many records of which a card was handed over: by their digests alone, 10 ms for 100,000 cards."""
        wanted = {_digest(Key(Subject.RECORD, ref)): ref for ref in refs}
        if not wanted:
            return set()
        return {wanted[digest] for shelf in self._shelves for digest in wanted.keys() & set(shelf.digests)}

    def handed_over_by(self, refs: Iterable[str], until_ms: int) -> set[str]:
        """Those of many records whose newest hand-over was not after `until_ms`. As `handed_over`, and 0.1 ms
        for each in the one segment that begins before and ends after."""
        rest = {_digest(Key(Subject.RECORD, ref)): ref for ref in refs}
        found: set[str] = set()
        begins_ms = [0, *(shelf.ends_ms for shelf in self._shelves)]
        for begun_ms, shelf in reversed(list(zip(begins_ms, self._shelves, strict=False))):
            hits = rest.keys() & set(shelf.digests)
            if shelf.ends_ms <= until_ms:
                due = hits
            elif begun_ms <= until_ms:
                due = {digest for digest in hits if _newest_ms(shelf, digest) <= until_ms}
            else:
                due = set()
            found |= {rest[digest] for digest in due}
            for digest in hits:
                del rest[digest]
        return found

    def must_be_new(self, frame: Frame, read: Read) -> None:
        """ProjectionError if the frame, about to be written, does what was done before the view begins."""
        if frame.kind == "records":
            for item in frame.data["records"]:
                if self.of_record(item["ref"]) or self.released(item["ref"]):
                    raise ProjectionError(f"record {item['ref']} was taken in before")
        elif begins_writing(frame):
            job = read("jobs", frame.data["job"])
            uid = identified_by(frame) or (job["card"]["uid"] if job and job["card"] else None)
            owner = self.consumer(uid) if uid else None
            if owner not in (None, frame.data["job"]):
                raise ProjectionError(f"chip {uid} was consumed by job {owner}")

    def _frames(self, key: Key) -> Iterator[tuple[_Shelf, Frame]]:
        """Newest first."""
        digest = _digest(key)
        if not self._sieve.may_hold(digest):
            return
        for shelf in reversed(self._shelves):
            if offsets := shelf.find(digest):
                yield from ((shelf, frame) for frame in reversed(list(frames_at(shelf.link, offsets))))

    def _shelf(self, link: Link, before: Sequence[Link], after: int) -> _Shelf:
        journal = link.segment.path.parent
        of = "" if journal == self._journal else f"{journal.name}."
        path = self._directory / f"{of}{link.segment.path.stem}.once"
        content = _stored(path, link)
        if content is None:
            content = _packed(link, before)
            try:
                path.parent.mkdir(mode=0o700, exist_ok=True)
                replace_file(path, label_of(FORM, link, content) + content)
            except OSError as exc:
                log.warning("%s is not kept, the next opening makes it again: %s", path.name, exc)
        ends_ms = int(json.loads(last_line(link.segment.path))["r"]["t"])
        count = len(content) // ENTRY_BYTES
        return _Shelf(link, _array("Q", content[: count * 8]), _array("I", content[count * 8 :]), ends_ms, after)


def _last_seq(directory: Path) -> int:
    path = [link.segment.path for link in links(directory) if link.segment.path.stat().st_size][-1]
    return int(json.loads(last_line(path))["r"]["s"])


def _newest_ms(shelf: _Shelf, digest: int) -> int:
    *_, newest = frames_at(shelf.link, shelf.find(digest))
    return newest.stamp.time_ms


def _digest(key: Key) -> int:
    return int.from_bytes(hashlib.sha256(f"{key.subject.value}:{key.value}".encode()).digest()[:8], "little")


def _array(kind: str, content: bytes) -> array[int]:
    numbers = array(kind, content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _packed(link: Link, before: Sequence[Link]) -> bytes:
    found: list[tuple[int, int]] = []
    writings = Writings(lambda job: _identified(job, before))
    for offset, frame in _closing(link):
        try:
            keys = keys_of(frame, writings.take(frame))
        except KeyError as exc:
            raise damaged(link.segment.path, 0, f"frame {frame.seq}: encode before identify") from exc
        found += [(_digest(key), offset) for key in keys]
    found.sort()
    digests = b"".join(digest.to_bytes(8, "little") for digest, _ in found)
    return digests + b"".join(offset.to_bytes(4, "little") for _, offset in found)


def _closing(link: Link) -> Iterator[tuple[int, Frame]]:
    """The frames of some kinds, each with its offset and checked; of the others, only the hash is looked at."""
    path, head, offset = link.segment.path, link.before, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            kind = line[:160]
            if any(word in kind for word in TAKEN) or (STEP in kind and any(word in line for word in CHIP)):
                try:
                    yield offset, parse_line(line, head)
                except FrameError as exc:
                    raise damaged(path, number, str(exc)) from exc
            head, offset = head_of(path, line), offset + len(line)


def _identified(job: str, before: Sequence[Link]) -> str | None:
    """Where a plan prints between identify and encode, a seal may lie between as well."""
    for link in reversed(before):
        steps = [frame for _, frame in read_segment(link) if frame.kind == "step" and frame.data["job"] == job]
        if uids := [uid for frame in steps if (uid := identified_by(frame))]:
            return uids[-1]
    return None


def _stored(path: Path, link: Link) -> bytes | None:
    """The entries, if the file is whole and of this very segment."""
    try:
        label, newline, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if label + newline == label_of(FORM, link, content) else None
