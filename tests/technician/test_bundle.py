"""The bundle for support: what is needed, and nothing of anybody."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.bundle import LOG_BYTES, MASK, last_lines, masked, write
from kiosk.cli import main
from kiosk.doctor import decode
from kiosk.errors import UsageError
from tests.office import Office
from tests.privacy.life import OTHER_PIN, PIN, Town, secrets
from tests.privacy.search import Needles, Secret, search, search_bytes
from tests.technician.command import answer, keping

PARTS = {"doctor.json", "doctor.txt", "config.json", "versions.json", "journal.json"}


def unpacked(path: Path) -> Path:
    place = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(place)
    return place


def keys_of(data: Path) -> list[Secret]:
    """The private halves, and the key of the vault."""
    private = [json.loads(path.read_bytes()).get("d", "") for path in sorted((data / "keys").glob("*.jwk"))]
    assert all(private)
    return [
        *(Secret("key", each) for each in private),
        Secret("vault key", (data / "keys" / "vault.key").read_bytes()),
    ]


def test_what_is_in_it(office: Office) -> None:
    office.print_one()
    target = office.directory / "bundle.zip"
    found = answer(office, "bundle", str(target))
    assert set(found["parts"]) == PARTS
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    place = unpacked(target)
    journal = json.loads((place / "journal.json").read_bytes())
    assert (journal["seq"], journal["head"]) == (office.station.books.seq, office.station.books.head)
    assert journal["live"]["job-ended"] == 1
    assert journal["balances"]["wni"]["printed"]
    assert json.loads((place / "doctor.json").read_bytes())["seq"] == journal["seq"]
    assert json.loads((place / "config.json").read_bytes())["printer"]["port"] == office.line.path
    assert json.loads((place / "versions.json").read_bytes())["packages"]["tinydb"] == "4.9.0"


def test_nothing_of_anybody_is_in_it(tmp_path: Path) -> None:
    """After a life in which everything that could be written down of somebody was."""
    town = Town(tmp_path, 6)
    try:
        town.live()
        target, log = tmp_path / "bundle.zip", str(tmp_path / "log")
        done = keping(town, "bundle", str(target), "--log", log)
        assert done.exit_code == 0, done.stderr
        place = unpacked(target)
        needles = Needles([*secrets(town.residents), *keys_of(town.data)])
        found, _ = search(place, needles)
        assert found == []
        assert b"Traceback" in (place / "log.txt").read_bytes()
        assert list((place / "trace").iterdir())
        code = decode(json.loads((place / "doctor.json").read_bytes())["code"])  # what the QR code holds, unpacked
        assert list(search_bytes("code", json.dumps(asdict(code)).encode(), needles)) == []
        text = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
        assert not re.findall(rf"(?<![\d.])(?:{PIN}|{OTHER_PIN})(?![\d.])".encode(), text)
        copied = (town.data / "keys" / "signing.jwk").read_bytes() + town.residents[0].fields.nama.encode()
        assert {each.what for each in search_bytes("copied", copied, needles)} == {"key", "0 name"}
    finally:
        town.close()


def test_what_an_address_holds_beside_the_host_is_masked(office: Office) -> None:
    path = office.directory / "secret.yaml"
    path.write_text(
        'hub: {url: "http://maria:hunter2@127.0.0.1:9/x?token=s3cret"}\nweb: {port: 0}\n# the PIN is 246810\n'
    )
    target = office.directory / "bundle.zip"
    office.station.close()
    done = CliRunner().invoke(main, ["--config", str(path), "--data", str(office.data), "bundle", str(target)])
    assert done.exit_code == 0, done.stderr
    text = b"".join(each.read_bytes() for each in unpacked(target).rglob("*") if each.is_file())
    assert f"http://{MASK}@127.0.0.1:9/x?{MASK}".encode() in text
    assert not [word for word in (b"maria", b"hunter2", b"s3cret", b"246810") if word in text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a:b@h/p", f"https://{MASK}@h/p"), ("https://h/p?a=b&c=d next", f"https://h/p?{MASK} next"),
        (r'"a \"https://h?x=1\" b"', rf'"a \"https://h?{MASK}\" b"'),
        ('{"url": "https://h?x=1"}', f'{{"url": "https://h?{MASK}"}}'), ("is it well? yes", "is it well? yes"),
        ("https://h/p", "https://h/p"), ("socket://10.0.0.5:9100", "socket://10.0.0.5:9100"),
    ],
)  # fmt: skip
def test_masking(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_of_a_log_whole_lines_of_its_end() -> None:
    log = b"".join(b"line %07d\n" % number for number in range(LOG_BYTES // 10))
    end = last_lines(log)
    assert len(end) <= LOG_BYTES
    assert end.startswith(b"line ")
    assert log.endswith(end)
    assert last_lines(b"one\ntwo\n") == b"one\ntwo\n"


def test_a_station_that_is_broken_still_has_a_bundle(office: Office) -> None:
    office.station.close()
    segment = next((office.data / "journal").glob("seg-*"))
    segment.write_bytes(b"x" + segment.read_bytes()[1:])
    target = office.directory / "bundle.zip"
    answer(office, "bundle", str(target))
    place = unpacked(target)
    assert "error" in json.loads((place / "journal.json").read_bytes())
    assert "journal.damaged" in (place / "doctor.txt").read_text()


def test_a_broken_config_leaves_the_doctor_alone(tmp_path: Path) -> None:
    path, target = tmp_path / "config.yaml", tmp_path / "bundle.zip"
    path.write_text("printr: {}\n")
    done = CliRunner().invoke(main, ["--config", str(path), "bundle", str(target)])
    assert done.exit_code == 0, done.stderr
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {"doctor.json", "doctor.txt"}


def test_a_file_that_is_there_is_left(tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    write(target, {"a": b"b"})
    before = target.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        write(target, {"a": b"c"})
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]
