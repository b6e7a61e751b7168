"""Made-up offices in the centre's tables, as frames would have left them; always the same for a seed."""

from __future__ import annotations

import random

from sqlalchemy import insert

from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.hub import schema
from kiosk.hub.overview import DAY_MS
from kiosk.hub.register import HOUR_MS
from kiosk.hub.store import Store

DISTRICTS = (
    "alor", "atambua", "bajawa", "betun", "borong", "ende", "kefa", "kupang", "labuan-bajo", "larantuka", "lewoleba",
    "maumere", "mbay", "oelamasi", "ruteng", "sabu", "soe", "tambolaka", "waibakul", "waikabubak", "waingapu",
)  # fmt: skip
DAYS_BACK = 20


def populate(store: Store, count: int, now_ms: int, seed: int = 1) -> None:
    """`count` stations with lots, days of cards, records, and of every eighth some trouble."""
    rng = random.Random(seed)
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("stations", "journals", "frames", "lots", "flows", "leases", "alarms", "loans")
    }
    for number in range(count):
        name = f"{DISTRICTS[number % len(DISTRICTS)]}-{number // len(DISTRICTS) + 1:02}"
        _station(rows, rng, name, number, now_ms)
        _blanks(rows, rng, name, now_ms)
    if count > 1:
        names = [str(row["id"]) for row in rows["stations"]]
        _loans(rows, names, now_ms)
    with store.transaction() as connection:
        for table, made in rows.items():
            if made:
                connection.execute(insert(schema.metadata.tables[table]), made)


def _station(
    rows: dict[str, list[dict[str, object]]], rng: random.Random, name: str, number: int, now_ms: int
) -> None:
    troubled = number % 8 == 2
    silence = rng.randrange(2 * DAY_MS, 20 * DAY_MS) if troubled else rng.randrange(HOUR_MS)
    seq = rng.randrange(1_000, 90_000)
    rows["stations"].append({
        "id": name, "code_digest": "", "enrolled_at": 1, "last_contact": now_ms - silence, "lost_at": None,
        "incarnation": "00000000000000a1", "successor_allowed": False,
    })  # fmt: skip
    rows["journals"].append({
        "station": name, "incarnation": "00000000000000a1", "seq": seq, "head": ZERO_HEAD, "predecessor": ZERO_HEAD,
        "checkpoint_seq": seq + (rng.randrange(40, 4_000) if troubled else 0), "checkpoint_head": ZERO_HEAD,
        "checkpoint": "",
    })  # fmt: skip
    newest = make_frame(seq, "stopped", Stamp(now_ms - silence, "boot", 1, "station"), {}, ZERO_HEAD)
    rows["frames"].append({
        "station": name, "incarnation": "00000000000000a1", "seq": seq, "kind": newest.kind, "head": newest.head,
        "record": newest.record, "received_at": now_ms - silence,
    })  # fmt: skip
    rows["leases"] += [
        {"station": name, "cursor": cursor, "ref": f"{number:016x}{cursor:016x}", "sku": "wni", "jws": "",
         "state": "waiting" if cursor % 3 else "printed", "chip_uid": None, "changed_at": 0}
        for cursor in range(1, rng.randrange(2, 30))
    ]  # fmt: skip
    if troubled:
        rows["alarms"].append({
            "station": name, "kind": "balances", "detail": f"balances of checkpoint {seq} differ from the frames",
            "first_at": now_ms - silence, "last_at": now_ms - silence, "times": rng.randrange(1, 30),
        })  # fmt: skip


def _blanks(rows: dict[str, list[dict[str, object]]], rng: random.Random, name: str, now_ms: int) -> None:
    for sku, lot in (
        ("wni", f"BAST-{rng.randrange(100, 999)}/2026"),
        ("wni", "BAST-88/2026"),
        ("wna", "BAST-7/2026"),
    ):
        rows["lots"] += [
            {"station": name, "sku": sku, "lot": lot, "account": account, "quantity": rng.randrange(most)}
            for account, most in (("vault", 900), ("shift", 80), ("hopper", 60))
        ]
    for hour in range((now_ms - DAYS_BACK * DAY_MS) // HOUR_MS, now_ms // HOUR_MS):
        # What an office made in a day is told by noon; in Kupang, and nothing at the end of a week.
        local = hour + 8
        if local % 24 != 12 or (local // 24 + 3) % 7 > 4:
            continue
        printed = rng.randrange(20, 160)
        came = {"printed": printed, "issued": printed - 9, "spoiled": rng.randrange(3)}
        rows["flows"] += [
            {"hour": hour, "station": name, "sku": "wni", "account": account, "came": n, "went": 0}
            for account, n in came.items()
        ]


def _loans(rows: dict[str, list[dict[str, object]]], names: list[str], now_ms: int) -> None:
    for number, (lender, borrower) in enumerate(
        zip(names[: len(names) // 2], names[len(names) // 2 :], strict=False)
    ):
        if number % 10:
            continue
        at = now_ms - (number % 3 * 9 + 1) * DAY_MS
        paper = {"document": f"BA-{number + 11}/2026", "sku": "wni", "reversed": False}
        rows["loans"].append({
            **paper, "station": lender, "head": f"{number:064x}", "seq": 9, "way": "loan-out", "office": borrower,
            "quantity": 200, "at": at,
        })  # fmt: skip
        if number % 20:
            rows["loans"].append({
                **paper, "station": borrower, "head": f"{number:064x}", "seq": 9, "way": "loan-in", "office": lender,
                "quantity": 190, "at": at + DAY_MS,
            })  # fmt: skip
