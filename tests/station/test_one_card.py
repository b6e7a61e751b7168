"""Cards through a whole station: what is booked is what is there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers.sim.chip import Behaviour
from kiosk.core.jobs import Why
from kiosk.core.records import dump_record
from kiosk.outbox import Inbox
from kiosk.rig.world_check import good_cards, wrong_cards
from kiosk.sync.intake import judge
from tests.office import Office


def test_a_card_takes_seven_frames_each_an_outcome_with_the_next_intent(office: Office) -> None:
    job = office.print_one()
    assert job["state"] == "completed"
    steps = [
        ((f.data.get("outcome") or {}).get("step"), (f.data.get("intent") or {}).get("step"))
        for f in office.frames()
        if f.kind in ("step", "job-ended")
    ]
    assert steps == [
        (None, "feed"),
        ("feed", "identify"),
        ("identify", "encode"),
        ("encode", "verify"),
        ("verify", "print"),
        ("print", "eject"),
        ("eject", None),
    ]
    assert office.accounts() == {"supplier": -12, "hopper": 11, "printed": 1}
    office.agree()
    assert wrong_cards(good_cards(office.world), office.residents) == []


def test_twice_the_same_record_is_refused(office: Office) -> None:
    from kiosk.errors import Rejected

    job = office.print_one()
    with pytest.raises(Rejected, match="is printed"):
        office.station.desk.run_jobs("test", refs=[job["ref"]])
    assert len(office.world.output) == 1


@pytest.mark.parametrize(
    ("behaviour", "account", "cause"),
    [
        (Behaviour(dead=True), "factory-defect", "chip-silent"),
        (Behaviour(weak=True), "factory-defect", "chip-verify-failed"),
        (Behaviour(fail_write_at=4), "factory-defect", "chip-write-failed"),
        (Behaviour(random_uid=True), "factory-defect", "chip-uid-random"),
        (Behaviour(used=True), "spoiled", "chip-used"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_chip_costs_one_blank_and_no_ribbon(
    office: Office, behaviour: Behaviour, account: str, cause: str
) -> None:
    bad = office.spoil_chip(0, behaviour)
    job = office.print_one()
    assert [(card["end"], card["cause"]) for card in job["cards"]] == [(account, cause), ("printed", None)]
    assert office.world.reject == [bad]
    assert bad.panels == []
    assert office.accounts()[account] == 1
    office.agree()


def test_a_chip_that_another_job_wrote_is_never_taken_again(office: Office) -> None:
    job = office.print_one()
    card = office.world.output.pop()
    office.world.by_hand.append(card)
    office.world.put_back(card)
    [ident] = office.bring_more_and_run()
    office.until(lambda: "card-seen-before" in office.reasons(ident))
    assert office.world.reject == [card]
    office.station.desk.resume_job("test", ident)
    office.until(lambda: office.state(ident) == "completed")
    assert [(c["cause"], c["end"]) for c in office.job(ident)["cards"]] == [
        ("card-seen-before", "hopper"),
        (None, "printed"),
    ]
    assert office.job(ident)["cards"][0]["uid"] is None
    assert job["cards"][0]["uid"] != office.job(ident)["cards"][1]["uid"]


def test_three_refusals_in_a_row_stop_the_line(office: Office) -> None:
    for index in range(4):
        office.spoil_chip(index, Behaviour(dead=True))
    office.bring_records(2)
    first, second = office.station.desk.run_jobs("test", count=2)
    office.until(lambda: office.state(first) == "processing-stopped")
    assert Why.REFUSALS_IN_A_ROW in office.reasons(first)
    assert office.state(second) == "pending"
    assert len(office.world.reject) == 3
    office.station.desk.resume_job("test", first)
    office.until(lambda: office.state(second) == "completed")
    assert office.state(first) == "completed"
    assert len(office.world.reject) == 4
    office.agree()


def test_an_empty_hopper_stops_and_goes_on_by_itself(office: Office) -> None:
    waiting = [office.world.hopper.popleft() for _ in range(12)]
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    assert "media-empty" in office.until_held_up()
    assert office.state(ident) == "pending"
    office.world.load(waiting)
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


def test_a_hopper_that_runs_empty_under_the_last_card_does_not_spoil_it(office: Office) -> None:
    while len(office.world.hopper) > 1:
        office.world.by_hand.append(office.world.hopper.pop())
    assert office.print_one()["state"] == "completed"


def test_altered_in_the_vault_no_blank_is_spent(office: Office) -> None:
    [ref] = office.bring_records(1)
    body = office.data / "vault" / f"{ref}.body"
    content = bytearray(body.read_bytes())
    content[100] ^= 1
    body.write_bytes(content)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    assert Why.RECORD_REFUSED in office.reasons(ident)
    assert "can't be opened" in office.job(ident)["message"]
    assert len(office.world.hopper) == 12
    office.agree()


def test_a_foreign_lease_in_the_vault_is_refused_at_print_time(office: Office) -> None:
    [ref] = office.bring_records(1)
    record, token = office.token(office.residents[0], ref=ref, station="kupang-02")
    office.station.vault.put(type(record)(**{**vars(record), "ref": ref}), token)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    assert "another station" in office.job(ident)["message"]
    assert len(office.world.hopper) == 12


def test_without_blanks_in_the_books_nothing_is_fed(office: Office) -> None:
    office.station.stock.move("test", "unload", "wni", 12)
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"hopper-empty-in-books"}
    assert len(office.world.hopper) == 12


def test_delete_the_view_and_reopen_gives_the_same_state(office: Office) -> None:
    office.print_one()
    with office.station.books.transaction() as view:
        before = json.loads(view.dump())
    (office.data / "snapshot.json").unlink(missing_ok=True)
    office.restart()
    with office.station.books.transaction() as view:
        assert json.loads(view.dump())["tables"] == before["tables"]


def test_no_personal_data_outside_the_vault(office: Office) -> None:
    """Neither plain nor as a digest that the space of NIKs could be searched for."""
    import hashlib

    office.print_one()
    fields = office.residents[0].fields
    secrets = [fields.nik, fields.nama, fields.alamat, hashlib.sha256(fields.nik.encode()).hexdigest()]
    for path in office.data.rglob("*"):
        if path.is_file() and "keys" not in path.parts:
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"photo": "AAAA"}, "photo"),
        ({"fields": {"nama": "W" * 110}}, "nama"),
        ({"chip": {"6FF2": "AAAA" * 2000}}, "6FF2"),
    ],
    ids=["photo", "name", "chip"],
)
def test_what_can_not_be_made_into_a_card_ends_the_job_and_spends_nothing(
    office: Office, changes: dict[str, Any], why: str
) -> None:
    payload = dump_record(office.token(office.residents[0])[0])
    merged = {k: {**payload[k], **v} if isinstance(v, dict) else v for k, v in changes.items()}
    judged = judge(office.token(office.residents[0], **merged)[1], "kupang-01", [office.hub_key])
    Inbox(office.station.books, office.station.vault).accept([judged], "1")
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    assert why in office.job(ident)["message"]
    assert len(office.world.hopper) == 12
    assert office.station.failed is None


def test_a_vault_that_is_gone_does_not_eat_the_queue(office: Office) -> None:
    """Three records may be wrong; when every record is, the station is, and the rest wait for a person."""
    office.bring_records(6)
    (office.data / "vault").rename(office.data / "elsewhere")
    jobs = office.station.desk.run_jobs("test", count=6)
    assert office.until_held_up() == {Why.RECORD_REFUSED}
    assert [office.state(job) for job in jobs].count("aborted") == 3
    (office.data / "elsewhere").rename(office.data / "vault")
    office.until(lambda: all(office.state(job) in ("aborted", "completed") for job in jobs))
    assert [office.state(job) for job in jobs].count("completed") == 3
    office.agree()
