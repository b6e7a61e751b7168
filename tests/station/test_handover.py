"""A finished card, the counter, and what is destroyed when the card has left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.books import Books, replay
from kiosk.config import VaultConfig
from kiosk.core.frames import Frame
from kiosk.errors import Rejected, Unavailable, UsageError
from kiosk.gate import open_keyring
from kiosk.janitor import Janitor
from kiosk.journal import Poisoned, scan
from kiosk.vault import Vault
from kiosk.views import load_snapshot
from tests.office import Killed, Office

PLAIN = {"taker": "holder", "verified": "ktp-lama"}
STROKES = "10,20 30,40;50,60"


def printed(office: Office, count: int = 1) -> list[str]:
    """Jobs with a finished card, in the order of their ends."""
    refs = office.bring_records(count)
    jobs = office.station.desk.run_jobs("test", refs=refs)
    office.until(lambda: all(office.state(job) == "completed" for job in jobs))
    return [row["job"] for row in office.station.counter.uncollected()]


def tray(office: Office, job: str) -> Card:
    uid = office.job(job)["cards"][-1]["uid"]
    return next(card for card in office.world.census()["output"] if chip_of(card).uid.hex().upper() == uid)


def chip_of(card: Card) -> Chip:
    assert isinstance(card.chip, Chip)
    return card.chip


def hand_over(office: Office, job: str, **said: Any) -> dict[str, Any]:
    result: dict[str, Any] = office.station.execute("jobs.hand-over", {"job": job, **PLAIN, **said}, "op:maria")
    return result


def record_state(office: Office, ref: str) -> str:
    with office.station.books.transaction() as view:
        record = view.get("records", ref)
    assert record
    return str(record["state"])


def test_a_finished_card_waits_until_it_is_handed_over(office: Office) -> None:
    first, second = printed(office, 2)
    assert [row["job"] for row in office.station.counter.uncollected()] == [first, second]
    office.desk.lay(tray(office, first))
    said = hand_over(office, first, chip="read", old_card="taken", strokes=STROKES)
    assert said["end"] == "issued"
    [row] = office.station.counter.uncollected()
    assert row["job"] == second
    assert (office.accounts()["issued"], office.accounts()["printed"]) == (1, 1)
    assert record_state(office, said["ref"]) == "issued"
    frame = office.frames()[-1]
    assert frame.stamp.by == "op:maria"
    assert frame.data == {
        "job": first, "ref": said["ref"], "uid": office.job(first)["cards"][0]["uid"], "taker": "holder",
        "verified": "ktp-lama", "chip": "read", "old_card": "taken", "signed": True,
        "moves": [["wni", "BAST-1", "printed", "issued", 1]],
    }  # fmt: skip
    office.agree()


def test_a_card_is_handed_over_once(office: Office) -> None:
    [job] = printed(office)
    hand_over(office, job)
    before = len(office.frames())
    with pytest.raises(Rejected, match="handed over already"):
        hand_over(office, job, strokes=STROKES)
    assert len(office.frames()) == before
    with pytest.raises(Rejected, match="not in the vault"):
        office.station.vault.receipt(office.job(job)["ref"], job)
    with pytest.raises(Rejected, match="no card of job"):
        hand_over(office, "0badf00d")


def test_an_issued_record_is_printed_by_nobody_again(office: Office) -> None:
    [job] = printed(office)
    ref = hand_over(office, job)["ref"]
    with pytest.raises(Rejected, match="is issued"):
        office.station.desk.run_jobs("test", refs=[ref])


def test_another_persons_card_is_refused_by_its_owner_and_no_word_overrides_it(office: Office) -> None:
    first, second = printed(office, 2)
    office.desk.lay(tray(office, second))
    with pytest.raises(Rejected, match=f"wrong-card; it is the card of job {second}"):
        hand_over(office, first, chip="read")
    with pytest.raises(Rejected, match="wrong-card"):
        hand_over(office, first)
    assert office.accounts()["printed"] == 2
    office.desk.lift()
    office.desk.lay(tray(office, first))
    assert hand_over(office, first, chip="read")["end"] == "issued"


def test_a_card_that_no_job_knows_is_refused(office: Office) -> None:
    [job] = printed(office)
    office.desk.lay(office.world.hopper[-1])
    found = office.station.counter.read_card(job)
    assert (found.problem, found.owner) == ("wrong-card", "")


def test_a_chip_with_other_data_is_refused_and_the_fields_are_named(office: Office) -> None:
    first, second = printed(office, 2)
    mine, other = chip_of(tray(office, first)), chip_of(tray(office, second))
    mine._nv[0x6FF1] = bytearray(other.content(0x6FF1))
    office.desk.lay(tray(office, first))
    found = office.station.counter.read_card(first)
    assert found.problem == "chip-differs"
    assert "nik" in {row.name for row in found.rows if not row.same}
    with pytest.raises(Rejected, match="chip-differs"):
        hand_over(office, first)


def test_a_silent_chip_leaves_the_eye(office: Office) -> None:
    [job] = printed(office)
    with pytest.raises(Rejected, match="chip-silent"):
        hand_over(office, job, chip="read")
    hand_over(office, job, chip="by-eye")
    assert office.frames()[-1].data["chip"] == "by-eye"


def test_without_a_reader_only_the_eye_compares(office: Office) -> None:
    [job] = printed(office)
    office.desk_taken_away()
    with pytest.raises(Rejected, match=r"reader\.desk"):
        hand_over(office, job, chip="read")
    hand_over(office, job)


def test_a_reader_that_is_gone_is_said(office: Office) -> None:
    [job] = printed(office)
    office.desk_antenna.close()
    with pytest.raises(Unavailable, match="reader on the desk"):
        hand_over(office, job, chip="read")


@pytest.mark.parametrize(
    "said", [{"taker": "dog"}, {"taker": "representative"}, {"verified": "eye"}, {"colour": "blue"}]
)
def test_what_is_no_answer_changes_nothing(office: Office, said: dict[str, str]) -> None:
    [job] = printed(office)
    before = len(office.frames())
    with pytest.raises(UsageError):
        hand_over(office, job, **said)
    assert len(office.frames()) == before


def test_who_took_it_and_the_signature_are_in_the_vault_alone(office: Office) -> None:
    [job] = printed(office)
    ref = hand_over(office, job, taker="representative", name="Yosep Bria", strokes=STROKES)["ref"]
    kept = office.station.vault.receipt(ref, job)
    assert kept == {"v": 1, "name": "Yosep Bria", "strokes": [[[10, 20], [30, 40]], [[50, 60]]]}
    for path in office.data.rglob("*"):
        if path.is_file():
            assert b"Yosep" not in path.read_bytes(), path
            assert b"10,20" not in path.read_bytes(), path


def test_withdrawn_old_cards_are_counted_beside_the_ledger(office: Office) -> None:
    for job, old in zip(printed(office, 3), ("taken", "none", "taken"), strict=True):
        hand_over(office, job, old_card=old)
    with office.station.books.transaction() as view:
        assert view.get("tally", "old-cards") == {"count": 2}
    office.agree()


# A crash.


def test_a_crash_before_the_event_leaves_the_card_waiting(office: Office) -> None:
    [job] = printed(office)
    put = office.station.vault.put_receipt

    def killed(*given: Any) -> None:
        put(*given)
        raise Killed

    office.station.vault.put_receipt = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        hand_over(office, job, strokes=STROKES)
    office.restart()
    [row] = office.station.counter.uncollected()
    assert row["job"] == job
    hand_over(office, job, strokes="1,1 2,2")
    assert office.station.vault.receipt(row["ref"], job)["strokes"] == [[[1, 1], [2, 2]]]


def test_a_crash_after_the_event_leaves_it_handed_over(office: Office) -> None:
    [job] = printed(office)

    def killed(frame: Frame) -> None:
        raise Killed

    office.station.books.on_commit = killed
    with pytest.raises(Killed):
        hand_over(office, job)
    office.station.books.on_commit = lambda frame: None
    office.restart()
    assert office.station.counter.uncollected() == []
    with pytest.raises(Rejected, match="already"):
        hand_over(office, job)
    office.agree()


def test_a_medium_that_fails_hands_nothing_over(office: Office) -> None:
    [job] = printed(office)
    office.station.books._journal._poisoned = "the medium failed"
    with pytest.raises(Poisoned):
        hand_over(office, job)
    assert [row["job"] for row in office.station.counter.uncollected()] == [job]


# The view.


def test_the_list_is_the_same_from_the_first_frame_and_from_a_snapshot(office: Office) -> None:
    jobs = printed(office, 3)
    hand_over(office, jobs[1])
    rebuilt = replay(scan(office.data / "journal"))
    with office.station.books.transaction() as view:
        assert rebuilt.digest == view.digest
    assert {row["job"] for row in rebuilt.rows("uncollected")} == {jobs[0], jobs[2]}


def test_a_snapshot_of_another_shape_is_not_taken(office: Office, tmp_path: Path) -> None:
    printed(office)
    with office.station.books.transaction() as view:
        whole, digest = view.dump(), view.digest
    path = tmp_path / "s.json"
    path.write_bytes(whole)
    assert load_snapshot(path, digest) is not None
    old = whole.replace(b'"shape": ', b'"shape": 1')
    path.write_bytes(old)
    assert load_snapshot(path, hashlib.sha256(old).hexdigest()) is None


FALSE: dict[str, Callable[[dict[str, Any]], object]] = {
    "another record": lambda body: body.update(ref="f" * 32),
    "another chip": lambda body: body.update(uid="04FFFFFFFFFFFF"),
    "no movement": lambda body: body.update(moves=[]),
    "two cards": lambda body: body["moves"][0].__setitem__(4, 2),
    "to the store": lambda body: body["moves"][0].__setitem__(3, "vault"),
    "another lot": lambda body: body["moves"][0].__setitem__(1, "BAST-9"),
    "unknown job": lambda body: body.update(job="ffffffff"),
}


@pytest.mark.parametrize("lie", FALSE)
def test_an_event_that_contradicts_the_books_is_not_written(office: Office, lie: str) -> None:
    [job] = printed(office)
    [card] = office.station.counter.uncollected()
    body = {
        "job": job, "ref": card["ref"], "uid": card["uid"], "taker": "holder", "verified": "kk", "chip": "by-eye",
        "old_card": "none", "signed": False, "moves": [["wni", card["lot"], "printed", "issued", 1]],
    }  # fmt: skip
    FALSE[lie](body)
    before = len(office.frames())
    with pytest.raises(Rejected):
        office.station.books.commit("handed-over", body, "test")
    assert len(office.frames()) == before


# Biometrics.


def test_biometrics_go_when_the_centre_holds_the_hand_over_and_not_before(office: Office) -> None:
    first, second = printed(office, 2)
    office.station.close()
    books = office.open_books()
    vault = Vault(office.data / "vault", open_keyring(office.data, "file", None))
    with books.transaction() as view:
        cards = {row["job"]: row for row in view.rows("uncollected")}
    seq = commit_hand_over(books, cards[first]).seq
    ref = cards[first]["ref"]
    janitor = Janitor(books, vault, lambda before_ms: None, VaultConfig(), lambda: None)
    fields = vault.identity(ref)
    janitor.sweep(seq - 1)
    assert vault.has_biometrics(ref)
    janitor.sweep(seq)
    assert vault.with_biometrics() == [cards[second]["ref"]]
    assert not list(vault._directory.glob(f"{ref}.body"))
    assert not vault.has_biometrics(ref)
    assert vault.identity(ref) == fields
    with pytest.raises(Rejected, match="not in the vault"):
        vault.token(ref)
    janitor.sweep(seq)
    books.close()
    office.reopen()


def commit_hand_over(books: Books, card: dict[str, Any]) -> Frame:
    return books.commit("handed-over", {
        "job": card["job"], "ref": card["ref"], "uid": card["uid"], "taker": "holder", "verified": "kk",
        "chip": "by-eye", "old_card": "none", "signed": False,
        "moves": [[card["sku"], card["lot"], "printed", "issued", 1]],
    }, "test")  # fmt: skip


def test_a_crash_between_key_and_body_is_finished_later(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    [job] = printed(office)
    ref, vault = hand_over(office, job)["ref"], office.station.vault
    seq = office.station.books.seq

    def killed(path: Path, missing_ok: bool = False) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            office.station._janitor.sweep(seq)
    body = office.data / "vault" / f"{ref}.body"
    assert body.exists()
    with pytest.raises(Rejected, match="not in the vault"):
        vault.token(ref)
    office.restart()
    assert not body.exists()


def test_a_medium_that_refuses_is_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    [job] = printed(office)
    ref, seq = hand_over(office, job)["ref"], office.station.books.seq

    def refuse(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.crypto.keyring.replace_file", refuse)
        office.station._janitor.sweep(seq)
    assert office.station.vault.has_biometrics(ref)
    office.station._janitor.sweep(seq)
    assert not office.station.vault.has_biometrics(ref)


def test_drafts_of_a_power_cut_go_at_the_next_start(office: Office) -> None:
    draft = office.data / "vault" / ".0f.head.1234abcd"
    draft.write_bytes(b"half")
    office.restart()
    assert not draft.exists()
