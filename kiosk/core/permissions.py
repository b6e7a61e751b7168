"""Who may do what: one table, and what each door opens is in it. Pure; docs/permissions.md is written from it.

Who: O operator, S supervisor, T technician, A auditor, B the box: somebody at a shell of the station's own computer,
as root or as the station's user, who gave no name (`cli:<user>` in the journal). An act that asks for the PIN can
only be done by somebody who gives it with that very act, so never by the box. What needs a second person needs
another one, who may `approve`. At a touchscreen, where somebody signed in once and went away, both give their PINs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"


BOX = "box"
_LETTERS = {"O": Role.OPERATOR, "S": Role.SUPERVISOR, "T": Role.TECHNICIAN, "A": Role.AUDITOR, "B": BOX}


class Second(StrEnum):
    """Whether another person must approve. `AT_TIMES`: where the act itself says so, as for a count that differs."""

    NEVER = "no"
    AT_TIMES = "at times"
    ALWAYS = "yes"


@dataclass(frozen=True)
class Act:
    """One row. `who`: letters, see above. `acting`: an acting supervisor (Plh) may, where a supervisor may."""

    name: str
    who: str
    what: str
    second: Second = Second.NEVER
    pin: bool = False
    acting: bool = True

    @property
    def holders(self) -> tuple[str, ...]:
        return tuple(_LETTERS[letter] for letter in self.who.split())

    @property
    def grave(self) -> bool:
        """A touchscreen wants the own PIN with it: always, or as soon as the form names a second person."""
        return self.pin or self.second is not Second.NEVER

    def wants_pin(self, second: str) -> bool:
        """`second`: whom the form names as the second person, empty if nobody. Two PINs, or one person is two."""
        return self.pin or bool(second)

    def open_to(self, role: str, *, acting: bool = False) -> bool:
        return role in self.holders or (acting and self.acting and Role.SUPERVISOR in self.holders)


_AT_TIMES, _ALWAYS = Second.AT_TIMES, Second.ALWAYS

TABLE = (
    # act             who may      what it is
    # Reading
    Act("be-here",    "O S T A",   "sign out, stay signed in, read the help"),
    Act("see-people", "O S",       "names, NIK, faces: queue, proofs, the card that is made, cards to hand over"),
    Act("see-work",   "O S T A B", "jobs, blanks, shifts, link and state of the station, without people's data"),
    Act("read-books", "A T S B",   "the journal: verify, trace, export; papers without names, the audit pack"),
    Act("disclose",   "S",         "papers with names, recorded: ekspedisi, who has not come, a person's trail"),
    Act("see-staff",  "S",         "who works here, as what, and how many one-time codes are left"),
    # Cards
    Act("print",      "O S B",     "make jobs, one card or a run"),
    Act("jump",       "O S B",     "move somebody up who waits, outside the quota", _ALWAYS),
    Act("hold-back",  "O S B",     "hold a record whose data are wrong, or let it wait again"),
    Act("steer",      "O S T B",   "hold, release, cancel a job; go on after a stop"),
    Act("resolve",    "O S B",     "say what became of a card in doubt"),
    Act("hand-over",  "O S B",     "read a finished card and give it to its holder"),
    Act("release",    "S B",       "give records that wait back to the centre: none of them is printable here again"),
    Act("lift",       "S",         "let the station go beyond its limit without the centre, for some cards or days",
        pin=True),
    Act("reprint",    "O S B",     "book a card away and make another; one that is lost is approved", _AT_TIMES),
    Act("call-backs", "O S B",     "note, list and close telephone numbers of people who wait"),
    # Blanks
    Act("hopper",     "O S T B",   "load and unload the printer, set blanks aside and put them back"),
    Act("write-off",  "O S T B",   "book blanks spoiled or defective"),
    Act("give-back",  "O S B",     "return blanks to the vault"),
    Act("give-out",   "S B",       "release blanks from the vault to the shift"),
    Act("take-in",    "S B",       "receive blanks from the supplier or on loan, or back from the mobile unit"),
    Act("take-out",   "S B",       "blanks out with the mobile unit"),
    Act("part-with",  "S B",       "lend, send back, destroy blanks", _ALWAYS),
    Act("count",      "O S B",     "book a count; a difference is approved", _AT_TIMES),
    Act("reverse",    "S B",       "the counter-entry of an earlier movement", _ALWAYS),
    Act("ask-for",    "S B",       "the office's figures, what was asked for and granted"),
    Act("close-gap",  "S T B",     "after a lost disk: say which cards were made", _ALWAYS),
    # The shift
    Act("work-shift", "O S",       "open a shift, count it blindly"),
    Act("end-shift",  "O S",       "close a shift; a difference is approved", _AT_TIMES, pin=True),
    # People
    Act("approve",    "S",         "be the second person, with the PIN", pin=True),
    Act("own-pin",    "O S T A",   "change one's own PIN", pin=True),
    Act("new-pin",    "S",         "give somebody else a new PIN; a supervisor's is changed by another supervisor",
        pin=True),
    Act("people",     "S",         "add people, change roles, deactivate, appoint an acting supervisor, make codes",
        pin=True, acting=False),
    Act("begin",      "B",         "add the first supervisor, while there is none"),
    Act("recover",    "O S T A B", "open a supervisor's PIN with a one-time code"),
    # The station
    Act("equip",      "S T B",     "say which printer, readers and step plan the station works with"),
    Act("power",      "S T B",     "say that the station is on battery, or on mains again"),
    Act("test-card",  "S T B",     "spend a blank to test printer and chip"),
    Act("diagnose",   "S T",       "look at the devices from the touchscreen, and read aloud what was found"),
    Act("link",       "O S T B",   "look at the centre at once"),
    Act("carry",      "O S T B",   "write what waits for the centre on a stick, and read what came back"),
    Act("serve",      "B",         "enrol, run, unlock, back up the station; its devices, simulated or not"),
    Act("centre",     "B",         "the reference centre's own commands"),
)  # fmt: skip

ACTS: Mapping[str, Act] = {act.name: act for act in TABLE}
GRAVE = tuple(act for act in TABLE if act.grave)

EVERYBODY = frozenset({"static", "font", "sign_in", "choose_language", "healthz", "recover"})
"""Endpoints of the touchscreen that ask nobody who they are. `recover` asks for a one-time code."""

BEGINNING = frozenset({"begin", "begin_devices", "begin_supervisor"})
"""Endpoints for whoever stands before a station that knows nobody yet, and for nobody from then on."""

MOVES: Mapping[str, str] = {
    "receive": "take-in", "loan-in": "take-in", "mobile-in": "take-in", "release": "give-out", "return": "give-back",
    "mobile-out": "take-out", "load": "hopper", "unload": "hopper", "set-aside": "hopper", "put-back": "hopper",
    "spoil": "write-off", "defect": "write-off", "loan-out": "part-with", "send-back": "part-with",
    "destroy": "part-with",
}  # fmt: skip
"""Movement of blanks by hand -> act: of the command, and of the form."""

ROUTES: Mapping[str, str] = {
    "sign_out": "be-here", "resume": "be-here", "live": "be-here", "glance": "be-here", "stay": "be-here",
    "home": "be-here", "help": "be-here",
    "queue": "see-people", "search": "see-people", "proof": "see-people", "check": "see-people",
    "run": "see-people", "now": "see-people", "printed": "see-people", "interruption": "see-people",
    "compare_card": "see-people", "take_card": "see-people", "card_problem": "see-people",
    "supplies": "see-work", "account": "see-work", "lot": "see-work", "outbox": "see-work", "faults": "see-work",
    "fault": "see-work", "trace": "read-books", "find_life": "read-books", "read_any_card": "read-books",
    "service": "see-work", "retention": "see-work", "jump": "jump", "held": "see-people",
    "wrong_data": "hold-back", "wrong_card": "reprint", "free_record": "hold-back", "give_back_record": "release",
    "papers": "read-books", "paper": "read-books", "make_paper": "read-books", "shown_paper": "read-books",
    "names": "disclose", "make_names": "disclose",
    "make_jobs": "print", "stop_run": "steer", "go_on": "steer", "cancel_job": "steer", "resolve_job": "resolve",
    "read_card": "hand-over", "hand_over": "hand-over", "reprint_card": "reprint",
    "calls": "call-backs", "new_call": "call-backs", "add_call": "call-backs", "close_call": "call-backs",
    "technician": "diagnose", "examine": "diagnose", "ask_test_card": "test-card", "test_card": "test-card",
    "cancel_test_card": "test-card", "resolve_test_card": "test-card",
    "book_blank": "write-off", "move_supplies": "hopper", "entries": "see-work",
    "count_blanks": "count", "reverse_entry": "reverse", "move_destroy-old-cards": "part-with",
    **{f"move_{name}": act for name, act in MOVES.items() if name not in ("load", "unload")},
    "books": "read-books", "check_books": "read-books",
    "shift": "see-work", "slip": "see-work", "open_shift": "work-shift", "count_shift": "work-shift",
    "closing": "work-shift", "close_shift": "end-shift", "print_slip": "work-shift",
    "retry_outbox": "link", "use_stick": "carry", "lift_limit": "lift",
    "office_figures": "ask-for", "request_blanks": "ask-for", "grant_blanks": "ask-for", "requests": "see-work",
    "devices": "equip", "use_device": "equip", "look_for_devices": "equip",
    "opening_stock": "take-in",
    "people": "see-staff", "one_person": "see-staff", "codes_shown": "see-staff", "own_pin": "own-pin",
    "give_pin": "new-pin", "add_person": "people", "change_role": "people", "lock_person": "people",
    "unlock_person": "people", "appoint_person": "people", "end_appointment": "people", "make_codes": "people",
}  # fmt: skip
"""Endpoint of the touchscreen -> act. `move_supplies` is the form of both ways between `shift` and `hopper`."""

COMMANDS: Mapping[str, str] = {
    "station.status": "see-work", "sync.now": "link", "sync.release": "release", "sync.lift": "lift",
    "sync.export": "carry", "sync.import": "carry", "sync.rotate-keys": "serve",
    "equipment.list": "see-work", "equipment.use": "equip",
    "jobs.queue": "see-work", "jobs.jump": "jump", "vault.retention": "see-work",
    "jobs.hold-record": "hold-back", "jobs.free-record": "hold-back",
    "jobs.list": "see-work", "jobs.show": "see-work", "jobs.run": "print", "jobs.hold": "steer",
    "jobs.release": "steer", "jobs.cancel": "steer", "jobs.resume": "steer", "jobs.resolve": "resolve",
    "jobs.test-card": "test-card", "jobs.hand-over": "hand-over", "jobs.reprint": "reprint",
    "calls.add": "call-backs", "calls.list": "call-backs", "calls.close": "call-backs",
    "gap.show": "see-work", "gap.close": "close-gap",
    "stock.list": "see-work", "stock.balance": "see-work", "stock.count": "count", "stock.reverse": "reverse",
    **{f"stock.move {name}": act for name, act in MOVES.items()},
    "stock.destroy-old-cards": "part-with",
    "stock.figures": "ask-for", "stock.request": "ask-for", "stock.granted": "ask-for",
    "stock.forecast": "see-work",
    "power.battery": "power", "power.mains": "power", "power.show": "see-work",
    "shift.open": "work-shift", "shift.count": "work-shift", "shift.close": "end-shift", "shift.show": "see-work",
    "user.add": "people", "user.add first": "begin", "user.list": "see-work", "user.role": "people",
    "user.deactivate": "people", "user.activate": "people", "user.acting": "people",
    "user.codes": "people", "user.reset-pin": "new-pin", "user.pin": "own-pin", "user.recover": "recover",
}  # fmt: skip
"""Command of the control socket -> act. `stock.move` goes by its movement."""

VERBS: Mapping[str, str] = {
    "ledger verify": "read-books", "ledger tail": "read-books", "ledger trace": "read-books",
    "ledger export": "read-books", "sync status": "see-work",
    "report stock": "read-books", "report production": "read-books", "report invalid": "read-books",
    "report backlog": "read-books", "report uncollected": "read-books", "report opname": "read-books",
    "report audit-pack": "read-books",
    "report shift-slip": "read-books", "report berita-acara": "read-books",
    "report pictures": "read-books", "report request-letter": "read-books",
    "doctor": "see-work", "bundle": "see-work",
    "diag readers": "serve", "diag printer": "serve", "diag chip": "serve", "diag apdu": "serve",
    "enrol": "serve", "run": "serve", "install": "serve", "waiting-page": "serve", "vault unlock": "serve",
    "vault passphrase": "serve",
    "demo": "serve", "scenario kupang": "serve", "sim printer": "serve", "sim chip": "serve",
    "hub run": "centre", "hub issue": "centre", "hub status": "centre", "hub add-station": "centre",
    "hub allow-restore": "centre", "hub withdraw": "centre", "hub declare-lost": "centre", "hub set-aside": "centre",
    "hub import": "centre", "hub export": "centre",
    "hub page": "centre", "hub stock-line": "centre", "hub alarms": "centre", "hub clear-alarm": "centre",
    "hub rotate-keys": "centre", "hub retire-keys": "centre",
    "backup": "serve", "restore": "serve", "stock old-cards": "see-work",
}  # fmt: skip
"""Commands of the shell that ask no station: whoever may read or write its files can do what they do."""

APPROVE = ACTS["approve"]
"""Of the second person of any act."""
BEGIN = "user.add first"
"""What `user.add` is while the station knows no supervisor."""


def act_of_command(command: str, arguments: Mapping[str, Any]) -> Act | None:
    """None if there is no such command, or no such movement."""
    key = f"{command} {arguments.get('movement')}" if command == "stock.move" else command
    return ACTS[COMMANDS[key]] if key in COMMANDS else None


def refusal(act: Act, role: str) -> str:
    """What somebody is told who may not: who may."""
    *others, last = act.holders
    who = f"{', '.join(others)} or {last}" if others else last
    return f"{act.name} ({act.what}): not for {_with_article(role)}; ask {_with_article(who)}"


def _with_article(who: str) -> str:
    if who.startswith(BOX):
        return f"the {who}"
    return f"{'an' if who[0] in 'ao' else 'a'} {who}"
