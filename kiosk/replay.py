"""From the frames to the view: from the last snapshot where it fits, else from the first frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kiosk import lineage
from kiosk.core.accounts import LedgerError
from kiosk.core.change import ProjectionError
from kiosk.core.frames import Frame
from kiosk.core.jobs import TransitionError
from kiosk.core.projection import UnknownKind, project
from kiosk.errors import DamagedData
from kiosk.journal import scan_live
from kiosk.views import View, load_snapshot

JOURNAL, SNAPSHOT = "journal", "snapshot.json"


class Follower:
    """Takes the frames of the last segment, in order. `view`: after them, None where no snapshot fits the first."""

    def __init__(self, data: Path) -> None:
        self._path = data / SNAPSHOT
        self._begun = False
        self.view: View | None = None

    def take(self, frame: Frame) -> None:
        if not self._begun:
            self._begun = True
            self.view = self._snapshot(frame)
        if self.view is not None:
            follow(self.view, [frame])

    def _snapshot(self, seal: Frame) -> View | None:
        begins = seal.kind == "genesis"
        if not (begins or seal.kind == "segment") or not seal.data.get("snapshot"):
            return None
        view = load_snapshot(self._path, seal.data["snapshot"])
        return view if view and (begins or view.seq == seal.seq - 1) else None


def replay(frames: Iterator[Frame]) -> View:
    """The view after all `frames`, from nothing. DamagedData if one contradicts the ones before it."""
    view = View()
    follow(view, frames)
    return view


def replay_all(data: Path) -> View:
    """As `replay`, through every journal of DATA. DamagedData if one before the present one is gone."""
    return replay(lineage.history(lineage.of_data(data)))


def follow(view: View, frames: Iterable[Frame]) -> None:
    for frame in frames:
        if frame.kind == "genesis" and frame.data.get("continues"):
            view.age(view.seq)
        try:
            view.apply(frame.seq, project(frame, view.read))
        except (LedgerError, TransitionError, ProjectionError, UnknownKind) as exc:
            raise DamagedData(f"frame {frame.seq} ({frame.kind}): {exc}") from exc


def read_view(data: Path) -> View:
    """A view of what the journal holds now, without a lock, beside a running station.

    Reads the last segment alone where the snapshot fits it, else everything. `keping ledger verify` always reads all.
    """
    journal = data / JOURNAL
    live = Follower(data)
    for frame in scan_live(journal):
        live.take(frame)
    return live.view or replay_all(data)
