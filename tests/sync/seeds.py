"""A whole station on a bad line, from a seed: what it wrote and what the centre holds must come out the same.

    python -m tests.sync.seeds --count 500 [--first 0]

prints each seed that shows a difference, and what the line did. In the tests a few of them run (test_seeds.py).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.core.frames import Frame
from kiosk.crypto import keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.hub.schema import leases
from kiosk.journal import scan
from kiosk.link import Ends
from kiosk.rig.wire import Fault, Wire, seeded
from kiosk.sync.client import HubClient, connect
from kiosk.sync.intake import Intake
from kiosk.sync.loop import SyncLoop
from kiosk.sync.shipping import Shipper
from kiosk.vault import Vault
from tests.sync.centre import Centre, Clock

ROUNDS, MOST_ROUNDS = 10, 200
SHARE = 0.6
RECEIVE = [["wni", "BAST-1", "supplier", "vault", 1]]


class Post:
    """An enrolled station without devices: books, vault, both ends of the link and the loop, on a line of its own."""

    def __init__(self, centre: Centre, data: Path, plan: Callable[[], Fault]) -> None:
        self.centre, self.data = centre, data
        key = keys.generate_signing()
        enrolled = centre.station(key)
        self.name = enrolled.name
        (data / "keys").mkdir(parents=True)
        genesis = {
            "station": self.name, "incarnation": "ab" * 8, "key": keys.thumbprint(key), "predecessor": None,
        }  # fmt: skip
        self.books = Books.create(data, 1 << 20, genesis, "test")
        vault = Vault(data / "vault", Keyring(data / "vault", KeyFile.create(data / "keys" / "vault.key")))
        self.wire = Wire(centre.server.port, plan)
        self._http = connect(self.wire.url, timeout=httpx.Timeout(30.0))
        client = HubClient(self._http, self.name, key, enrolled.pins.signing, clock=Clock())
        self.ends = Ends(HubConfig(), data, self.books, vault, enrolled.pins, key, lambda seq: None)
        self._monotonic = Clock(0.0)
        self.loop = SyncLoop(
            Shipper(client, self.ends.outbox, self.ends.acknowledged), Intake(client, self.ends.inbox),
            clock=Clock(), jitter=lambda: 0.5, monotonic=self._monotonic,
        )  # fmt: skip

    def step(self) -> float:
        """One round, and the time until the next is over at once."""
        wait_s = self.loop.step()
        self._monotonic.now_s += wait_s
        return wait_s

    def receive(self, count: int) -> None:
        for _ in range(count):
            self.books.commit("stock", {"movement": "receive", "document": "BAST-1", "moves": RECEIVE}, "test")

    def settle(self) -> None:
        """The line is mended, and all that there is goes over."""
        self.wire.mend()
        for _ in range(MOST_ROUNDS):
            if self.step() > 0 and not self.loop.state.last_error and self.ends.acknowledged.unsent == 0:
                return
        raise AssertionError(f"it does not come to rest: {self.loop.state}")

    def close(self) -> None:
        self._http.close()
        self.wire.close()
        self.books.close()


def leased(centre: Centre, station: str) -> list[tuple[int, str, str]]:
    """Cursor, reference and state, in order."""
    columns = (leases.c.cursor, leases.c.ref, leases.c.state)
    with centre.store.snapshot() as connection:
        rows = connection.execute(select(*columns).where(leases.c.station == station).order_by(leases.c.cursor))
        return [(row.cursor, row.ref, row.state) for row in rows]


def taken_in(frames: Sequence[Frame]) -> list[str]:
    return [item["ref"] for frame in frames if frame.kind == "records" for item in frame.data["records"]]


def compare(name: str, here: Sequence[Any], there: Sequence[Any]) -> list[str]:
    """What differs, the first of it in full."""
    if list(here) == list(there):
        return []
    at = next((at for at, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), len(here))
    return [f"{name}: {len(here)} here, {len(there)} there, the first that differs is number {at + 1}"]


def differences(post: Post) -> list[str]:
    """Between the station and the centre; and what either of them complains of. Empty: there is none."""
    frames = list(scan(post.data / "journal"))
    rows = leased(post.centre, post.name)
    refs = [ref for _, ref, _ in rows]
    cursor = str(rows[-1][0]) if rows else ""
    # Between the ends of TLS only an attacker changes a byte of a request: that alarm is right.
    alarms = post.centre.alarms(post.name) - ({"token"} if "garbled-request" in post.wire.met else set())
    return [
        *compare("frames", [frame.record for frame in frames], post.centre.held(post.name)),
        *compare("records", taken_in(frames), refs),
        *compare("cursor", [post.ends.inbox.cursor], [cursor]),
        *compare("leases", ["arrived"] * len(rows), [state for _, _, state in rows]),
        *(f"alarm at the centre: {kind}" for kind in sorted(alarms)),
        *([f"alarm here: {post.loop.state.alarm}"] if post.loop.state.alarm else []),
    ]


def live(post: Post, rng: random.Random) -> None:
    """An office at work while the line does what it does."""
    for _ in range(ROUNDS):
        if rng.random() < 0.4:
            post.receive(rng.randint(1, 4))
        if rng.random() < 0.15:
            post.centre.issue(post.name, rng.randint(1, 3))
        post.step()


def run(centre: Centre, data: Path, seed: int) -> tuple[list[str], Counter[str]]:
    """Differences after this seed, and how often the line did what."""
    rng = random.Random(f"office {seed}")
    post = Post(centre, data, seeded(seed, SHARE))
    try:
        centre.issue(post.name, 1)
        live(post, rng)
        post.settle()
        return differences(post), Counter(post.wire.met)
    finally:
        post.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    met: Counter[str] = Counter()
    wrong = 0
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        centre = Centre(Path(place) / "hub")
        for seed in range(asked.first, asked.first + asked.count):
            found, did = run(centre, Path(place) / str(seed), seed)
            met += did
            wrong += bool(found)
            for line in found:
                say(f"seed {seed}: {line}")
        centre.close()
    took_s = time.monotonic() - begun_s
    say(f"{asked.count} seeds in {took_s:.0f} s, {wrong} with differences; {sum(met.values())} requests:")
    say(", ".join(f"{kind} {count}" for kind, count in sorted(met.items())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
