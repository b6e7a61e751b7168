"""The peer of `benchmarks.card`: panels that are ready go to the printer one card after the other, and nothing else.

    .venv/bin/python -m benchmarks.bare HOST PORT CARDS FILE

`FILE`: a pickled list of downloads, as they go over the wire. The card is moved as the station moves it, by way of
the chip, which is left as it is. Each command is sent as soon as the one before it is answered.
"""

from __future__ import annotations

import pickle
import socket
import sys
from pathlib import Path

MODES = (b"Pem;2", b"Pcim;F", b"Pneab;E")
BEFORE, BEHIND = (b"Sic", b"Pr;ymcko", b"Ss", b"Sr"), (b"Se", b"Sce")


def ask(wire: socket.socket, command: bytes) -> None:
    wire.sendall(command)
    reply = b""
    while not reply.endswith(b"\x00"):
        reply += wire.recv(256)
    if reply != b"OK\x00":
        raise SystemExit(f"{command[:20]!r}: {reply!r}")


def main() -> None:
    host, port, cards, file = sys.argv[1:]
    panels: list[bytes] = pickle.loads(Path(file).read_bytes())  # noqa: S301  # of benchmarks.card
    framed = {each: b"\x1b" + each + b"\r" for each in (*MODES, *BEFORE, *BEHIND)}
    with socket.create_connection((host, int(port))) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in MODES:
            ask(wire, framed[each])
        for _ in range(int(cards)):
            for each in (*(framed[name] for name in BEFORE), *panels, *(framed[name] for name in BEHIND)):
                ask(wire, each)


if __name__ == "__main__":
    main()
