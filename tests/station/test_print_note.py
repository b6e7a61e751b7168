"""What is known of a print that was cut off, and that it is known before it can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.journal import Poisoned
from kiosk.worker.print_note import NAME, SIZE, Let, PrintNote
from tests.office import Office


def test_it_says_of_which_card_and_how_far(tmp_path: Path) -> None:
    note = PrintNote(tmp_path)
    assert note.read("0badcafe", 1) is None
    note.begin("0badcafe", 1)
    found = [note.read("0badcafe", 1)]
    for panels in (1, 2, 5):
        note.let(panels)
        found.append(PrintNote(tmp_path).read("0badcafe", 1))
    assert found == [Let(0), Let(1), Let(2), Let(5)]
    note.end(5)
    assert note.read("0badcafe", 1) == Let(5, ended=True)
    assert note.read("0badcafe", 2) is None
    assert note.read("0badcaff", 1) is None
    assert (tmp_path / NAME).stat().st_size == SIZE


def test_a_note_of_which_any_byte_is_wrong_says_nothing(tmp_path: Path) -> None:
    note = PrintNote(tmp_path)
    note.begin("0badcafe", 1)
    note.let(3)
    content = (tmp_path / NAME).read_bytes()
    for place in range(SIZE):
        for bit in range(8):
            wrong = bytearray(content)
            wrong[place] ^= 1 << bit
            (tmp_path / NAME).write_bytes(wrong)
            assert note.read("0badcafe", 1) is None, (place, bit)
    for length in range(SIZE):
        (tmp_path / NAME).write_bytes(content[:length])
        assert note.read("0badcafe", 1) is None
    for other in (b"", b"[]", b"null", b"\xff" * SIZE, json.dumps(["0badcafe/1", 3, False, 0]).encode()):
        (tmp_path / NAME).write_bytes(other)
        assert note.read("0badcafe", 1) is None


def test_without_a_place_for_it_nothing_is_said_and_all_goes_on(tmp_path: Path) -> None:
    note = PrintNote(tmp_path / "missing")
    note.begin("0badcafe", 1)
    note.let(2)
    assert note.read("0badcafe", 1) is None


def test_a_medium_that_refuses_it_stops_the_print_before_the_panel(tmp_path: Path) -> None:
    note = PrintNote(tmp_path)
    note.begin("0badcafe", 1)
    (tmp_path / NAME).unlink()
    with pytest.raises(Poisoned):
        note.let(1)


def test_each_panel_is_noted_before_it_can_be_on_the_card(office: Office) -> None:
    noted: list[Let | None] = []

    def watch(event: str, card: object, detail: str) -> None:
        if event == "panel-started":
            [job] = [job for job in office.jobs() if job["card"]]
            noted.append(PrintNote(office.data).read(job["id"], job["card"]["n"]))

    forget = office.world.observe(watch)
    office.print_one()
    forget()
    assert len(noted) == 5
    assert all(let is not None and let.panels >= number for number, let in enumerate(noted, start=1))
    assert noted[-1] == Let(5)
