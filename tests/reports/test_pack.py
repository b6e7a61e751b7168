"""The audit pack: whole, verified by what is in it, and found out when it is altered."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.books import Books
from kiosk.cli import main
from kiosk.core.frames import ZERO_HEAD
from kiosk.crypto.checkpoint import Position
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.crypto.keys import generate_encryption, generate_signing
from kiosk.errors import DamagedData
from kiosk.journal import signers
from kiosk.reports import pack
from kiosk.reports.catalogue import CATALOGUE
from tests.crash.events import GENESIS, KEY, card, opening, records
from tests.docs.pages import ROOT


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Books that were sealed and signed; the live segment has room written ahead."""
    data = tmp_path / "data"
    books = Books.create(data, 6_000, GENESIS, "test")
    books.close()
    books = Books.open(data, 6_000, "test", key=KEY)
    for event in [*opening(40), records(range(1, 9)), *(event for n in range(1, 9) for event in card(n))]:
        books.commit(*event, "test")
    books.checkpoint()
    books.close()
    monkeypatch.setenv("KEPING_CONFIG", str(ROOT / "config.yaml"))
    return data


def audit_pack(data: Path, *words: Any) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), "report", "audit-pack", *map(str, words)])


def test_it_is_all_there_and_its_own_verifier_agrees(data: Path, tmp_path: Path) -> None:
    done = audit_pack(data, "--to", tmp_path / "a.zip", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["accounts"] == {"wni/hopper": 32, "wni/printed": 8, "wni/supplier": -40}
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        segments = [name for name in names if name.startswith("journal/")]
        assert [f"journal/{path.name}" for path in sorted((data / "journal").iterdir())] == segments
        assert len(segments) > 3
        assert sum(name.startswith("checkpoints/") for name in names) == len(segments)
        assert {Path(name).name.split("-20")[0] for name in names if name.startswith("laporan/")} == set(CATALOGUE)
        stored = b"".join(archive.read(name) for name in segments)
        assert b"wni,hopper,BAST-1/2018,32" in archive.read("saldo.csv")
    live = b"".join(path.read_bytes() for path in sorted((data / "journal").iterdir()))
    assert stored == live.rstrip(b"\0")
    assert stored.count(b"\n") == found["seq"]
    assert found["head"] != ZERO_HEAD


@pytest.mark.long
def test_the_same_journal_is_the_same_pack(data: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        assert audit_pack(data, "--date", "2026-11-01", "--to", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_is_written_while_it_is_made_is_not_in_it(data: Path, tmp_path: Path) -> None:
    end = pack._end_of(pack.links(data / "journal")[-1])
    books = Books.open(data, 6_000, "test", key=KEY)
    for event in (records([9]), *card(9)):
        books.commit(*event, "test")
    books.checkpoint()
    books.close()
    frames = list(pack._until(pack.lineage.of_data(data), end))
    assert frames[-1].seq == end.frame.seq
    archive: list[str] = []
    pack._add_checkpoints(
        type("Named", (), {"add": lambda _, name, parts: archive.append(name)})(),  # type: ignore[arg-type]
        data, pack.lineage.of_data(data), end,
    )  # fmt: skip
    assert archive
    assert all(int(Path(name).stem) <= end.frame.seq for name in archive)


def test_checkpoints_of_a_key_that_came_later_are_vouched_for(data: Path, tmp_path: Path) -> None:
    new, inbox = generate_signing(), generate_encryption()
    books = Books.open(data, 6_000, "test", key=KEY)
    books.commit(*records([9]), "test")
    place = Position("kupang-01", GENESIS["incarnation"] or "", books.seq, books.head)
    said = Endorsement(place, Successors(new, inbox), 1)
    signers.keep(data / "checkpoints", signers.Change(KEY, sign_endorsement(said, KEY), said))
    books.close()
    books = Books.open(data, 6_000, "test", key=new)
    books.commit(*records([10]), "test")
    books.checkpoint()
    books.close()
    done = audit_pack(data, "--to", tmp_path / "a.zip", "--json")
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert f"checkpoints/{GENESIS['incarnation']}/keys.jsonl" in archive.namelist()


def test_an_altered_pack_is_found_out(data: Path, tmp_path: Path) -> None:
    found = json.loads(audit_pack(data, "--to", tmp_path / "a.zip", "--json").output)
    for name, old, new in (("journal/seg-000000000001.jsonl", b"BAST-1", b"BAST-7"), ("saldo.csv", b"32", b"31")):
        _altered(tmp_path / "a.zip", tmp_path / "b.zip", name, old, new)
        with pytest.raises(DamagedData, match="not what was written"):
            pack.verify(tmp_path / "b.zip", found["seq"], found["head"])
    with pytest.raises(DamagedData, match="refuses"):
        pack.verify(tmp_path / "a.zip", found["seq"], "0" * 64)


def _altered(source: Path, target: Path, name: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as out:
        for each in archive.namelist():
            content = archive.read(each)
            out.writestr(each, content.replace(old, new) if each == name else content)


def test_damage_stops_it_and_nothing_is_left(data: Path, tmp_path: Path) -> None:
    segment = sorted((data / "journal").iterdir())[1]
    segment.write_bytes(segment.read_bytes().replace(b'"printed"', b'"pr1nted"', 1))
    (tmp_path / "out").mkdir()
    assert audit_pack(data, "--to", tmp_path / "out").exit_code == 3
    assert list((tmp_path / "out").iterdir()) == []


def test_it_says_where_it_goes(data: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"mine")
    for words in ([], ["--to", tmp_path / "there.zip"]):
        assert audit_pack(data, *words).exit_code == 2
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
