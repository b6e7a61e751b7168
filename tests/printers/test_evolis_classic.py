"""The driver before a printer without status words: four answers, and what it remembers of failures."""

from __future__ import annotations

import pytest

from drivers.errors import NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import evolis_classic as classic
from drivers.printers.evolis import Evolis
from drivers.printers.evolis_panels import TURN
from drivers.protocols import Position, Prepared, Tray
from tests.printers.script import SILENCE, Script

CLOSED, OPEN = "5,00 Volts", "0,00 Volts"
JOB = Prepared((b"\x1bDbc;k;2;1016;\xff\r", b"\x1bDbc;o;2;1016;\xff\r"), 2)


@pytest.fixture
def line() -> Script:
    script = Script().on("Rpst", "ERROR CDE").on("Rrt;count", "ERROR CDE").on("Pneab;E", "ERROR CDE")
    return script.on("Rlr;p", "NO CARD").on("Rse;o", CLOSED).on("Rcr", "OK").on("Rem;1", "2")


def test_status_is_made_of_four_answers(line: Script, printer: Evolis) -> None:
    status = printer.status()
    assert (status.position, status.stopping, status.warnings) == (Position.NONE, frozenset(), frozenset())
    assert (status.counters.cards_fed, status.counters.panels_printed) == (10, 50)
    assert status.counters.ribbon_left is None
    assert not status.just_reset
    assert line.sent == ["Rlr;p", "Rse;o", "Rcr", "Rem;1", "Rco;c", "Rco;p"]


def test_it_is_given_no_later_command(line: Script) -> None:
    printer = Evolis(line)
    printer.initialise()
    line.on("Rlr;p", "NO CARD", "CONTACTLESS CARD", "CONTACTLESS CARD", "NO CARD")
    printer.feed()
    printer.print_face(JOB)
    printer.clear()
    assert line.sent.count("Rpst") == 1
    assert {"Pem;2", "Pmi;F"} < set(line.sent)
    assert not {"Pcim;F", "Pneab;E", "Rrt;count"} & set(line.sent)


@pytest.mark.parametrize(
    ("command", "answer", "reason"),
    [("Rse;o", OPEN, "cover-open"), ("Rcr", "ERROR RIBBON", "marker-supply-empty")],
)
def test_what_it_senses(line: Script, printer: Evolis, command: str, answer: str, reason: str) -> None:
    line.on(command, answer)
    assert printer.status().stopping == {reason}
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == {reason}
    assert line.moves() == []


@pytest.mark.parametrize("answer", ["OK", "ERR CARD"])
def test_a_path_that_may_not_be_free_is_not_free(line: Script, printer: Evolis, answer: str) -> None:
    line.on("Rlr;p", answer)
    assert printer.status().position is Position.UNKNOWN
    with pytest.raises(NotStarted):
        printer.feed()
    assert line.moves() == []


def test_a_failure_stands_until_it_is_cleared(line: Script, printer: Evolis) -> None:
    line.on("Sic", "ERROR MECA").on("Rlr;p", "NO CARD", "ERR CARD")
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == {"media-jam"}
    assert printer.status().stopping == {"media-jam"}
    printer.clear()
    assert printer.status().stopping == frozenset()


def test_a_hopper_found_empty_does_not_keep_a_card_from_being_finished(line: Script, printer: Evolis) -> None:
    line.on("Sic", "ERROR FEEDER")
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == {"media-needed"}
    line.on("Rlr;p", "CARD", "NO CARD")
    printer.eject(Tray.REJECT)


def test_ok_is_not_believed_against_the_sensors(line: Script, printer: Evolis) -> None:
    with pytest.raises(OutcomeUnknown):
        printer.feed()
    assert line.moves() == ["Scs", "Sic"]


def test_a_fault_of_an_earlier_link_is_cleared_before_a_card_is_fed(line: Script, printer: Evolis) -> None:
    """No question tells of it, and the path is free. Before a card that is inside moves, it is left to a person."""
    line.on("Rlr;p", "NO CARD", "CONTACTLESS CARD", "CONTACTLESS CARD", "NO CARD")
    printer.feed()
    printer.eject(Tray.REJECT)
    assert line.moves() == ["Scs", "Sic", "Ser"]


def test_nothing_moved_if_the_clearing_went_unanswered(line: Script, printer: Evolis) -> None:
    line.on("Scs", SILENCE)
    with pytest.raises(NotStarted):
        printer.feed()


def test_no_back(line: Script, printer: Evolis) -> None:
    line.on("Rlr;p", "CONTACTLESS CARD")
    with pytest.raises(NotStarted):
        printer.print_face(Prepared((*JOB.downloads, TURN, *JOB.downloads), 4))
    assert line.moves() == []


def test_a_restart_shows_until_a_card_moves(line: Script) -> None:
    """Also to a second process: opening sets no mode, as that would wipe the mark away."""
    line.on("Rem;1", "0")
    for _ in range(2):
        printer = Evolis(line)
        printer.initialise()
        assert printer.status().just_reset
        assert "Pem;2" not in line.sent
    line.on("Rlr;p", "NO CARD", "CONTACTLESS CARD")
    line.on("Rem;1", "0", "2")
    printer.feed()
    assert line.sent.index("Pem;2") < line.sent.index("Sic")
    assert not printer.status().just_reset


def test_a_restart_while_it_is_open_is_noticed_and_cleared(line: Script, printer: Evolis) -> None:
    line.on("Rem;1", "0", "2")
    assert printer.status().just_reset
    printer.clear()
    assert line.sent[-2:] == ["Pem;2", "Pmi;F"]
    assert not printer.status().just_reset


@pytest.mark.parametrize("text", ["", "OK", "5.00 Volts", "5,00", "5,0 Volts", "-5,00 Volts", "ERROR CDE"])
def test_voltage_is_never_guessed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        classic.parse_cover_open(text)


@pytest.mark.parametrize(("text", "is_open"), [("4,92 Volts", False), ("0,17 Volts", True), ("2,49 Volts", True)])
def test_voltage_need_not_be_round(text: str, is_open: bool) -> None:
    assert classic.parse_cover_open(text) is is_open


@pytest.mark.parametrize("text", ["", "yes", "ERROR CDE", "ERROR PARAMETRES", "1"])
def test_ribbon_end_is_never_guessed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        classic.parse_ribbon_ended(text)


@pytest.mark.parametrize("text", ["", "OK", "2 0", "ERROR CDE", "-2"])
def test_error_management_is_never_guessed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        classic.parse_restarted(text)


@pytest.mark.parametrize("text", ["OK", "ERROR MECA", "0" * 32, "ERROR PARAMETRES"])
def test_only_an_unknown_command_makes_it_classic(text: str) -> None:
    assert not classic.is_classic(text)
