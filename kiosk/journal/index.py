"""Where the frames of a job, chip, record, lot, document or call-back lie. A cache of the journal, never truth.

DATA/index/ holds one file for each sealed segment, written by the first command that misses it: a line that binds it
to the segment (its size and last hash) and to its own content (SHA-256), then for each key one line
`[subject, value, [offset, ...]]`. What does not fit its first line is made again from the segment, so a damaged or
stale file hides no frame. The live segment is indexed in memory. The directory may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from kiosk.core.frames import Frame, FrameError, parse_line
from kiosk.core.history import Key, keys_of
from kiosk.durable import replace_file
from kiosk.journal.extract import Link, links, read_segment
from kiosk.journal.segments import damaged, head_of, last_line

log = logging.getLogger(__name__)

FORM = 1
"""Of the files, and of `keys_of`. Raise it when either changes: older files are then made again."""


class Index:
    """The journal as it is at the first question; make a new one for a later state. Not thread-safe.

    Needs no lock. Where DATA may not be written, nothing is kept and the answers are the same. `on_missing` is called
    before each sealed segment that must be read for its index.
    """

    def __init__(self, data: Path, on_missing: Callable[[], None] = lambda: None) -> None:
        self._journal = data / "journal"
        self._directory = data / "index"
        self._on_missing = on_missing
        self._made: dict[Path, bytes] = {}

    def find(self, keys: Iterable[Key]) -> Iterator[Frame]:
        """All frames that have one of the keys, oldest first, each checked against its checksum and hash.

        Reads the index files, the live segment and the frames themselves: 0.2 s in a million frames, once the files
        are there. DamagedData names file and line; UsageError if there is no journal.
        """
        heads = [_line_head(key) for key in keys]
        for link in self._links if heads else []:
            content = self._content(link)
            offsets = {offset for head in heads for offset in _offsets(content, head)}
            yield from frames_at(link, sorted(offsets))

    @cached_property
    def _links(self) -> list[Link]:
        return links(self._journal)

    def _content(self, link: Link) -> bytes:
        path = link.segment.path
        if path in self._made:
            return self._made[path]
        if not link.sealed:
            content = b"\n" + _lines(link)
        else:
            kept = self._directory / f"{path.stem}.index"
            if (stored := _stored(kept, link)) is not None:
                return stored
            self._on_missing()
            lines = _lines(link)
            content = label_of(FORM, link, lines) + lines
            _keep(kept, content)
        self._made[path] = content
        return content


def _lines(link: Link) -> bytes:
    """Reads and checks the whole segment, some 50,000 frames a second."""
    found: dict[Key, list[int]] = {}
    for offset, frame in read_segment(link):
        for key in keys_of(frame):
            found.setdefault(key, []).append(offset)
    return b"".join(b"%s%s]\n" % (_line_head(key), _dump(offsets)) for key, offsets in sorted(found.items()))


def label_of(form: int, link: Link, content: bytes) -> bytes:
    """The first line of a file beside a segment: what it was made of, and what follows."""
    path = link.segment.path
    facts = {
        "form": form, "segment": path.name, "bytes": path.stat().st_size, "head": head_of(path, last_line(path)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    return _dump(facts) + b"\n"


def _stored(path: Path, link: Link) -> bytes | None:
    """The file, if it is whole and of this very segment."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    label, newline, lines = content.partition(b"\n")
    return content if label + newline == label_of(FORM, link, lines) else None


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, content)
    except OSError as exc:
        log.info("index not kept: %s", exc)


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _line_head(key: Key) -> bytes:
    """How the line of a key begins. JSON's quotes and escapes leave no other key that begins so."""
    return _dump([key.subject.value, key.value])[:-1] + b","


def _offsets(content: bytes, line_head: bytes) -> list[int]:
    # The file has just been hashed as a whole, so a search through it costs nothing beside that.
    at = content.find(b"\n" + line_head) + 1
    if not at:
        return []
    offsets: list[int] = json.loads(content[at : content.index(b"\n", at)])[2]
    return offsets


def frames_at(link: Link, offsets: list[int]) -> Iterator[Frame]:
    """In the order of the offsets, each checked. DamagedData names file and line."""
    if not offsets:
        return
    path = link.segment.path
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for offset in offsets:
            yield frame_at(link, data, offset)


def frame_at(link: Link, data: bytes | mmap.mmap, offset: int) -> Frame:
    """The frame whose line begins there in `data`, the segment's content, checked. DamagedData as `frames_at`."""
    path, start = link.segment.path, data.rfind(b"\n", 0, max(0, offset - 1)) + 1
    before = head_of(path, data[start:offset]) if offset else link.before
    try:
        return parse_line(data[offset : data.find(b"\n", offset) + 1], before)
    except FrameError as exc:
        raise damaged(path, data[:offset].count(b"\n") + 1, str(exc)) from exc
