"""The centre takes a record away: what the station does with it, wherever it is."""

from __future__ import annotations

import pytest

from drivers.sim.chip import Behaviour
from kiosk.core.frames import Frame
from kiosk.core.release import Withdrawal
from kiosk.errors import Rejected
from kiosk.outbox import Inbox
from kiosk.sync.intake import Withdrawn
from tests.office import Office, office
from tests.web.conftest import Kiosk, Visitor, kiosk, visitor

__all__ = ["kiosk", "office", "visitor"]

DAY_S = 86_400


def withdraw(office: Office, ref: str, reason: Withdrawal = Withdrawal.WRONG_DATA) -> None:
    Inbox(office.station.books, office.station.vault).accept([Withdrawn(ref, reason)], "7")


def test_what_waits_is_given_up_and_its_data_are_destroyed(office: Office) -> None:
    first, second = office.bring_records(2)
    withdraw(office, first)
    vault = office.station.vault
    assert vault.with_biometrics() == [second]
    with pytest.raises(Rejected, match="fetch it again"):
        vault.token(first)
    with pytest.raises(Rejected, match="is released"):
        office.station.desk.run_jobs("test", refs=[first])
    office.restart()
    assert office.station.vault.with_biometrics() == [second]
    assert first in office.station.roster.find(vault.identity(first).nik)


def test_who_it_was_is_known_until_its_term_is_over(office: Office) -> None:
    """Not of a record that was not released, however old."""
    released, other = office.bring_records(2)
    withdraw(office, released)
    [frame] = [each for each in office.frames() if each.kind == "released"]
    over_s = frame.stamp.time_ms / 1000 + office.station.config.vault.released_term * DAY_S
    janitor, vault = office.station._janitor, office.station.vault
    for now_s, left in ((None, {released, other}), (over_s - 1, {released, other}), (over_s + 1, {other})):
        janitor.now = lambda now_s=now_s: now_s  # type: ignore[misc]
        janitor.review()
        assert set(vault.with_identity()) == left
    office.restart()
    assert office.station.vault.with_identity() == [other]


def test_a_crash_between_the_frame_and_the_vault_is_made_good_at_the_start(office: Office) -> None:
    [ref] = office.bring_records(1)
    office.station.books.on_commit = lambda frame: None
    withdraw(office, ref)
    assert office.station.vault.with_biometrics() == [ref]
    office.restart()
    assert office.station.vault.with_biometrics() == []


def test_no_second_blank_is_spent_on_what_was_taken_away_meanwhile(office: Office) -> None:
    """Its first card is refused; without the withdrawal the job takes the next blank."""
    office.spoil_chip(0, Behaviour(dead=True))
    [ref] = office.bring_records(1)
    told = office.station.books.on_commit

    def tell(frame: Frame) -> None:
        if frame.kind == "step" and frame.data.get("intent", {}).get("step") == "feed":
            withdraw(office, ref)
        told(frame)

    office.station.books.on_commit = tell
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(job) in ("completed", "aborted"))
    assert office.state(job) == "aborted"
    assert len(office.job(job)["cards"]) == 1
    with office.station.books.transaction() as view:
        assert view.get("records", ref)["state"] == "released"  # type: ignore[index]
    office.agree()


def test_whoever_looks_for_it_is_told(kiosk: Kiosk, visitor: Visitor) -> None:
    office = kiosk.office
    first, _ = office.bring_records(2)
    name = office.station.roster.get(first)
    assert name is not None
    withdraw(office, first)
    found = visitor.post("/search/queue", visitor.form(q=name.nik))
    page = visitor.get(found.headers["Location"]).text
    assert "Ditarik oleh pusat: data salah" in page
    assert name.nama in page
    assert "Tidak ada yang cocok" not in page
    assert name.nama not in visitor.get("/queue").text
