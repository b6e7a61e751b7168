"""The call-back list: a number in the books, a person in the vault, a light when they can come."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.books import replay
from kiosk.core.frames import Frame
from kiosk.errors import Rejected, UsageError
from kiosk.journal import Poisoned, scan
from tests.office import Killed, Office
from tests.station.test_handover import hand_over

PHONE = "081234567890"
DAY = "2018-08-14"


@pytest.fixture(autouse=True)
def day(office: Office) -> None:
    office.station.callbacks._day = lambda: DAY


def note(office: Office, index: int = 0, reason: str = "no-record") -> str:
    nik = office.residents[index].fields.nik
    number: str = office.station.execute("calls.add", {"nik": nik, "phone": PHONE, "reason": reason}, "op:maria")
    return number


def ready(office: Office) -> dict[str, bool]:
    return {row["number"]: row["ready"] for row in office.station.execute("calls.list", {}, "test")}


def files(office: Office) -> list[str]:
    return sorted(path.name for path in (office.data / "vault" / "calls").iterdir())


def test_numbers_run_within_a_day_and_begin_anew(office: Office) -> None:
    assert [note(office, index) for index in range(3)] == [f"{DAY}/001", f"{DAY}/002", f"{DAY}/003"]
    office.station.execute("calls.close", {"number": f"{DAY}/003"}, "test")
    assert note(office) == f"{DAY}/004"
    office.station.callbacks._day = lambda: "2018-08-15"
    assert note(office) == "2018-08-15/001"


def test_nothing_of_the_person_is_in_the_books_or_readable_beside_them(office: Office) -> None:
    number = note(office)
    nik = office.residents[0].fields.nik
    assert office.frames()[-1].data == {"number": number, "reason": "no-record"}
    for path in office.data.rglob("*"):
        if path.is_file():
            assert nik.encode() not in path.read_bytes(), path
            assert PHONE.encode() not in path.read_bytes(), path
    [row] = office.station.callbacks.waiting()
    assert row.call
    assert (row.call.nik, row.call.phone) == (nik, PHONE)
    assert nik not in str(office.station.execute("calls.list", {}, "test"))


def test_an_entry_lights_up_when_the_record_arrives(office: Office) -> None:
    first, second = note(office, 0), note(office, 3)
    assert ready(office) == {first: False, second: False}
    office.bring_records(1)
    assert ready(office) == {first: True, second: False}
    assert [row.number for row in office.station.callbacks.waiting()] == [first, second]


def test_who_waits_for_a_blank_is_called_when_there_are_some(office: Office) -> None:
    office.station.stock.move("test", "unload", "wni", 12)
    office.station.stock.move("test", "return", "wni", 12)
    office.bring_records(1)
    number, other = note(office, 0, "no-blank"), note(office, 0, "other")
    assert ready(office) == {number: False, other: True}
    office.station.stock.move("test", "release", "wni", 1)
    assert ready(office)[number]


def test_a_finished_card_needs_no_blank_and_an_issued_one_nobody_calls_for(office: Office) -> None:
    job = office.print_one()["id"]
    number = note(office, 0, "no-blank")
    office.station.stock.move("test", "unload", "wni", 11)
    office.station.stock.move("test", "return", "wni", 11)
    assert ready(office)[number]
    hand_over(office, job)
    assert not ready(office)[number]


def test_closing_destroys_the_entry_and_counts_once(office: Office) -> None:
    first, second = note(office, 0), note(office, 1)
    office.station.execute("calls.close", {"number": first}, "op:maria")
    assert [row.number for row in office.station.callbacks.waiting()] == [second]
    assert files(office) == [f"{DAY}_002.call"]
    with pytest.raises(Rejected, match="no open call-back"):
        office.station.execute("calls.close", {"number": first}, "op:maria")
    with pytest.raises(Rejected):
        office.station.execute("calls.close", {"number": "../../keys/vault"}, "op:maria")
    assert [frame.kind for frame in office.frames()].count("call-back-closed") == 1


@pytest.mark.parametrize("said", [{"nik": "1"}, {"phone": "1"}, {"reason": "rain"}])
def test_what_is_no_entry_changes_nothing(office: Office, said: dict[str, str]) -> None:
    before = len(office.frames())
    whole = {"nik": office.residents[0].fields.nik, "phone": PHONE, "reason": "other"}
    with pytest.raises(UsageError):
        office.station.execute("calls.add", {**whole, **said}, "test")
    assert len(office.frames()) == before
    assert files(office) == []


def test_a_crash_before_the_event_leaves_no_file(office: Office) -> None:
    put = office.station.callbacks._book.put

    def killed(*given: Any) -> None:
        put(*given)
        raise Killed

    office.station.callbacks._book.put = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        note(office)
    assert files(office) == [f"{DAY}_001.call"]
    office.restart()
    assert files(office) == []
    office.station.callbacks._day = lambda: DAY
    assert note(office) == f"{DAY}/001"


def test_a_crash_after_the_closing_leaves_no_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    number = note(office)

    def killed(numbers: set[str]) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(office.station.callbacks._book, "keep_only", killed)
        with pytest.raises(Killed):
            office.station.execute("calls.close", {"number": number}, "test")
    assert files(office) == [f"{DAY}_001.call"]
    office.restart()
    assert files(office) == []
    assert office.station.callbacks.waiting() == []


def test_a_crash_after_the_event_keeps_the_entry(office: Office) -> None:
    def killed(frame: Frame) -> None:
        raise Killed

    office.station.books.on_commit = killed
    with pytest.raises(Killed):
        note(office)
    office.station.books.on_commit = lambda frame: None
    office.restart()
    assert [row.number for row in office.station.callbacks.waiting()] == [f"{DAY}/001"]


def test_a_medium_that_fails_notes_nobody(office: Office) -> None:
    office.station.books._journal._poisoned = "the medium failed"
    with pytest.raises(Poisoned):
        note(office)
    assert office.station.callbacks.waiting() == []


def test_an_entry_that_can_not_be_opened_is_still_a_number(office: Office) -> None:
    number = note(office)
    (office.data / "vault" / "calls" / f"{DAY}_001.call").write_bytes(b"{}")
    [row] = office.station.callbacks.waiting()
    assert (row.number, row.call, row.ready) == (number, None, False)
    office.station.execute("calls.close", {"number": number}, "test")


@pytest.mark.parametrize("number", [f"{DAY}/002", f"{DAY}/1", "14-08-2018/001", "001", f"{DAY}/001\n"])
def test_a_number_that_does_not_follow_is_not_written(office: Office, number: str) -> None:
    with pytest.raises(Rejected):
        office.station.books.commit("call-back", {"number": number, "reason": "other"}, "test")


def test_the_list_is_the_same_from_the_first_frame(office: Office) -> None:
    note(office, 0)
    note(office, 1)
    office.station.execute("calls.close", {"number": f"{DAY}/001"}, "test")
    rebuilt = replay(scan(office.data / "journal"))
    with office.station.books.transaction() as view:
        assert rebuilt.digest == view.digest
