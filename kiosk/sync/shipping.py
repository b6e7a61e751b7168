"""Send the journal to the centre: raw frames after the acknowledged one, until its signed receipt is here.

A sync never appends a frame. What is acknowledged stands in one small file that may be lost at any time:
the centre is asked again, and its answer must fit our own chain.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kiosk.core.frames import ZERO_HEAD
from kiosk.crypto.checkpoint import Position, verify_receipt
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import OKPKey
from kiosk.durable import make_directory, replace_file
from kiosk.errors import Rejected
from kiosk.sync.client import ChainRefused, HubClient, HubUnreachable, Receipt, UntrustedAnswer

REQUEST_BYTES = 256 << 10
KEEP_S = 1.0


class ForkDetected(Rejected):
    """The centre's journal of this station and our own are not one. `reason`: fork, rollback, gap, incarnation.

    Another machine wrote under our name, or ours was set back: shipping stops until a person decides.
    """


class FrameSource(Protocol):
    """The station's journal, as shipping sees it. Called from the sync thread."""

    @property
    def incarnation(self) -> str: ...

    @property
    def last_seq(self) -> int: ...

    def frames_after(self, seq: int, limit_bytes: int) -> tuple[Sequence[bytes], int, str]:
        """Durable lines after `seq`, at most `limit_bytes` but at least one if there is any.

        Also the sequence number and head of the last of them; (seq, ZERO_HEAD) and no line if there is none.
        """

    def checkpoint(self) -> str:
        """A signed checkpoint of the newest durable frame."""


class AckStore:
    """DATA/sync/ack.json: the centre's newest receipt, nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, station: str, incarnation: str, hub_keys: Sequence[OKPKey]) -> Position | None:
        """What a valid receipt says; None if the file is lost, damaged or of another journal."""
        try:
            position = verify_receipt(json.loads(self._path.read_bytes())["receipt"], hub_keys)
        except (OSError, ValueError, TypeError, LookupError, AttributeError, SignatureError):
            return None
        return position if (position.station, position.incarnation) == (station, incarnation) else None

    def save(self, receipt: Receipt) -> None:
        """Atomic and durable. OSError if the medium refuses."""
        content = {"seq": receipt.position.seq, "receipt": receipt.token}
        if not self._path.parent.is_dir():
            make_directory(self._path.parent)
        replace_file(self._path, json.dumps(content).encode() + b"\n")


class Acknowledged:
    """How far the centre has confirmed this journal, whether its receipt came by the link or on a stick. Thread-safe.

    `on_ack` is called with the newest confirmed sequence number, when its receipt is on the medium.
    """

    def __init__(
        self,
        source: FrameSource,
        acks: AckStore,
        station: str,
        hub_keys: Sequence[OKPKey],
        on_ack: Callable[[int], None] = lambda seq: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._acks = acks
        self._on_ack = on_ack
        self._monotonic = monotonic
        self._unkept: Receipt | None = None
        self._keep_at = monotonic()
        self._turn = threading.Lock()
        self._nothing = Position(station, source.incarnation, 0, ZERO_HEAD)
        self.position = acks.load(station, source.incarnation, hub_keys) or self._nothing

    @property
    def unsent(self) -> int:
        """Frames that the centre has not confirmed."""
        return max(0, self._source.last_seq - self.position.seq)

    def forget(self) -> None:
        """The centre holds nothing of this journal."""
        with self._turn:
            self.position = self._nothing

    def take(self, receipt: Receipt, known: Mapping[int, str] | None = None) -> None:
        """Believe a receipt only if it names a frame of ours: ForkDetected. OSError if it cannot be kept.

        `known`: heads of frames that were read just now. Of several in KEEP_S the first is kept, the last by `keep`.
        """
        with self._turn:
            self._take(receipt, known or {})

    def take_later(self, receipt: Receipt) -> bool:
        """As `take`, but an older one sets nothing back: a stick may have lain in a drawer. True if it was news."""
        with self._turn:
            before = self.position.seq
            self._check(receipt.position, {})
            if receipt.position.seq > before:
                self._take(receipt, {})
                self._keep()
            return receipt.position.seq > before

    def keep(self) -> None:
        """Keep what `take` has put off, if it has. OSError if that can't be done; the next `keep` tries again."""
        with self._turn:
            self._keep()

    def _take(self, receipt: Receipt, known: Mapping[int, str]) -> None:
        held = receipt.position
        self._check(held, known)
        if held != self.position:
            self.position, self._unkept = held, receipt
            if self._monotonic() >= self._keep_at:
                self._keep()

    def _keep(self) -> None:
        """Costs the medium what frames of a card do: within a backlog once in a while is enough."""
        if self._unkept is not None:
            self._acks.save(self._unkept)
            self._on_ack(self._unkept.position.seq)
            self._unkept, self._keep_at = None, self._monotonic() + KEEP_S

    def _check(self, held: Position, known: Mapping[int, str]) -> None:
        if held.seq == 0 and held.incarnation == self._nothing.incarnation:
            return
        head = known.get(held.seq) or self._own_head(held.seq)
        if held.incarnation != self._nothing.incarnation or head != held.head:
            reason = "fork" if held.seq <= self._source.last_seq else "rollback"
            raise ForkDetected(f"the centre holds frame {held.seq} that this journal has not", reason)

    def _own_head(self, seq: int) -> str | None:
        lines, _, _ = self._source.frames_after(seq - 1, 1)
        return str(json.loads(lines[0])["h"]) if lines else None


class Shipper:
    """Carries frames over the link. One thread."""

    def __init__(self, client: HubClient, source: FrameSource, acknowledged: Acknowledged) -> None:
        self._client = client
        self._source = source
        self._acknowledged = acknowledged
        self._agreed = False

    @property
    def acknowledged(self) -> int:
        """The newest frame that the centre has confirmed; 0 if none, or until the centre was asked."""
        return self._acknowledged.position.seq

    @property
    def unsent(self) -> int:
        """Frames that the centre has not confirmed."""
        return self._acknowledged.unsent

    def step(self) -> bool:
        """Send one request of frames; True if more wait. Blocks as HubClient does.

        The first step after a start, and each after a refusal, asks the centre where it stands. Raises what
        HubClient raises, ForkDetected, and OSError if the receipt cannot be kept.
        """
        more = False
        try:
            more = self._step()
        finally:
            if not more:
                self._acknowledged.keep()
        return more

    def _step(self) -> bool:
        if not self._agreed:
            self._agree()
        lines, seq, head = self._source.frames_after(self.acknowledged, REQUEST_BYTES)
        if not lines:
            return False
        try:
            receipt = self._client.ship(lines, self._source.checkpoint())
        except ChainRefused as refused:
            self._resume_elsewhere(refused)
            return True
        if receipt.position.seq < seq:
            raise UntrustedAnswer(f"receipt for frame {receipt.position.seq} after frame {seq} was sent")
        self._take(receipt, {seq: head})
        return self.unsent > 0

    def review(self) -> None:
        """Ask the centre again before the next request, because a person says that things have changed."""
        self._agreed = False

    def _resume_elsewhere(self, refused: ChainRefused) -> None:
        """A centre restored from a backup expects older frames, and gets them. Any other refusal is a fork."""
        before = self._acknowledged.position
        self._agree()
        if self._acknowledged.position == before:
            raise ForkDetected(f"{refused}; a person must decide", refused.reason) from refused

    def _agree(self) -> None:
        """Find the common position. No trust in ack.json: a journal that was set back must be noticed."""
        receipt = self._client.position()
        if receipt.position.incarnation != self._source.incarnation or receipt.position.seq == 0:
            self._acknowledged.forget()
        else:
            self._take(receipt, {})
        self._agreed = True

    def _take(self, receipt: Receipt, known: Mapping[int, str]) -> None:
        try:
            self._acknowledged.take(receipt, known)
        except ForkDetected:
            self._report(receipt.position)
            raise

    def _report(self, held: Position) -> None:
        """Show the centre our own frame at its position, or our shorter journal: it alarms its side."""
        lines, _, _ = self._source.frames_after(held.seq - 1, 1)
        try:
            self._client.ship(lines, self._source.checkpoint())
        except (Rejected, HubUnreachable):
            return
