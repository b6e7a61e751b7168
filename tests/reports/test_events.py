"""Papers of one event: the slip of a shift with its code, and the paper to a movement by hand."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import segno
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from kiosk.books import Books
from kiosk.cli import main
from kiosk.core.accounts import Account
from kiosk.core.movements import HAND_MOVEMENTS
from kiosk.core.records import Sku
from kiosk.core.shift import COMES_IN, COUNTED, GOES_OUT, Term
from kiosk.crypto.checkpoint import verify_checkpoint
from kiosk.errors import Rejected
from kiosk.reports.deed import DEEDS, deed_paper
from kiosk.reports.pdf import Letterhead, render
from tests.crash.events import GENESIS, KEY, LOT, opening
from tests.docs.pages import ROOT
from tests.reports.life import FRAMES_OF_EVERYTHING, WITA

OFFICE = Letterhead("Disdukcapil", "", "Kupang", "Kepala Dinas")


def at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, WITA)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shift that was opened, counted and closed, and signed; then one movement that was reversed."""
    data = tmp_path / "data"
    Books.create(data, 1 << 20, GENESIS, "test").close()
    books = Books.open(data, 1 << 20, "test", key=KEY)
    for event in opening(40):
        books.commit(*event, "test")
    held = {(place, sku): 0 for sku in Sku for place in (*COUNTED, Account.IN_MACHINE)} | {
        (Account.HOPPER, Sku.WNI): 40
    }
    rows = [[place.value, sku.value, blanks] for (place, sku), blanks in held.items()]
    books.commit("shift-opened", {"shift": "S0001", "opening": rows}, "op:maria")
    counted = [row for row in rows if row[0] != "in-machine"]
    books.commit("shift-counted", {"shift": "S0001", "counted": counted}, "op:maria")
    zeros = dict.fromkeys(map(str, Term), 0)
    equation = {sku.value: {"opening": n, **zeros, "closing": n} for sku, n in ((Sku.WNI, 40), (Sku.WNA, 0))}
    body = {"shift": "S0001", "equation": equation, "counted": [[*row, row[2]] for row in counted], "moves": []}
    books.commit("shift-closed", body, "op:maria")
    books.checkpoint()
    moves = [["wni", "BAST-9", "supplier", "vault", 1_500]]
    done = books.commit(
        "stock", {"movement": "receive", "document": "BAST-9", "boxes": "3", "moves": moves}, "op:maria"
    )
    books.commit("stock", {
        "movement": "reverse", "document": "", "reverses": done.seq, "reason": "x", "approved": "op:yosep",
        "moves": [["wni", "BAST-9", "vault", "supplier", 1_500]],
    }, "op:maria")  # fmt: skip
    books.close()
    monkeypatch.setenv("KEPING_CONFIG", str(ROOT / "config.yaml"))
    return data


def report(data: Path, *words: Any) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), "report", *map(str, words)])


def test_the_slip_has_the_equation_and_a_signature_that_holds(data: Path, tmp_path: Path) -> None:
    shown = json.loads(report(data, "shift-slip", "--json").output)
    equation, counted = shown["tables"]
    signs = [row[0][:2] for row in equation["rows"]]
    assert (signs.count("+ "), signs.count("- ")) == (len(COMES_IN), len(GOES_OUT))
    assert (equation["rows"][0], equation["total"]) == (["awal", 40, 0], ["Akhir", 40, 0])
    assert len(counted["rows"]) == len(COUNTED) * len(Sku)
    [stretch] = shown["basis"]
    checkpoint = verify_checkpoint(shown["code"][0], [KEY])
    assert (checkpoint.position.seq, checkpoint.position.head) == (stretch["last"], stretch["head"])
    assert f"Dari bingkai {stretch['last']}." in report(data, "shift-slip").output
    assert report(data, "shift-slip", "S0001", "--to", tmp_path / "slip.pdf").exit_code == 0
    assert report(data, "shift-slip", "S0002").exit_code == 1


def test_its_code_can_be_read_at_the_size_in_which_it_is_printed(data: Path, tmp_path: Path) -> None:
    token = json.loads(report(data, "shift-slip", "--json").output)["code"][0]
    segno.make_qr(token, error="m", boost_error=False).save(str(tmp_path / "code.png"), scale=4, border=4)
    with Image.open(tmp_path / "code.png") as picture:
        assert zxingcpp.read_barcodes(picture)[0].text == token
        assert picture.width / 4 * 0.5 < 174, "0.5 mm a module fits between the margins"


def test_a_slip_that_was_not_signed_says_so(data: Path) -> None:
    for path in (data / "checkpoints").rglob("0*.json"):
        path.unlink()
    shown = json.loads(report(data, "shift-slip", "--json").output)
    assert shown["code"] is None
    assert "belum dibuat" in shown["notes"][0]


def test_every_movement_that_wants_a_berita_acara_has_one() -> None:
    wanted = {row.name for row in HAND_MOVEMENTS.values() if row.paper in ("berita acara", "BAST")}
    assert set(DEEDS) == {*wanted, "destroy-old-cards"}
    seen = set()
    for frame in FRAMES_OF_EVERYTHING:
        movement = frame.data.get("movement")
        if frame.kind != "stock" or movement not in DEEDS:
            continue
        paper = deed_paper(frame, "kupang-01", "ab" * 8, at)
        moved = sum(move[4] for move in frame.data["moves"]) or frame.data["old_cards"]
        [table] = paper.tables
        assert sum(int(str(row[-1])) for row in table.rows) == moved
        assert f"sebanyak {moved} keping" in paper.opening[-1]
        if movement not in seen:
            assert render(paper, OFFICE).startswith(b"%PDF")
        seen.add(movement)
    assert seen == set(DEEDS)


def test_what_was_taken_back_does_not_hold(data: Path) -> None:
    entries = json.loads(CliRunner().invoke(main, ["--data", str(data), "--json", "stock", "list"]).output)
    receipt = next(row for row in entries if row["document"] == "BAST-9")
    shown = json.loads(report(data, "berita-acara", receipt["seq"], "--json").output)
    assert shown["opening"][0] == f"TIDAK BERLAKU: telah dikoreksi balik oleh bingkai {receipt['reversed']}."
    assert "1.500 keping" in shown["opening"][1]
    good = next(row for row in entries if row["document"] == LOT)
    assert len(json.loads(report(data, "berita-acara", good["seq"], "--json").output)["opening"]) == 1
    for none in (good["seq"] + 1, 9_999):
        assert report(data, "berita-acara", none).exit_code == 1


def test_another_movement_is_refused() -> None:
    load = next(frame for frame in FRAMES_OF_EVERYTHING if frame.data.get("movement") == "load")
    with pytest.raises(Rejected, match="has no berita acara"):
        deed_paper(load, "kupang-01", "ab" * 8, at)
