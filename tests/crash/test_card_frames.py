"""What a card costs: the commits from the queue to the printed card, counted in a whole station."""

from __future__ import annotations

from tests.crash.events import card
from tests.office import Office

MOST = 8


def test_a_card_takes_at_most_eight_commits(office: Office) -> None:
    job = office.print_one()
    assert job["state"] == "completed"
    life = [frame for frame in office.frames() if frame.data.get("job") == job["id"]]
    assert 0 < len(life) <= MOST
    assert [frame.kind for frame in life] == [kind for kind, _ in card(1)], (
        "what the crash tests commit is another life"
    )
