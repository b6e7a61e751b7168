"""What every error says has an end, whatever it quotes."""

from __future__ import annotations

import pytest

from kiosk.errors import MOST_TOLD, DamagedData, KepingError, Rejected, Unavailable, UsageError


@pytest.mark.parametrize(
    "error", [KepingError, UsageError, DamagedData, Unavailable, lambda said: Rejected(said, "no")]
)
def test_what_is_said_has_an_end(error: type[KepingError]) -> None:
    assert str(error("a" * MOST_TOLD)) == "a" * MOST_TOLD
    assert str(error("a" * 1_000_000)) == "a" * MOST_TOLD + "…"
