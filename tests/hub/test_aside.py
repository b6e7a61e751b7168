"""Frames that are sound in the chain and can't be read: they stop nothing, change nothing, and are read later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from kiosk.cli import main
from kiosk.core.frames import VERSION, Stamp, chain
from kiosk.core.records import parse_record
from kiosk.crypto.checkpoint import Checkpoint, sign_checkpoint, verify_receipt
from kiosk.hub import aside, projection, stations
from kiosk.hub.aside import Aside
from kiosk.hub.issue import issue
from kiosk.hub.schema import frames
from tests.hub.conftest import STATION, Hub
from tests.samples import sample_payload
from tests.sync.centre import Journal

UID = "04A1B2C3D4E5F6"


def add(hub: Hub, record: bytes) -> None:
    """Chain these bytes, whatever they are."""
    last = hub.journal.frames[-1]
    stamp = Stamp(0, "", 0, "")
    hub.journal.frames.append(last._replace(
        seq=last.seq + 1, stamp=stamp, data={}, record=record, head=chain(last.head, record),
    ))  # fmt: skip


def record(hub: Hub, kind: str, data: dict[str, Any], version: int = VERSION, **change: Any) -> bytes:
    body = {"s": hub.journal.last_seq + 1, "v": version, "k": kind, "t": 1, "b": ["boot", 1], "by": "t", "d": data}
    return json.dumps({**body, **change}, separators=(",", ":")).encode()


def ship(hub: Hub, *, bare: bool = False, body: bytes | None = None) -> None:
    """Everything is acknowledged."""
    checkpoint = sign_checkpoint(Checkpoint(hub.journal.position()), hub.key) if bare else None
    response = hub.ship(body, checkpoint)
    assert response.status_code == 200, response.get_data()
    assert verify_receipt(response.get_json()["receipt"], [hub.keys.signing]) == hub.journal.position()


def waiting(hub: Hub) -> list[Aside]:
    with hub.store.snapshot() as connection:
        return aside.listed(connection)


def reasons(hub: Hub) -> dict[int, str]:
    return {each.seq: each.reason for each in waiting(hub)}


def stored(hub: Hub) -> list[bytes]:
    with hub.store.snapshot() as connection:
        return list(connection.execute(select(frames.c.record).order_by(frames.c.seq)).scalars())


def lease(hub: Hub, count: int) -> list[str]:
    people = [parse_record(sample_payload()) for _ in range(count)]
    return issue(hub.store, hub.keys, people, STATION, now_s=hub.clock())


@contextmanager
def upgraded(monkeypatch: pytest.MonkeyPatch, kinds: set[str]) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(projection, "KINDS", projection.KINDS | kinds)
        yield


MALFORMED = [
    {"k": 7}, {"k": None}, {"b": []}, {"b": 7}, {"b": None}, {"t": "x"}, {"v": "1"}, {"x": 1},
    {"d": []}, {"d": {"moves": "x"}}, {"d": {"moves": [1]}}, {"d": {"moves": [["wni", "L", "vault", "shift"]]}},
    {"d": {"moves": [["wni", "L", "supplier", "vault", -1]]}}, {"d": {"moves": [["wni", "L", "", "vault", 1]]}},
    {"d": {"moves": [["pink", "L", "supplier", "vault", 1]]}},
    {"d": {"moves": [["wni", "L", "supplier", "vault", True]]}},
    {"k": "records", "d": {}}, {"k": "records", "d": {"records": [{"ref": 1}]}},
    {"k": "job-ended", "d": {"ref": "\ud800" * 32}}, {"k": "job-ended", "d": {"ref": "aa" * 16, "uid": "\x00"}},
    {"k": "gap-closed", "d": {"cards": {}}}, {"k": "handed-over", "d": {"ref": "A" * 32}}, {"k": "reprint", "d": {}},
]  # fmt: skip


UNREADABLE = [
    *((change, "malformed") for change in MALFORMED),
    ({"v": 2}, "newer-version"),
    ({"v": 2, "new": 1}, "newer-version"),
    ({"k": "of-tomorrow"}, "unknown-kind"),
    ({"k": "K" * 65}, "unknown-kind"),
    ({"k": "\ud800"}, "unknown-kind"),
    ({"d": {"moves": [["wni", "L", "vault", "shift", 1]]}}, "overdrawn"),
]


def test_frames_that_cannot_be_read_are_kept_set_aside_and_alarmed(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    for change, _ in UNREADABLE:
        add(hub, record(hub, "stock", {}, **change))
    hub.journal.stock(1)
    ship(hub, bare=True)
    assert list(reasons(hub).items()) == [(seq, reason) for seq, (_, reason) in enumerate(UNREADABLE, start=2)]
    assert stored(hub) == [frame.record for frame in hub.journal.frames]
    assert hub.status.stock == {("wni", "supplier"): -1, ("wni", "vault"): 1}
    assert hub.alarms == {"set-aside"}
    assert f"station {STATION}: frame 2 is set aside: malformed" in caplog.text
    before = hub.status.alarms
    ship(hub, bare=True)
    assert (hub.status.alarms, len(waiting(hub))) == (before, len(UNREADABLE))


def test_none_of_its_movements_is_applied(hub: Hub) -> None:
    good = ["wni", "L", "supplier", "vault", 5]
    add(hub, record(hub, "stock", {"moves": [good, ["wni", "L", "vault", "shift", 6]]}))
    add(hub, record(hub, "stock", {"moves": [good, "x"]}))
    ship(hub, bare=True)
    assert reasons(hub) == {2: "overdrawn", 3: "malformed"}
    assert hub.status.stock == {}


def test_only_what_is_no_frame_of_any_version_is_refused(hub: Hub) -> None:
    for body in (b"[]", b"{}", b'{"s":"2"}', b'{"s":02}', b'{"s":3}', b'{"s":2,"v":"\xff"}', b'{"s":0}'):
        spoiled = Journal(STATION, hub.key, "00000000000000a1", [*hub.journal.frames])
        true, hub.journal = hub.journal, spoiled
        add(hub, body)
        response = hub.ship()
        assert (response.status_code, response.get_json()["reason"]) == (400, "bad-frames"), body
        hub.journal = true
    assert stored(hub) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40).filter(lambda garbage: b"\n" not in garbage).map(lambda garbage: (None, garbage)),
            st.tuples(
                st.sampled_from(sorted(projection.KINDS)),
                st.recursive(
                    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: (
                        st.lists(inner, max_size=5)
                        | st.dictionaries(
                            st.sampled_from(["moves", "records", "cards", "ref", "uid", "state", "job"]), inner
                        )
                    ),
                    max_leaves=8,
                ),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
@example([(None, b"\r\x00\r")])
def test_no_garbage_in_a_sound_chain_breaks_the_centre(hub: Hub, content: list[tuple[str | None, Any]]) -> None:
    """Each frame is stored byte for byte and acknowledged; one journal through all examples."""
    known = hub.journal.last_seq if stored(hub) else 0
    for kind, data in content:
        if kind is None:
            tail = data.decode("latin-1").encode()
            add(hub, b'{"s":%d,"v":1,"k":"stock"%b}' % (hub.journal.last_seq + 1, b"," + tail))
        else:
            add(hub, record(hub, kind, data))
    fresh = hub.journal.frames[known:]
    ship(hub, bare=True, body=b"".join(frame.line for frame in fresh))
    assert stored(hub)[known:] == [frame.record for frame in fresh]
    aside.apply(hub.store, 1)


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 9_000])
def test_what_a_parser_chokes_on_is_set_aside_too(hub: Hub, deep: bytes) -> None:
    add(hub, b'{"s":2,"v":1,"k":"stock","d":' + deep + b"}")
    ship(hub, bare=True)
    assert reasons(hub) == {2: "malformed"}


def ended(ref: str) -> dict[str, Any]:
    return {"job": "1", "ref": ref, "state": "completed", "uid": UID}


def test_frames_of_the_same_record_wait_behind_it_and_others_do_not(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a record nothing is told out of order: a hand-over before its print would be alarmed."""
    poisoned, other = lease(hub, 2)
    add(hub, record(hub, "of-tomorrow", {"about": [poisoned], "moves": [["wni", "L", "supplier", "vault", 7]]}))
    for ref in (poisoned, other):
        hub.journal.append("job-ended", {**ended(ref), "uid": UID if ref == poisoned else "04FF"})
        hub.journal.append("handed-over", {"job": "1", "ref": ref, "uid": UID if ref == poisoned else "04FF"})
    hub.journal.append("stock", {"moves": [["wni", "L", "vault", "shift", 3]]})
    ship(hub, bare=True)
    assert reasons(hub) == {2: "unknown-kind", 3: "behind", 4: "behind", 7: "overdrawn"}
    assert hub.status.records == {"waiting": 1, "issued": 1}
    assert aside.apply(hub.store, 5) == (0, 4)
    with upgraded(monkeypatch, {"of-tomorrow"}):
        assert aside.apply(hub.store, 6) == (4, 0)
    assert hub.status.records == {"issued": 2}
    assert hub.status.stock == {("wni", "supplier"): -7, ("wni", "vault"): 4, ("wni", "shift"): 3}
    assert (hub.alarms, waiting(hub)) == ({"set-aside"}, [])
    assert aside.apply(hub.store, 7) == (0, 0)


def test_later_frames_of_the_record_wait_also_when_they_come_later(hub: Hub) -> None:
    [ref] = lease(hub, 1)
    add(hub, record(hub, "job-ended", ended(ref), version=2))
    ship(hub, bare=True)
    hub.journal.append("handed-over", {"job": "1", "ref": ref, "uid": UID})
    ship(hub, bare=True)
    assert reasons(hub) == {2: "newer-version", 3: "behind"}


def test_a_record_of_which_such_a_frame_speaks_is_not_given_to_another_station(hub: Hub) -> None:
    """It may be printed: the centre just can't read that yet."""
    poisoned, _other = lease(hub, 2)
    add(hub, record(hub, "job-ended", ended(poisoned), version=2))
    ship(hub, bare=True)
    assert stations.declare_lost(hub.store, STATION, 5) == 1
    assert hub.status.records == {"revoked": 1, "waiting": 1}


def test_balances_are_not_compared_while_frames_wait(hub: Hub) -> None:
    hub.journal.stock(1)
    add(hub, record(hub, "of-tomorrow", {}))
    word = Checkpoint(hub.journal.position(), {"wni": {"vault": 2, "supplier": -2}})
    assert hub.ship(checkpoint=sign_checkpoint(word, hub.key)).status_code == 200
    assert hub.alarms == {"set-aside"}


def test_what_is_set_aside_is_given_back_to_a_station_that_lost_its_disk(hub: Hub) -> None:
    hub.journal = Journal(STATION, hub.key, "1" * 16)
    add(hub, record(hub, "of-tomorrow", {"x": "\u00e9"}))
    ship(hub, bare=True)
    given_back = hub.call("GET", f"incarnations/{'1' * 16}").get_json()["frames"]
    assert [line.encode() + b"\n" for line in given_back] == [frame.line for frame in hub.journal.frames]


def test_every_kind_that_is_followed_says_what_it_needs() -> None:
    assert set(projection._FOLLOWS) <= projection.KINDS


def test_command_shows_what_waits_and_reads_it_again(
    hub: Hub, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(hub, record(hub, "of-tomorrow", {"moves": [["wni", "L", "supplier", "vault", 7]]}))
    ship(hub, bare=True)

    words = ["--data", str(tmp_path), "--json", "hub", "--database", database, "set-aside"]

    def run(*more: str) -> Any:
        done = CliRunner().invoke(main, [*words, *more])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert [(row["seq"], row["kind"], row["reason"]) for row in run()["waiting"]] == [
        (2, "of-tomorrow", "unknown-kind")
    ]
    assert run("--apply")["read"] == 0
    with upgraded(monkeypatch, {"of-tomorrow"}):
        assert run("--apply") == {"read": 1, "waiting": []}
    assert hub.status.stock[("wni", "vault")] == 7
