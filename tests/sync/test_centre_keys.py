"""The centre changes its keys: each station learns the next by the one it has, by link or stick, early or late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.crypto import keys
from kiosk.crypto.endorsement import Successors, sign_announcement
from kiosk.crypto.keys import OKPKey
from kiosk.hub import keyring, listing, stations
from kiosk.hub.keyring import HubKeys
from kiosk.hub.sticks import Sticks
from kiosk.sync.enrol import Pins, load_pins
from kiosk.sync.intake import Accepted, judge
from kiosk.sync.pinned import Pinned
from tests.sync.centre import NOW, Centre
from tests.sync.rotating import Killed, Post, killed_at


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """Its keys are in files, which other commands change while it serves."""
    with closing(Centre(tmp_path / "hub", keys=HubKeys.open(tmp_path / "hub"))) as running:
        yield running


@pytest.fixture
def post(centre: Centre, tmp_path: Path) -> Iterator[Post]:
    made = Post(centre, tmp_path / "station")
    made.receive()
    made.settle()
    yield made
    made.end()


def behind(post: Post) -> list[str]:
    with post.centre.store.snapshot() as connection:
        return stations.behind(connection, HubKeys.open(post.centre.directory).newest)


def pinned(post: Post) -> tuple[list[str], list[str]]:
    """In the file: those by which the centre signs, and those by which it did."""
    pins = load_pins(post.data / "keys" / "hub.json")
    return [keys.thumbprint(key) for key in pins.signing], [keys.thumbprint(key) for key in pins.former]


def given(post: Post) -> list[str]:
    """The records that the centre gives out now, whatever the station has."""
    lines = listing.lines(post.centre.store, post.name, 0, 100, post.centre.keys.renewed)
    return [json.loads(line)["record"] for line in lines]


def deliver(post: Post) -> None:
    post.receive()
    post.settle()
    assert post.centre.held(post.name)[-1] == post.audited()[-1].record
    assert (post.closed, post.centre.alarms(post.name)) == ([], set())


def test_with_overlap_and_records_from_before_stay_good(post: Post) -> None:
    place, old = post.centre.directory, post.centre.keys.audience
    early = post.centre.issue(post.name, 2)
    first = [judge(token, post.name, [post.centre.keys.signing]) for token in given(post)]
    post.ends.inbox.accept(first, "2")
    late = post.centre.issue(post.name, 2)
    new = keyring.rotate(place).newest
    assert keyring.rotate(place).newest == new, "asked twice it is one change"
    assert behind(post) == [post.name]
    deliver(post)
    assert pinned(post) == ([new, old], [])
    deliver(post)
    assert behind(post) == []
    assert post.centre.keys.audience == old, "all is signed by the old one still"
    keyring.retire(place)
    deliver(post)
    assert pinned(post) == ([new], [old])
    assert post.centre.keys.audience == new
    assert not (place / "next.json").exists()
    pins = load_pins(post.data / "keys" / "hub.json")
    assert [judge(token, post.name, pins.signing).ref for token in given(post)] == [*early, *late]  # type: ignore[union-attr]
    kept = post._vault.token(early[0])
    assert not isinstance(judge(kept, post.name, pins.signing), Accepted), "the control: it is by the old key"
    assert isinstance(judge(kept, post.name, pins.believed), Accepted)


@pytest.mark.parametrize("changes", [1, 2])
def test_a_station_that_was_away_meanwhile_learns_at_its_next_call(post: Post, changes: int) -> None:
    """Its loop is at work and asks for no status by itself; two changes are two announcements."""
    place = post.centre.directory
    for _ in range(changes):
        keyring.rotate(place)
        keyring.retire(place)
    post.receive()
    post.loop.step()
    assert "retired" in post.loop.state.last_error
    deliver(post)
    assert pinned(post)[0] == [post.centre.keys.audience]
    assert len(pinned(post)[1]) == changes


def test_the_power_goes_while_the_centre_changes(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each rename and at the deletion, one change after another; it serves on meanwhile, and afterwards."""
    place = post.centre.directory
    for number in (1, 2, 3, 4):
        for after in (False, True) if number < 4 else (False,):
            sealed_for = set(names(keyring.rotate(place).opening[:2]))
            deliver(post)
            with killed_at(monkeypatch, number, after=after), monkeypatch.context() as patch:
                patch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(Killed))
                with pytest.raises(Killed):
                    keyring.retire(place)
            assert sealed_for <= set(names(HubKeys.open(place).opening)), "what is on a stick is opened"
            deliver(post)
            if HubKeys.open(place).coming:
                keyring.retire(place)
            assert sealed_for <= set(names(HubKeys.open(place).opening))
            deliver(post)
            assert pinned(post)[0] == [HubKeys.open(place).audience]
    rows = json.loads((place / "former.json").read_bytes())
    assert [bool(row["encryption"]) for row in rows] == [False] * (len(rows) - 1) + [True]


def test_sticks_bring_it_to_a_station_without_a_link(post: Post, tmp_path: Path) -> None:
    """In the answer, before the old key goes and after; what is sealed for a key that went is still opened."""
    place = post.centre.directory

    def trip(name: str) -> list[str]:
        (tmp_path / name).mkdir()
        post.receive()
        post.carrier.export(tmp_path / name)
        return bring(name)

    def bring(name: str) -> list[str]:
        hub = Sticks(post.centre.store, HubKeys.open(place), int(NOW * 1000))
        reasons = [each.reason for each in hub.take(tmp_path / name)]
        for told in hub.told(tmp_path / name):
            hub.answer(tmp_path / name, told)
        assert post.carrier.take(tmp_path / name).unused == []
        return reasons

    keyring.rotate(place)
    assert trip("first") == [""]
    assert pinned(post)[0][0] == HubKeys.open(place).newest
    assert behind(post) == [post.name]
    assert trip("second") == [""]
    assert behind(post) == []
    (tmp_path / "away").mkdir()
    post.receive()
    post.carrier.export(tmp_path / "away")
    keyring.retire(place)
    keyring.rotate(place)
    keyring.retire(place)
    assert bring("away") == [""], "sealed for the key that went last"
    assert pinned(post)[0] == [HubKeys.open(place).audience]
    assert post.centre.alarms(post.name) == set()


def test_a_file_that_is_being_copied_stops_nobody(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """A centre of two machines: the other one gets the file by hand."""
    place = post.centre.directory
    (place / "next.json").write_bytes(b'{"sig')
    (place / "next.json").chmod(0o600)
    deliver(post)
    assert "not read anew" in caplog.text
    (place / "next.json").unlink()
    new = keyring.rotate(place).newest
    deliver(post)
    assert pinned(post)[0][0] == new


OLD, NEXT, STRANGER = (keys.generate_signing() for _ in range(3))
ENCRYPTION = keys.generate_encryption()


def names(found: Iterable[OKPKey]) -> list[str]:
    return [keys.thumbprint(key) for key in found]


def announced(by: OKPKey, coming: OKPKey) -> str:
    return sign_announcement(Successors(coming, ENCRYPTION), by)


@pytest.mark.parametrize(
    ("heard", "signing"),
    [
        ([announced(OLD, NEXT)], [NEXT, OLD]),
        ([announced(OLD, NEXT), announced(OLD, NEXT)], [NEXT, OLD]),
        ([announced(OLD, NEXT), announced(NEXT, STRANGER)], [STRANGER, NEXT, OLD]),
        ([announced(NEXT, STRANGER), announced(OLD, NEXT)], [NEXT, OLD]),
        ([announced(STRANGER, STRANGER), announced(STRANGER, NEXT)], [OLD]),
        ([announced(OLD, OLD), "", "a.b.c", "\u00e9"], [OLD]),
    ],
)
def test_only_a_pinned_key_can_bring_another(tmp_path: Path, heard: list[str], signing: list[OKPKey]) -> None:
    place = Pinned(tmp_path / "hub.json", Pins("", "k", (OLD,), ENCRYPTION, keys.generate_chip()))
    assert names(place.hear(heard)) == names(signing)


def test_a_key_that_went_brings_none(tmp_path: Path) -> None:
    pins = Pins("", "k", (OLD,), ENCRYPTION, keys.generate_chip())
    place = Pinned(tmp_path / "hub.json", pins)
    place.hear([announced(OLD, NEXT)])
    assert names(place.proved(keys.thumbprint(OLD))) == names([NEXT, OLD]), "the centre signs by the old one still"
    assert names(place.proved(keys.thumbprint(NEXT))) == names([NEXT])
    assert names(place.hear([announced(OLD, STRANGER), announced(OLD, NEXT)])) == names([NEXT])
    again = load_pins(tmp_path / "hub.json")
    assert (names(again.signing), names(again.believed)) == (names([NEXT]), names([NEXT, OLD]))


def test_by_command_nobody_is_left_behind_unnoticed(post: Post) -> None:
    def ask(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(main, ["--data", str(post.centre.directory), "hub", *words])
        return found.exit_code, found.output

    assert ask("retire-keys")[0] == 2, "none are announced"
    assert post.name in ask("rotate-keys")[1]
    refused, told = ask("retire-keys")
    assert refused == 1
    assert post.name in told
    assert ask("retire-keys", "--leave-behind")[0] == 2
    assert HubKeys.open(post.centre.directory).coming
    assert ask("retire-keys", "--leave-behind", "--by", "Maria", "--reason", "its office burnt down")[0] == 0
    [alarm] = post.centre.status(post.name).alarms
    assert (alarm.kind, "Maria" in alarm.detail, "burnt" in alarm.detail) == ("left-behind", True, True)
