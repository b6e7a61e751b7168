"""Invented residents: plausible, always the same, and printable."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import random
import re
from collections import Counter
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from kiosk.core.records import Fields, Reason, Sku, dump_record, nik_warnings, parse_record
from kiosk.render import check_fit
from kiosk.rig import kupang
from kiosk.rig.portrait import CHIP_PHOTO_LIMIT, draw_portrait, invent_look, scribble
from kiosk.rig.residents import ODD_EVERY, Resident, invent
from kiosk.rig.specimen import unsigned

ISSUED = date(2026, 11, 24)


@pytest.fixture(scope="module")
def people() -> list[Resident]:
    return list(invent(7, 600, issued=ISSUED))


@pytest.fixture(scope="module")
def foreigners() -> list[Resident]:
    return list(invent(7, 100, issued=ISSUED, wna_share=1.0))


def oddities(fields: Fields) -> set[str]:
    tests = {
        "long-name": len(fields.nama) > 45,
        "one-word": " " not in fields.nama,
        "no-blood-type": fields.gol_darah == "-",
        "leap-day": fields.tanggal_lahir.startswith("29-02-"),
    }
    return {name for name, found in tests.items() if found}


def age(fields: Fields) -> int:
    born = fields.birth_date
    return ISSUED.year - born.year - ((ISSUED.month, ISSUED.day) < (born.month, born.day))


def test_the_same_seed_gives_the_same_bytes_and_a_longer_run_begins_with_the_shorter() -> None:
    first, again, longer = (list(invent(5, n, issued=ISSUED)) for n in (15, 15, 20))
    assert first == again == longer[:15]
    assert list(invent(6, 15, issued=ISSUED)) != first


def test_niks_follow_the_rules_and_are_unique(people: list[Resident]) -> None:
    codes = {code for code, _, _ in kupang.DISTRICTS}
    for fields in (resident.fields for resident in people):
        born, woman = fields.birth_date, fields.jenis_kelamin == "PEREMPUAN"
        assert fields.nik[:4] == "5371"
        assert fields.nik[4:6] in codes
        assert int(fields.nik[6:8]) == born.day + 40 * woman
        assert fields.nik[8:12] == f"{born.month:02d}{born.year % 100:02d}"
        assert nik_warnings(fields) == []
    niks = [resident.fields.nik for resident in people]
    assert len(set(niks)) == len(niks)
    assert {nik[12:] for nik in niks} >= {"0001", "0002"}, "serials count up where twelve digits agree"


def test_serials_count_from_0001_within_a_day_and_district(people: list[Resident]) -> None:
    seen: Counter[str] = Counter()
    for nik in (resident.fields.nik for resident in people):
        seen[nik[:12]] += 1
        assert int(nik[12:]) == seen[nik[:12]]


def test_kelurahan_lie_in_their_kecamatan_and_the_nik_says_the_same(people: list[Resident]) -> None:
    places = {name: (code, villages) for code, name, villages in kupang.DISTRICTS}
    assert {resident.fields.kecamatan for resident in people} == set(places)
    for fields in (resident.fields for resident in people):
        code, villages = places[fields.kecamatan]
        assert fields.kel_desa in villages
        assert fields.nik[4:6] == code
        assert re.fullmatch(r"[0-9]{3}/[0-9]{3}", f"{fields.rt}/{fields.rw}")


def test_two_in_a_hundred_are_odd_each_kind_in_turn(people: list[Resident]) -> None:
    found = Counter(kind for resident in people for kind in oddities(resident.fields))
    by_chance = 4  # births that fall on 29 February by themselves
    share = len(people) // ODD_EVERY
    assert share <= sum(found.values()) <= share + by_chance
    assert {found[kind] for kind in ("long-name", "one-word", "no-blood-type")} == {share // 4}
    assert found["leap-day"] >= share // 4
    assert max(len(resident.fields.nama) for resident in people) <= 60


def test_one_in_fifty_is_odd_in_any_run_of_fifty() -> None:
    for seed in (0, 49):
        run = list(invent(seed, ODD_EVERY, issued=ISSUED))
        assert sum(bool(oddities(resident.fields)) for resident in run) in (1, 2)


def test_every_resident_can_be_printed(people: list[Resident], foreigners: list[Resident]) -> None:
    odd = [resident for resident in people if oddities(resident.fields)]
    for resident in (*odd, *people[:80], *foreigners[:60]):
        check_fit(resident.sku, resident.fields)


def test_ages_and_lives_agree(people: list[Resident]) -> None:
    for resident in people:
        assert 17 <= age(resident.fields) <= 80
        if age(resident.fields) < 20:
            assert resident.fields.status_perkawinan == "BELUM KAWIN"
            assert resident.fields.pekerjaan == "PELAJAR/MAHASISWA"


def test_cards_issued_on_a_leap_day_are_possible() -> None:
    run = list(invent(1, 60, issued=date(2028, 2, 29)))
    assert {resident.fields.tanggal_dikeluarkan for resident in run} == {"29-02-2028"}


def test_first_timers_come_first(people: list[Resident]) -> None:
    reasons = Counter(resident.reason for resident in people)
    most = reasons[Reason.BARU] + reasons[Reason.HILANG_RUSAK] + reasons[Reason.PERUBAHAN_DATA]
    assert most > 0.9 * len(people)
    first = {resident.priority for resident in people if resident.reason is Reason.BARU}
    later = {resident.priority for resident in people if resident.reason is not Reason.BARU}
    assert max(first) < min(later)


def test_no_foreigner_unless_asked_and_then_in_english(
    people: list[Resident], foreigners: list[Resident]
) -> None:  # fmt: skip
    assert {resident.sku for resident in people} == {Sku.WNI}
    assert {resident.sku for resident in foreigners} == {Sku.WNA}
    for fields in (resident.fields for resident in foreigners):
        assert fields.jenis_kelamin in ("MALE", "FEMALE")
        assert fields.kewarganegaraan in {country for country, *_ in kupang.COUNTRIES}
        day, month, year = (int(part) for part in fields.berlaku_hingga.split("-"))
        assert date(year, month, day) > ISSUED
        assert nik_warnings(fields) == []
    mixed = Counter(resident.sku for resident in invent(3, 200, issued=ISSUED, wna_share=0.05))
    assert 2 <= mixed[Sku.WNA] <= 20


def test_chip_files_have_their_shapes(people: list[Resident]) -> None:
    for resident in people[:100]:
        chip = resident.chip
        assert sorted(chip) == ["6FF0", "6FF1", "6FF2", "6FF3", "6FF4", "6FF5"]
        assert len(chip["6FF0"]) <= 0x34
        assert len(chip["6FF2"]) <= CHIP_PHOTO_LIMIT
        assert len(chip["6FF3"]) == 168 * 44 // 8
        assert 0 < len(chip["6FF4"]) <= 500
        assert 0 < len(chip["6FF5"]) <= 500
        assert sum(map(len, chip.values())) < 8 * 1024 - 0x50


def test_biodata_stands_in_the_order_of_the_chip(people: list[Resident]) -> None:
    fields = people[0].fields
    text = people[0].chip["6FF1"].decode()
    (row,) = csv.reader([text])
    order = {
        0: fields.nik, 1: fields.alamat, 2: fields.rt, 3: fields.rw, 4: fields.tempat_lahir, 5: fields.kecamatan,
        6: fields.kel_desa, 7: fields.kabupaten, 8: fields.jenis_kelamin, 9: fields.gol_darah, 10: fields.agama,
        11: fields.status_perkawinan, 12: fields.pekerjaan, 13: fields.nama, 14: fields.tanggal_lahir,
        15: fields.provinsi, 16: "", 17: "", 18: "", 19: fields.kewarganegaraan,
    }  # fmt: skip
    assert dict(enumerate(row)) == order
    assert text.startswith('"5371')


def test_pictures_have_their_sizes_and_the_background_of_the_birth_year(people: list[Resident]) -> None:
    for resident in people[:40]:
        with Image.open(io.BytesIO(resident.photo)) as photo:
            assert (photo.format, photo.size, photo.mode) == ("JPEG", (480, 640), "RGB")
            red, _, blue = np.asarray(photo)[8, 8]
        assert (red > blue) == bool(resident.fields.birth_date.year % 2)
        with Image.open(io.BytesIO(resident.chip["6FF2"])) as small:
            assert (small.format, small.size) == ("JPEG", (150, 200))
        with Image.open(io.BytesIO(resident.signature)) as signature:
            assert (signature.format, signature.size, signature.mode) == ("PNG", (336, 88), "1")


def test_signatures_leave_ink_that_keeps_off_the_edge_and_differ() -> None:
    bitmaps = [scribble(random.Random(seed)).bitmap for seed in range(40)]
    for bitmap in bitmaps:
        rows = np.unpackbits(np.frombuffer(bitmap, np.uint8)).reshape(44, 168)
        assert 100 < rows.sum() < 1800
        assert rows.sum() == rows[1:-1, 1:-1].sum()
    assert len(set(bitmaps)) == len(bitmaps)


def test_every_look_is_drawn_differently() -> None:
    rng = random.Random(3)
    looks = {
        invent_look(rng, woman, woman and index % 3 == 0, 1990, 40) for woman in (False, True) for index in range(15)
    }
    drawn = {draw_portrait(look).tobytes() for look in looks}
    assert len(drawn) == len(looks) > 15


def test_a_resident_becomes_a_valid_record(people: list[Resident]) -> None:
    record = unsigned(people[0])
    signed = dataclasses.replace(record, chip={**record.chip, "6FF6": bytes(0x50)})
    payload = dump_record(signed)
    assert parse_record(payload) == signed
    assert base64.b64decode(payload["photo"]) == people[0].photo


def test_neighbours_are_different_people(people: list[Resident]) -> None:
    assert all(one.fields.nama != two.fields.nama or one.fields != two.fields for one, two in pairwise(people))
    assert len({resident.fields.nama for resident in people}) > 450
