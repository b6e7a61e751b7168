"""Cards whose chip is written on the desk: whole lives, and a person who does it wrong."""

from __future__ import annotations

from kiosk.core.plan import Plan
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.office import Office
from tests.plans.hands import TO_FEEDER, Hands, uid_of


def steps(office: Office) -> list[tuple[str | None, str | None, list[str]]]:
    """Of each frame of the card: what was done, what comes, from where to where."""
    return [
        (
            (frame.data.get("outcome") or {}).get("step"),
            (frame.data.get("intent") or {}).get("step"),
            [" ".join(move[2:4]) for move in frame.data.get("moves", [])],
        )
        for frame in office.frames()
        if frame.kind in ("step", "job-ended")
    ]


def test_after_the_print(office: Office) -> None:
    hands = Hands(office, Plan.DESKTOP_AFTER)
    job = hands.begin()
    hands.asked()
    assert office.accounts() == {"supplier": -12, "hopper": 11, "bench": 1}
    hands.lay(hands.printed())
    hands.finished(job)
    assert steps(office) == [
        (None, "feed", []),
        ("feed", "print", ["hopper in-machine"]),
        ("print", "eject", []),
        ("eject", "identify", ["in-machine bench"]),
        ("identify", "encode", []),
        ("encode", "verify", []),
        ("verify", None, ["bench printed"]),
    ]
    assert office.accounts() == {"supplier": -12, "hopper": 11, "printed": 1}
    assert [card["plan"] for card in office.job(job)["cards"]] == ["desktop-after"]
    office.agree()
    assert wrong_cards(good_cards(office.world), office.residents) == []


def test_before_the_print(office: Office) -> None:
    hands = Hands(office, Plan.DESKTOP_BEFORE)
    job = hands.begin()
    hands.asked()
    assert office.job(job)["card"] is None
    assert office.accounts() == {"supplier": -12, "hopper": 12}
    blank = hands.next_blank()
    hands.lay(blank)
    hands.asked(TO_FEEDER)
    assert office.accounts() == {"supplier": -12, "hopper": 11, "bench": 1}
    hands.feed(job, blank)
    hands.asked()
    assert office.accounts() == {"supplier": -12, "hopper": 11, "bench": 1}
    hands.lay(hands.printed())
    hands.finished(job)
    assert steps(office) == [
        (None, "identify", []),
        ("identify", "encode", ["hopper bench"]),
        ("encode", "verify", []),
        ("verify", None, []),
        (None, "feed", []),
        ("feed", "print", ["bench in-machine"]),
        ("print", "eject", []),
        ("eject", "confirm", ["in-machine bench"]),
        ("confirm", None, ["bench printed"]),
    ]
    assert office.job(job)["cards"][0]["uid"] == uid_of(blank)
    office.agree()
    assert wrong_cards(good_cards(office.world), office.residents) == []
