from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.journal import scan
from kiosk.views import View
from tests.purity import project

GOLDEN = Path(__file__).parents[1] / "golden" / "journal-v1"


def follow_golden_journal() -> set[str]:
    view, kinds = View(), set()
    for frame in scan(GOLDEN):
        view.apply(frame.seq, project(frame, view.read))
        kinds.add(frame.kind)
    return kinds


def test_no_stored_document_is_changed() -> None:
    assert {"records", "stock", "job-created", "step", "job-ended"} <= follow_golden_journal()


def test_one_that_is_changed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.core.projection.stored", lambda read, table, key, missing: read(table, key))
    with pytest.raises(AssertionError, match="changed"):
        follow_golden_journal()
