"""Data that are wrong: nobody prints them, the corrected ones take their place, their card is booked away."""

from __future__ import annotations

import json

import pytest

from kiosk.cli.telling import tell
from kiosk.core import correction
from kiosk.errors import Rejected, UsageError
from kiosk.outbox import Inbox
from kiosk.past import audited
from kiosk.sync.intake import judge
from tests.cli.test_cli import keping, on
from tests.office import STATION, Office
from tests.station.test_handover import hand_over, printed

WRONG = ["name", "portrait"]


def hold(office: Office, ref: str, wrong: list[str] = WRONG) -> None:
    office.station.execute("jobs.hold-record", {"ref": ref, "wrong": wrong}, "op:maria")


def correct(office: Office, ref: str) -> str:
    """The centre issues the record anew, corrected."""
    fields = office.station.roster.get(ref)
    who = next(each for each in office.residents if fields and each.fields.nik == fields.nik)
    judged = judge(office.token(who, replaces=ref, priority=1)[1], STATION, [office.hub_key])
    Inbox(office.station.books, office.station.vault).accept([judged], f"corrected {ref}")
    return judged.ref  # type: ignore[union-attr]


def state(office: Office, ref: str) -> str | None:
    with office.station.books.transaction():
        return office.station.books.past.state(ref)


def line(office: Office) -> list[str]:
    with office.station.books.look() as view:
        return office.station.service.line(view).now


def test_what_is_held_is_printed_by_nobody_over_a_restart(office: Office) -> None:
    first, second = office.bring_for("baru", "baru")
    for wrong in ([], ["colour"], ["name", "colour"]):
        with pytest.raises(UsageError):
            hold(office, first, wrong)
    hold(office, first, ["portrait", "name", "name"])
    with pytest.raises(Rejected) as twice:
        hold(office, first)
    assert twice.value.reason == "record-held"
    office.restart()
    with pytest.raises(Rejected) as refused:
        office.station.desk.run_jobs("test", refs=[first])
    assert refused.value.reason == "record-held"
    with pytest.raises(Rejected, match="is held"):
        office.station.books.commit("job-created", {"job": "0badcafe", "ref": first}, "test")
    assert line(office) == [second]
    [row] = office.station.corrections.held()
    assert (row["ref"], row["held"]["wrong"], row["held"]["by"]) == (first, WRONG, "op:maria")
    assert office.station.roster.find(office.station.roster.get(first).nik) == {first}  # type: ignore[union-attr]
    office.station.execute("jobs.free-record", {"ref": first}, "op:maria")
    assert line(office) == [first, second]
    with pytest.raises(Rejected):
        office.station.execute("jobs.free-record", {"ref": first}, "op:maria")


def test_the_corrected_record_takes_the_place_of_the_first(office: Office) -> None:
    first, second = office.bring_for("baru", "baru")
    hold(office, first)
    with office.station.books.look() as view:
        came = view.read("records", first)["came"]  # type: ignore[index]
    office.station.execute("sync.release", {"refs": [first], "reason": "data salah"}, "op:yosep")
    new = correct(office, first)
    with office.station.books.look() as view:
        assert view.read("records", new)["came"] == came  # type: ignore[index]
    assert set(line(office)) == {new, second}
    assert office.station.vault.with_biometrics() == sorted([second, new])


def test_it_supersedes_what_is_still_held_and_keeps_who_was_moved_up(office: Office) -> None:
    first, second = office.bring_for("baru", "baru")
    office.station.books.commit("queue-jump", {"ref": second, "reason": "ill", "approved": "op:yosep"}, "op:maria")
    hold(office, second)
    new = correct(office, second)
    assert state(office, second) == "released"
    assert line(office) == [new, first]


def test_a_card_of_wrong_data_is_booked_away_and_none_is_made(office: Office) -> None:
    [job] = printed(office)
    ref = office.job(job)["ref"]
    assert "wrong-data" in office.station.reprints.case(job)["reasons"]
    with pytest.raises(UsageError):
        office.station.reprints.reprint("op:maria", job, "wrong-data")
    made = office.station.reprints.reprint("op:maria", job, "wrong-data", wrong=WRONG)
    assert made == {"job": "", "ref": ref, "reprint_of": job}
    assert state(office, ref) == "held"
    assert (office.accounts()["spoiled"], office.accounts().get("printed", 0)) == (1, 0)
    with office.station.books.look() as view:
        [cause] = view.rows("causes")
        assert view.rows("jobs") == []
    assert (cause["account"], cause["cause"]) == ("spoiled", "wrong-data")
    with pytest.raises(Rejected):
        office.station.reprints.reprint("op:maria", job, "wrong-data", wrong=WRONG)
    new = correct(office, ref)
    assert state(office, ref) == "released"
    [second] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(second) == "completed")
    assert office.job(second)["ref"] == new
    assert sum(1 for _ in audited(office.frames())) == office.station.books.seq
    told = [tell(frame) for frame in office.frames() if frame.kind == "reprint"]
    assert "is held, wrong: name, portrait" in told[0]
    office.restart()
    assert state(office, ref) == "released"


def test_a_card_that_is_brought_back_with_wrong_data(office: Office) -> None:
    [job] = printed(office)
    ref = hand_over(office, job)["ref"]
    office.station.reprints.reprint("op:maria", job, "wrong-data", wrong=["address"])
    assert (office.accounts()["spoiled"], office.accounts().get("issued", 0)) == (1, 0)
    assert state(office, ref) == "held"
    office.station._janitor.sweep(office.station.books.seq)
    assert office.station.vault.has_biometrics(ref), "it may be right after all"
    office.station.execute("jobs.free-record", {"ref": ref}, "op:maria")
    [second] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(second) == "completed")
    assert sum(1 for _ in audited(office.frames())) == office.station.books.seq


def test_by_the_shell(office: Office) -> None:
    [ref] = office.bring_for("baru")
    office.station.close()
    assert on(office, "jobs", "hold-record", ref).exit_code == 2
    assert on(office, "jobs", "hold-record", ref, "--wrong", "name").exit_code == 0
    assert on(office, "jobs", "run").exit_code == 1
    assert f"record {ref} is held, wrong: name" in keping("--data", str(office.data), "ledger", "trace", ref).stdout
    assert on(office, "jobs", "free-record", ref).exit_code == 0
    shown = json.loads(keping("--data", str(office.data), "--json", "jobs", "queue").stdout)
    assert [row["ref"] for row in shown["rows"]] == [ref]
    office.reopen()


def test_the_books_themselves_hold_what_waits_and_free_what_is_held(office: Office) -> None:
    """Whoever writes past the verbs."""
    books, (waiting, begun) = office.station.books, office.bring_for("baru", "baru")
    office.station.desk.hold_job("test", office.station.desk.run_jobs("test", refs=[begun])[0])
    seq = books.seq
    for kind, body in (
        (correction.HELD, {"ref": begun, "wrong": WRONG}),
        (correction.HELD, {"ref": waiting, "wrong": []}),
        (correction.HELD, {"ref": waiting, "wrong": ["colour"]}),
        (correction.FREED, {"ref": waiting}),
    ):
        with pytest.raises(Rejected):
            books.commit(kind, body, "test")
    assert books.seq == seq
