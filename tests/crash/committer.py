"""A process that commits without end and tells each acknowledged sequence number on its standard output.

    python -m tests.crash.committer DATA SEGMENT_BYTES [MUTANT] [COUNT]

MUTANT: `none`; `early` tells before it commits; `no-sync` commits without fdatasync. COUNT: commits, then it ends.
A refused commit is told as `! reason`, and the process goes on: nothing may be accepted after a failed sync.
It goes on where the journal ends, so that it can be killed and started again on the same books.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from kiosk.books import Books
from kiosk.journal import Poisoned
from tests.crash.events import GENESIS, endless


def tell(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def main(data: Path, segment_bytes: int, mutant: str = "none", count: int | None = None) -> None:
    if mutant == "no-sync":
        os.fdatasync = lambda fd: None  # type: ignore[assignment,misc]
    if not (data / "journal").exists():
        Books.create(data, segment_bytes, GENESIS, "test").close()
    books = Books.open(data, segment_bytes, "test")
    tell(f"open {books.seq}")
    # A start in the middle leaves the jobs of the last one open; its own are of other records.
    events = endless(first=books.seq + 1)
    for _ in itertools.repeat(None) if count is None else range(count):
        kind, body = next(events)
        if mutant == "early":
            tell(str(books.seq + 1))
        try:
            frame = books.commit(kind, body, "test")
        except Poisoned as exc:
            tell(f"! {exc}")
            events = itertools.repeat(
                ("started", {})
            )  # what is always possible, so that only the medium is in the way
            continue
        if mutant != "early":
            tell(str(frame.seq))
    books.close()
    tell("end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4], *(int(each) for each in sys.argv[4:5]))
