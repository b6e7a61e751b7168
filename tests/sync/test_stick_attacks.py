"""What somebody may have done to a stick on its way: each is refused with its reason, logged, and has no effect."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe as any_jwe

from kiosk.crypto import jose, jwe, keys
from kiosk.crypto.checkpoint import Position, sign_receipt
from kiosk.crypto.sealing import SealBroken
from kiosk.hub.schema import leases
from kiosk.sync.stick import CHUNK_BYTES, MANIFEST, MANIFEST_BYTES, Reason, StickRefused
from tests.sync.centre import Centre, Station
from tests.sync.parcels import Side, flip, grow, to_directory, to_fifo, to_link
from tests.sync.trips import Trips


@pytest.fixture
def trips(centre: Centre, station: Station, tmp_path: Path) -> Iterator[Trips]:
    found = Trips(centre, station, tmp_path)
    station.journal.stock(5)
    centre.issue(station.name, 3)
    yield found
    tmp_path.chmod(0o700)


@pytest.fixture(params=["journal", "intake"])
def side(request: pytest.FixtureRequest, trips: Trips) -> Side:
    return Side(trips, request.param)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (flip, Reason.ALTERED),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), Reason.SIZE),
        (grow, Reason.SIZE),
        (lambda path: path.unlink(), Reason.MISSING),
        (to_link, Reason.LINK),
        (to_fifo, Reason.LINK),
        (to_directory, Reason.LINK),
    ],
)
def test_a_chunk_that_is_not_what_was_written(
    side: Side, spoil: Callable[[Path], Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(side.first)
    with caplog.at_level(logging.WARNING):
        assert side.read() == [reason]
    assert side.untouched
    assert reason in caplog.text
    if side.kind == "journal":
        assert side.trips.alarms() == ({"stick"} if reason != Reason.MISSING else set())


def test_a_good_one_is_taken(side: Side) -> None:
    """The control of all that is refused here."""
    assert side.read() == [] if side.kind == "intake" else side.read() == [""]
    assert not side.untouched


@pytest.mark.parametrize("forge", ["stranger", "other-side", "unsigned", "no-json", "huge", "cut", "link", "binary"])
def test_a_manifest_that_is_not_the_senders(side: Side, forge: str) -> None:
    path, other = side.parcel / MANIFEST, side.trips.centre.keys.signing
    if side.kind == "intake":
        other = side.trips.station.key
    forgeries: dict[str, Callable[[], Any]] = {
        "stranger": lambda: side.sign(side.claims, keys.generate_signing()),
        "other-side": lambda: side.sign(side.claims, other),
        "unsigned": lambda: path.write_text(path.read_text().rpartition(".")[0] + "."),
        "no-json": lambda: path.write_text(jose.sign(b"[]", side.signing, jose.MANIFEST)),
        "huge": lambda: os.truncate(path, MANIFEST_BYTES + 1),
        "cut": lambda: os.truncate(path, 100),
        "link": lambda: to_link(path),
        "binary": lambda: path.write_bytes(b"\xff" * 100),
    }
    forgeries[forge]()
    wanted = {"huge": Reason.SIZE, "link": Reason.LINK}.get(forge, Reason.MANIFEST)
    assert side.read() == [wanted]
    assert side.untouched


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"station": "kupang-99"}, {"kind": "other"}, {"id": "0" * 16}, {"made_ms": "1"},
        {"chunks": {}}, {"chunks": [["../../etc/passwd", 1]]}, {"chunks": [[1, "a", "../x"]]}, {"chunks": [[0, "a"]]},
        {"chunks": [[CHUNK_BYTES + 1, "a"]]}, {"chunks": [[True, "a"]]}, {"chunks": [[1, "a"]] * 4097},
        {"path": "../../etc"}, {"after": None}, {"after": 1.5},
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape(side: Side, change: dict[str, Any]) -> None:
    """Also when it is signed rightly: whoever has a key may have a fault."""
    side.sign({**side.claims, **change})
    assert side.read() == [Reason.MANIFEST]
    assert side.untouched


@pytest.mark.parametrize("cursor", ["x", "-1", "\u0663", "9" * 5_000, "1 "])
def test_a_cursor_that_is_no_number(side: Side, cursor: str) -> None:
    """Of the newest record that the station has, and of the one behind which the answer begins."""
    side.sign({**side.claims, "cursor" if side.kind == "journal" else "after": cursor})
    assert side.read() == [Reason.MANIFEST]
    assert side.untouched


def test_a_manifest_of_another_kind_of_word(side: Side) -> None:
    side.sign(side.claims, typ=jose.RECORD)
    assert side.read() == [Reason.MANIFEST]


def test_a_parcel_under_another_name(side: Side) -> None:
    side.parcel.rename(side.parcel.with_name(side.parcel.name[:-16] + "0" * 16))
    assert side.read() == [Reason.MANIFEST]
    assert side.untouched


def test_a_parcel_that_is_a_link(side: Side) -> None:
    to_link(side.parcel)
    assert side.read() == [Reason.LINK]
    assert side.untouched


def test_names_that_lead_out_of_the_stick_are_no_parcels(side: Side) -> None:
    for name in (
        "..",
        "keping-..-journal-0123456789abcdef",
        "keping-a-journal-0123456789ABCDEF",
        "keping-a-journal-",
    ):
        (side.root / name).mkdir(exist_ok=True)
    for path in side.parcel.iterdir():
        path.unlink()
    side.parcel.rmdir()
    with pytest.raises(StickRefused) as caught:
        side.read()
    assert caught.value.reason == Reason.NOTHING


def test_another_stations_stick(trips: Trips, centre: Centre, tmp_path: Path) -> None:
    other = Trips(centre, centre.station(), tmp_path)
    centre.issue(other.station.name, 2)
    root, _ = other.export()
    other.visit(root)
    with pytest.raises(StickRefused, match=f"it has some for {other.station.name}") as caught:
        trips.carrier.take(root)
    assert caught.value.reason == Reason.NOTHING
    theirs = trips.parcel(root, "intake")
    theirs.rename(theirs.with_name(theirs.name.replace(other.station.name, trips.station.name)))
    assert [each.reason for each in trips.carrier.take(root).unused] == [Reason.MANIFEST]
    assert trips.sink.held == []


def test_frames_that_another_station_signs_for_us(trips: Trips, centre: Centre, tmp_path: Path) -> None:
    """One station that was taken over speaks for itself alone."""
    side = Side(trips, "journal")
    other = centre.station()
    side.sign(side.claims, other.key)
    assert side.read() == [Reason.MANIFEST]
    claims = {**side.claims, "station": other.name}
    theirs = side.parcel.with_name(side.parcel.name.replace(trips.station.name, other.name))
    side.parcel.rename(theirs)
    side.parcel = theirs
    side.sign(claims, other.key)
    assert side.read() == [Reason.CONTENT]
    assert centre.held(other.name) == []
    assert centre.alarms(other.name) == {"stick"}


def test_chunks_of_another_parcel(side: Side) -> None:
    """A thief exchanges chunks between two true parcels."""
    twin = Side(side.trips, side.kind)
    assert twin.claims["chunks"] != side.claims["chunks"]
    side.first.write_bytes(twin.first.read_bytes())
    assert side.read() in ([Reason.ALTERED], [Reason.SIZE])
    assert side.untouched


def test_a_bomb_is_not_opened(side: Side) -> None:
    """64 MiB of nothing in some 90 KB: `zip` is not of the profile, and is seen before anything is decrypted."""
    header = {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "typ": jwe.CHUNK,
        "kid": keys.thumbprint(side.receiver),
        "zip": "DEF",
    }
    bomb = any_jwe.encrypt_compact(
        header, bytes(64 << 20), side.receiver, algorithms=["ECDH-ES", "A256GCM", "DEF"]
    ).encode()
    assert len(bomb) < 200_000
    side.exchange(bomb)
    assert side.read() == [Reason.SEALED]
    assert side.untouched


@pytest.mark.parametrize("change", [{"alg": "dir"}, {"enc": "A128GCM"}, {"typ": "x"}, {"kid": "x"}, {"crit": ["x"]}])
def test_a_chunk_of_another_profile(side: Side, change: dict[str, Any]) -> None:
    content = side.first.read_bytes()
    head, _, rest = content.partition(b".")
    header = {**json.loads(base64.urlsafe_b64decode(head + b"===")), **change}
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=") + b"." + rest
    side.exchange(forged)
    assert side.read() == [Reason.SEALED]
    assert side.untouched


@pytest.mark.parametrize("content", [b"", b".....", b"a.b.c", b"\xff.\xff.\xff.\xff.\xff", b"e30.e30.e30.e30.e30"])
def test_what_is_no_sealed_chunk(side: Side, content: bytes) -> None:
    side.exchange(content or b" ")
    assert side.read() == [Reason.SEALED]


def test_a_chunk_sealed_for_somebody_else(side: Side) -> None:
    side.exchange(jwe.seal_to(b"{}\n", keys.generate_encryption(), jwe.CHUNK))
    assert side.read() == [Reason.SEALED]


@pytest.mark.parametrize(
    "inside", [b"not lines", b"{}\n", b"[]\n", b"\n", b'{"cursor":"x"}\n', zlib.compress(b"x" * 9)]
)
def test_a_chunk_with_something_else_in_it(side: Side, inside: bytes) -> None:
    side.exchange(jwe.seal_to(inside, side.receiver, jwe.CHUNK))
    assert side.read() == [Reason.CONTENT]
    assert side.untouched


def test_a_line_without_end_is_left_off(side: Side) -> None:
    content = jwe.seal_to(b"x" * jwe.MOST_BYTES, side.receiver, jwe.CHUNK)
    chunk = [len(content), hashlib.sha256(content).hexdigest()]
    for number in range(1, 9):
        (side.parcel / f"{number:06d}.jwe").write_bytes(content)
    side.sign({**side.claims, "chunks": [chunk] * 8})
    assert side.read() == [Reason.CONTENT]


def test_a_forged_receipt(trips: Trips) -> None:
    side = Side(trips, "intake")
    position = Position(trips.station.name, "00000000000000a1", 6, trips.station.journal.frames[5].head)
    for token, reason in (
        (sign_receipt(position, keys.generate_signing()), Reason.RECEIPT),
        (sign_receipt(position, trips.station.key), Reason.RECEIPT),
        ("a.b.c", Reason.RECEIPT),
        (sign_receipt(Position("kupang-99", "00000000000000a1", 6, position.head), side.signing), Reason.RECEIPT),
        (
            sign_receipt(Position(position.station, "00000000000000a9", 6, position.head), side.signing),
            Reason.RECEIPT,
        ),
        (sign_receipt(Position(position.station, "00000000000000a1", 5, position.head), side.signing), "fork"),
        (sign_receipt(Position(position.station, "00000000000000a1", 60, position.head), side.signing), "rollback"),
    ):
        side.sign({**side.claims, "receipt": token})
        assert side.read() == [reason]
        assert side.untouched
        assert trips.acknowledged.position.seq == 0
        assert not (trips.station.directory / "ack.json").exists()


def test_a_record_leased_to_another_is_refused_as_over_the_link(trips: Trips, centre: Centre) -> None:
    """A key of the centre in wrong hands signs no lease away: the record itself says for whom it is."""
    other = centre.station()
    centre.issue(other.name, 1)
    with centre.store.snapshot() as connection:
        token = connection.execute(leases.select().where(leases.c.station == other.name)).first().jws
    side = Side(trips, "intake")
    line = b'{"cursor":"9","record":"%s"}\n' % token.encode()
    side.exchange(jwe.seal_to(line, side.receiver, jwe.CHUNK))
    found = trips.carrier.take(side.root)
    assert (found.records, found.refused, found.unused) == (0, 1, [])


def test_frames_out_of_order_in_a_true_parcel(trips: Trips) -> None:
    side = Side(trips, "journal")
    lines = [frame.line for frame in trips.station.journal.frames]
    for order in ([0, 2, 1, 3], [0, 1, 1, 2], [0, 1, 3]):
        side.exchange(jwe.seal_to(b"".join(lines[at] for at in order), side.receiver, jwe.CHUNK))
        assert side.read() == [Reason.CONTENT]
    side.exchange(jwe.seal_to(b"".join(lines[1:]), side.receiver, jwe.CHUNK))
    assert side.read() == ["gap"]
    assert trips.held() == []
    side.sign({**side.claims, "checkpoint": "a.b.c"})
    assert side.read() == [Reason.CONTENT]


def test_a_broken_seal_says_nothing_of_why(station: Station) -> None:
    sealed = jwe.seal_to(b"x", station.encryption, jwe.CHUNK)
    with pytest.raises(SealBroken, match="does not fit"):
        jwe.unseal(sealed[:-2] + b"AA", [station.encryption], jwe.CHUNK)
    with pytest.raises(SealBroken, match="another key"):
        jwe.unseal(sealed, [keys.generate_encryption()], jwe.CHUNK)
    with pytest.raises(SealBroken, match="profile"):
        jwe.unseal(sealed, [station.encryption], "other+jwe")


def test_one_bad_parcel_keeps_no_other_from_being_taken(trips: Trips, centre: Centre, tmp_path: Path) -> None:
    root, _ = trips.export()
    other = Trips(centre, centre.station(), tmp_path)
    other.carrier.export(root)
    flip(trips.parcel(root, f"{trips.station.name.removeprefix('kupang-')}-journal") / "000001.jwe")
    assert sorted(each.reason for each in trips.hub.take(root)) == ["", Reason.ALTERED]
    assert other.held() == other.own()
