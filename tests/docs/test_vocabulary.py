"""docs/vocabulary.md and the code use the same words, both ways."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator

import pytest

from drivers import pcsc
from drivers.errors import Cause
from drivers.printers import ipp_reasons, ipp_said
from drivers.printers.evolis_status import FAILURE_REPLIES, NO_REASON, STATUS_BITS
from kiosk.core.accounts import OUTSIDE, Account
from kiosk.core.authority import LiftReason
from kiosk.core.callbacks import CallReason
from kiosk.core.contradictions import TABLE as CONTRADICTIONS
from kiosk.core.correction import WrongPart
from kiosk.core.equipment import EquipmentRole
from kiosk.core.faults import Act
from kiosk.core.handover import ChipCheck, OldCard, Proof, Taker
from kiosk.core.jobs import Answer, JobEvent, JobState, Why
from kiosk.core.movements import BY_HAND, DESTROY_OLD_CARDS, HAND_MOVEMENTS, MOVEMENTS, REVERSE, DefectCause, Detail
from kiosk.core.permissions import Role
from kiosk.core.plan import PLANS, Plan, Step
from kiosk.core.reconcile import Verdict
from kiosk.core.records import Reason, Sku
from kiosk.core.release import Withdrawal
from kiosk.core.reprint import ReprintReason
from kiosk.core.retention import Rule
from kiosk.core.service_order import JumpReason
from kiosk.core.shift import TERMS, Term
from kiosk.core.staff import StaffEvent
from kiosk.core.supply import Figure
from kiosk.core.verdicts import SpoilCause, account_of_refused
from kiosk.counter import PROBLEMS
from kiosk.rig.faults import KINDS as FAULTS
from kiosk.rig.faults import parse_fault
from kiosk.sync import stick
from kiosk.sync.intake import Refusal
from tests.docs.pages import ROOT, files, page, table

PAGE = page("vocabulary.md")
HALTING = ("Halt", "Stopped")


def keyword_literals(source: str) -> Iterator[str]:
    """Words given straight to a Halt or a Stopped: `Halt("...", frozenset({"card-in-path"}))`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HALTING:
            for part in ast.walk(ast.Module(body=[ast.Expr(arg) for arg in node.args[1:]], type_ignores=[])):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def printer_state_reasons() -> set[str]:
    found = {word for path in [*files(".py", under="kiosk"), *files(".py", under="drivers")]
             for word in keyword_literals(path.read_text(encoding="utf-8"))}  # fmt: skip
    found |= pcsc.READER_MISSING | pcsc.READER_BUSY | {"other"}
    found |= set(ipp_reasons.OURS.values()) | ipp_said.UNSAFE
    found |= {bit.keyword for bit in STATUS_BITS} | set(FAILURE_REPLIES.values())
    return found - {NO_REASON}


def modules_with(family: str, attribute: str) -> set[str]:
    """What the config may name: the modules of a family that can be opened."""
    names = [path.stem for path in (ROOT / "drivers" / family).glob("*.py") if path.stem != "__init__"]
    return {name for name in names if hasattr(importlib.import_module(f"drivers.{family}.{name}"), attribute)}


def results_in_projection() -> set[str]:
    source = (ROOT / "kiosk" / "core" / "projection.py").read_text(encoding="utf-8")
    body = source.split('match outcome["result"]:')[1].split("case other")[0]
    return set(re.findall(r'case "([a-z-]+)"', body))


def quoted_in_code(words: set[str]) -> set[str]:
    source = "".join(path.read_text(encoding="utf-8") for path in files(".py", under="kiosk"))
    return {word for word in words if f'"{word}"' in source}


WORDS: dict[str, Callable[[], set[str]]] = {
    "Job states": lambda: set(JobState),
    "Job reasons": lambda: set(Why),
    "Job events": lambda: set(JobEvent),
    "Printer-state reasons": printer_state_reasons,
    "Acts at a fault": lambda: set(Act),
    "Steps": lambda: set(Step),
    "Plans": lambda: set(Plan),
    "Step results": results_in_projection,
    "Verdicts": lambda: set(Verdict),
    "Answers": lambda: set(Answer),
    "Contradictions": lambda: {row.keyword for row in CONTRADICTIONS},
    "Chip refusal causes": lambda: set(Cause),
    "Spoil causes": lambda: set(SpoilCause),
    "Defect causes": lambda: set(DefectCause),
    "Accounts": lambda: set(Account),
    "Stock movements": lambda: {*HAND_MOVEMENTS, REVERSE, DESTROY_OLD_CARDS.name},
    "Card movements": lambda: set(MOVEMENTS) - set(HAND_MOVEMENTS),
    "Movement details": lambda: set(Detail),
    "Shift terms": lambda: set(Term),
    "Roles": lambda: set(Role),
    "People changes": lambda: set(StaffEvent),
    "Equipment roles": lambda: set(EquipmentRole),
    "Blanks": lambda: set(Sku),
    "Reasons of issuance": lambda: set(Reason),
    "Takers": lambda: set(Taker),
    "Proofs": lambda: set(Proof),
    "Comparisons": lambda: set(ChipCheck),
    "Old cards": lambda: set(OldCard),
    "Readings": lambda: set(PROBLEMS),
    "Reprint reasons": lambda: set(ReprintReason),
    "Call-back reasons": lambda: set(CallReason),
    "Record states": lambda: quoted_in_code(
        {
            "waiting",
            "in-job",
            "held",
            "printed",
            "issued",
            "card-missing",
            "released",
            "never-came",
        }
    ),
    "Figures": lambda: set(Figure),
    "Withdrawals": lambda: set(Withdrawal),
    "Lift reasons": lambda: set(LiftReason),
    "Jump reasons": lambda: set(JumpReason),
    "Wrong parts": lambda: set(WrongPart),
    "Retention rules": lambda: set(Rule),
    "Record refusals": lambda: set(Refusal) | quoted_in_code({"unprintable", "record-missing", "damaged"}),
    "Stick refusals": lambda: set(stick.Reason),
    "Drivers": lambda: modules_with("printers", "open"),
    "Chip profiles": lambda: modules_with("encoders", "open"),
    "Faults of the rehearsal": lambda: set(FAULTS),
}


@pytest.mark.parametrize("heading", WORDS)
def test_the_table_and_the_code_have_the_same_words(heading: str) -> None:
    rows = table(PAGE, heading)
    assert [row[0] for row in rows] == list(dict.fromkeys(row[0] for row in rows))
    assert {row[0] for row in rows} == {str(word) for word in WORDS[heading]()}


@pytest.mark.parametrize("heading", WORDS)
def test_each_word_has_a_meaning_and_an_office_word(heading: str) -> None:
    for row in table(PAGE, heading):
        assert len(row) == 3, row
        assert all(cell.strip("| ") for cell in row), row


def test_every_table_of_the_page_is_compared() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == list(WORDS)


def test_what_the_page_says_beside_the_words() -> None:
    meanings = {row[0]: row[1] for row in table(PAGE, "Accounts")}
    assert {name for name, meaning in meanings.items() if "negative" in meaning} == OUTSIDE
    spoiled = {cause for cause in Cause if account_of_refused(cause) == "spoiled"}
    assert spoiled == {"chip-used", "chip-uid-consumed"}
    for plan, meaning, _ in table(PAGE, "Plans"):
        assert tuple(re.findall("|".join(Step), meaning)) == PLANS[Plan(plan)]
    assert all(parse_fault(f"{row[0]}@1").kind == row[0] for row in table(PAGE, "Faults of the rehearsal"))


@pytest.mark.parametrize("name", MOVEMENTS)
def test_a_movement_is_described_as_it_is_in_the_table(name: str) -> None:
    """Accounts in their order, then the paper, what must be given, and who approves."""
    row = MOVEMENTS[name]
    heading = "Stock movements" if BY_HAND in row.kinds else "Card movements"
    meaning = next(cells[1] for cells in table(PAGE, heading) if cells[0] == name)
    whence, _, rest = meaning.partition("; ")
    forth, back = set(re.findall(r"`([a-z-]+)`", whence)), "or back" in whence
    assert forth == {account.value for account in (*row.sources, row.target)}
    assert whence.split("`")[-2] == row.target
    assert back is row.both_ways
    assert (row.paper in rest and "paper" in rest) if row.paper else "paper" not in rest
    assert ("a second person approves" in rest) is row.second
    asked = set(re.findall(r"`([a-z-]+)`", rest))
    assert asked == {*row.needs, *row.takes, *(["cause"] if row.causes else [])}


def test_a_missing_and_an_invented_word_would_be_found() -> None:
    text = "\n## Answers\n\n| keyword | meaning | x |\n|---|---|---|\n| `good` | a | b |\n| `fine` | a | b |\n"
    assert {row[0] for row in table(text, "Answers")} ^ set(Answer) == {"fine", *Answer} - {"good"}
    assert list(keyword_literals('raise Halt("x", frozenset({"new-word"}))')) == ["new-word"]


def test_the_terms_of_a_shift_say_which_accounts_they_are_of() -> None:
    for name, meaning, _ in table(PAGE, "Shift terms"):
        accounts = {account.value for account, terms in TERMS.items() if name in terms}
        said = set(re.findall(r"`([a-z-]+)`", meaning))
        assert said <= accounts, name
        assert said or name == "taken-back"
