"""What the centre takes of a journal, what it refuses, and what it reads out of the frames."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.core.records import parse_record
from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint, verify_receipt
from kiosk.hub.issue import issue
from kiosk.hub.schema import frames
from tests.hub.conftest import STATION, Hub
from tests.samples import sample_payload
from tests.sync.centre import Journal


def held(hub: Hub) -> int:
    with hub.store.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(frames)).scalar_one()


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["reason"]


def lines(hub: Hub) -> list[bytes]:
    return [frame.line for frame in hub.journal.frames]


def test_receipt_is_signed_and_names_the_last_frame(hub: Hub) -> None:
    hub.journal.stock(3)
    receipt = verify_receipt(hub.ship().get_json()["receipt"], [hub.keys.signing])
    assert receipt == hub.journal.position()
    again = verify_receipt(hub.call("GET", "status").get_json()["receipt"], [hub.keys.signing])
    assert again == receipt


def test_known_frames_again_are_fine_in_any_overlap(hub: Hub) -> None:
    hub.journal.stock(3)
    whole = lines(hub)
    for first, last in ((0, 2), (0, 2), (1, 3), (0, 4), (3, 4)):
        assert hub.ship(b"".join(whole[first:last])).status_code == 200
    assert held(hub) == 4
    assert hub.status.stock[("wni", "vault")] == 3


def test_cut_body_is_refused_whole(hub: Hub) -> None:
    hub.journal.stock(2)
    body = b"".join(lines(hub))
    for cut in (1, 10, len(lines(hub)[2]) - 1):
        assert problem(hub.ship(body[:-cut])) == (400, "partial-line")
    assert held(hub) == 0


def test_one_bad_frame_refuses_the_whole_request(hub: Hub) -> None:
    hub.journal.stock(3)
    good = lines(hub)
    flipped = good[3].replace(b"vault", b"hopper")
    for body in (
        [*good[:3], flipped],
        [*good[:3], b"{}\n"],
        [*good[:3], b"\n"],
        [good[0], good[2], good[3]],
        [good[0], good[1], good[1]],
        [b"not a frame\n", *good],
        [b'{"c":1,"h":"x","r":{"s":"1"}}\n'],
        [b'{"c":1,"h":"x","r":{"s":0}}\n'],
        [b"[]\n"],
    ):
        assert problem(hub.ship(b"".join(body))) == (400, "bad-frames")
    assert held(hub) == 0
    assert hub.alarms == set()


def test_gap_says_what_is_expected(hub: Hub) -> None:
    hub.journal.stock(4)
    whole = lines(hub)
    hub.ship(b"".join(whole[:2]))
    response = hub.ship(b"".join(whole[3:]))
    assert problem(response) == (409, "gap")
    assert response.get_json()["expected_seq"] == 3
    assert response.get_json()["head"] == hub.journal.frames[1].head
    assert (held(hub), hub.alarms) == (2, {"gap"})


@pytest.mark.parametrize(("at", "length", "reason"), [(3, 6, "fork"), (3, 4, "rollback"), (1, 9, "fork")])
def test_branch_is_told_from_a_rollback(hub: Hub, at: int, length: int, reason: str) -> None:
    hub.journal.stock(4)
    hub.ship()
    true = hub.journal
    hub.journal = true.branch(at)
    hub.journal.stock(length - at, 9)
    for body in (b"".join(lines(hub)), b"".join(lines(hub)[at:])):
        response = hub.ship(body)
        assert problem(response) == (409, reason)
        assert (response.get_json()["expected_seq"], response.get_json()["head"]) == (6, true.frames[-1].head)
    assert (held(hub), hub.alarms) == (5, {reason})
    assert hub.status.alarms[0].times == 2


def test_branch_that_continues_past_our_end_is_seen_by_its_first_frame(hub: Hub) -> None:
    """Only the chain shows it: the frame has the expected number."""
    hub.journal.stock(2)
    hub.ship()
    hub.journal = hub.journal.branch(2)
    hub.journal.stock(3, 9)
    assert problem(hub.ship(b"".join(lines(hub)[3:]))) == (409, "fork")


def test_shorter_journal_that_states_its_position_is_a_rollback(hub: Hub) -> None:
    hub.journal.stock(3)
    hub.ship()
    assert hub.ship(b"").status_code == 200
    hub.journal = hub.journal.branch(2)
    assert problem(hub.ship(b"")) == (409, "rollback")
    assert hub.alarms == {"rollback"}


def test_two_signed_words_about_one_frame_cannot_both_hold(hub: Hub) -> None:
    hub.journal.stock(1)
    hub.ship()
    for seq in (2, 1):
        word = Checkpoint(Position(STATION, "00000000000000a1", seq, "ab" * 32))
        assert problem(hub.ship(b"", sign_checkpoint(word, hub.key))) == (409, "fork")
    ahead = [
        sign_checkpoint(Checkpoint(Position(STATION, "00000000000000a1", 9, h * 32)), hub.key) for h in ("ab", "cd")
    ]
    assert hub.ship(b"", ahead[0]).status_code == 200
    assert problem(hub.ship(b"", ahead[1])) == (409, "fork")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("stock", {}),
        ("genesis", {"station": "kupang-02"}),
        ("genesis", {"incarnation": "00000000000000a9"}),
        ("genesis", {"key": "someone"}),
        ("genesis", {"key": None}),
    ],
)
def test_first_frame_must_be_this_stations_genesis(hub: Hub, kind: str, change: dict[str, Any]) -> None:
    said = {**hub.journal.frames[0].data, **change}
    frame = make_frame(1, kind, Stamp(1, "b", 1, "t"), said, ZERO_HEAD)
    hub.journal = Journal(STATION, hub.key, "00000000000000a1", [frame])
    assert problem(hub.ship()) == (400, "bad-frames")
    assert held(hub) == 0


def test_genesis_may_name_the_key_by_thumbprint_or_by_x(hub: Hub) -> None:
    said = {**hub.journal.frames[0].data, "key": keys.public_jwk(hub.key)["x"]}
    frame = make_frame(1, "genesis", Stamp(1, "b", 1, "t"), said, ZERO_HEAD)
    hub.journal = Journal(STATION, hub.key, "00000000000000a1", [frame])
    assert hub.ship().status_code == 200


def test_same_frames_from_two_threads_count_once(hub: Hub) -> None:
    hub.journal.stock(20)
    results: list[int] = []
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        results.append(hub.ship().status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 4
    assert held(hub) == 21
    assert hub.status.stock[("wni", "vault")] == 20


def test_stock_follows_the_moves_by_sku_and_account(hub: Hub) -> None:
    hub.journal.append(
        "stock", {"moves": [["wni", "L1", "supplier", "vault", 500], ["wna", "L2", "supplier", "vault", 9]]}
    )
    hub.journal.append("step", {"moves": [["wni", "L1", "vault", "hopper", 50]]})
    hub.journal.append("step", {"moves": [["wni", "L1", "hopper", "vault", 50]]})
    hub.ship()
    assert hub.status.stock == {
        ("wni", "supplier"): -500, ("wni", "vault"): 500, ("wna", "supplier"): -9, ("wna", "vault"): 9,
    }  # fmt: skip


def test_balances_that_the_frames_do_not_add_up_to_are_alarmed(hub: Hub) -> None:
    hub.journal.stock(1)
    word = Checkpoint(hub.journal.position(), {"wni": {"vault": 2, "supplier": -2, "hopper": 0}})
    assert hub.ship(checkpoint=sign_checkpoint(word, hub.key)).status_code == 200
    assert hub.alarms == {"balances"}


def lease(hub: Hub, count: int) -> list[str]:
    people = [parse_record(sample_payload()) for _ in range(count)]
    return issue(hub.store, hub.keys, people, STATION, now_s=hub.clock())


def ended(ref: str, state: str = "completed", uid: str = "04A1B2C3D4E5F6") -> dict[str, Any]:
    return {"job": "1", "ref": ref, "state": state, "uid": uid}


def test_records_go_from_waiting_to_arrived_to_printed(hub: Hub) -> None:
    first, second, _ = lease(hub, 3)
    hub.journal.append("records", {"records": [{"ref": first}, {"ref": second}], "cursor": "2"})
    hub.ship()
    assert hub.status.records == {"waiting": 1, "arrived": 2}
    hub.journal.append("job-ended", ended(first))
    hub.journal.append("job-ended", ended(second, "aborted"))
    hub.ship()
    assert hub.status.records == {"waiting": 1, "arrived": 1, "printed": 1}
    hub.journal.append("records", {"records": [{"ref": first}], "cursor": "2"})
    hub.ship()
    assert hub.status.records["printed"] == 1
    assert hub.alarms == set()


def test_printed_record_is_not_given_out_again(hub: Hub) -> None:
    first, second = lease(hub, 2)
    hub.journal.append("job-ended", ended(first))
    hub.ship()
    [line] = hub.call("GET", "records?limit=5").get_data().splitlines()
    item = json.loads(line)
    assert item["cursor"] == "2"
    assert jose.verify(item["record"], [hub.keys.signing], jose.RECORD)["ref"] == second


def handed_over(ref: str, uid: str = "04A1B2C3D4E5F6") -> dict[str, Any]:
    return {"job": "1", "ref": ref, "uid": uid}


def test_a_printed_card_that_is_handed_over_is_issued(hub: Hub) -> None:
    [ref] = lease(hub, 1)
    hub.journal.append("job-ended", ended(ref))
    hub.journal.append("handed-over", handed_over(ref))
    hub.ship()
    assert (hub.status.records, hub.alarms) == ({"issued": 1}, set())
    assert hub.call("GET", "records?limit=5").get_data() == b""
    hub.journal.append("job-ended", ended(ref))
    hub.ship()
    assert hub.alarms == {"printed-twice"}


def test_a_hand_over_of_no_printed_card_is_alarmed(hub: Hub) -> None:
    first, second = lease(hub, 2)
    hub.journal.append("job-ended", ended(second))
    for lie in (handed_over("ff" * 16), handed_over(first), handed_over(second, "04FFFFFFFFFFFF")):
        hub.journal.append("handed-over", lie)
    hub.ship()
    assert (hub.status.records, hub.alarms) == ({"waiting": 1, "printed": 1}, {"issued-unprinted"})
    assert len(hub.status.alarms) == 3


def test_a_reprint_lets_the_record_be_printed_once_more(hub: Hub) -> None:
    [ref] = lease(hub, 1)
    reprint = {"job": "2", "ref": ref, "reprint_of": "1", "reason": "misprint"}
    for uid in ("04A1B2C3D4E5F6", "04A1B2C3D4E5F7"):
        hub.journal.append("job-ended", ended(ref, uid=uid))
        hub.journal.append("handed-over", handed_over(ref, uid))
        hub.journal.append("reprint", reprint)
    hub.ship()
    assert (hub.status.records, hub.alarms) == ({"arrived": 1}, set())
    hub.journal.append("reprint", {**reprint, "ref": "ff" * 16})
    hub.ship()
    assert hub.alarms == {"foreign-record"}


def test_what_cannot_be_true_of_cards_is_alarmed(hub: Hub) -> None:
    first, second = lease(hub, 2)
    hub.journal.append("job-ended", ended("ff" * 16))
    hub.ship()
    assert hub.alarms == {"foreign-record"}
    hub.journal.append("job-ended", ended(first))
    hub.journal.append("job-ended", ended(first))
    hub.ship()
    assert hub.alarms == {"foreign-record", "printed-twice"}
    hub.journal.append("job-ended", ended(second))
    hub.ship()
    assert hub.alarms == {"foreign-record", "printed-twice", "chip-used-twice"}
