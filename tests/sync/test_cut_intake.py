"""Records with photos come in over a link that is cut at any byte, to a real vault and journal; memory stays flat."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import Books
from kiosk.core.records import parse_record
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.hub.issue import issue
from kiosk.hub.server import HubServer
from kiosk.outbox import Inbox
from kiosk.sync.client import HubUnreachable, connect
from kiosk.sync.intake import Intake
from kiosk.vault import Vault
from tests.samples import sample_payload
from tests.sync.centre import BRISK, Centre, Station

PHOTO = random.Random(1).randbytes(30_000)


class Cut:
    """WSGI wrapper: every answer of records ends after so many bytes, most often in a line."""

    def __init__(self, app: Any, rng: random.Random, longest: int) -> None:
        self._app, self._rng, self._longest = app, rng, longest
        self.cuts = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parts = self._app(environ, start_response)
        if not environ["PATH_INFO"].endswith("/records"):
            yield from parts
            return
        left = self._rng.randrange(self._longest)
        for part in parts:
            yield part[:left]
            left -= len(part)
            if left < 0:
                self.cuts += 1
                raise ConnectionError("the link was cut")


def new_books(directory: Path, station: Station) -> tuple[Books, Vault]:
    genesis = {"station": station.name, "incarnation": "ab" * 8, "key": "k", "predecessor": None}
    books = Books.create(directory, 8 << 20, genesis, "test")
    key_file = KeyFile.create(directory / "vault.key")
    return books, Vault(directory / "vault", Keyring(directory / "vault", key_file))


def come_in(
    centre: Centre, station: Station, directory: Path, count: int, seed: int, look: Callable[[int], None]
) -> int:
    """`look` is told how many are here after each answer. Returns how often the link was cut."""
    person = replace(parse_record(sample_payload()), photo=PHOTO)
    refs = issue(centre.store, centre.keys, (person for _ in range(count)), station.name, now_s=centre.clock())
    cut = Cut(centre.line, random.Random(seed), 1_500_000)
    server = HubServer(cut)
    http = connect(server.url, timeout=BRISK)
    client = station.client()
    client._http = http
    books, vault = new_books(directory, station)
    inbox = Inbox(books, vault)
    try:
        while True:
            try:
                more = Intake(client, inbox).step()
            except HubUnreachable:
                more = True
            with books.look() as view:
                here = [row["ref"] for row in sorted(view.rows("records"), key=lambda row: row["order"])]
            look(len(here))
            if not more:
                break
        assert here == refs
        assert sorted(vault.with_biometrics()) == sorted(refs)
        assert len(vault.token(refs[-1])) > 40_000
    finally:
        http.close()
        server.stop()
        books.close()
    return cut.cuts


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.parametrize(
    ("count", "seed"),
    [(60, 1), (60, 2), pytest.param(5_000, 3, marks=[pytest.mark.long, pytest.mark.timeout(1_200)])],
)
def test_cut_at_any_byte_each_record_comes_once_and_in_order(
    centre: Centre, station: Station, tmp_path: Path, measured: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch, count: int, seed: int,
) -> None:  # fmt: skip
    """`held`: of this process, which is centre and station in one."""
    # pytest keeps what is logged, each cut's traceback with all that its frames hold: the answers, of 8 MiB.
    monkeypatch.setattr(logging.getLogger("waitress"), "disabled", True)
    held: list[tuple[int, float]] = []
    cuts = come_in(
        centre, station, tmp_path / "station", count, seed, lambda here: held.append((here, resident_mb()))
    )
    assert cuts >= count // 30
    early = max(mb for here, mb in held if here <= count // 4 or (here, mb) == held[0])
    late = max(mb for _, mb in held)
    measured(
        f"intake of {count} records with photos: {cuts} cuts, {early:.0f} MB resident at first, {late:.0f} at most"
    )
    if count >= 5_000:
        assert late - early < 30
