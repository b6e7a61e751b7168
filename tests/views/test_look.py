"""Who only looks at the books waits for no medium and sees no half of a frame."""

from __future__ import annotations

import threading
from pathlib import Path

from kiosk.books import Books
from kiosk.core.frames import Frame

GENESIS = {"station": "kupang-01", "incarnation": "ab" * 8, "key": "k", "predecessor": None}


def test_a_look_does_not_wait_while_a_frame_is_being_written(tmp_path: Path) -> None:
    books = Books.create(tmp_path, 1 << 20, GENESIS, "test")
    append, writing, synced = books._journal.append, threading.Event(), threading.Event()

    def slow_medium(frame: Frame) -> None:
        writing.set()
        assert synced.wait(60)
        append(frame)

    books._journal.append = slow_medium
    thread = threading.Thread(target=books.commit, args=("stopped", {}, "test"))
    thread.start()
    try:
        assert writing.wait(60)
        assert not books._lock.acquire(blocking=False), "a transaction would have to wait"
        with books.look() as view:
            assert (view.seq, books.seq) == (1, 1)
    finally:
        synced.set()
        thread.join(60)
    with books.look() as view:
        assert (view.seq, books.seq) == (2, 2)
    books.close()
