"""Only what the centre signed for this very station gets in, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from kiosk.core.records import CHIP_FILES, parse_record
from kiosk.core.release import Withdrawal
from kiosk.crypto import chip, jose, keys
from kiosk.crypto.keys import OKPKey
from kiosk.hub.leases import lease, withdraw
from kiosk.sync.client import HubUnreachable
from kiosk.sync.intake import BATCH, Accepted, Intake, Refusal, RefusedRecord, Withdrawn, judge, judge_withdrawal
from kiosk.sync.stream import OVERSIZE, RECORD, Item
from tests.samples import sample_payload
from tests.sync.centre import Centre, Clock, Sink, Station

HUB = keys.generate_signing()
TRUSTED = [keys.import_public(keys.public_jwk(HUB), keys.SIGNING)]


def refused(token: str) -> Refusal:
    verdict = judge(token, "kupang-01", TRUSTED)
    assert isinstance(verdict, RefusedRecord)
    return verdict.reason


def signed(**change: object) -> str:
    return jose.sign({**sample_payload(), **change}, HUB, jose.RECORD)


def test_signed_record_for_this_station_is_accepted() -> None:
    verdict = judge(signed(), "kupang-01", TRUSTED)
    assert isinstance(verdict, Accepted)
    assert verdict.ref == "0f" * 16
    assert "MARIA" not in repr(verdict)


def test_unsigned_records_are_refused() -> None:
    assert refused("not a token") is Refusal.UNSIGNED
    assert refused(jose.sign(sample_payload(), keys.generate_signing(), jose.RECORD)) is Refusal.UNSIGNED
    assert refused(jose.sign(sample_payload(), HUB, jose.RECEIPT)) is Refusal.UNSIGNED
    head, payload, _ = signed().split(".")
    assert refused(f"{head}.{payload}.") is Refusal.ALTERED


def test_altered_record_is_refused() -> None:
    head, _, signature = signed().split(".")
    _, payload, _ = signed(priority=9).split(".")
    assert refused(f"{head}.{payload}.{signature}") is Refusal.ALTERED


def test_record_leased_elsewhere_is_refused_although_it_is_genuine() -> None:
    assert refused(signed(station="kupang-02")) is Refusal.FOREIGN_LEASE
    assert refused(signed(station=None)) is Refusal.FOREIGN_LEASE


@pytest.mark.parametrize("change", [{"extra": 1}, {"v": 2}, {"ref": "x"}, {"photo": "*"}, {"chip": {}}])
def test_record_outside_the_schema_is_refused(change: dict[str, object]) -> None:
    assert refused(signed(**change)) is Refusal.SCHEMA


def test_refusal_names_the_field_and_does_not_quote_it() -> None:
    fields = {**sample_payload()["fields"], "tanggal_lahir": "0x-09-1990"}
    verdict = judge(signed(fields=fields), "kupang-01", TRUSTED)
    assert isinstance(verdict, RefusedRecord)
    assert verdict.detail == "record.fields.tanggal_lahir"


def take_all(intake: Intake) -> None:
    while intake.step():
        continue


def test_leased_records_arrive_once_in_order_and_signed(centre: Centre, station: Station) -> None:
    refs = centre.issue(station.name, BATCH + 3)
    sink = Sink()
    take_all(Intake(station.client(), sink))
    assert [each.ref for each in sink.held if isinstance(each, Accepted)] == refs
    first = sink.held[0]
    assert isinstance(first, Accepted)
    assert chip.verify_files(station.pins.chip, first.record.chip)
    assert tuple(first.record.chip) == CHIP_FILES
    more = centre.issue(station.name, 1)
    take_all(Intake(station.client(), sink))
    assert [each.ref for each in sink.held[-1:] if isinstance(each, Accepted)] == more


def test_cursor_moves_only_with_a_durable_sink(centre: Centre, station: Station) -> None:
    centre.issue(station.name, 2)
    sink = Sink(broken=True)
    with pytest.raises(OSError, match="full"):
        Intake(station.client(), sink).step()
    assert sink.cursor == ""
    sink.broken = False
    take_all(Intake(station.client(), sink))
    assert len(sink.held) == 2


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "portal", "error"])
def test_broken_line_loses_no_record(centre: Centre, station: Station, fault: str) -> None:
    centre.issue(station.name, 2)
    sink = Sink()
    centre.line.faults.append(fault)
    with pytest.raises(HubUnreachable):
        Intake(station.client(), sink).step()
    assert sink.held == []
    take_all(Intake(station.client(), sink))
    assert len(sink.held) == 2


def test_full_station_asks_for_no_record(centre: Centre, station: Station) -> None:
    centre.issue(station.name, 5)
    sink = Sink(room=0)
    before = centre.line.requests
    assert Intake(station.client(), sink).step() is False
    assert (centre.line.requests, sink.held) == (before + 1, [])  # it asks for what was taken away
    sink.room = 2
    Intake(station.client(), sink).step()
    assert len(sink.held) == 2


def test_one_bad_record_does_not_hold_up_the_others(centre: Centre, station: Station) -> None:
    record = parse_record(sample_payload(station=station.name))
    with centre.store.transaction() as connection:
        lease(connection, record, signed(station=station.name), 0)
    refs = centre.issue(station.name, 1)
    sink = Sink()
    intake = Intake(station.client(), sink)
    with pytest.raises(HubUnreachable, match="once more"):
        intake.step()  # it may have been the line
    assert sink.held == []
    take_all(intake)
    assert isinstance(sink.held[0], RefusedRecord)
    assert [each.ref for each in sink.held[1:] if isinstance(each, Accepted)] == refs


class Told:
    """A centre that answers what it is told to, then loses the link."""

    station = "kupang-01"
    hub_keys = TRUSTED

    def __init__(self, *items: Item) -> None:
        self.told = items
        self.given = 0

    def items(self, cursor: str, wanted: int) -> Generator[Item]:
        for item in self.told:
            self.given += 1
            yield item
        raise HubUnreachable("cut")


def record(cursor: int) -> Item:
    return Item(str(cursor), RECORD, signed(ref=f"{cursor:032x}"))


def intake(told: Told, sink: Sink, clock: Clock | None = None) -> Intake:
    return Intake(told, sink, clock or Clock())  # type: ignore[arg-type]


def test_a_list_that_leads_nowhere_is_none() -> None:
    """Taken, it would be taken for ever, a frame each time."""
    for told, kept in (((4,), 0), ((6, 6), 1), ((7, 6), 1)):
        sink = Sink(cursor="5")
        with pytest.raises(HubUnreachable, match="leads nowhere"):
            intake(Told(*map(record, told)), sink).step()
        assert len(sink.held) == kept


def test_what_came_whole_is_kept_when_the_link_is_lost() -> None:
    sink = Sink()
    with pytest.raises(HubUnreachable, match="cut"):
        intake(Told(*map(record, range(1, BATCH + 4))), sink).step()
    assert (len(sink.held), sink.cursor, sink.batches) == (BATCH + 3, str(BATCH + 3), [BATCH, 3])


def test_what_the_station_has_no_room_for_is_not_read() -> None:
    told = Told(*map(record, range(1, 10)))
    assert intake(told, Sink(room=2)).step()
    assert told.given == 2


def test_frames_are_not_kept_waiting_by_a_long_answer() -> None:
    clock = Clock(0.0)

    class Slow(Told):
        def items(self, cursor: str, wanted: int) -> Generator[Item]:
            for item in super().items(cursor, wanted):
                clock.now_s += 25.0
                yield item

    sink = Sink()
    assert intake(Slow(*map(record, range(1, 10))), sink, clock).step()
    assert sink.cursor == "3"


def test_a_line_that_is_too_long_is_passed_over_and_told() -> None:
    sink = Sink()
    with pytest.raises(HubUnreachable, match="cut"):
        intake(Told(Item("3", OVERSIZE, "ab" * 32), record(4)), sink).step()
    assert sink.cursor == "4"
    assert sink.held[0] == RefusedRecord(Refusal.OVERSIZE, "more than 1048576 bytes", "ab" * 32)
    assert isinstance(sink.held[1], Accepted)


def test_what_the_centre_takes_away_comes_behind_its_own_cursor(centre: Centre, station: Station) -> None:
    first, second = centre.issue(station.name, 2)
    sink = Sink()
    take_all(Intake(station.client(), sink))
    assert withdraw(centre.store, centre.keys, first, Withdrawal.DECEASED, 1.0) == station.name
    assert withdraw(centre.store, centre.keys, first, Withdrawal.DECEASED, 2.0) == station.name
    take_all(Intake(station.client(), sink))
    assert sink.held[2:] == [Withdrawn(first, Withdrawal.DECEASED)]
    assert sink.cursor == "3"
    fresh = Sink()
    take_all(Intake(station.client(), fresh))
    assert [each.ref for each in fresh.held if not isinstance(each, RefusedRecord)] == [second, first]


def test_a_station_without_room_hears_of_it_all_the_same(centre: Centre, station: Station) -> None:
    first, *_ = centre.issue(station.name, 3)
    sink = Sink(room=1)
    Intake(station.client(), sink).step()
    withdraw(centre.store, centre.keys, first, Withdrawal.OTHER, 1.0)
    sink.room = 0
    assert Intake(station.client(), sink).step() is False
    assert sink.held[1:] == [Withdrawn(first, Withdrawal.OTHER)]
    assert sink.cursor == "1"


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        ({}, None, Refusal.UNSIGNED),
        ({"station": "kupang-02"}, HUB, Refusal.FOREIGN_LEASE),
        ({"ref": "x"}, HUB, Refusal.SCHEMA),
        ({"reason": "because"}, HUB, Refusal.SCHEMA),
    ],
)
def test_nobody_else_takes_a_record_away(change: dict[str, str], key: OKPKey | None, reason: Refusal) -> None:
    said = {"station": "kupang-01", "ref": "0f" * 16, "reason": "moved", **change}
    token = jose.sign(said, key or keys.generate_signing(), jose.WITHDRAWAL)
    verdict = judge_withdrawal(token, "kupang-01", TRUSTED)
    assert isinstance(verdict, RefusedRecord)
    assert verdict.reason is reason
