"""The whole face: what is printed, in which order, in which panel."""

from __future__ import annotations

import dataclasses
import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from drivers.protocols import Face
from kiosk.core.records import Fields, Record, Sku
from kiosk.render import LayoutError, check_fit, render_face
from kiosk.render.face import front, typeset
from kiosk.render.layout import Box
from kiosk.render.text import Fonts
from kiosk.rig.residents import invent
from kiosk.rig.specimen import unsigned

ISSUED = date(2026, 11, 2)
CITIZEN = unsigned(next(invent(4, 1, issued=ISSUED)))
FOREIGNER = unsigned(next(invent(4, 1, issued=ISSUED, wna_share=1.0)))
BOTH = pytest.mark.parametrize("record", [CITIZEN, FOREIGNER], ids=["wni", "wna"])

# Printed order after the NIK: the labels of a citizen's and of a foreign resident's card.
LABELS = {
    Sku.WNI: ("NIK", "Nama", "Tempat/Tgl Lahir", "Jenis Kelamin", "Gol. Darah", "Alamat", "RT/RW", "Kel/Desa",
              "Kecamatan", "Agama", "Status Perkawinan", "Pekerjaan", "Kewarganegaraan", "Berlaku Hingga"),
    Sku.WNA: ("NIK", "Name", "Place/Date of Birth", "Sex", "Blood Type", "Address", "RT/RW", "Village", "District",
              "Religion", "Marital Status", "Occupation", "Nationality", "Valid Until"),
}  # fmt: skip


def plane(face: Face, data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(face.height, face.width)


def outside(pixels: NDArray[np.uint8], *boxes: Box) -> int:
    rest = pixels.copy()
    for box in boxes:
        rest[box.y : box.y + box.h, box.x : box.x + box.w] = 0
    return int(np.count_nonzero(rest))


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (480, 640)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=95)
    return out.getvalue()


def png(colour: int, size: tuple[int, int] = (336, 88)) -> bytes:
    out = io.BytesIO()
    Image.new("1", size, colour).save(out, "PNG")
    return out.getvalue()


def with_fields(record: Record, **changes: str) -> Record:
    return dataclasses.replace(record, fields=dataclasses.replace(record.fields, **changes))


def inside(face: Face, ink: str) -> NDArray[np.uint8]:
    box = front().portrait
    return plane(face, face.dye[ink])[box.y : box.y + box.h, box.x : box.x + box.w]


@BOTH
def test_resin_is_one_bit_and_dye_lies_only_under_the_portrait(record: Record) -> None:
    layout, face = front(), render_face(record)
    assert (face.width, face.height) == (1016, 648)
    resin = plane(face, face.resin)
    assert set(np.unique(resin)) == {0, 255}
    assert outside(resin, *layout.texts[record.sku], layout.signature) == 0
    assert outside(resin, layout.signature) > 10_000
    assert outside(resin, *layout.texts[record.sku]) > 200, "no signature"
    assert set(face.dye) == {"y", "m", "c"}
    for ink in "ymc":
        assert outside(plane(face, face.dye[ink]), layout.portrait) == 0
    assert np.count_nonzero(resin & np.where(plane(face, face.dye["c"]) > 0, 255, 0)) == 0


@BOTH
def test_everything_keeps_clear_of_the_edge(record: Record) -> None:
    face = render_face(record)
    for data in (face.resin, *face.dye.values()):
        assert outside(plane(face, data), Box(12, 12, 1016 - 24, 648 - 24)) == 0


@BOTH
def test_text_reads_in_the_legal_order(record: Record) -> None:
    f = record.fields
    lines = sorted(typeset(front(), record.sku, f, Fonts()), key=lambda line: (line.baseline, line.x))
    left = [line.text for line in lines if line.x < 730 and line.text != ":"]
    values = (
        f.nik, f.nama, f"{f.tempat_lahir}, {f.tanggal_lahir}", f.jenis_kelamin, f.gol_darah, f.alamat,
        f"{f.rt}/{f.rw}", f.kel_desa, f.kecamatan, f.agama, f.status_perkawinan, f.pekerjaan,
        f.kewarganegaraan, f.berlaku_hingga,
    )  # fmt: skip
    body = [text for pair in zip(LABELS[record.sku], values, strict=True) for text in pair]
    assert left == [f"PROVINSI {f.provinsi}", f.kabupaten, *body]
    below = [line.text for line in lines if line.x >= 730 and line.baseline > front().portrait.y]
    assert below == [f.tempat_dikeluarkan, f.tanggal_dikeluarkan]


def test_sex_and_blood_type_share_a_line_and_values_a_column() -> None:
    layout = front()
    lines = typeset(layout, Sku.WNI, CITIZEN.fields, Fonts())
    rows = [list(row) for _, row in groupby(lines[4:], key=lambda line: line.baseline)]
    assert [row[0].text for row in rows if len(row) == 6] == ["Jenis Kelamin"]
    values = {box.x for box in layout.texts[Sku.WNI] if box.text.startswith("{") and box.align == "left"}
    assert len(values) == 2, "one column, and the blood type"


@BOTH
@settings(max_examples=40)
@given(data=st.data())
def test_no_printable_text_of_120_leaves_its_box(record: Record, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(Fields.__dataclass_fields__)))
    text = data.draw(
        st.one_of(
            st.integers(1, 120).map(lambda n: "W" * n),
            st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=120),
        ).filter(lambda text: text.isprintable() and bool(text.strip()))
    )
    changed = with_fields(record, **{name: text})
    refused = None
    try:
        face = render_face(changed)
    except LayoutError as error:
        refused = error
    if refused:
        with pytest.raises(LayoutError, match=f"^{refused.field}: "):
            check_fit(changed.sku, changed.fields)
        partner = {"rw": "rt", "tanggal_lahir": "tempat_lahir"}  # printed in one box with
        assert refused.field == partner.get(name, name)
        return
    check_fit(changed.sku, changed.fields)
    assert outside(plane(face, face.resin), *front().texts[record.sku], front().signature) == 0


@pytest.mark.parametrize(
    ("colour", "full"),
    [((0, 255, 255), "c"), ((255, 0, 255), "m"), ((255, 255, 0), "y"), ((0, 0, 0), "ymc"), ((255, 255, 255), "")],
)
def test_each_dye_absorbs_its_complement(colour: tuple[int, int, int], full: str) -> None:
    face = render_face(dataclasses.replace(CITIZEN, photo=jpeg(colour)))
    for ink in "ymc":
        box = inside(face, ink)
        assert (box.min() >= 250) if ink in full else (box.max() <= 5), ink


def test_darker_grey_takes_more_dye() -> None:
    greys = (30, 90, 150, 210)
    mean = [
        inside(render_face(dataclasses.replace(CITIZEN, photo=jpeg((v, v, v)))), "m").mean() for v in greys
    ]  # fmt: skip
    assert mean == sorted(mean, reverse=True)
    assert len(set(mean)) == len(greys)


def test_black_is_ink_in_a_signature_and_it_fills_its_box() -> None:
    box = front().signature
    for colour, wanted in ((0, box.w * box.h), (1, 0)):
        face = render_face(dataclasses.replace(CITIZEN, signature=png(colour)))
        ink = plane(face, face.resin)[box.y : box.y + box.h, box.x : box.x + box.w]
        assert np.count_nonzero(ink) == wanted


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photo": b""}, "photo: not a whole JPEG"),
        ({"photo": CITIZEN.photo[:4000]}, "photo: not a whole JPEG"),
        ({"photo": CITIZEN.signature}, "photo: not a whole JPEG"),
        ({"photo": jpeg((9, 9, 9), (640, 480))}, "photo: 640 x 480 is not a portrait"),
        ({"photo": jpeg((9, 9, 9), (4097, 5000))}, "photo: 4097 x 5000 is more than 4096 px"),
        ({"signature": b"\x89PNG\r\n\x1a\n"}, "signature: not a whole PNG"),
        ({"signature": CITIZEN.signature[:300]}, "signature: not a whole PNG"),
        ({"signature": CITIZEN.photo}, "signature: not a whole PNG"),
    ],
)
def test_a_damaged_picture_is_refused_by_name(change: dict[str, bytes], message: str) -> None:
    with pytest.raises(LayoutError, match=f"^{message}"):
        render_face(dataclasses.replace(CITIZEN, **change))


@settings(max_examples=60)
@given(at=st.floats(0, 0.999), byte=st.integers(0, 255), field=st.sampled_from(("photo", "signature")))
def test_a_flipped_byte_is_drawn_or_refused_never_a_crash(at: float, byte: int, field: str) -> None:
    data = bytearray(getattr(CITIZEN, field))
    data[int(at * len(data))] = byte
    named = field
    try:
        render_face(dataclasses.replace(CITIZEN, **{field: bytes(data)}))
    except LayoutError as error:
        named = error.field
    assert named == field


def test_threads_draw_what_one_thread_draws() -> None:
    records = [unsigned(resident) for resident in invent(11, 12, issued=ISSUED, wna_share=0.3)]
    alone = [render_face(record) for record in records]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(render_face, records)) == alone
    assert len({face.resin for face in alone}) == len(records)


def test_a_face_takes_well_under_a_third_of_a_second_of_cpu() -> None:
    start = time.thread_time()
    render_face(CITIZEN)
    assert time.thread_time() - start < 0.3
