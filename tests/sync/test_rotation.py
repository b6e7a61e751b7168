"""Keys of a station change whenever the power goes, and whatever the line loses; nobody gets in by one that went."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.books import CHECKPOINTS
from kiosk.crypto import jose, keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint
from kiosk.crypto.endorsement import Endorsement, Successors, sign_endorsement
from kiosk.crypto.keys import OKPKey
from kiosk.errors import DamagedData
from kiosk.hub import stations
from kiosk.hub.sticks import Sticks
from kiosk.hub.succession import allow_restore
from kiosk.journal import checkpoints
from kiosk.rotation import OVERLAP_DAYS
from kiosk.sync.client import HubClient, HubRefused, connect
from kiosk.sync.packing import Sender, packed, write
from kiosk.sync.stick import Kind
from tests.sync.centre import NOW, Centre
from tests.sync.rotating import CUTS, Post, dying, killed_at


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    running = Centre(tmp_path_factory.mktemp("hub"))
    yield running
    running.close()


@pytest.fixture
def post(centre: Centre, tmp_path: Path) -> Iterator[Post]:
    centre.line.mend()
    made = Post(centre, tmp_path / "station")
    made.receive()
    made.settle()
    yield made
    made.end()


def in_force(post: Post) -> tuple[list[str], list[str]]:
    with post.centre.store.snapshot() as connection:
        signing, encryption = (
            stations.thumbprints(connection, post.name, curve) for curve in (keys.SIGNING, keys.ENCRYPTION)
        )
    return signing, encryption


def client_of(post: Post, key: OKPKey) -> HubClient:
    """Whoever holds that key."""
    http = connect(post.centre.server.url)
    post.centre.clients.append(http)
    return HubClient(http, post.name, key, [post.centre.keys.signing])


def agree(post: Post) -> None:
    """One key of each kind on either side, and the same; frames go over; an auditor is content."""
    post.receive()
    post.settle()
    signing, encryption = in_force(post)
    assert signing == [keys.thumbprint(post.key)]
    assert encryption == [keys.thumbprint(post.ends.carrier()._own()[0])]
    assert post.centre.held(post.name)[-1] == post.audited()[-1].record
    assert post.files == {"signing.jwk", "encryption.jwk", "encryption.old.jwk"}
    assert post.closed == []


def test_the_power_goes_at_any_durable_step(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """One change after another, each cut at another place and ended after the restart."""
    for number, after in CUTS:
        before = post.key

        def change() -> None:
            post.ends.rotation.ask("test")
            post.loop.step()

        with killed_at(monkeypatch, number, after=after):
            assert dying(change), "so many steps a change has"
        post.restart()
        post.rotate()
        assert keys.thumbprint(post.key) != keys.thumbprint(before)
        agree(post)
    assert post.centre.alarms(post.name) == set()
    chain = (post.data / CHECKPOINTS / ("ab" * 8) / "keys.jsonl").read_bytes().splitlines()
    assert len(chain) >= len(CUTS)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "error", "twice", "cut", "portal"])
def test_what_the_line_does_to_the_one_request(post: Post, fault: str) -> None:
    """Also an answer that is lost after the centre has the new keys, and a stranger's answer instead."""
    post.ends.rotation.ask("test")
    post.centre.line.faults.append(fault)
    post.loop.step()
    post.restart()
    post.settle()
    agree(post)
    assert post.centre.alarms(post.name) <= {"token"}, "of a body that was cut"


def test_asked_twice_it_is_one_change_and_without_a_line_all_goes_on(post: Post) -> None:
    made = [post.ends.rotation.ask("test") for _ in range(2)]
    assert made[0] == made[1] == {"fingerprint": keys.fingerprint(post.key), "changing": True}
    coming = (post.data / "keys" / "signing.next.jwk").read_bytes()
    post.centre.server.pause()
    post.receive()
    post.loop.step()
    assert not post.loop.state.online
    post.centre.server.resume()
    post.restart()
    assert (post.data / "keys" / "signing.next.jwk").read_bytes() == coming
    post.settle()
    agree(post)


def endorsed(post: Post, signer: OKPKey, coming: Successors, name: str | None = None) -> str:
    position = Position(name or post.name, "ab" * 8, 1, "0" * 64)
    return sign_endorsement(Endorsement(position, coming, 0), signer)


def fresh() -> Successors:
    return Successors(keys.generate_signing(), keys.generate_encryption())


def test_a_key_that_the_old_one_did_not_endorse_is_refused(post: Post) -> None:
    """By the station's key in a request, or by its own."""
    coming, before = fresh(), in_force(post)
    for signer, token in (
        (post.key, endorsed(post, coming.signing, coming)),
        (post.key, endorsed(post, post.key, coming, "kupang-0")),
        (post.key, "a.b.c"),
    ):
        with pytest.raises(HubRefused) as refused:
            client_of(post, signer).change_keys(token, coming)
        assert refused.value.reason == "keys"
    with pytest.raises(HubRefused) as refused:
        client_of(post, coming.signing).change_keys(endorsed(post, coming.signing, coming), coming)
    assert refused.value.reason == "unsigned"
    assert in_force(post) == before


def test_a_stolen_key_opens_nothing_once_the_next_was_used(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    stolen = post.key
    post.rotate()
    agree(post)
    caplog.set_level(logging.WARNING)
    thief, coming = client_of(post, stolen), fresh()
    for act in (thief.position, lambda: thief.change_keys(endorsed(post, stolen, coming), coming)):
        with pytest.raises(HubRefused) as refused:
            act()
        assert refused.value.reason == "key-retired"
    assert "key-retired" in caplog.text
    assert post.centre.alarms(post.name) == {"key-retired"}
    agree(post)


def test_a_request_that_the_line_doubles_late_alarms_nobody(post: Post) -> None:
    """It was let through once; its key has been retired since."""
    path = f"/v1/stations/{post.name}/status"
    asked = jose.Request.of(post.name, post.centre.keys.audience, "GET", path, b"")
    bearer = {"Authorization": f"Bearer {jose.sign_request(asked, post.key, NOW, 'once-only')}"}
    with connect(post.centre.server.url) as http:
        assert http.get(path, headers=bearer).status_code == 200
        post.rotate()
        agree(post)
        again = http.get(path, headers=bearer)
    assert (again.status_code, again.json()["reason"]) == (401, "replayed")
    assert post.centre.alarms(post.name) == set()


def test_an_old_copy_of_the_disk_begins_no_card_any_more(post: Post, tmp_path: Path) -> None:
    post.end()
    shutil.copytree(post.data, tmp_path / "copy")
    post.begin()
    post.rotate()
    agree(post)
    post.end()
    post.data = tmp_path / "copy"
    post.begin()
    post.loop.step()
    assert len(post.closed) == 1
    assert "replaced" in post.closed[0]


def test_a_centre_that_was_put_back_to_yesterday_is_told_again(tmp_path: Path) -> None:
    """Its data base knows the key before, and not the one in use."""
    with closing(Centre(tmp_path / "hub")) as yesterday:
        post = Post(yesterday, tmp_path / "station")
        post.receive()
        post.settle()
        shutil.copytree(tmp_path / "hub", tmp_path / "backup")
        post.rotate()
        agree(post)
    with closing(Centre(tmp_path / "backup", keys=yesterday.keys, port=yesterday.server.port)) as post.centre:
        post.receive()
        post.loop.step()
        assert "unknown key" in post.loop.state.last_error
        agree(post)
        post.end()


def test_no_new_key_while_a_restore_is_allowed_and_none_stays_from_before(post: Post) -> None:
    """The disk was lost in the middle of a change: what it was to have had counts no more."""
    coming = fresh()
    client_of(post, post.key).change_keys(endorsed(post, post.key, coming), coming)
    assert len(in_force(post)[0]) == 2
    allow_restore(post.centre.store, post.name)
    assert in_force(post)[0] == [keys.thumbprint(post.key)]
    with pytest.raises(HubRefused) as refused:
        client_of(post, post.key).change_keys(endorsed(post, post.key, coming), coming)
    assert refused.value.reason == "keys"


def test_sticks_that_are_on_their_way_while_the_keys_change(post: Post, tmp_path: Path) -> None:
    """What was sealed for the old key is read; what the old key signed brings nothing new, and no alarm."""
    out, back, late = (tmp_path / name for name in ("out", "back", "late"))
    for stick in (out, back, late):
        stick.mkdir()
    hub = Sticks(post.centre.store, post.centre.keys, int(NOW * 1000))
    post.carrier.export(out)
    post.carrier.export(back)
    post.centre.issue(post.name, 2)
    hub.take(back)
    for told in hub.told(back):
        hub.answer(back, told)
    stolen = post.key
    post.rotate()
    agree(post)
    [taken] = hub.take(out)
    assert (taken.reason, taken.fresh) == ("", 0)
    found = post.carrier.take(back)
    assert (found.unused, found.records) == ([], 2), "sealed for the key before"
    assert post.centre.alarms(post.name) == set()
    post.carrier.export(late)
    assert hub.take(late)[0].reason == ""
    post.receive()
    post.carrier.key = post.ends.outbox.key = stolen
    post.carrier.export(late)
    [refused] = hub.take(late)
    assert refused.reason == "key-retired"
    assert post.centre.alarms(post.name) == {"key-retired"}


def test_a_stolen_key_can_hide_no_frame_behind_what_is_held(post: Post, tmp_path: Path) -> None:
    """The parcel tells of a position that the centre has, and holds one frame more."""
    stolen = post.key
    post.rotate()
    agree(post)
    held = post.ends.acknowledged.position
    post.receive()
    told = {
        "after": held.seq - 1, "through": held.seq, "checkpoint": sign_checkpoint(Checkpoint(held, {}), stolen),
        "cursor": "", "room": 0, "centre": post.centre.keys.newest,
    }  # fmt: skip
    sender = Sender(post.name, stolen, post.centre.keys.encryption)
    lines, _, _ = post.ends.outbox.frames_after(held.seq, 1 << 20)
    write(tmp_path, Kind.JOURNAL, sender, told, 0, lambda: packed(lines))
    [taken] = Sticks(post.centre.store, post.centre.keys, 0).take(tmp_path)
    assert (len(lines), taken.fresh, taken.held) == (1, 0, held.seq)


def test_the_key_for_what_was_on_its_way_goes_after_its_term(post: Post, tmp_path: Path) -> None:
    post.rotate()
    agree(post)
    old = post.data / "keys" / "encryption.old.jwk"
    post.restart()
    day_s = 86_400
    made_ms = post.ends.rotation._last_change().said.made_ms  # type: ignore[union-attr]
    for days, kept in ((OVERLAP_DAYS - 1, True), (OVERLAP_DAYS + 1, False)):
        post.centre.clock.now_s = made_ms / 1000 + days * day_s
        post.receive()
        post.settle()
        assert old.exists() is kept
    post.centre.clock.now_s = NOW


def test_a_word_of_a_key_that_went_is_none_on_later_frames(post: Post) -> None:
    """Found by the program and by the page's verifier; and so is a chain that somebody lengthened."""
    stolen = post.key
    post.rotate()
    agree(post)
    genesis = checkpoints.genesis_of(post.data / "journal").data
    post.books.commit("started", {}, "test")
    position = Position(post.name, genesis["incarnation"], post.books.seq, post.books.head)
    forged = Checkpoint(position, {})
    checkpoints.keep(post.data / CHECKPOINTS, forged, stolen)
    with pytest.raises(DamagedData, match="another had replaced"):
        checkpoints.every(post.data / CHECKPOINTS, genesis)
    with pytest.raises(ValueError, match="not by the station's key"):
        post.verified()
    (post.data / CHECKPOINTS / genesis["incarnation"] / f"{position.seq:012d}.json").unlink()
    post.audited()
    chain = post.data / CHECKPOINTS / genesis["incarnation"] / "keys.jsonl"
    line = json.dumps({"endorsement": endorsed(post, stolen, fresh()), "key": keys.public_jwk(stolen)})
    chain.write_text(chain.read_text() + line + "\n")
    with pytest.raises(DamagedData, match=r"keys.jsonl:2"):
        checkpoints.every(post.data / CHECKPOINTS, genesis)
    with pytest.raises(ValueError, match="not endorsed"):
        post.verified()
