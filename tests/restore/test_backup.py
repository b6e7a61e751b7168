"""A backup is whole, consistent beside a running station, and holds nobody's data and no key."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from kiosk import backup
from kiosk.books import replay
from kiosk.errors import DamagedData, KepingError, UsageError
from kiosk.journal import scan
from kiosk.lineage import set_aside
from kiosk.people import People, Role
from tests.office import Office
from tests.privacy.life import secrets
from tests.privacy.search import Needles, search
from tests.restore.test_mirror import INCARNATION

FORMS = ["copy", "copy.zip"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("mirror: ''\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_it_is_made_while_the_station_prints(office: Office, tmp_path: Path, config: Path, form: str) -> None:
    office.bring_records(2)
    jobs = office.station.desk.run_jobs("test", count=2)
    office.until(lambda: office.state(jobs[0]) == "completed")
    office.station.books.checkpoint()
    made = backup.make(office.data, tmp_path / form, config)
    office.until(lambda: office.state(jobs[1]) == "completed")
    assert backup.check(tmp_path / form) == made
    assert (made.station, made.incarnation, made.journals, made.checkpoints) == ("kupang-01", INCARNATION, 1, 1)
    own = office.frames()
    assert made.head == own[made.seq - 1].head
    assert made.seq < len(own)
    with backup.opened(tmp_path / form) as root:
        assert [frame.head for frame in scan(root / set_aside(INCARNATION))] == [f.head for f in own[: made.seq]]
        assert replay(scan(root / set_aside(INCARNATION))).seq == made.seq
        assert (root / "config.yaml").read_bytes() == config.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("form", FORMS)
def test_nobody_and_no_key_is_in_it(office: Office, tmp_path: Path, form: str) -> None:
    People(office.data).add("maria", "Petugas Satu", Role.OPERATOR, "246810")
    office.print_one()
    office.bring_records(3)
    backup.make(office.data, tmp_path / "place" / form, None)
    found, size = search(tmp_path / "place", Needles(secrets(office.residents)))
    assert found == []
    assert size > 1000
    with backup.opened(tmp_path / "place" / form) as root:
        files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert set(files) == {
        "manifest.json", "keys/hub.json", "keys/people.json", f"{set_aside(INCARNATION)}/seg-000000000001.jsonl",
    }  # fmt: skip
    assert json.loads(files["keys/people.json"])[0]["pin"] == ""
    for secret in ("signing.jwk", "encryption.jwk"):
        private = json.loads((office.data / "keys" / secret).read_bytes())["d"]
        assert all(private.encode() not in content for content in files.values())
    key = (office.data / "keys" / "vault.key").read_bytes()
    assert all(key not in content for content in files.values())
    # The same search finds people where they are.
    assert search(office.data / "vault", Needles(secrets(office.residents)))[0] == []
    opened = tmp_path / "opened"
    opened.mkdir()
    ref = office.station.vault.with_biometrics()[0]
    (opened / "token").write_text(office.station.vault.token(ref), encoding="utf-8")
    assert search(opened, Needles(secrets(office.residents)))[0]


def test_damage_is_found(office: Office, tmp_path: Path) -> None:
    office.print_one()
    good = tmp_path / "good"
    backup.make(office.data, good, None)
    files = [path for path in good.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        content = path.read_bytes()
        for at in range(0, len(content), max(1, len(content) // 40)):
            path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
            with pytest.raises(DamagedData):
                backup.check(good)
        path.write_bytes(content)
        path.rename(path.with_name("away"))
        if path.name != backup.MANIFEST:
            with pytest.raises(DamagedData):
                backup.check(good)
        path.with_name("away").rename(path)
    backup.check(good)
    (good / "more").write_bytes(b"")
    with pytest.raises(DamagedData, match="not in the manifest"):
        backup.check(good)


def test_a_packed_file_that_was_damaged_or_slipped_in_is_found(office: Office, tmp_path: Path) -> None:
    packed = tmp_path / "copy.zip"
    backup.make(office.data, packed, None)
    content = packed.read_bytes()
    for at in range(0, len(content) - 30, len(content) // 30):
        packed.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        try:
            backup.check(packed)
        except DamagedData:
            continue
        with zipfile.ZipFile(packed) as archive:  # a byte that means nothing: a date, a mode
            assert archive.testzip() is None
    packed.write_bytes(content)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../../station/journal/seg-000000000001.jsonl", b"")
    with pytest.raises(DamagedData, match="no place in a backup"):
        backup.check(packed)
    packed.write_bytes(b"no zip")
    with pytest.raises(DamagedData, match="not a backup"):
        backup.check(packed)


def test_a_mirror_is_checked_the_same_way(office: Office, tmp_path: Path) -> None:
    office.print_one()
    backup.make(office.data, tmp_path / "mirror", None)
    (tmp_path / "mirror" / backup.MANIFEST).unlink()
    assert backup.check(tmp_path / "mirror").made_ms == 0
    [segment] = (tmp_path / "mirror" / set_aside(INCARNATION)).iterdir()
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b'"BAST-1"', b'"BAST-2"', 1))
    with pytest.raises(DamagedData, match="checksum differs"):
        backup.check(tmp_path / "mirror")


def test_nothing_is_written_over(office: Office, tmp_path: Path) -> None:
    backup.make(office.data, tmp_path / "copy", None)
    with pytest.raises(UsageError, match="is there already"):
        backup.make(office.data, tmp_path / "copy", None)
    with pytest.raises(KepingError):
        backup.make(tmp_path / "no-station", tmp_path / "other", None)
    assert not (tmp_path / "other").exists()
    with pytest.raises(UsageError, match="no such backup"):
        backup.check(tmp_path / "other.zip")


def test_a_journal_that_could_not_be_restored_is_told_when_it_is_copied(office: Office, tmp_path: Path) -> None:
    office.print_one()
    office.station.close()
    [segment] = (office.data / "journal").iterdir()
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b'"BAST-1"', b'"BAST-2"', 1))
    with pytest.raises(DamagedData, match="checksum differs"):
        backup.make(office.data, tmp_path / "copy", None)
    assert not (tmp_path / "copy").exists()
    segment.write_bytes(content)
