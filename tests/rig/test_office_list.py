"""An office's own list: everything that is wrong is told at once, and nothing is signed before all is well."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from kiosk.core.records import parse_record
from kiosk.crypto import jose, keys
from kiosk.errors import UsageError
from kiosk.hub import leases, stations
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.store import Store
from kiosk.rig.office_list import OfficeList, Wrong, WrongList
from kiosk.rig.residents import Resident, invent

PEOPLE = list(invent(5, 3, issued=date(2018, 8, 14)))
Row = dict[str, str]


def rows() -> list[Row]:
    return [{**vars(person.fields), "reason": person.reason.value} for person in PEOPLE]


def lay(folder: Path, *people: Resident) -> None:
    for person in people:
        (folder / f"{person.fields.nik}.jpg").write_bytes(person.photo)
        (folder / f"{person.fields.nik}.png").write_bytes(person.signature)


def written(folder: Path, listed: list[Row], delimiter: str = ",", encoding: str = "utf-8") -> OfficeList:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*dict.fromkeys(name for row in listed for name in row)], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(listed)
    (folder / "list.csv").write_bytes(out.getvalue().encode(encoding))
    return OfficeList(folder / "list.csv", folder)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_good_list_is_signed_and_leased(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lay(tmp_path, *PEOPLE)
    listed = rows()
    listed[1] |= {"priority": "7", "replaces": "ab" * 16, "nama": 'SITI "ANI"; DEWI, DRA.'}
    office = written(tmp_path, listed, delimiter, encoding)
    assert office.check() == 3
    store, hub_keys = Store.open(tmp_path / "hub"), HubKeys.generate()
    code = stations.add_station(store, "kupang-01")
    stations.enrol(store, "kupang-01", code, keys.generate_signing(), keys.generate_encryption(), 0)
    refs = issue(store, hub_keys, office.residents(), "kupang-01", now_s=0)
    with store.snapshot() as connection:
        page = leases.page(connection, "kupang-01", 0, 9)
    store.close()
    records = [parse_record(jose.verify(token, [hub_keys.signing], jose.RECORD)) for _, _, token in page]
    assert [record.ref for record in records] == refs
    assert [record.fields.nik for record in records] == [row["nik"] for row in listed]
    assert (records[1].priority, records[1].replaces, records[0].priority) == (7, "ab" * 16, 30)
    assert records[1].fields.nama == listed[1]["nama"]
    assert records[0].photo == PEOPLE[0].photo
    assert 0 < len(records[0].chip["6FF2"]) <= 3_500
    assert len(records[0].chip["6FF3"]) == 21 * 44


def test_all_rows_are_told_at_once(tmp_path: Path) -> None:
    lay(tmp_path, *PEOPLE)
    listed = rows()
    listed[0] |= {"tanggal_lahir": "30-02-1990", "sku": "biru", "priority": "-1"}
    listed[1] |= {"nik": listed[0]["nik"], "reason": "hilang"}
    listed[2] |= {"nama": "", "replaces": "x"}
    with pytest.raises(WrongList) as caught:
        written(tmp_path, listed).check()
    assert [(each.line, each.column) for each in caught.value.wrong] == [
        (2, "priority"), (2, "sku"), (2, "tanggal_lahir"), (3, "nik"), (3, "reason"), (4, "nama"), (4, "replaces"),
    ]  # fmt: skip
    assert "list.csv:3: nik: is in line 2 already" in str(caught.value)


def jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, "JPEG")
    return out.getvalue()


def blank() -> bytes:
    out = io.BytesIO()
    Image.new("L", (336, 88), "white").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("ending", "content", "what"),
    [
        (".jpg", None, "no such file"),
        (".jpg", b"x" * 200_001, "larger than 200 KB"),
        (".jpg", b"GIF89a", "no whole JPEG"),
        (".jpg", PEOPLE[0].photo[:5_000], "no whole JPEG"),
        (".jpg", PEOPLE[0].signature, "no whole JPEG"),
        (".jpg", jpeg(150, 200), "300 x 400 are needed"),
        (".jpg", jpeg(640, 480), "not 3 to 4"),
        (".png", None, "no such file"),
        (".png", blank(), "no ink"),
        (".png", b"", "no whole PNG"),
    ],
)
def test_a_picture_that_is_missing_or_none(tmp_path: Path, ending: str, content: bytes | None, what: str) -> None:
    lay(tmp_path, *PEOPLE)
    path = tmp_path / f"{PEOPLE[1].fields.nik}{ending}"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongList) as caught:
        written(tmp_path, rows()).check()
    [wrong] = caught.value.wrong
    assert (wrong.line, wrong.column) == (3, "photo" if ending == ".jpg" else "signature")
    assert what in wrong.what


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", ".", "..", "link.jpg"])
def test_a_picture_comes_from_the_folder_and_from_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    lay(folder, *PEOPLE)
    (tmp_path / "secret.jpg").write_bytes(PEOPLE[0].photo)
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    listed = rows()
    listed[0]["photo"] = name
    listed[1]["photo"] = listed[2]["photo"] = ""
    with pytest.raises(WrongList) as caught:
        written(folder, listed).check()
    assert [(each.line, each.column) for each in caught.value.wrong] == [(2, "photo")]


def spoil(change: Callable[[bytes], bytes], path: Path) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda text: text.replace(b"nama", b"name"), [(1, "nama"), (1, "name")]),
        (lambda text: text.replace(b"reason", b"rw"), [(1, "reason"), (1, "rw")]),
        (lambda text: b"", None),
        (lambda text: text.splitlines(keepends=True)[0], [(1, "")]),
        (lambda text: text + b"a,b\r\n", [(5, "")]),
        (lambda text: text + b"\r\n,,,\r\n" + b"\xff\r\n", [(7, "")]),
        (lambda text: text + b'"open', [(5, "")]),
        (lambda text: text + b"\0\r\n", [(5, "")]),
        (lambda text: text + b"x" * 20_000, [(5, "")]),
        (lambda text: b"PK\x03\x04\xff\xfe", [(1, "")]),
    ],
)
def test_what_is_no_list(
    tmp_path: Path, change: Callable[[bytes], bytes], wrong: list[tuple[int, str]] | None
) -> None:
    lay(tmp_path, *PEOPLE)
    office = written(tmp_path, rows())
    spoil(change, office.path)
    with pytest.raises(WrongList) as caught:
        office.check()
    if wrong is not None:
        assert wrong[0] in [(each.line, each.column) for each in caught.value.wrong]


def test_a_list_that_changes_after_it_was_judged_is_not_signed(tmp_path: Path) -> None:
    lay(tmp_path, *PEOPLE)
    office = written(tmp_path, rows())
    office.check()
    (tmp_path / f"{PEOPLE[2].fields.nik}.jpg").write_bytes(b"x")
    with pytest.raises(WrongList, match=r"list\.csv:4: photo"):
        list(office.residents())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        OfficeList(tmp_path / "x.csv", tmp_path).check()


def test_a_long_list_takes_little_memory(tmp_path: Path) -> None:
    lay(tmp_path, PEOPLE[0])
    [row] = rows()[:1]
    name = f"{row['nik']}"
    listed = [
        {**row, "nik": f"{number:016}", "photo": f"{name}.jpg", "signature": f"{name}.png"} for number in range(12)
    ]
    office = written(tmp_path, listed)
    tracemalloc.start()
    try:
        assert office.check() == 12
        first = tracemalloc.get_traced_memory()[0]
        assert sum(1 for _ in office.residents()) == 12
        assert tracemalloc.get_traced_memory()[0] - first < 200_000
        assert Wrong(1, "", "x") < Wrong(2, "", "a")
    finally:
        tracemalloc.stop()
