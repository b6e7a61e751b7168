"""What a process that serves asks of interpreter and C library: before its first thread, once it is up, and then."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

SWITCH_S = 0.0005
"""A thread that computes gives way after this. A page takes the interpreter about four times (socket, worker, books,
answer): at CPython's 5 ms it may wait 20 ms behind a face that is being drawn, for a page of 1 ms."""

BLOCK_BYTES = 128 << 10
HEAPS = 1
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def settle() -> None:
    """Idempotent.

    Pictures are freed to the system at once: glibc raises its threshold with the first large block that is freed
    (mallopt(3)), keeps later ones in its heaps and so holds the largest card it ever drew. There is one heap: glibc
    gives each thread its own, which keeps what its thread once needed, though threads take turns at the interpreter.
    """
    sys.setswitchinterval(SWITCH_S)
    with suppress(AttributeError, OSError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, BLOCK_BYTES)
        mallopt(_M_ARENA_MAX, HEAPS)


def keep() -> None:
    """What a start has built stays to the end: the collector looks through it once more and then never again.

    With it a full collection takes 30 ms, in which nobody is answered; now, 30 ms once.
    """
    gc.collect()
    gc.freeze()


def trim() -> None:
    """Give back what is free within the heap (malloc_trim(3)). Some milliseconds, in which nobody else gets memory.

    Without it a process keeps, and shows, the most that ever came together: a backlog, a row of jammed cards.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
