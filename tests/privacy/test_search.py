"""The search itself: what is planted is found, in every encoding, and what is not there is not."""

from __future__ import annotations

import base64
import gzip
import io
import random
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from tests.privacy.search import ENCODINGS, Needles, Secret, search

NIK, NAME = "5371044109900001", "KORNELIS TAEBENU"
PHOTO = random.Random(1).randbytes(48)
NEEDLES = Needles([Secret("nik", NIK), Secret("name", NAME), Secret("photo", PHOTO[8:40])])


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", content)
    return buffer.getvalue()


def swapped(digits: str) -> str:
    return "".join(b + a for a, b in zip(digits[::2], digits[1::2], strict=True))


TEXTS: dict[str, tuple[str, str, Callable[[str], bytes]]] = {
    "plain": (NIK, "plain", str.encode),
    "name": (NAME, "plain", str.encode),
    "lower": (NAME, "plain", lambda text: text.lower().encode()),
    "mixed": (NAME, "plain", lambda text: text.title().encode()),
    "grouped": (NIK, "grouped", lambda _: b"5371 0441 0990 0001"),
    "dotted": (NIK, "grouped", lambda _: b"5371.0441.0990.0001"),
    "utf-16-le": (NAME, "utf-16-le", lambda text: text.encode("utf-16-le")),
    "utf-16-be": (NAME, "utf-16-be", lambda text: text.lower().encode("utf-16-be")),
    "bcd": (NIK, "bcd", bytes.fromhex),
    "bcd, low nibble first": (NIK, "bcd", lambda text: bytes.fromhex(swapped(text))),
    "base64 at 0": (NAME, "base64", lambda text: base64.b64encode(text.encode() + b"!")),
    "base64 at 1": (NAME, "base64", lambda text: base64.b64encode(b"a" + text.encode())),
    "base64 at 2": (NIK, "base64", lambda text: base64.b64encode(b"ab" + text.encode() + b"xyz")),
    "hex": (NAME, "hex", lambda text: text.encode().hex().encode()),
    "HEX": (NAME, "hex", lambda text: text.encode().hex().upper().encode()),
    "url": (NAME, "url", lambda text: quote_plus(text).encode()),
    "url %20": (NAME, "url", lambda text: text.replace(" ", "%20").encode()),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda content: content,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib within": lambda content: random.Random(2).randbytes(999) + zlib.compress(content) + b"tail",
    "zip": zipped,
    "gzip in zip": lambda content: zipped(gzip.compress(content)),
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("form", TEXTS)
def test_what_is_planted_is_found(tmp_path: Path, form: str, packed: str) -> None:
    text, encoding, write = TEXTS[form]
    noise = random.Random(form).randbytes(500)
    (tmp_path / "file").write_bytes(PACKED[packed](noise + b"~" + write(text) + b"~" + noise))
    found, _ = search(tmp_path, NEEDLES)
    assert {(each.what, each.encoding) for each in found} >= {("nik" if text == NIK else "name", encoding)}


def twice(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(b'{"photo":"' + base64.b64encode(content) + b'"}')


@pytest.mark.parametrize("write", [bytes, base64.b64encode, twice, lambda content: content.hex().encode()])
def test_a_part_of_a_picture_is_found(tmp_path: Path, write: Callable[[bytes], bytes]) -> None:
    (tmp_path / "file").write_bytes(b"~" + write(PHOTO))
    found, _ = search(tmp_path, NEEDLES)
    assert {each.what for each in found} == {"photo"}


def test_the_name_of_a_file_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / f"{NIK}.pdf").touch()
    found, _ = search(tmp_path, NEEDLES)
    assert [each.where for each in found] == [f"the name {NIK}.pdf"]


def test_every_encoding_has_a_plant() -> None:
    assert {encoding for _, encoding, _ in TEXTS.values()} == set(ENCODINGS)


def test_noise_and_neighbours_are_not_found(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(random.Random(3).randbytes(1 << 20))
    (tmp_path / "others").write_bytes(b"5371044109900002 KORNELIS TAEBEN 537104410990000")
    found, size = search(tmp_path, NEEDLES)
    assert found == []
    assert size > 1 << 20
