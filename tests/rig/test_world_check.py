"""The judge of a rehearsal must see what is wrong: each lie about the world is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.rig.world_check import differences, good_cards, wrong_cards
from tests.office import Office

Lie = Callable[[Office], object]


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        (lambda office: office.world.output.pop(), "printed: books 1, world 0"),
        (lambda office: office.world.hopper.pop(), "hopper: books 11, world 10"),
        (lambda office: office.world.reject.append(office.world.hopper[0]), "spoiled"),
        (lambda office: office.world.output[0].panels.pop(), "printed: books 1, world 0"),
    ],
    ids=["taken", "stolen", "rejected", "half-printed"],
)
def test_books_against_world(office: Office, lie: Lie, found: str) -> None:
    office.print_one()
    assert differences(office.world, office.accounts(), "wni") == []
    lie(office)
    assert any(found in line for line in differences(office.world, office.accounts(), "wni"))


def test_a_side_that_does_not_add_up_is_found(office: Office) -> None:
    assert any("debits" in line for line in differences(office.world, {**office.accounts(), "vault": 1}, "wni"))


def test_a_chip_of_another_person_is_found(office: Office) -> None:
    office.print_one()
    [card] = good_cards(office.world)
    assert wrong_cards([card], office.residents) == []
    assert wrong_cards([card], office.residents[1:]) == [f"card {card.number}: the chip holds no resident's data"]
    other = office.residents[1].chip["6FF1"]
    before = office.residents[0]
    swapped = type(before)(**{**vars(before), "chip": {**before.chip, "6FF1": other}})
    swapped_other = type(before)(**{**vars(office.residents[1]), "chip": before.chip})
    assert wrong_cards([card], [swapped, swapped_other]) == [
        f"card {card.number}: the print is not the person in the chip"
    ]


def test_two_cards_of_one_person_are_found(office: Office) -> None:
    office.print_one()
    [card] = good_cards(office.world)
    assert "one resident has 2 cards" in wrong_cards([card, card], office.residents)
