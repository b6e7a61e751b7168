"""The journals of one station: the one that is written, and those before it, each of another incarnation.

A station that lost its disk goes on in a new journal (docs/adr/0014-a-new-incarnation.md). The older ones are never
written again and stay beside it, in DATA, in the mirror and in a backup alike: `journal` or `journal-<incarnation>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.frames import Frame
from kiosk.errors import DamagedData, UsageError
from kiosk.journal import scan
from kiosk.journal.checkpoints import genesis_of
from kiosk.journal.segments import list_segments

CURRENT = "journal"


@dataclass(frozen=True)
class Volume:
    """One incarnation's journal and its first frame."""

    directory: Path
    genesis: Frame

    @property
    def station(self) -> str:
        return str(self.genesis.data.get("station", ""))

    @property
    def incarnation(self) -> str:
        return str(self.genesis.data.get("incarnation", ""))

    @property
    def continues(self) -> str | None:
        """The incarnation before this one; None for the first."""
        before = self.genesis.data.get("continues")
        return str(before["incarnation"]) if before else None

    def frames(self) -> Iterator[Frame]:
        """All of them, chain and sequence checked. DamagedData names file and line."""
        return scan(self.directory)


def set_aside(incarnation: str) -> str:
    """The name of a journal that is not, or no longer, the one in `journal`."""
    return f"{CURRENT}-{incarnation}"


def current(data: Path) -> Volume:
    """The journal that is written. DamagedData if there is none."""
    return Volume(data / CURRENT, genesis_of(data / CURRENT))


def find(root: Path) -> list[Volume]:
    """Every journal in `root` that has a first frame, in no order. DamagedData if that is no genesis."""
    names = [root / CURRENT, *sorted(root.glob(f"{CURRENT}-*"))]
    found = [Volume(path, genesis_of(path)) for path in names if _is_begun(path)]
    for volume in found:
        if volume.genesis.kind != "genesis":
            raise DamagedData(f"{volume.directory}: its first frame is no genesis")
    return found


def of_data(data: Path) -> list[Volume]:
    """Those of a station, oldest first. UsageError if none was begun here; DamagedData as `in_order`."""
    if not (data / CURRENT).is_dir():
        raise UsageError(f"{data / CURRENT}: no journal here; give the --data of a station")
    return in_order(find(data))


def in_order(volumes: list[Volume]) -> list[Volume]:
    """Oldest first, each continuing the one before. DamagedData if they are not one station's single line."""
    rest = list(volumes)
    line: list[Volume] = []
    before: str | None = None
    while rest:
        following = [volume for volume in rest if volume.continues == before]
        if len(following) != 1 or following[0].station != rest[0].station:
            names = ", ".join(str(volume.directory) for volume in rest)
            raise DamagedData(f"{names}: not one station's journals, each continuing the one before")
        line += following
        rest.remove(following[0])
        before = following[0].incarnation
    return line


def history(line: Sequence[Volume], read: Callable[[Volume], Iterable[Frame]] = Volume.frames) -> Iterator[Frame]:
    """All frames of a line, oldest first; `read` gives those of one journal.

    DamagedData where a journal does not begin where the one before it ends: whatever else may lie there, this one
    was begun after exactly that frame.
    """
    last: Frame | None = None
    for volume in line:
        told = volume.genesis.data.get("continues")
        if last is not None and told and (told["seq"], volume.genesis.data["predecessor"]) != (last.seq, last.head):
            raise DamagedData(
                f"{volume.directory}: continues frame {told['seq']} of {told['incarnation']}, which ends otherwise, "
                f"at {last.seq}; nothing was changed, bring the true one back"
            )
        for frame in read(volume):
            last = frame
            yield frame


def _is_begun(directory: Path) -> bool:
    """False where a copy was cut off before its first frame was whole."""
    segments = list_segments(directory)
    if [segment.first for segment in segments] != [1]:
        return bool(segments)
    with segments[0].path.open("rb") as file:
        return file.readline().endswith(b"\n")
