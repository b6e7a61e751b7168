"""Stands in for the port of a printer whose answers are written down: no port, no thread, no time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from drivers.errors import NotStarted, OutcomeUnknown

IDLE = "8000A000000000000000000000000000"
AT_CHIP = "8000A000080000000000000000000000"
AT_HEAD = "8000A000020000000000000000000000"
EMPTY = "8000A000000000000100000000000000"
AT_CHIP_EMPTY = "8000A000080000000100000000000000"
REBOOTED = "8000A000000100000000000000000000"
COVER = "8000A000080000000002000002000000"
JAM = "8000A000000000000000000001000000"
SILENCE = ""

NORMAL = {
    "Rok": "OK",
    "Rsn": "KP1",
    "Rtp": "Primacy",
    "Rfv": "1.0",
    "Rpst": IDLE,
    "Rco;c": "10",
    "Rco;p": "50",
    "Rrt;count": "90",
}


@dataclass
class Script:
    """Stands in for `SerialPort`. Each command has a list of replies, the last one for ever; others answer OK."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    inbox: deque[bytes] = field(default_factory=deque)
    cut_at: str = ""
    closed: bool = False

    def on(self, command: str, *replies: str) -> Script:
        self.replies[command] = list(replies)
        return self

    def wire_time(self, nbytes: int) -> float:
        return nbytes / 11_520

    def write(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        if not data.strip(b"\x00"):
            return
        for command in data.split(b"\r")[:-1]:
            name = command[1:].split(b"\xff")[0].decode("ascii")
            if self.closed or name == self.cut_at:
                raise NotStarted("closed")
            self.sent.append(name)
            queue = self.replies.get(name, [NORMAL.get(name, "OK")])
            reply = queue.pop(0) if len(queue) > 1 else queue[0]
            if reply != SILENCE:
                self.inbox.append(reply.encode("latin-1"))

    def read_until(self, terminators: bytes, deadline: float) -> bytes:
        if not self.inbox:
            raise OutcomeUnknown("no reply in time")
        return self.inbox.popleft()

    def discard_input(self) -> bytes:
        if self.closed:
            raise NotStarted("closed")
        dropped = b"\x00".join(self.inbox)
        self.inbox.clear()
        return dropped

    def close(self) -> None:
        self.closed = True

    def moves(self) -> list[str]:
        return [name for name in self.sent if name[0] in "SD" or name.startswith("Pr")]
