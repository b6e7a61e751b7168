"""The screen says why an answer is not taken, and lets a supervisor who has looked insist."""

from __future__ import annotations

from kiosk.web.words import CONTRADICTED
from tests.station.test_in_doubt import stop_in_doubt
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor

INSIST = 'name="insist"'


def test_the_question_comes_back_with_the_reason_and_a_supervisor_may_insist(kiosk: Kiosk, visitor: Visitor) -> None:
    office = kiosk.office
    job = stop_in_doubt(office, "print", 2)
    inside = visitor.post(f"/jobs/{job}/resolve", visitor.form(answer="spoiled", cause="media-jam"))
    assert CONTRADICTED["card-still-inside"][0] in visitor.get(inside.headers["location"]).text
    office.world.take_card()
    answered = visitor.post(f"/jobs/{job}/resolve", visitor.form(answer="good"))
    assert answered.status_code == 303
    page = visitor.get(answered.headers["location"]).text
    assert CONTRADICTED["not-all-printed"][0] in page
    assert INSIST not in page
    refused = visitor.post(f"/jobs/{job}/resolve", visitor.form(answer="good", insist="yes"))
    assert "against=not-all-printed" in refused.headers["location"]
    supervisor = Visitor(kiosk.url)
    supervisor.sign_in("yosep", OTHER_PIN)
    assert INSIST in supervisor.get(answered.headers["location"]).text
    assert INSIST not in supervisor.get("/now?against=anything&answer=good").text
    supervisor.post(f"/jobs/{job}/resolve", supervisor.form(answer="good", insist="yes"))
    supervisor.leave()
    office.until(lambda: office.state(job) == "completed")
    [ended] = [frame for frame in office.frames() if frame.kind == "job-ended"]
    assert (ended.stamp.by, ended.data["against"]) == ("op:yosep", "not-all-printed")
