"""A station that was cut off knows it at its next start, and from the journal alone."""

from __future__ import annotations

from kiosk.interruption import note_start
from tests.office import Office


def kinds(office: Office) -> list[str]:
    return [frame.kind for frame in office.frames()]


def cut_off(office: Office) -> None:
    """What the disk holds when the power goes: all that was acknowledged, and no word of an end."""
    office.station.close()
    [segment] = sorted((office.data / "journal").iterdir())
    lines = segment.read_bytes().splitlines(keepends=True)
    assert b'"k":"stopped"' in lines[-1]
    segment.write_bytes(b"".join(lines[:-1]))


def test_a_stop_in_order_is_no_interruption(office: Office) -> None:
    assert office.station.interruption is None
    office.restart()
    assert office.station.interruption is None
    assert [kind for kind in kinds(office) if kind in ("started", "stopped")] == ["started", "stopped", "started"]


def test_a_cut_is_known_with_its_times(office: Office) -> None:
    office.print_one()
    last = office.frames()[-1]
    cut_off(office)
    office.reopen()
    found = office.station.interruption
    assert found is not None
    assert (found.last_ms, found.job) == (last.stamp.time_ms, None)
    assert found.back_ms == next(f for f in reversed(office.frames()) if f.kind == "started").stamp.time_ms


def test_a_torn_tail_does_not_hide_when_it_was(office: Office) -> None:
    """The opening writes `recovered` at its own time; that is not the last sign of life."""
    last = office.frames()[-1]
    cut_off(office)
    [segment] = (office.data / "journal").iterdir()
    with segment.open("ab") as file:
        file.write(b'{"c":1,"h":"0')
    office.reopen()
    assert "recovered" in kinds(office)
    assert office.station.interruption is not None
    assert office.station.interruption.last_ms == last.stamp.time_ms


def test_what_a_command_writes_while_nothing_runs_is_no_service(office: Office) -> None:
    office.station.close()
    books = office.open_books()
    books.commit(
        "stock", {"movement": "unload", "document": "", "moves": [["wni", "BAST-1", "hopper", "shift", 1]]}, "t"
    )
    assert note_start(books) is None
    assert note_start(books) is not None
    books.close()
    office.reopen()


def test_whose_card_was_in_the_machine(office: Office) -> None:
    office.world.jam("print", 2)
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    cut_off(office)
    office.reopen()
    assert office.station.interruption is not None
    assert office.station.interruption.job == job


def test_a_station_that_ends_on_a_fault_has_not_stopped_in_order(office: Office) -> None:
    assert office.station.worker is not None
    office.station.worker.failure = RuntimeError("stands for a fault of the program")
    office.restart()
    assert office.station.interruption is not None
