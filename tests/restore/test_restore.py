"""A lost disk: what is known goes on, what is not known is asked, and nobody gets two cards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import backup, lineage
from kiosk import restore as module
from kiosk.books import read_view
from kiosk.config import StationConfig
from kiosk.errors import KepingError, Rejected, UsageError
from kiosk.hub.stations import add_station
from kiosk.hub.status import status
from kiosk.hub.succession import allow_restore, incarnations
from kiosk.people import Named, People, Role
from kiosk.station import Station
from kiosk.sync.restoring import RestoreClient
from tests.office import STATION
from tests.privacy.life import secrets
from tests.privacy.search import Needles, search
from tests.restore.insured import PIN, Insured

FEW, MANY = 6, 50
SIZES = [FEW, pytest.param(MANY, marks=pytest.mark.long)]
MORE = 3


@pytest.fixture(params=SIZES)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Insured]:
    place = Insured(tmp_path, blanks=request.param + MORE)
    yield place
    place.close()


def printed_unshipped(office: Insured) -> list[str]:
    """All but MORE cards, of which the centre knows nothing; returns the records that wait."""
    refs = office.take_in(office.residents)
    office.unshipped(refs[:-MORE])
    return refs[-MORE:]


def test_from_the_mirror_nothing_is_lost(office: Insured) -> None:
    rest = printed_unshipped(office)
    office.lose_disk()
    found = office.restore(office.stick)
    assert (found.fetched, found.source) == (0, "mirror")
    assert found.shipped > 3 * (len(office.residents) - MORE)
    office.open_again()
    office.until(lambda: office.station.gap.show("test")["fed_since"] is not None)  # type: ignore[index]
    assert office.station.gap.show("test") == {
        "source": "mirror", "last_ms": found.last_ms, "complete": True, "may_have_a_card": MORE,
        "places": [["hopper", "wni"]], "fed_since": 0,
    }  # fmt: skip
    with pytest.raises(Rejected, match="gap of the lost disk"):
        office.station.desk.run_jobs("test", refs=rest)
    assert office.close_gap()["cards"] == []
    office.print_all(rest)
    assert office.trouble() == []
    office.agree()
    assert office.lease_states() == {"printed": len(office.residents)}


def test_from_the_centre_the_cards_of_the_gap_are_found(office: Insured) -> None:
    rest = printed_unshipped(office)
    office.lose_disk()
    found = office.restore(None)
    assert found.shipped == 0
    office.open_again()
    with pytest.raises(Rejected, match="blanks are gone"):
        office.close_gap(cards=[])
    closed = office.close_gap()
    assert len(closed["cards"]) == len(office.residents) - MORE
    office.print_all(rest)
    assert office.trouble() == []
    office.agree()
    assert office.lease_states() == {"printed": len(office.residents)}


def test_who_skips_the_question_gives_a_second_card_and_is_caught(
    office: Insured, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed_unshipped(office)
    office.lose_disk()
    office.restore(None)
    office.open_again()
    monkeypatch.setattr("kiosk.core.gap.is_open", lambda read: False)
    with office.station.books.transaction() as view:
        refs = [row["ref"] for row in view.rows("records", state="waiting")]
    office.print_all(refs[:MORE])
    assert any("cards" in line for line in office.trouble())


# What else may be so on that day. Always few cards: what differs is not their number.


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Insured]:
    place = Insured(tmp_path, blanks=5)
    yield place
    place.close()


def test_from_a_stick_that_was_pulled_out_earlier_the_centre_knows_more(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.print_all(refs[:1])
    pulled = small.copied_stick()
    small.print_all(refs[1:2])
    small.unshipped(refs[2:4])
    small.lose_disk()
    found = small.restore(pulled)
    assert found.fetched > 0
    assert found.shipped == 0
    shutil.rmtree(small.stick)
    pulled.rename(small.stick)
    small.open_again()
    assert len(small.close_gap()["cards"]) == 2
    small.print_all(refs[4:])
    assert small.trouble() == []
    small.agree()
    small.until(lambda: small.station.status()["mirror"]["behind"] == 0)
    assert backup.check(small.stick).journals == 2


@pytest.mark.parametrize("form", ["copy", "copy.zip"])
def test_from_a_backup(small: Insured, form: str) -> None:
    refs = small.take_in(small.residents)
    small.print_all(refs[:1])
    backup.make(small.data, small.directory / form, None)
    small.unshipped(refs[1:2])
    small.lose_disk()
    shutil.rmtree(small.stick)
    assert small.restore(small.directory / form).source == "backup"
    small.open_again()
    assert len(small.close_gap()["cards"]) == 1
    small.print_all(refs[2:])
    assert small.trouble() == []
    small.agree()


def test_a_second_disk_is_lost_too(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.unshipped(refs[:1])
    small.lose_disk()
    small.restore(None)
    small.open_again()
    small.close_gap()
    small.unshipped(refs[1:3])
    small.lose_disk()
    small.restore(None)
    small.open_again()
    small.close_gap()
    small.print_all(refs[3:])
    assert small.trouble() == []
    small.agree()
    small.station.close()
    assert [volume.genesis.seq for volume in lineage.in_order(lineage.find(small.data))] == [1, 1, 1]
    (small.data / "snapshot.json").unlink()
    before = read_view(small.data).digest
    small.reopen()
    with small.station.books.transaction() as view:
        assert (view.seq, view.balances()) != (0, {})
    assert before


def test_the_card_that_was_in_the_machine_is_looked_for_like_the_others(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.world.jam("print", panel=2)
    jobs = small.station.desk.run_jobs("test", refs=refs[:2])
    small.until(lambda: any("outcome-unknown" in small.reasons(job) for job in jobs))
    small.until(lambda: small.station.status()["mirror"]["behind"] == 0)
    small.lose_disk()
    small.world.take_card()
    small.world.close_cover()
    small.restore(small.stick)
    small.open_again()
    assert {row["state"] for row in small.jobs()} == {"aborted"}
    small.close_gap()
    small.print_all(refs[:4])
    assert small.trouble() == []
    small.agree()


def test_neither_mirror_nor_restored_journals_hold_anybody(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.unshipped(refs[:2])
    small.lose_disk()
    small.restore(None)
    small.open_again()
    small.close_gap()
    small.station.close()
    needles = Needles(secrets(small.residents))
    for folder in (small.stick, small.data):
        assert search(folder, needles)[0] == []
    assert not list(small.stick.rglob("*key*"))
    assert not list(small.stick.rglob("vault"))


def test_the_printer_counts_more_than_people_found(small: Insured) -> None:
    """Somebody laid strange blanks into the hopper, so that the count fits."""
    refs = small.take_in(small.residents)
    small.print_all(refs[:1])
    small.unshipped(refs[1:3])
    small.lose_disk()
    small.restore(None)
    small.open_again()
    small.until(lambda: small.station.gap.show("test")["fed_since"] == 2)  # type: ignore[index]
    with pytest.raises(Rejected, match="the printer fed 2 cards since, 0 are accounted for"):
        small.close_gap(counted=[["hopper", "wni", 4]], cards=[])


def test_what_is_not_said_is_asked(small: Insured) -> None:
    small.take_in(small.residents)
    small.lose_disk()
    small.restore(None)
    small.open_again()
    with pytest.raises(Rejected, match="count too: hopper/wni"):
        small.close_gap(counted=[["shift", "wni", 0]])
    for said in ({"second": "test"}, {"pin": "000001"}, {"second": "nobody"}):
        with pytest.raises(Rejected):
            small.close_gap(**said)
    with pytest.raises(Rejected, match="fit"):
        small.close_gap(cards=[{"nik": "1" * 16, "with": "here"}])
    with pytest.raises(Rejected, match="blanks are gone"):
        small.close_gap(counted=[["hopper", "wni", 4]])
    with pytest.raises(Rejected, match="wni blanks more than there can be"):
        small.close_gap(counted=[["hopper", "wni", 6]])
    small.close_gap(counted=[["hopper", "wni", 4]], unexplained={"wni": 1})
    with pytest.raises(Rejected, match="no gap is open"):
        small.close_gap()


def test_nothing_is_closed_before_every_record_is_here_again(small: Insured) -> None:
    small.take_in(small.residents)
    small.lose_disk()
    small.restore(None)
    small.server.pause()
    small.reopen()
    assert small.station.gap.show("test")["complete"] is False  # type: ignore[index]
    with pytest.raises(Rejected, match="not all here again"):
        small.close_gap()
    small.server.resume()
    small.look()
    small.until(lambda: small.station.gap.show("test")["complete"])  # type: ignore[index]
    small.close_gap()


def test_the_old_disk_is_refused_and_stops_for_good(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.print_all(refs[:1])
    small.station.close()
    old = small.directory / "old"
    shutil.copytree(small.data, old)
    shutil.rmtree(small.data)
    small.restore(small.stick)
    new, small.data = small.data, old
    small.reopen()
    small.look()
    small.until(lambda: bool(small.station.sync and small.station.sync.state.alarm))
    for _ in range(2):
        with pytest.raises(Rejected, match="closed this station's journal"):
            small.station.desk.run_jobs("test")
        small.restart()
    assert [alarm.kind for alarm in status(small.store)[0].alarms] == ["superseded"]
    small.station.close()
    small.data = new
    small.open_again()
    small.close_gap()
    small.print_all(refs[1:])
    small.agree()


class Cut(Exception):
    """Stands for the power going."""


def test_who_worked_here_is_known_again_and_somebody_can_begin(small: Insured) -> None:
    small.station.execute(
        "user.add", {"person": "maria", "name": "Petugas Satu", "role": "operator", "pin": PIN}, "op:yosep"
    )
    small.until(lambda: small.station.sync is not None and small.station.sync.state.unsent == 0)
    small.lose_disk()
    small.server.resume()
    code = allow_restore(small.store, STATION)
    module.restore(small.config, small.data, None, small.server.url, code, small.keys.fingerprint, "test")
    assert [(each.id, each.role, each.pin) for each in People(small.data).all()] == [("maria", Role.OPERATOR, "")]
    assert People(small.data).verify("maria", PIN) is None
    small.reopen()
    added = {"person": "agus", "name": "Pengganti", "role": "supervisor", "pin": PIN}
    assert small.station.ask("user.add", added, "cli:root")["codes"]
    small.station.ask("user.reset-pin", {"person": "maria", "pin": "112358"}, "cli:root", Named("agus", PIN))
    assert People(small.data).verify("maria", "112358")


STEPS = ("replace_file", "_take_copy", "_put_together", "_begin", "_move")


class Cutter:
    """Ends the restore before the `limit`-th of its steps, or right after the centre's consent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = self.limit = 0
        for name in STEPS:
            monkeypatch.setattr(module, name, self._counted(getattr(module, name)))
        monkeypatch.setattr(RestoreClient, "succeed", self._counted(self._counted(RestoreClient.succeed), after=True))

    def _counted(self, really: Callable[..., Any], *, after: bool = False) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            done = really(*args, **more) if after else None
            self.calls += 1
            if self.calls == self.limit:
                raise Cut
            return done if after else really(*args, **more)

        return counted


def test_a_restore_that_is_cut_off_anywhere_is_begun_again(small: Insured, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = small.take_in(small.residents)
    small.unshipped(refs[:2])
    small.lose_disk()
    small.server.resume()
    said = (small.server.url, allow_restore(small.store, STATION), small.keys.fingerprint, "test")
    cutter, done = Cutter(monkeypatch), False
    while not done:
        cutter.limit, cutter.calls = cutter.limit + 1, 0
        try:
            module.restore(small.config, small.data, small.stick, *said)
            done = True
        except Cut:
            with pytest.raises(KepingError):
                Station(small.config, small.data, "test")
    assert cutter.limit > len(STEPS) + 3
    assert not (small.data / "restore").exists()
    small._add_supervisor()
    small.open_again()
    small.close_gap()
    small.print_all(refs[2:])
    assert small.trouble() == []
    small.agree()
    with small.store.snapshot() as connection:
        assert len(incarnations(connection, STATION)) == 2


def test_a_restore_that_was_given_up_is_made_anew_with_another_code(small: Insured) -> None:
    refs = small.take_in(small.residents)
    small.unshipped(refs[:2])
    small.lose_disk()
    small.restore(small.stick)
    shutil.rmtree(small.data)
    small.restore(None)
    small.open_again()
    small.close_gap()
    small.print_all(refs[2:])
    assert small.trouble() == []
    small.agree()
    with pytest.raises(UsageError, match="a station is here"):
        small.restore(None)


def test_a_code_counts_once_and_a_copy_of_another_station_not_at_all(small: Insured, tmp_path: Path) -> None:
    small.take_in(small.residents)
    small.lose_disk()
    fingerprint = small.keys.fingerprint
    with pytest.raises(Rejected, match="refuses the enrolment"):
        module.restore(small.config, tmp_path / "a", None, small.server.url, "A" * 20, fingerprint, "test")
    small.restore(None)
    for name in ("journal", "signing.jwk"):
        assert list(small.data.rglob(name))
    other = replace(small.config, station=StationConfig(id="kupang-02"))
    code = add_station(small.store, "kupang-02")
    with pytest.raises(UsageError, match="of station kupang-01, not kupang-02"):
        module.restore(other, tmp_path / "b", small.stick, small.server.url, code, fingerprint, "test")
    with pytest.raises(UsageError, match="nothing to continue"):
        module.restore(other, tmp_path / "b", None, small.server.url, code, fingerprint, "test")
    small.open_again()
