"""Commands by name: what the asker got wrong is told apart from what the program got wrong."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.desk import Desk
from kiosk.errors import UsageError
from tests.office import Office


def add(by: str, count: int, note: str = "") -> str:
    return f"{by} {count + 1} {note}"


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office.station.books, more={"add": add})


@pytest.mark.parametrize("arguments", [{}, {"count": 1, "colour": "blue"}, {"count": 1, "by": "somebody else"}])
def test_arguments_that_do_not_fit_are_the_askers_fault(desk: Desk, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="add: "):
        desk.execute("add", arguments, "test")


def test_an_error_within_the_command_is_not_called_the_askers(desk: Desk) -> None:
    assert desk.execute("add", {"count": 1, "note": "x"}, "test") == "test 2 x"
    with pytest.raises(TypeError, match="str"):
        desk.execute("add", {"count": "1"}, "test")


def test_an_unknown_command(desk: Desk) -> None:
    with pytest.raises(UsageError, match="unknown command juggle"):
        desk.execute("juggle", {}, "test")
