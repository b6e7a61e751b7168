"""People come, change, leave, act for somebody and get back in; each of it is on record, and no secret is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.change import ProjectionError
from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.core.staff import LONGEST_ACTING, StaffEvent, changed
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.people import CODES, Named, People, Role
from kiosk.staff import CODES_NAME
from tests.quick import AS_SHIPPED
from tests.staff.people import DAY_MS, NOON, PINS, House, date_in

TERM = {"first": date_in(0), "last": date_in(2), "document": "SP-7/2026"}
NEW_PIN = "112358"


def refused(house: House, reason: str, command: str, who: str = "", own_pin: str = "", **arguments: Any) -> None:
    with pytest.raises(Rejected) as caught:
        house.ask(command, who, own_pin, **arguments)
    assert caught.value.reason == reason, caught.value


# The first run.


def test_the_first_supervisor_is_added_by_the_box_and_gets_the_codes(tmp_path: Path) -> None:
    house = House(tmp_path)
    operator = {"person": "maria", "name": "Maria Taek", "role": "operator", "pin": PINS["maria"]}
    refused(house, "not-permitted", "user.add", **operator)
    supervisor = {"person": "yosep", "name": "Yosep Bria", "role": "supervisor", "pin": PINS["yosep"]}
    made = house.ask("user.add", **supervisor)
    assert len(set(made["codes"])) == CODES
    refused(house, "not-permitted", "user.add", **{**supervisor, "person": "agnes"})
    refused(house, "not-permitted", "user.add", **operator)
    assert "codes" not in house.ask("user.add", "yosep", **operator)
    assert [(each["person"], each["change"], each["by"]) for each in house.frames("people")] == [
        ("yosep", "added", "cli:root"), ("yosep", "codes", "cli:root"), ("maria", "added", "op:yosep"),
    ]  # fmt: skip
    house.close()


def test_of_two_who_were_let_in_as_the_first_one_is_added(tmp_path: Path) -> None:
    """The door asked both while there was nobody; who comes second finds somebody."""
    house = House(tmp_path)
    said = {"name": "Somebody", "role": "supervisor"}
    for ident in ("yosep", "agnes"):
        assert house.access.admit("user.add", {"person": ident, **said}, "cli:root", None) == "cli:root"
    house.staff.add("cli:root", "yosep", **said, pin=PINS["yosep"])
    with pytest.raises(Rejected, match="there is a supervisor already"):
        house.staff.add("cli:root", "agnes", **said, pin=PINS["agnes"])
    assert [frame["person"] for frame in house.frames("people")] == ["yosep", "yosep"]
    house.close()


def test_a_pin_costs_at_a_station_what_is_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """19 MiB and two passes: OWASP's for Argon2id."""
    monkeypatch.setattr("kiosk.people.COST", AS_SHIPPED)
    (tmp_path / "keys").mkdir()
    known = People(tmp_path)
    yosep = known.add("yosep", "Yosep Bria", Role.SUPERVISOR, PINS["yosep"])
    assert yosep.pin.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert known.verify("yosep", PINS["yosep"])
    assert not known.verify("yosep", NEW_PIN)


def test_no_secret_and_no_name_is_in_the_journal_and_no_secret_on_the_disk(tmp_path: Path) -> None:
    house = House(tmp_path)
    made = house.ask("user.add", person="yosep", name="Yosep Bria", role="supervisor", pin=PINS["yosep"])
    house.staff.change_own_pin("op:yosep", NEW_PIN)
    house.ask("user.recover", person="yosep", code=made["codes"][3], pin=PINS["agnes"])
    journal = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
    assert b"yosep" in journal
    hashes = [json.loads((tmp_path / "keys" / "people.json").read_bytes())[0]["pin"].encode()]
    for word in (b"Yosep", b"Bria", PINS["yosep"].encode(), NEW_PIN.encode(), *hashes):
        assert word not in journal
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for code in made["codes"]:
        assert code.encode() not in everything
        assert code.replace("-", "").encode() not in everything
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
    house.close()


# Leaving, coming back, other roles.


def test_somebody_who_left_is_still_named_and_their_id_is_never_given_out_again(house: House) -> None:
    house.ask("user.deactivate", "yosep", person="maria")
    refused(house, "pin-wrong", "shift.open", "maria")
    with pytest.raises(Rejected, match="is there already"):
        house.ask("user.add", "yosep", person="maria", name="Another", role="operator", pin=NEW_PIN)
    assert [(row["id"], row["active"]) for row in house.ask("user.list") if row["id"] == "maria"] == [
        ("maria", False)
    ]
    assert house.people.get("maria") is not None
    refused(house, "person-inactive", "user.role", "yosep", person="maria", role="auditor")
    house.ask("user.activate", "yosep", person="maria")
    assert house.ask("shift.open", "maria")["shift"] == "S0001"


def test_an_id_that_only_the_journal_remembers_is_not_given_out_either(house: House) -> None:
    person = {"person": "dewi", "name": "Dewi", "role": "operator", "pin": NEW_PIN}
    house.ask("user.add", "yosep", **person)
    path = house.data / "keys" / "people.json"
    path.write_text(json.dumps([row for row in json.loads(path.read_bytes()) if row["id"] != "dewi"]))
    refused(house, "person-exists", "user.add", "yosep", **person)


def test_the_last_supervisor_stays(house: House) -> None:
    house.ask("user.deactivate", "yosep", person="agnes")
    refused(house, "last-supervisor", "user.deactivate", "yosep", person="yosep")
    refused(house, "last-supervisor", "user.role", "yosep", person="yosep", role="operator")
    house.ask("user.role", "yosep", person="rosa", role="supervisor")
    house.ask("user.role", "rosa", person="yosep", role="operator")
    refused(house, "not-permitted", "user.codes", "yosep")


def test_the_journal_is_right_where_the_file_was_edited_or_cut_off(house: House) -> None:
    house.ask("user.role", "yosep", person="maria", role="technician")
    house.ask("user.deactivate", "yosep", person="rosa")
    house.people.set_role("maria", Role.SUPERVISOR, active=True)
    house.people.set_role("rosa", Role.OPERATOR, active=True)
    house.close()
    house.open()
    assert house.people.find("maria").role is Role.TECHNICIAN
    assert not house.people.find("rosa").active


# PINs.


def test_ones_own_pin_is_changed_with_the_old_one(house: House) -> None:
    refused(house, "not-permitted", "user.pin", pin=NEW_PIN)
    house.staff.change_own_pin("op:umi", NEW_PIN)
    assert house.people.verify("umi", NEW_PIN)
    assert not house.people.verify("umi", PINS["umi"])
    with pytest.raises(UsageError, match="six digits"):
        house.staff.change_own_pin("op:umi", "111111")
    assert house.frames("people")[-1]["change"] == "own-pin"


def test_a_supervisors_pin_is_another_supervisors_to_give(house: House) -> None:
    house.staff.reset_pin("op:yosep", "agnes", NEW_PIN)
    assert house.people.verify("agnes", NEW_PIN)
    house.ask("user.acting", "yosep", person="maria", **TERM)
    house.staff.reset_pin("op:maria", "rosa", NEW_PIN)
    with pytest.raises(Rejected, match="user recover"):
        house.staff.reset_pin("op:maria", "yosep", NEW_PIN)


def test_wrong_pins_are_counted_over_the_socket_and_for_the_second_person(house: House) -> None:
    """Three a minute, wherever they were typed; another person is not locked out."""
    refused(house, "pin-wrong", "user.codes", "yosep", "999991")
    refused(house, "pin-wrong", "user.codes", "yosep", "999992")
    with pytest.raises(Rejected, match="no supervisor with that PIN"):
        house.access.second("op:maria", "yosep", "999993")
    refused(house, "pin-wait", "user.codes", "yosep")
    with pytest.raises(Rejected, match="wait 60 s"):
        house.access.second("op:maria", "yosep", PINS["yosep"])
    assert house.access.second("op:maria", "agnes", PINS["agnes"]) == "op:agnes"
    house.clock.monotonic_s += 61
    assert len(house.ask("user.codes", "yosep")) == CODES


@pytest.mark.parametrize(
    ("second", "pin", "reason"),
    [
        ("", "", "approval-missing"),
        ("yosep", "999999", "approval-refused"),
        ("rosa", PINS["rosa"], "approval-refused"),
        ("umi", PINS["umi"], "approval-refused"),
        ("nobody", PINS["yosep"], "approval-refused"),
        ("agnes", PINS["agnes"], "approval-by-self"),
        ("yosep", PINS["yosep"], ""),
    ],
)
def test_the_second_person(house: House, second: str, pin: str, reason: str) -> None:
    if not reason:
        assert house.access.second("op:agnes", second, pin) == "op:yosep"
        return
    with pytest.raises(Rejected) as caught:
        house.access.second("op:agnes", second, pin)
    assert caught.value.reason == reason


def test_who_left_approves_nothing(house: House) -> None:
    house.ask("user.deactivate", "agnes", person="yosep")
    with pytest.raises(Rejected, match="no supervisor with that PIN"):
        house.access.second("op:maria", "yosep", PINS["yosep"])


# One-time codes.


def test_a_code_opens_once(house: House) -> None:
    codes = house.ask("user.codes", "agnes")
    for _ in range(3):
        refused(house, "pin-wrong", "user.codes", "yosep", "999999")
    refused(house, "pin-wait", "user.codes", "yosep")
    typed = codes[0].lower().replace("-", " ")
    assert house.ask("user.recover", person="yosep", code=typed, pin=NEW_PIN) == {"person": "yosep", "left": 7}
    refused(house, "code-wrong", "user.recover", person="yosep", code=codes[0], pin=NEW_PIN)
    fresh = house.ask("user.codes", "yosep", NEW_PIN)
    refused(house, "code-wrong", "user.recover", person="yosep", code=codes[1], pin=NEW_PIN)
    assert house.ask("user.recover", person="yosep", code=fresh[1], pin=PINS["yosep"])["left"] == 7
    assert [(row["change"], row.get("left")) for row in house.frames("people")] == [
        ("codes", 8), ("recovered", 7), ("codes", 8), ("recovered", 7),
    ]  # fmt: skip


def test_codes_are_throttled_and_for_supervisors_alone(house: House) -> None:
    codes = house.ask("user.codes", "agnes")
    refused(house, "not-permitted", "user.recover", person="maria", code=codes[0], pin=NEW_PIN)
    for _ in range(3):
        refused(house, "code-wrong", "user.recover", person="yosep", code="AAAA-BBBB-CCCC", pin=NEW_PIN)
    refused(house, "pin-wait", "user.recover", person="yosep", code=codes[0], pin=NEW_PIN)
    assert house.access.throttle.wait_s(CODES_NAME) == 60
    house.clock.monotonic_s += 61
    assert house.ask("user.recover", person="yosep", code=codes[0], pin=NEW_PIN)["left"] == 7


def test_a_damaged_list_of_codes_is_said(house: House) -> None:
    (house.data / "keys" / "codes.json").write_text("{")
    with pytest.raises(DamagedData):
        house.people.spend_code("AAAA")


# Acting supervisors.


def may_approve(house: House, ident: str) -> bool:
    return house.access.may_approve(house.people.find(ident))


def test_somebody_acts_on_the_days_of_the_paper_and_no_longer(house: House) -> None:
    house.ask("user.acting", "yosep", person="maria", **{**TERM, "first": date_in(1)})
    found = []
    for day in range(5):
        house.clock.now_ms = NOON + day * DAY_MS
        found.append(may_approve(house, "maria"))
    assert found == [False, True, True, False, False]
    row = house.frames("people")[-1]
    assert {name: row[name] for name in ("change", "role", "from", "to", "document", "by")} == {
        "change": "acting", "role": "operator", "from": date_in(1), "to": date_in(2), "document": "SP-7/2026",
        "by": "op:yosep",
    }  # fmt: skip


def test_acting_is_all_that_a_supervisor_does_but_people(house: House) -> None:
    house.ask("user.acting", "yosep", person="maria", **TERM)
    assert house.access.second("op:rosa", "maria", PINS["maria"]) == "op:maria"
    assert house.access.admit("stock.move", {"movement": "receive"}, "x", Named("maria", PINS["maria"])) == "op:maria"
    for command in ("user.acting", "user.codes", "user.deactivate"):
        with pytest.raises(Rejected, match="not for an operator"):
            house.access.admit(command, {}, "x", Named("maria", PINS["maria"]))


def test_a_clock_that_is_set_back_revives_nobody(house: House) -> None:
    house.ask("user.acting", "yosep", person="maria", **TERM)
    for days, acts in ((2, True), (3, False)):
        house.clock.now_ms = NOON + days * DAY_MS
        house.books.commit("started", {}, "test")
        house.clock.now_ms = NOON
        assert may_approve(house, "maria") is acts


def test_it_can_be_ended_and_ends_with_the_person(house: House) -> None:
    for ident in ("maria", "rosa"):
        house.ask("user.acting", "yosep", person=ident, **TERM)
    house.ask("user.acting", "yosep", person="maria", end=True)
    house.ask("user.deactivate", "yosep", person="rosa")
    house.ask("user.activate", "yosep", person="rosa")
    assert not may_approve(house, "maria")
    assert not may_approve(house, "rosa")
    refused(house, "not-acting", "user.acting", "yosep", person="maria", end=True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"first": "25-11-2026"}, UsageError),
        ({"last": date_in(-1)}, UsageError),
        ({"first": date_in(-5), "last": date_in(-2)}, UsageError),
        ({"last": date_in(365)}, UsageError),
        ({"document": " "}, UsageError),
        ({"person": "agnes"}, Rejected),
        ({"person": "umi"}, Rejected),
        ({"person": "nobody"}, Rejected),
    ],
)
def test_what_is_no_appointment_is_refused(house: House, changes: dict[str, str], error: type[Exception]) -> None:
    before = house.books.seq
    with pytest.raises(error):
        house.ask("user.acting", "yosep", **{"person": "maria", **TERM, **changes})
    assert house.books.seq == before


# The pure rules.


def frame(**data: Any) -> Any:
    return make_frame(1, "people", Stamp(1, "b", 1, "op:yosep"), {"role": "operator", **data}, ZERO_HEAD)


@pytest.mark.parametrize(
    "data",
    [
        {"person": "maria", "change": "crowned"},
        {"person": "maria", "change": "role", "role": "king"},
        {"person": "Maria", "change": "added"},
        {"person": "maria", "change": "acting", "from": "2026-01-01", "to": "2026-01-02", "document": ""},
        {"person": "maria", "change": "acting", "from": "2026-01-02", "to": "2026-01-01", "document": "x"},
        {"person": "maria", "change": "acting", "from": "2026-01-01", "to": "2026-04-03", "document": "x"},
    ],
)
def test_a_frame_that_says_something_else_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ProjectionError):
        changed(frame(**data), lambda table, key: None)


def test_a_quarter_of_a_year_is_the_longest() -> None:
    longest = {"person": "maria", "change": "acting", "from": "2026-01-01", "to": "2026-04-02", "document": "x"}
    assert LONGEST_ACTING == 92
    assert len(changed(frame(**longest), lambda table, key: None)) == 2


def test_an_id_is_added_once() -> None:
    stored = {"person": "maria", "role": "operator", "active": True}
    added = frame(person="maria", change=StaffEvent.ADDED.value)
    with pytest.raises(ProjectionError, match="given out before"):
        changed(added, lambda table, key: stored if table == "people" else None)
