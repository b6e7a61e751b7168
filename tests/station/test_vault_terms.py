"""What goes by age, what a crash left in the vault, records of release 0.1, and a vault under a passphrase."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import asdict, replace

import pytest

from kiosk.config import VaultConfig
from kiosk.control import NotRunning, call
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.crypto.sealing import new_key, seal, wrap_key
from kiosk.errors import DamagedData, Rejected, Unavailable, UsageError
from kiosk.gate import UNLOCK, open_keyring, set_passphrase, wait_for_passphrase
from kiosk.station import Station
from kiosk.vault import Vault
from tests.cli.test_cli import on
from tests.office import Office
from tests.station.test_handover import hand_over, printed

DAY_S = 86_400.0
WORDS = "lima kata yang lucu sekali"


@pytest.fixture(autouse=True)
def _quick_to_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.crypto.keyfile.MEMORY_KIB", 64)


def review_after(office: Office, days: float) -> None:
    office.station._janitor.now = lambda: time.time() + days * DAY_S
    office.station._janitor.review()


def files(office: Office, ref: str) -> list[str]:
    return sorted(path.name for path in (office.data / "vault").glob(f"{ref}.*"))


def test_a_record_goes_whole_when_the_audit_term_is_over(office: Office) -> None:
    first, second = printed(office, 2)
    ref = hand_over(office, first, strokes="1,1 2,2")["ref"]
    other = office.job(second)["ref"]
    assert office.station.roster.get(ref)
    review_after(office, 729.9)
    assert len(files(office, ref)) == 3
    review_after(office, 730.1)
    assert files(office, ref) == []
    assert len(files(office, other)) == 2  # nobody took that card yet
    assert office.station.roster.get(ref) is None
    with pytest.raises(Rejected, match="not in the vault"):
        office.station.vault.receipt(ref, first)
    office.restart()
    assert office.station.vault.with_identity() == [other]


def test_who_has_their_card_is_known_to_the_vault_alone(office: Office) -> None:
    """And not to a search, nor by their NIK, in a process that may run for months."""
    first, second = printed(office, 2)
    roster, ref, other = office.station.roster, office.job(first)["ref"], office.job(second)["ref"]
    holder = roster.get(ref)
    assert holder
    assert roster.find(holder.nik) == {ref}
    hand_over(office, first, strokes="1,1 2,2")
    assert roster.get(ref) == holder
    assert roster.find(holder.nik) == roster.find(holder.nama) == set()
    assert holder.nik not in roster._by_nik
    assert {other} <= roster.find("")


def test_without_a_clock_that_is_right_nothing_goes_by_age(office: Office) -> None:
    [job] = printed(office)
    ref = hand_over(office, job)["ref"]
    office.station._janitor.now = lambda: None
    office.station._janitor.review()
    assert files(office, ref)


def test_a_call_back_that_is_too_old_is_closed_by_itself(office: Office) -> None:
    number = office.station.callbacks.add("op:maria", office.residents[0].fields.nik, "081234567890", "other")
    review_after(office, 179.9)
    assert [row.number for row in office.station.callbacks.waiting()] == [number]
    review_after(office, 180.1)
    assert office.station.callbacks.waiting() == []
    assert list((office.data / "vault" / "calls").iterdir()) == []
    assert (office.frames()[-1].kind, office.frames()[-1].stamp.by) == ("call-back-closed", "station")


def test_a_record_that_no_frame_names_goes_at_the_next_start(office: Office) -> None:
    known, unknown = office.bring_records(1)[0], office.token(office.residents[3])
    office.station.vault.put(*unknown)
    (office.data / "vault" / f"{'0' * 31}f.body").write_bytes(b"without a key")
    office.restart()
    assert office.station.vault.with_identity() == [known]
    assert files(office, "0" * 31 + "f") == []
    assert len(files(office, known)) == 2


def test_a_vault_without_its_keyring_is_not_begun_anew(office: Office) -> None:
    office.bring_records(1)
    office.station.close()
    keyring = office.data / "vault" / "keyring"
    content = keyring.read_bytes()
    keyring.unlink()
    with pytest.raises(DamagedData, match="keyring is gone"):
        Station(office.station.config, office.data, "test")
    keyring.write_bytes(content)
    office.reopen()


def test_records_of_release_0_1_are_taken_over(office: Office) -> None:
    office.station.close()
    key_file = KeyFile.open(office.data / "keys" / "vault.key")
    record, token = office.token(office.residents[0])
    directory, ref, identity, biometrics = office.data / "vault", record.ref, new_key(), new_key()
    sealed = seal(identity, json.dumps(asdict(record.fields)).encode(), f"keping-vault/1/{ref}/head".encode())
    head = {"v": 1, "identity_key": wrap_key(key_file.key, identity), "identity": sealed,
            "biometrics_key": wrap_key(key_file.key, biometrics)}  # fmt: skip
    coded = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in head.items()}
    (directory / f"{ref}.head").write_text(json.dumps(coded))
    body = seal(biometrics, token.encode(), f"keping-vault/1/{ref}/body".encode())
    (directory / f"{ref}.body").write_bytes(body)
    vault = Vault(directory, open_keyring(office.data, "file", None))
    assert (vault.token(ref), vault.identity(ref)) == (token, record.fields)
    assert KeyFile.open(office.data / "keys" / "vault.key").key != key_file.key
    office.reopen()


def test_a_vault_under_a_passphrase_waits_for_it(office: Office) -> None:
    [ref] = office.bring_records(1)
    with pytest.raises(Unavailable):
        set_passphrase(office.data, None, WORDS)  # a station runs
    office.station.close()
    set_passphrase(office.data, None, WORDS)
    config = replace(office.station.config, vault=VaultConfig(unlock="passphrase"))
    with pytest.raises(Rejected, match="locked"):
        Station(config, office.data, "test")
    with pytest.raises(UsageError, match="needs a passphrase"):
        Station(office.station.config, office.data, "test", WORDS)
    Station(config, office.data, "test", WORDS).close()
    given: list[str | None] = []
    waiting = threading.Thread(target=lambda: given.append(wait_for_passphrase(office.data, threading.Event())))
    waiting.start()
    assert knock(office, "another one, longer") == "passphrase-wrong"
    with pytest.raises(Rejected, match="keping vault unlock"):
        call(office.data, "jobs.run", {})
    assert knock(office, WORDS) == ""
    waiting.join(10)
    assert given == [WORDS]
    station = Station(config, office.data, "test", given[0])
    station.vault.erase_biometrics([ref])  # replaces the key, which stays under the passphrase
    station.close()
    Station(config, office.data, "test", WORDS).close()
    set_passphrase(office.data, WORDS, None)
    office.reopen()
    assert office.station.vault.identity(ref)


def knock(office: Office, words: str) -> str:
    """Give the passphrase as soon as somebody listens; returns the reason of the refusal."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            call(office.data, UNLOCK, {"passphrase": words})
        except NotRunning:
            continue
        except Rejected as exc:
            return exc.reason
        return ""
    raise AssertionError("nobody listens")


def test_nobody_waits_for_a_passphrase_that_there_is_not(office: Office) -> None:
    office.station.close()
    with pytest.raises(UsageError, match="has none"):
        wait_for_passphrase(office.data, threading.Event())
    with pytest.raises(UsageError, match="has no passphrase"):
        open_keyring(office.data, "passphrase", None)
    set_passphrase(office.data, None, WORDS)
    stopped = threading.Event()
    stopped.set()
    assert wait_for_passphrase(office.data, stopped) is None
    set_passphrase(office.data, WORDS, None)
    Keyring(office.data / "vault", KeyFile.open(office.data / "keys" / "vault.key"))
    office.reopen()


def contents(office: Office) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (office.data / "vault").rglob("*") if path.is_file()}


def dry_run(office: Office, **terms: int) -> dict[str, list[str]]:
    found = office.station.execute("vault.retention", terms, "test")
    rules: dict[str, list[str]] = found["rules"]
    return rules


def test_a_dry_run_says_what_the_next_review_does_and_touches_nothing(office: Office) -> None:
    first, _ = printed(office, 2)
    ref = hand_over(office, first, strokes="1,1 2,2")["ref"]
    [given_back] = office.bring_records(1)
    office.station.execute("sync.release", {"refs": [given_back], "reason": "salah kirim"}, "op:yosep")
    number = office.station.callbacks.add("op:maria", office.residents[7].fields.nik, "081234567890", "other")
    empty: dict[str, list[str]] = {"confirmed": [], "audit-term": [], "released-term": [], "call-term": []}
    seq, before = office.station.books.seq, contents(office)
    for days, expected in (
        (29.0, {}), (31.0, {"released-term": [given_back]}),
        (181.0, {"released-term": [given_back], "call-term": [number]}),
        (731.0, {"released-term": [given_back], "call-term": [number], "audit-term": [ref]}),
    ):  # fmt: skip
        office.station._janitor.now = lambda days=days: time.time() + days * DAY_S  # type: ignore[misc]
        assert dry_run(office) == empty | expected
    assert (office.station.books.seq, contents(office)) == (seq, before)
    assert dry_run(office, audit_term=732) == empty | {"released-term": [given_back], "call-term": [number]}
    for wrong in ({"audit_term": 0}, {"audit_term": "1"}, {"days": 3}):
        with pytest.raises(UsageError):
            dry_run(office, **wrong)  # type: ignore[arg-type]
    review_after(office, 731)
    assert dry_run(office) == empty
    said = [(frame.kind, frame.data.get("rule"), frame.data.get("refs")) for frame in office.frames()[seq:]]
    assert said == [
        ("erased", "audit-term", [ref]), ("erased", "released-term", [given_back]), ("call-back-closed", None, None),
    ]  # fmt: skip
    review_after(office, 732)
    assert len(office.frames()) == seq + 3, "what is gone is not said again"


def test_what_the_medium_refuses_is_not_called_destroyed(office: Office) -> None:
    [job] = printed(office)
    ref = hand_over(office, job)["ref"]
    seq = office.station.books.seq

    def refuse(refs: list[str]) -> None:
        raise OSError("read-only")

    office.station._janitor._vault.erase = refuse  # type: ignore[method-assign, assignment]
    review_after(office, 731)
    assert office.station.books.seq == seq
    assert dry_run(office)["audit-term"] == [ref]


def test_without_a_sure_time_the_dry_run_says_so(office: Office) -> None:
    office.station._janitor.now = lambda: None
    found = office.station.execute("vault.retention", {"audit_term": 1}, "test")
    assert (found["certain"], set(map(len, found["rules"].values()))) == (False, {0})
    assert found["terms"] == {"audit-term": 1, "released-term": 30, "call-term": 180}
    office.station.close()
    shown = on(office, "vault", "retention", "--call-term", "1")
    assert "audit-term" in shown.stdout, shown.stderr
    office.reopen()
