"""Invented residents of Kota Kupang for the demo, the scenario, the tests and the benchmarks.

Pure and deterministic: a seed gives the same people, pictures and chip contents, byte for byte, and the first
n of a longer run are the people of a shorter one.
"""

from __future__ import annotations

import csv
import io
import random
from calendar import isleap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from kiosk.core.records import Fields, Reason, Sku
from kiosk.rig import kupang
from kiosk.rig.portrait import invent_look, photos, scribble

ODD_EVERY = 50  # one resident in so many has something odd
NAME_LIMIT = 60

_PRIORITY = {
    Reason.BARU: 10,  # has no card at all yet
    Reason.HILANG_RUSAK: 20,
    Reason.PINDAH_DATANG: 30,
    Reason.PERUBAHAN_DATA: 30,
    Reason.PERPANJANGAN: 30,
    Reason.LUAR_DOMISILI: 40,
}
_REASONS = {
    Sku.WNI: ((Reason.BARU, Reason.HILANG_RUSAK, Reason.PERUBAHAN_DATA, Reason.PINDAH_DATANG), (45, 28, 22, 5)),
    Sku.WNA: ((Reason.BARU, Reason.PERPANJANGAN, Reason.HILANG_RUSAK), (30, 55, 15)),
}


@dataclass(frozen=True)
class Resident:
    """What the centre knows about someone before it makes a record: everything but its signature (6FF6).

    `photo`: JPEG, 480 x 640. `signature`: PNG, 336 x 88, 1 bit. `chip`: elementary files 6FF0 to 6FF5.
    """

    fields: Fields
    sku: Sku
    reason: Reason
    priority: int
    photo: bytes
    signature: bytes
    chip: Mapping[str, bytes]
    replaces: str = ""


@dataclass(frozen=True)
class _Person:
    """What is decided first, because the rest must agree with it."""

    sku: Sku
    woman: bool
    born: date
    age: int
    reason: Reason
    faith: str
    name: str
    odd: str


def invent(seed: int, count: int, *, issued: date, wna_share: float = 0.0) -> Iterator[Resident]:
    """Invent `count` residents whose cards are dated `issued`.

    One in ODD_EVERY is odd (a very long or one-word name, no known blood type, born on 29 February), each kind
    in turn. `wna_share`: how many, 0 to 1, are foreign residents. NIKs are unique within the sequence.
    """
    serials: Counter[str] = Counter()
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")  # noqa: S311 - invention, not secrecy
        turn, odd_one = divmod(index + seed, ODD_EVERY)
        odd = ("long-name", "no-blood-type", "one-word", "leap-day")[turn % 4] if odd_one == 0 else ""
        sku = Sku.WNA if rng.random() < wna_share else Sku.WNI
        yield _resident(rng, _person(rng, sku, odd, issued), issued, serials)


def _resident(rng: random.Random, person: _Person, issued: date, serials: Counter[str]) -> Resident:
    fields = _fields(rng, person, issued, serials)
    hijab = person.woman and person.faith == "ISLAM" and rng.random() < 0.8
    photo, chip_photo = photos(invent_look(rng, person.woman, hijab, person.born.year, person.age))
    signature = scribble(rng)
    return Resident(
        fields=fields,
        sku=person.sku,
        reason=person.reason,
        priority=_PRIORITY[person.reason],
        photo=photo,
        signature=signature.png,
        chip={
            "6FF0": rng.randbytes(0x34),  # card control: its meaning is not public
            "6FF1": biodata(fields),
            "6FF2": chip_photo,
            "6FF3": signature.bitmap,
            "6FF4": rng.randbytes(rng.randint(200, 500)),
            "6FF5": rng.randbytes(rng.randint(200, 500)),
        },
    )


def _person(rng: random.Random, sku: Sku, odd: str, issued: date) -> _Person:
    reason = rng.choices(*_REASONS[sku])[0]
    first_card = sku is Sku.WNI and reason is Reason.BARU
    youngest, oldest = (17, 18) if first_card and rng.random() < 0.8 else (19, 80)
    born = _birth_date(rng, issued, youngest, oldest)
    if odd == "leap-day":
        born = _leap_day(rng, issued)
    woman = rng.random() < 0.5
    faith = rng.choices(kupang.FAITHS, kupang.FAITH_WEIGHTS)[0]
    person = _Person(sku, woman, born, _age(born, issued), reason, faith, "", odd)
    return person if sku is Sku.WNA else replace(person, name=_name(rng, person, *_citizen_names(person)))


def _birth_date(rng: random.Random, issued: date, youngest: int, oldest: int) -> date:
    """Uniform over the days on which someone is `youngest` to `oldest` years old, both included."""
    first = _years_before(issued, oldest + 1) + timedelta(days=1)
    last = _years_before(issued, youngest)
    return date.fromordinal(rng.randint(first.toordinal(), last.toordinal()))


def _years_before(day: date, years: int) -> date:
    year = day.year - years
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


def _leap_day(rng: random.Random, issued: date) -> date:
    return date(rng.choice([year for year in range(issued.year - 80, issued.year - 17) if isleap(year)]), 2, 29)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _citizen_names(person: _Person) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if person.faith == "ISLAM":
        return (kupang.MUSLIM_WOMEN if person.woman else kupang.MUSLIM_MEN), kupang.MUSLIM_FAMILIES
    return (kupang.WOMEN if person.woman else kupang.MEN), kupang.FAMILIES


def _name(
    rng: random.Random, person: _Person, given: tuple[str, ...], families: tuple[str, ...]
) -> str:  # fmt: skip
    if person.odd == "one-word":
        return rng.choice(given)
    family = rng.choice(families)
    if person.odd == "long-name":
        name = family
        while len(longer := f"{rng.choice(given)} {name}") <= NAME_LIMIT:
            name = longer
        return name
    return " ".join([*rng.sample(given, rng.choice((1, 1, 2))), family])


def _fields(rng: random.Random, person: _Person, issued: date, serials: Counter[str]) -> Fields:
    code, district, villages = rng.choice(kupang.DISTRICTS)
    fields = Fields(
        provinsi=kupang.PROVINCE,
        kabupaten=kupang.CITY,
        nik=_nik(code, person, serials),
        nama=person.name,
        tempat_lahir=rng.choice(kupang.BIRTHPLACES),
        tanggal_lahir=_day(person.born),
        jenis_kelamin="PEREMPUAN" if person.woman else "LAKI-LAKI",
        gol_darah="-" if person.odd == "no-blood-type" else rng.choice(("A", "B", "AB", "O")),
        alamat=f"JL. {rng.choice(kupang.STREETS)} NO. {rng.randint(1, 180)}",
        rt=f"{rng.randint(1, 48):03d}",
        rw=f"{rng.randint(1, 16):03d}",
        kel_desa=rng.choice(villages),
        kecamatan=district,
        agama=person.faith,
        status_perkawinan=_marital(rng, person.age),
        pekerjaan=_job(rng, person),
        kewarganegaraan="WNI",
        berlaku_hingga="SEUMUR HIDUP",
        tempat_dikeluarkan=kupang.CITY,
        tanggal_dikeluarkan=_day(issued),
    )
    return fields if person.sku is Sku.WNI else _foreign(rng, person, fields, issued)


def _foreign(rng: random.Random, person: _Person, fields: Fields, issued: date) -> Fields:
    """The card of a holder of a permanent stay permit: values in English, valid as long as the permit."""
    country, birthplace, men, women, families = rng.choice(kupang.COUNTRIES)
    return replace(
        fields,
        nama=_name(rng, person, women if person.woman else men, families),
        tempat_lahir=birthplace,
        jenis_kelamin="FEMALE" if person.woman else "MALE",
        agama=rng.choice(kupang.FOREIGN_FAITHS),
        status_perkawinan=rng.choice(("MARRIED", "MARRIED", "SINGLE", "DIVORCED", "WIDOWED")),
        pekerjaan=rng.choice(kupang.FOREIGN_JOBS),
        kewarganegaraan=country,
        berlaku_hingga=_day(issued + timedelta(days=rng.randint(365, 5 * 365))),
    )


def _nik(district: str, person: _Person, serials: Counter[str]) -> str:
    """PP KK CC DDMMYY SSSS; a woman's day plus 40; the serial counts from 0001 within those twelve digits."""
    born = person.born
    day = born.day + (40 if person.woman else 0)
    stem = f"{kupang.REGION}{district}{day:02d}{born.month:02d}{born.year % 100:02d}"
    serials[stem] += 1
    return f"{stem}{serials[stem]:04d}"


def _day(day: date) -> str:
    return day.strftime("%d-%m-%Y")


def _marital(rng: random.Random, age: int) -> str:
    if age < 20:
        return "BELUM KAWIN"
    states = ("BELUM KAWIN", "KAWIN", "CERAI HIDUP", "CERAI MATI")
    return rng.choices(states, (50, 46, 3, 1) if age < 30 else (8, 78, 5, 9))[0]


def _job(rng: random.Random, person: _Person) -> str:
    if person.age < 20:
        return "PELAJAR/MAHASISWA"
    if person.age >= 62 and rng.random() < 0.6:
        return "PENSIUNAN"
    return "MENGURUS RUMAH TANGGA" if person.woman and rng.random() < 0.3 else rng.choice(kupang.JOBS)


def biodata(fields: Fields) -> bytes:
    """EF 6FF1: one line of quoted CSV, UTF-8, twenty values. Values 16 to 18 have no public meaning: empty."""
    f = fields
    values = [
        f.nik, f.alamat, f.rt, f.rw, f.tempat_lahir, f.kecamatan, f.kel_desa, f.kabupaten, f.jenis_kelamin,
        f.gol_darah, f.agama, f.status_perkawinan, f.pekerjaan, f.nama, f.tanggal_lahir, f.provinsi, "", "", "",
        f.kewarganegaraan,
    ]  # fmt: skip
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(values)
    return out.getvalue().encode()
