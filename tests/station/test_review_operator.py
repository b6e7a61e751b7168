"""The rehearsal's person looks at the card in question and at no other."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kiosk.core.jobs import Why
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.process import StationProcess
from tests.office import Office


class Desk:
    """Takes the place of the station's process: hears what is answered."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def call(self, command: str, **arguments: Any) -> dict[str, Any]:
        self.heard.append(arguments["answer"])
        return {}


@pytest.mark.parametrize(("step", "answer"), [("feed", "not-there"), ("eject", "good")])
def test_an_empty_path_means_another_card_at_feed_than_at_eject(office: Office, step: str, answer: str) -> None:
    desk = Desk()
    operator = ScriptedOperator(cast("StationProcess", desk), office.world, office.line)
    office.print_one()
    operator.look([{
        "id": "next", "state": "processing-stopped", "reasons": [Why.OUTCOME_UNKNOWN], "message": "",
        "card": {"n": 1, "intent": {"step": step}},
    }])  # fmt: skip
    assert desk.heard == [answer]
