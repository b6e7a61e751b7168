"""A reader is known by its name and its slot, whatever index it was given when it was plugged in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.equipment import pick_reader

NAMES = st.sampled_from(["ACS ACR1281U", "Station encoder", "OMNIKEY 5427 CK [PICC]"])
READERS = st.builds("{} {:02X} {:02X}".format, NAMES, st.integers(0, 17), st.integers(0, 2))
SOME = st.lists(READERS, unique=True, max_size=6)


def but_for_the_index(name: str) -> str:
    return f"{name[:-6]} {name[-2:]}"


@given(READERS, SOME, SOME)
def test_whichever_is_picked_is_that_reader_and_no_other_may_be(
    wanted: str, listed: list[str], others: list[str]
) -> None:
    found = pick_reader(wanted, listed, others)
    alike = [name for name in listed if but_for_the_index(name) == but_for_the_index(wanted)]
    if wanted in listed:
        assert found == wanted
    elif found is None:
        assert len(set(alike) - set(others)) != 1
    else:
        assert set(alike) - set(others) == {found}


@given(READERS, st.integers(0, 17), SOME)
def test_it_is_found_under_any_index(wanted: str, index: int, listed: list[str]) -> None:
    moved = f"{wanted[:-5]}{index:02X} {wanted[-2:]}"
    strange = [name for name in listed if but_for_the_index(name) != but_for_the_index(wanted)]
    assert pick_reader(wanted, [*strange, moved]) == moved


@pytest.mark.parametrize(
    ("wanted", "listed", "others", "found"),
    [
        ("ACS ACR1281U 00 00", ["ACS ACR1281U 01 00"], [], "ACS ACR1281U 01 00"),
        ("ACS ACR1281U 00 00", ["ACS ACR1281U 01 02"], [], None),  # the slot of the SAM
        ("ACS ACR1281U 02 00", ["ACS ACR1281U 00 00", "ACS ACR1281U 01 00"], [], None),  # which of the two?
        ("ACS ACR1281U 00 00", ["ACS ACR1281U 01 00"], ["ACS ACR1281U 01 00"], None),  # it serves on the desk
        ("/run/chip.sock", ["/run/desk.sock"], [], None),
        ("", ["ACS ACR1281U 00 00"], [], None),
    ],
)
def test_cases(wanted: str, listed: list[str], others: list[str], found: str | None) -> None:
    assert pick_reader(wanted, listed, others) == found
