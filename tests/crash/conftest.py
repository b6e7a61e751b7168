import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office, office

__all__ = ["Office", "office"]


@pytest.fixture
def place() -> Iterator[Path]:
    """Where states are laid out: thousands of small files, in memory where there is room for it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)
