"""Positions of a journal that are held elsewhere: what its unkeyed chain can't prove by itself.

A journal that lacks one of them was set back; one that has another frame in its place was rewritten. What was written
after the newest one is the window in which either goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kiosk.core.frames import Frame
from kiosk.errors import DamagedData


class Anchor(NamedTuple):
    """Frame `seq` has the hash `head`, or one that begins so, says `source`: words for a person, the file if there
    is one."""

    seq: int
    head: str
    source: str


def held_against(frames: Iterable[Frame], anchors: Iterable[Anchor]) -> Iterator[Frame]:
    """Pass all frames of a journal on, from the first. DamagedData where one is not the anchored one, or none is."""
    waiting = sorted(anchors, reverse=True)
    last = 0
    for frame in frames:
        while waiting and waiting[-1].seq == frame.seq:
            check_head(waiting.pop(), frame.head)
        last = frame.seq
        yield frame
    check_end(waiting, last)


def check_head(anchor: Anchor, head: str) -> None:
    if not head.startswith(anchor.head):
        raise DamagedData(
            f"{anchor.source}: frame {anchor.seq} was {anchor.head[:16]}..., the journal has {head[:16]}...: it was "
            "rewritten; nothing was changed, bring the true one back"
        )


def check_end(anchors: Iterable[Anchor], last: int) -> None:
    """`last`: the last frame that the journal has."""
    newest = max(anchors, default=None)
    if newest is not None and newest.seq > last:
        raise DamagedData(
            f"{newest.source}: there was a frame {newest.seq}, the journal ends at {last}: it was set back or lost "
            "its end; nothing was changed, bring the true one back"
        )
