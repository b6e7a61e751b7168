"""docs/growth.md, written from what benchmarks.growth measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.sync.loop import POLL_S

PAGE = Path(__file__).parents[1] / "docs" / "growth.md"
SIZES = {300: 1_500_000 * 300 // 7_000, 7_000: 1_500_000}
"""Stations, and blanks a month: the country's 1.5 million shared out by stations."""
DAYS, HOURS, PEAK = 22, 8, 4
REQUESTS_A_CARD = 10
GB = 1e9


def render(found: dict[str, Any]) -> str:
    """`found`: what benchmarks/results/growth.json holds."""
    machine, taken, layouts = found["machine"], found["ingest"], found["layouts"]
    card, request = (taken[name]["hub"] + taken[name]["postgresql"] for name in ("cpu_ms_a_card", "cpu_ms_a_request"))
    columns = [column(stations, cards, found, card, request) for stations, cards in SIZES.items()]
    rows = "\n".join(f"| {name} | " + " | ".join(each[name] for each in columns) + " |" for name in columns[0])
    plain = layouts["one table"]
    compared = "\n".join(
        f"| {name} | {each['rows_a_second']:,} | {each['rows_a_second'] / plain['rows_a_second']:.2f} | "
        f"{each['look_us']:,} | {each['look_us'] / plain['look_us']:.2f} |"
        for name, each in layouts.items()
    )
    return TEXT.format(
        date=machine["date"][:10], processor=machine["processor"], load=machine["load"],
        frames=taken["frames"], cards=taken["cards"], card=card, request=request,
        hub=taken["cpu_ms_a_card"]["hub"], postgresql=taken["cpu_ms_a_card"]["postgresql"],
        bytes=taken["frame_bytes_a_card"], record=found["record_bytes"],
        a_core=1000 / card, a_core_frames=1000 / card * taken["frames"] / taken["cards"],
        alone=request * REQUESTS_A_CARD, trial=found["rows"],
        peak=PEAK, days=DAYS, hours=HOURS, poll=POLL_S, requests=REQUESTS_A_CARD, rows=rows, layouts=compared,
    )  # fmt: skip


def column(stations: int, cards: int, found: dict[str, Any], card: float, request: float) -> dict[str, str]:
    """What so many stations need, with `card` and `request` in milliseconds of a processor."""
    peak = cards / (DAYS * HOURS * 3600) * PEAK
    asked = stations / POLL_S + peak * REQUESTS_A_CARD
    frames = cards * 12 * found["ingest"]["frame_bytes_a_card"]
    return {
        "stations": f"{stations:,}",
        "blanks a month": f"{cards:,}",
        "cards a second in the busiest hour": f"{peak:.1f}",
        "requests a second then": f"{asked:.0f}",
        "cores busy then, hub and PostgreSQL": f"{(peak * card + asked * request) / 1000:.2f}",
        "frames and their index, a year": f"{frames / GB:.0f} GB",
        "signed records with photos, a year": f"{cards * 12 * found['record_bytes'] / GB:.0f} GB",
    }


TEXT = """# How the centre grows

Written by `python -m benchmarks.growth` on {date}, on {processor};
{load} processes wanted to run before it began (above 0.5 the figures are of a busy machine). What follows from them
is arithmetic: nobody has run 7,000 stations.

## What is measured

A backlog of {frames:,} frames, {cards:,} cards from their record to the hand-over, drained by the real shipper
over HTTP into `keping hub run` on PostgreSQL. A card costs {hub:.2f} ms of a processor in the hub and
{postgresql:.2f} ms in PostgreSQL: one core takes {a_core:,.0f} cards or {a_core_frames:,.0f} frames a second. A
request that brings nothing costs {request:.1f} ms in both. A card takes {bytes:,} bytes in `frames`, index included;
a signed record with a photo of 30 KB takes {record:,} in `leases`.

## What follows

The busiest hour has {peak} times the mean of {days} days of {hours} hours. Each station asks once in {poll:.0f} s,
and brings a card in {requests} requests at most, for what is new is sent at once.

| | | |
|---|---|---|
{rows}

* **One PostgreSQL is enough, and two hubs are for the case that one dies.** Hubs hold nothing but the centre's
  keys; a balancer may send each request to any of them.
* **What a large centre spends, it spends on requests, not on cards**: {card:.2f} ms a card in a backlog, and
  {alone:.1f} ms in {requests} requests of its own. So `hub.poll` at the stations is the first thing to turn.
* **A delivery waits for one commit.** The log belongs on a disk that syncs in a few milliseconds or less.
* **Photos are the storage.** The centre keeps the signed record of a card that is with its holder; to empty it then
  is not built.
* **Frames are kept**: they are the proof. A station's are read by its name and number only.

## Partitions

{trial:,} rows of 64 stations, 500 a commit, each station in turn; then single frames by station and number. Times are
of this run; the ratios are to the one table.

| `frames` as | rows a second | ratio | us to find one | ratio |
|---|---|---|---|---|
{layouts}

At this size parts are not for speed; they are for the care of a table that grows for ever.
*By station* (HASH, 16 parts) needs no other code: the primary key begins with the station, so every statement of a
delivery touches one part, and a part is vacuumed, reindexed and restored by itself. *By month* would let old frames
be dropped, which nobody may; the key must then hold the time, so that nothing but the station's lock keeps a number
from being there twice, and a search looks into every month. So: one table up to some hundred stations, then 16 parts
by station. That is a migration of its own, the rows moved at a time of rest; it is not made yet.
"""
