"""After a power cut each person is told once, first thing: when it was, whose card, what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.web.screens.interruption import what_became
from kiosk.web.words import BECAME
from tests.office import Office
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor


def cut_off(office: Office) -> None:
    """What the disk holds when the power goes: all that was acknowledged, and no word of an end."""
    office.station.close()
    [segment] = sorted((office.data / "journal").iterdir())
    lines = segment.read_bytes().splitlines(keepends=True)
    assert b'"k":"stopped"' in lines[-1]
    segment.write_bytes(b"".join(lines[:-1]))
    office.reopen()


def serve_again(kiosk: Kiosk) -> Kiosk:
    kiosk.close()
    (kiosk.office.data / "keys" / "people.json").unlink()
    (kiosk.office.data / "cache").unlink()
    return Kiosk(kiosk.office)


def test_each_person_is_told_once(kiosk: Kiosk) -> None:
    kiosk.office.world.jam("print", 2)
    [ref] = kiosk.office.bring_records(1)
    [job] = kiosk.office.station.desk.run_jobs("test")
    kiosk.office.until(lambda: "outcome-unknown" in kiosk.office.reasons(job))
    cut_off(kiosk.office)
    again = serve_again(kiosk)
    fields = again.office.station.roster.get(ref)
    assert fields is not None
    try:
        for person, pin in (("maria", "246810"), ("yosep", OTHER_PIN)):
            visitor = Visitor(again.url)
            assert visitor.sign_in(person, pin, next="/outbox").headers["Location"] == "/interruption"
            page = visitor.get("/interruption").text
            assert "Stasiun mati mendadak" in page
            assert f"{fields.nama}: belum pasti" in page
            assert 'href="/now">Lihat kartunya' in page
            assert visitor.sign_in(person, pin, next="/outbox").headers["Location"] == "/outbox"
            visitor.leave()
        again.office.world.take_card()
        again.office.station.desk.resolve_job("test", job, "spoiled")
        again.office.until(lambda: again.office.state(job) == "completed")
        reader = Visitor(again.url)
        reader.sign_in()
        assert f"{fields.nama}: rusak dan sudah dicatat" in reader.get("/interruption").text
        reader.leave()
    finally:
        again.close()


def test_after_a_stop_in_order_nobody_is_told_anything(kiosk: Kiosk) -> None:
    kiosk.office.restart()
    again = serve_again(kiosk)
    visitor = Visitor(again.url)
    assert visitor.sign_in().headers["Location"] == "/queue"
    assert visitor.get("/interruption").status_code == 303
    visitor.leave()
    again.close()


@pytest.mark.parametrize(
    ("job", "became"),
    [
        (None, "none"),
        ({"state": "processing", "reasons": [], "cards": []}, "goes-on"),
        ({"state": "processing-stopped", "reasons": ["media-jam", "outcome-unknown"], "cards": []}, "asked"),
        (
            {"state": "processing-stopped", "reasons": ["media-empty"], "cards": [{"n": 1, "end": "hopper"}]},
            "stopped",
        ),
        ({"state": "processing", "reasons": [], "cards": [{"n": 2, "end": "spoiled"}]}, "spoiled"),
        ({"state": "completed", "reasons": [], "cards": [{"n": 2, "end": "printed"}]}, "printed"),
    ],
)
def test_what_became_of_the_second_card(job: dict[str, Any] | None, became: str) -> None:
    assert what_became(job, 2) == became
    assert became in BECAME


def test_every_end_of_a_card_has_words() -> None:
    assert {"printed", "spoiled", "factory-defect", "hopper", "count-adjustment"} <= BECAME.keys()
