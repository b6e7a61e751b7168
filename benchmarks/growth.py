"""What a centre for 300 and for 7,000 stations takes: docs/growth.md is written from what is measured here.

    .venv/bin/python -m benchmarks.growth [--cards 2000] [--rows 1280000]

* A station's backlog of so many cards is drained as benchmarks.drain does it, after a smaller one of another station:
  what the hub and PostgreSQL spend of a processor on a card, and what a card takes in the tables.
* One small request after another: what one costs, for most requests of a large centre are questions whether there is
  anything new.
* The table of frames laid out in three ways, filled with the same rows of 64 stations, then asked for single frames.

The result is printed, kept in benchmarks/results/growth.json, and docs/growth.md is rendered from it. Takes four
minutes; as many `rows` as there is time and disk for, 500 bytes each.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.drain import BATCH, COPY, Backlog, Hub, Row, drain, shipping
from benchmarks.growth_page import PAGE, render
from benchmarks.machine import machine, processor_s, report, tree
from kiosk.crypto import jose
from kiosk.hub.keyring import HubKeys
from kiosk.hub.store import Store
from tests.postgresql import Cluster
from tests.samples import sample_payload

FRAMES_A_CARD = 9
REQUESTS = 200
STATIONS, PARTS, MONTHS = 64, 16, 24
LOOKS = 1_000
PHOTO_BYTES = 30_000
COLUMNS = """station varchar(64), incarnation varchar(64), seq bigint, kind varchar(64) NOT NULL,
    head varchar(64) NOT NULL, record bytea NOT NULL, received_at bigint NOT NULL"""
KEY = "station, incarnation, seq"
LAYOUTS = {
    "one table": [f"CREATE TABLE frames ({COLUMNS}, PRIMARY KEY ({KEY}))"],
    "by station": [
        f"CREATE TABLE frames ({COLUMNS}, PRIMARY KEY ({KEY})) PARTITION BY HASH (station)",
        *(
            f"CREATE TABLE frames_{n} PARTITION OF frames FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {n})"
            for n in range(PARTS)
        ),
    ],
    "by month": [
        f"CREATE TABLE frames ({COLUMNS}, PRIMARY KEY ({KEY}, received_at)) PARTITION BY RANGE (received_at)",
        *(f"CREATE TABLE frames_{n} PARTITION OF frames FOR VALUES FROM ({n}) TO ({n + 1})" for n in range(MONTHS)),
    ],
}
RECORD = """INSERT INTO leases (station, cursor, ref, sku, jws, state, changed_at)
    VALUES ('s', %s, %s, 'wni', %s, 'waiting', 0)"""
FRAMES = "SELECT * FROM frames WHERE station = %s ORDER BY seq"
ONE_FRAME = "SELECT head FROM frames WHERE station = %s AND incarnation = %s AND seq = %s"


def costs(cluster: Cluster, hub: Hub) -> dict[str, float]:
    """Of this process, which is the station, too. A backend counts while it lives, and the hub keeps its own."""
    return {
        "station": processor_s([os.getpid()]),
        "hub": processor_s([hub.pid]),
        "postgresql": processor_s(tree(cluster.pid)),
    }


def since(before: dict[str, float], now: dict[str, float], count: int) -> dict[str, float]:
    """Milliseconds of a processor for each of `count`."""
    return {name: round((now[name] - before[name]) * 1000 / count, 3) for name in before}


def ingest(cluster: Cluster, place: Path, cards: int) -> tuple[dict[str, Any], list[Row]]:
    backlog, database = Backlog.make(place / "station", cards * FRAMES_A_CARD), cluster.database()
    other = Backlog.make(place / "before", 2 * BATCH, "kupang-02", first=2 * cards)
    hub = Hub(place / "hub", database, backlog, other)
    try:
        drain(hub, other)
        before = costs(cluster, hub)
        found = drain(hub, backlog)
        card = since(before, costs(cluster, hub), backlog.cards)
        with shipping(hub, backlog) as (_books, shipper):
            shipper.step()
            before = costs(cluster, hub)
            for _ in range(REQUESTS):
                shipper.review()
                shipper.step()
            request = since(before, costs(cluster, hub), REQUESTS)
    finally:
        hub.close()
    with psycopg.connect(database) as connection:
        rows = connection.execute(FRAMES, (backlog.station,)).fetchall()
        held = connection.execute("SELECT pg_total_relation_size('frames'), count(*) FROM frames").fetchone()
    assert held is not None
    told = {
        "cards": backlog.cards, "frames": found["frames"], "seconds": round(found["seconds"], 3),
        "cpu_ms_a_card": card, "cpu_ms_a_request": request,
        "frame_bytes_a_card": round(held[0] / held[1] * found["frames"] / backlog.cards),
    }  # fmt: skip
    return told, rows


def lease_bytes(cluster: Cluster, place: Path, count: int = 200) -> int:
    """What a signed record with a photo of 30 KB takes in its table, its indexes included."""
    database, keys = cluster.database(), HubKeys.open(place)
    Store.open(place, database).close()
    rng = random.Random(1)  # noqa: S311  # photos that don't compress, the same each time
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO stations (id, code_digest, incarnation, successor_allowed) VALUES ('s', '', '', false)"
        )
        with connection.cursor() as cursor:
            for number in range(count):
                record = sample_payload(f"{number:032x}")
                record["photo"] = base64.b64encode(rng.randbytes(PHOTO_BYTES)).decode()
                cursor.execute(RECORD, (number, record["ref"], jose.sign(record, keys.signing, jose.RECORD)))
        size = connection.execute("SELECT pg_total_relation_size('leases')").fetchone()
    assert size is not None
    return round(size[0] / count)


def layout(cluster: Cluster, statements: list[str], rows: list[Row], share: int) -> dict[str, float]:
    """Rows a second by COPY, `BATCH` a commit, from each station in turn; and microseconds to find one frame."""
    rng = random.Random(2)  # noqa: S311  # the same places each time
    with psycopg.connect(cluster.empty()) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.encode())
        connection.commit()
        begun = time.perf_counter()
        for first in range(0, share, BATCH):
            for number in range(STATIONS):
                with cursor.copy(COPY) as into:
                    for seq in range(first, min(first + BATCH, share)):
                        _, name, _, *rest, _ = rows[seq % len(rows)]
                        into.write_row((f"s{number}", name, seq, *rest, seq * MONTHS // share))
                connection.commit()
        filled = time.perf_counter() - begun
        begun = time.perf_counter()
        for _ in range(LOOKS):
            cursor.execute(ONE_FRAME, (f"s{rng.randrange(STATIONS)}", rows[0][1], rng.randrange(share)))
            assert cursor.fetchone()
        looked = time.perf_counter() - begun
    return {"rows_a_second": round(share * STATIONS / filled), "look_us": round(looked / LOOKS * 1e6)}


def measure(cards: int, rows: int) -> dict[str, Any]:
    cluster = Cluster(durable=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            taken, made = ingest(cluster, place, cards)
            record = lease_bytes(cluster, place / "other")
            layouts = {
                name: layout(cluster, statements, made, rows // STATIONS) for name, statements in LAYOUTS.items()
            }
    finally:
        cluster.remove()
    return {"ingest": taken, "record_bytes": record, "rows": rows, "layouts": layouts}


def main() -> None:
    """Print one JSON object, keep it, and write the page from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=1_280_000)
    given = parser.parse_args()
    before = machine()
    found = measure(given.cards, given.rows)
    report("growth", before, found)
    PAGE.write_text(render({"machine": before, **found}), encoding="utf-8")


if __name__ == "__main__":
    main()
