from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import office
from tests.staff.people import ROLES, House

__all__ = ["office"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Everybody is known."""
    made = House(tmp_path, *ROLES)
    yield made
    made.close()
