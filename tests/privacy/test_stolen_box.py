"""What docs/personal-data.md says of a box that is stolen: what its disk gives away, and what it opens elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.core.records import dump_record
from kiosk.crypto import jose
from kiosk.crypto.keyfile import KeyFile, Lock
from kiosk.crypto.keyring import Keyring
from kiosk.errors import Rejected
from kiosk.hub.stations import declare_lost
from kiosk.sync.intake import Accepted, RefusedRecord, judge
from kiosk.vault import Vault
from tests.sync.centre import Centre
from tests.sync.rotating import Post


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Post]:
    """An office's, with two records that wait."""
    with closing(Centre(tmp_path / "hub")) as centre:
        made = Post(centre, tmp_path / "station")
        centre.issue(made.name, 2)
        made.receive()
        made.settle()
        yield made
        made.end()


def stolen(box: Post) -> Path:
    """The disk, in another machine."""
    shutil.copytree(box.data, box.data.parent / "stolen")
    return box.data.parent / "stolen"


def opened(disk: Path, passphrase: str | None = None) -> Vault:
    return Vault(disk / "vault", Keyring(disk / "vault", KeyFile.open(disk / "keys" / "vault.key", passphrase)))


def waiting(box: Post) -> list[str]:
    with box.books.transaction() as view:
        return [row["ref"] for row in view.rows("records")]


def test_without_a_passphrase_who_waits_is_readable(box: Post) -> None:
    """The page must not promise more than that."""
    found = opened(stolen(box))
    for ref in waiting(box):
        judged = judge(found.token(ref), box.name, [box.centre.keys.signing])
        assert isinstance(judged, Accepted)
        assert len(judged.record.photo) > 0
    assert len(waiting(box)) == 2


def test_with_one_it_is_sealed(box: Post) -> None:
    [ref, _] = waiting(box)
    nik = judge(box._vault.token(ref), box.name, [box.centre.keys.signing]).record.fields.nik  # type: ignore[union-attr]
    box._vault._keyring.lock(Lock.of("a passphrase of the office"))
    disk = stolen(box)
    for guess in (None, "123456"):
        with pytest.raises(Rejected):
            opened(disk, guess)
    assert opened(disk, "a passphrase of the office").token(ref)
    files = [path.read_bytes() for path in disk.rglob("*") if path.is_file()]
    assert not [1 for content in files if nik.encode() in content]
    assert any(b"kupang" in content for content in files), "the control: something can be found in them"


def test_its_key_signs_no_record(box: Post) -> None:
    [ref, _] = waiting(box)
    good = judge(box._vault.token(ref), box.name, [box.centre.keys.signing])
    assert isinstance(good, Accepted)
    forged = jose.sign(dump_record(good.record), box.key, jose.RECORD)
    refused = judge(forged, box.name, [box.centre.keys.signing])
    assert isinstance(refused, RefusedRecord)
    assert refused.reason == "unsigned"


def test_declared_lost_it_opens_nothing_and_begins_no_card(box: Post) -> None:
    """Its records may go elsewhere, and the centre is told when it speaks."""
    assert declare_lost(box.centre.store, box.name, 1) == 2
    box.receive()
    box.loop.step()
    assert len(box.closed) == 1
    assert box.centre.alarms(box.name) == {"station-lost"}
    assert box.centre.status(box.name).records == {"revoked": 2}
    frames = len(box.centre.held(box.name))
    box.ends.rotation.ask("thief")
    box.restart()
    box.loop.step()
    assert len(box.centre.held(box.name)) == frames
    assert json.loads(box.ends.outbox.frames_after(0, 1)[0][0])["r"]["k"] == "genesis"
