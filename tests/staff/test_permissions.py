"""One table says who may do what; each way in is in it, and each row of it is used."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from kiosk.cli import main
from kiosk.core.movements import COUNT, HAND_MOVEMENTS
from kiosk.core.permissions import (
    ACTS,
    BEGIN,
    BOX,
    COMMANDS,
    ROUTES,
    TABLE,
    VERBS,
    Act,
    Role,
    Second,
    act_of_command,
    refusal,
)
from kiosk.errors import Rejected, UsageError
from kiosk.people import Named
from tests.docs import command_page, permission_page
from tests.office import Office
from tests.staff.people import PINS, ROLES, House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all: who may is asked, and nothing is done."""
    made = House(tmp_path_factory.mktemp("house"), *ROLES)
    yield made
    made.close()


# Written down apart from the table, so that a slip in it is seen: operator, supervisor, technician, auditor, box.
WHO = {
    "jobs.run": "OS--B",
    "jobs.resume": "OST-B",
    "jobs.resolve": "OS--B",
    "jobs.hand-over": "OS--B",
    "jobs.reprint": "OS--B",
    "jobs.list": "OSTAB",
    "calls.list": "OS--B",
    "stock.balance": "OSTAB",
    "stock.move receive": "-S--B",
    "stock.move release": "-S--B",
    "stock.move load": "OST-B",
    "stock.move spoil": "OST-B",
    "stock.move destroy": "-S--B",
    "stock.count": "OS--B",
    "stock.reverse": "-S--B",
    "shift.open": "OS---",
    "shift.close": "OS---",
    "shift.show": "OSTAB",
    "user.add": "-S---",
    "user.codes": "-S---",
    "user.pin": "OSTA-",
    "user.reset-pin": "-S---",
    "user.recover": "OSTAB",
    "sync.now": "OST-B",
    "jobs.test-card": "-ST-B",
    "equipment.list": "OSTAB",
    "equipment.use": "-ST-B",
}
LETTERS = dict(zip("OSTAB", (*Role, BOX), strict=True))
PERSON_OF = {Role.OPERATOR: "maria", Role.SUPERVISOR: "yosep", Role.TECHNICIAN: "tinus", Role.AUDITOR: "umi"}


def spelt(key: str) -> tuple[str, dict[str, str]]:
    command, _, movement = key.partition(" ")
    return command, {"movement": movement} if command == "stock.move" else {}


def ask(house: House, key: str, holder: str) -> tuple[str, str]:
    """Through the door, with the PIN: who does it, "" if refused; and the refusal."""
    command, arguments = spelt(key)
    named = None if holder == BOX else named_as(PERSON_OF[Role(holder)])
    try:
        return house.access.admit(command, arguments, "cli:root", named), ""
    except Rejected as exc:
        return "", f"{exc.reason}: {exc}"


def named_as(ident: str) -> Named:
    return Named(ident, PINS[ident])


@pytest.mark.parametrize("key", sorted(WHO))
def test_who_may(house: House, key: str) -> None:
    found = "".join(letter if ask(house, key, holder)[0] else "-" for letter, holder in LETTERS.items())
    assert found == WHO[key]


def test_every_role_and_every_command_as_the_table_says(house: House) -> None:
    """200 pairs and more, let in in their name, and refused with the names of those who may."""
    seen = {True: 0, False: 0}
    for key in COMMANDS.keys() - {BEGIN}:
        act = ACTS[COMMANDS[key]]
        for role, ident in PERSON_OF.items():
            by, error = ask(house, key, role)
            allowed = role in act.holders
            assert by == (f"op:{ident}" if allowed else ""), (key, role)
            assert allowed or error.startswith("not-permitted: "), (key, role)
            assert allowed or all(str(holder) in error for holder in act.holders), (key, role)
            seen[allowed] += 1
    assert min(seen.values()) > 50


def test_the_error_is_one_clear_line() -> None:
    told = refusal(ACTS["take-in"], Role.OPERATOR)
    assert told == (
        "take-in (receive blanks from the supplier or on loan, or back from the mobile unit): "
        "not for an operator; ask a supervisor or box"
    )


def test_an_unknown_command_or_movement_is_open_to_nobody(house: House) -> None:
    for command, arguments in (("jobs.burn", {}), ("stock.move", {"movement": "steal"}), ("stock.move", {})):
        assert act_of_command(command, arguments) is None
        with pytest.raises(UsageError):
            house.access.admit(command, arguments, "cli:root", None)


# The table against everything that there is.


def test_every_command_of_the_station_is_in_the_table(office: Office) -> None:
    commands = {*office.station.desk._commands, "station.status", "sync.now"} - {"stock.move"}
    moves = {f"stock.move {name}" for name in HAND_MOVEMENTS if name != COUNT}
    assert set(COMMANDS) == commands | moves | {BEGIN}


def verbs() -> Iterator[str]:
    for path, command in command_page.commands(main, "keping"):
        if not isinstance(command, click.Group):
            yield path.removeprefix("keping ")


def act_of_verb(verb: str) -> str | None:
    words = verb.split()
    movement = f"stock.move {'-'.join(words[1:])}"
    return VERBS.get(verb) or COMMANDS.get(".".join(words)) or COMMANDS.get(movement)


def test_every_verb_of_the_shell_is_in_the_table() -> None:
    assert [verb for verb in verbs() if act_of_verb(verb) is None] == []
    assert act_of_verb("stock burn") is None
    assert set(VERBS) <= set(verbs())
    assert not [verb for verb in VERBS if ".".join(verb.split()) in COMMANDS], "said once"


def test_every_act_is_used_and_none_is_missing() -> None:
    used = {*ROUTES.values(), *COMMANDS.values(), *VERBS.values(), "approve"}
    assert used == set(ACTS)
    assert len(ACTS) == len(TABLE)


def test_what_needs_a_second_person_is_what_the_movements_say() -> None:
    for name, row in HAND_MOVEMENTS.items():
        if name != COUNT:
            act = ACTS[COMMANDS[f"stock.move {name}"]]
            assert (act.second is Second.ALWAYS) is row.second, name
    assert ACTS["count"].second is ACTS["end-shift"].second is ACTS["reprint"].second is Second.AT_TIMES


def test_an_auditor_changes_nothing_and_sees_nobody() -> None:
    theirs = {act.name for act in TABLE if Role.AUDITOR in act.holders}
    assert theirs == {"be-here", "see-work", "read-books", "own-pin", "recover"}


def test_only_those_who_serve_people_see_them() -> None:
    assert set(ACTS["see-people"].holders) == {Role.OPERATOR, Role.SUPERVISOR}


@pytest.mark.parametrize("act", TABLE, ids=lambda act: act.name)
def test_an_act_that_asks_for_the_pin_is_not_the_boxs(act: Act, house: House) -> None:
    assert not (act.pin and BOX in act.holders)
    if act.pin:
        yosep = house.people.find("yosep")
        with pytest.raises(Rejected) as refused:
            house.access.check(act, yosep)
        assert refused.value.reason == "pin-needed"


def test_the_box_is_told_to_say_who_it_is(house: House) -> None:
    for command in ("shift.close", "user.add", "shift.open"):
        with pytest.raises(Rejected, match="keping --as ID"):
            house.access.admit(command, {}, "cli:root", None)


def test_the_page_is_what_the_table_says() -> None:
    assert permission_page.render() == permission_page.TARGET.read_text(encoding="utf-8"), (
        "write it again: python -m tests.docs.permission_page"
    )


def test_everybody_has_a_role_here() -> None:
    assert set(ROLES.values()) == set(Role)
