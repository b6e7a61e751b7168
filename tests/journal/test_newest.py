"""Newest first, a page at a time: all pages together are what reading everything finds, in the other direction."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.core.frames import Frame
from kiosk.errors import DamagedData
from kiosk.journal import newest as module
from kiosk.journal import scan
from kiosk.journal.newest import Mark, newest

GOLDEN = Path(__file__).parents[1] / "golden" / "journal-v1"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two sealed segments and a live one."""
    shutil.copytree(GOLDEN, tmp_path / "journal")
    return tmp_path / "journal"


def of(sku: str, account: str) -> Callable[[Frame], bool]:
    return lambda frame: any(move[0] == sku and account in move[2:4] for move in frame.data.get("moves") or [])


def paged(journal: Path, words: list[str], about: Callable[[Frame], bool], count: int) -> tuple[list[Frame], int]:
    found: list[Frame] = []
    pages, before = 0, None
    while True:
        page = newest(journal, words, about, count, before)
        assert len(page.frames) <= count
        found, pages = found + page.frames, pages + 1
        if page.older is None:
            return found, pages
        before = Mark.parse(str(page.older))
        assert before == page.older


@pytest.mark.parametrize("account", ["hopper", "vault", "printed", "spoiled", "supplier", "returned"])
@pytest.mark.parametrize("most_bytes", [1, 64 << 20])
def test_all_pages_are_what_reading_everything_finds(
    journal: Path, account: str, most_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", most_bytes)
    about = of("wni", account)
    truth = [frame for frame in scan(journal) if about(frame)][::-1]
    assert truth or account == "returned"
    for count in (1, 2, 3, 100):
        found, pages = paged(journal, [account, "wni"], about, count)
        assert found == truth
        if most_bytes > 1:
            assert pages == max(1, -(-len(truth) // count)), "no page is empty but the only one"


def test_a_page_looks_through_no_more_than_it_may(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the journal is, the answer comes, and says where it goes on."""
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    page = newest(journal, ["no such word"], lambda frame: True, 5)
    segments = sorted(path.name for path in journal.iterdir())
    assert page == ([], Mark(int(segments[-1][4:16]), 0))


def test_what_is_still_being_written_is_not_there_yet(journal: Path) -> None:
    about = of("wni", "hopper")
    before = newest(journal, ["hopper"], about, 50)
    live = max(journal.iterdir())
    whole = live.read_bytes()
    for tail in (b'{"c":12,"h":"ab","r":{"d":["hopper"', b'{"c":12,"h":"hopper"\0\0\0\0\n', b'"hopper"' + bytes(90)):
        live.write_bytes(whole + tail)
        assert newest(journal, ["hopper"], about, 50) == before


def test_a_changed_frame_is_damage_and_no_answer(journal: Path) -> None:
    live = max(journal.iterdir())
    live.write_bytes(live.read_bytes().replace(b'"hopper"', b'"bench"', 1))
    with pytest.raises(DamagedData, match=live.name):
        newest(journal, ["bench"], lambda frame: True, 50)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1-2-3", "x-y", "1-9999999999999", "²-1"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert Mark.parse(text) is None
