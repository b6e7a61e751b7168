"""The driver's decisions, answer by answer."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers.evolis import Evolis
from drivers.protocols import CardPrinter, Face, Position, Prepared, Tray
from tests.printers.script import (
    AT_CHIP,
    AT_CHIP_EMPTY,
    AT_HEAD,
    COVER,
    EMPTY,
    IDLE,
    JAM,
    REBOOTED,
    SILENCE,
    Script,
)

JOB = Prepared((b"\x1bDbc;k;2;1016;\xff\r", b"\x1bDbc;o;2;1016;\xff\r"), 2)
JOB_SENT = ["Pr;ymcko", "Ss", "Sr", "Dbc;k;2;1016;", "Dbc;o;2;1016;", "Se"]


def test_is_a_card_printer(printer: Evolis) -> None:
    assert isinstance(printer, CardPrinter)


def test_initialise_sets_the_modes_once(line: Script) -> None:
    Evolis(line).initialise()
    assert [name for name in line.sent if name[0] == "P"] == ["Pem;2", "Pcim;F", "Pneab;E"]


def test_firmware_without_pneab_is_served(line: Script) -> None:
    printer = Evolis(line.on("Pneab;E", "ERROR CDE").on("Rpst", AT_CHIP, AT_CHIP, IDLE))
    printer.initialise()
    printer.print_face(JOB)


def test_firmware_without_pem_is_not(line: Script) -> None:
    with pytest.raises(ProtocolViolation):
        Evolis(line.on("Pem;2", "ERROR CDE")).initialise()


def test_status_is_one_reading_and_moves_nothing(line: Script, printer: Evolis) -> None:
    status = printer.status()
    assert (status.position, status.counters.cards_fed, status.counters.panels_printed) == (Position.NONE, 10, 50)
    assert status.counters.ribbon_left == 90
    assert line.moves() == []


def test_counters_are_read_at_rest(line: Script, printer: Evolis) -> None:
    """A panel of an interrupted job prints on by itself, and counts only at its end."""
    line.on("Rpst", "8000A000020000800000000000000000", AT_HEAD).on("Rco;p", "51")
    assert printer.status().counters.panels_printed == 51
    assert line.sent[:3] == ["Rpst", "Rpst", "Rco;c"]


@pytest.mark.parametrize(
    ("replies", "left"), [(["OK", "7"], 7), (["ERR RIB DETECTION"], None), (["OK", "ERR RIB DETECTION"], None)]
)
def test_ribbon_count(line: Script, printer: Evolis, replies: list[str], left: int | None) -> None:
    line.on("Rrt;count", *replies)
    assert printer.status().counters.ribbon_left == left


@pytest.mark.parametrize("command", ["Rco;c", "Rco;p", "Rrt;count", "Rpst"])
@pytest.mark.parametrize("reply", ["garbage", "OK", "\x01\x02", "12 34"])
def test_odd_value_is_a_violation(line: Script, printer: Evolis, command: str, reply: str) -> None:
    line.on(command, reply)
    with pytest.raises(ProtocolViolation):
        printer.status()


def test_restart_is_remembered_until_the_next_card(line: Script, printer: Evolis) -> None:
    """The firmware may drop its flag at once; the station must still hear of it."""
    line.on("Rpst", REBOOTED, IDLE, IDLE, AT_CHIP)
    assert printer.status().just_reset
    assert printer.status().just_reset
    printer.feed()
    assert not printer.status().just_reset


def test_restart_sets_the_modes_anew_before_a_card_moves(line: Script, printer: Evolis) -> None:
    line.on("Rpst", REBOOTED, AT_CHIP)
    printer.feed()
    assert line.sent == ["Rpst", "Rlr;p", "Pem;2", "Pcim;F", "Pneab;E", "Sic", "Rpst"]


def test_card_between_two_stations_is_not_overlooked(line: Script, printer: Evolis) -> None:
    """After a power cut under way no position bit is set, but the path is not free."""
    line.on("Rlr;p", "ERR CARD")
    assert printer.status().position is Position.UNKNOWN
    with pytest.raises(NotStarted):
        printer.feed()
    assert line.moves() == []


def test_clear_acknowledges_a_restart(line: Script, printer: Evolis) -> None:
    line.on("Rpst", REBOOTED, IDLE)
    printer.status()
    printer.clear()
    assert not printer.status().just_reset
    assert line.moves() == ["Scs"]


def test_feed_with_a_card_in_the_path_sends_nothing(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_CHIP)
    with pytest.raises(NotStarted):
        printer.feed()
    assert line.moves() == []


def test_feed_where_the_hopper_is_known_empty_sends_nothing(line: Script, printer: Evolis) -> None:
    line.on("Rpst", EMPTY)
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == {"media-empty"}
    assert line.moves() == []


@pytest.mark.parametrize(
    ("answer", "after", "reasons"),
    [
        ("ERROR FEEDER", EMPTY, {"media-empty"}),
        ("ERROR FEEDER", IDLE, {"media-needed"}),
        ("ERROR MECA", JAM, {"media-jam"}),
        ("ERROR MECA", COVER, {"cover-open"}),
        ("ERROR MECA", IDLE, {"media-jam"}),
    ],
)
def test_feed_that_fails_says_why(line: Script, printer: Evolis, answer: str, after: str, reasons: set[str]) -> None:
    line.on("Sic", answer).on("Rpst", IDLE, after)
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == reasons


@pytest.mark.parametrize("after", [IDLE, COVER, JAM])
def test_ok_is_not_believed_against_the_sensors(line: Script, printer: Evolis, after: str) -> None:
    line.on("Rpst", IDLE, after)
    with pytest.raises(OutcomeUnknown):
        printer.feed()


def test_error_reply_whose_reason_cannot_be_read_is_in_doubt(line: Script, printer: Evolis) -> None:
    line.on("Sic", "ERROR MECA").on("Rpst", IDLE, SILENCE)
    with pytest.raises(OutcomeUnknown):
        printer.feed()


def test_card_goes_back_to_the_chip_station(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_HEAD, AT_CHIP)
    printer.to_chip_station()
    printer.to_chip_station()
    assert line.moves() == ["Sic"]


def test_card_that_did_not_get_there_is_in_doubt(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_HEAD)
    with pytest.raises(OutcomeUnknown):
        printer.to_chip_station()


@pytest.mark.parametrize(("status", "error"), [(IDLE, NotStarted), (COVER, Stopped)])
def test_chip_station_never_feeds(line: Script, printer: Evolis, status: str, error: type[DeviceError]) -> None:
    line.on("Rpst", status)
    with pytest.raises(error):
        printer.to_chip_station()
    assert line.moves() == []


def test_print_checks_every_reply(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_CHIP)
    printer.print_face(JOB)
    assert line.moves() == JOB_SENT


def test_the_last_card_of_the_hopper_can_be_printed(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_CHIP_EMPTY)
    printer.print_face(JOB)
    assert line.moves() == JOB_SENT


@pytest.mark.parametrize(("status", "error"), [(IDLE, NotStarted), (COVER, Stopped), (JAM, Stopped)])
def test_print_that_cannot_begin_sends_nothing(
    line: Script, printer: Evolis, status: str, error: type[DeviceError]
) -> None:
    line.on("Rpst", status).on("Rlr;p", "ERR CARD" if status == JAM else "OK")
    with pytest.raises(error):
        printer.print_face(JOB)
    assert line.moves() == []


@pytest.mark.parametrize("at", range(6))
def test_failure_at_any_reply_ends_the_job(line: Script, printer: Evolis, at: int) -> None:
    line.on(JOB_SENT[at], "ERROR RIBBON").on("Rpst", AT_CHIP_EMPTY)
    with pytest.raises(Stopped) as caught:
        printer.print_face(JOB)
    assert caught.value.reasons == {"marker-supply-empty"}
    assert line.moves() == JOB_SENT[: at + 1]


@pytest.mark.parametrize("at", range(6))
def test_silence_at_any_reply_is_in_doubt(line: Script, printer: Evolis, at: int) -> None:
    line.on(JOB_SENT[at], SILENCE).on("Rpst", AT_CHIP)
    with pytest.raises(OutcomeUnknown):
        printer.print_face(JOB)


@pytest.mark.parametrize(("at", "error"), [(0, NotStarted), (1, OutcomeUnknown), (3, OutcomeUnknown)])
def test_line_gone_before_a_command_is_not_started_only_for_the_first(
    line: Script, printer: Evolis, at: int, error: type[DeviceError]
) -> None:
    line.on("Rpst", AT_CHIP).cut_at = JOB_SENT[at]
    with pytest.raises(error):
        printer.print_face(JOB)


@pytest.mark.parametrize(("tray", "command"), [(Tray.OUTPUT, "Sce"), (Tray.REJECT, "Ser")])
def test_eject(line: Script, printer: Evolis, tray: Tray, command: str) -> None:
    line.on("Rpst", AT_CHIP, IDLE)
    printer.eject(tray)
    printer.eject(tray)
    assert line.moves() == [command]


def test_eject_that_leaves_the_card_is_in_doubt(line: Script, printer: Evolis) -> None:
    line.on("Rpst", AT_CHIP)
    with pytest.raises(OutcomeUnknown):
        printer.eject(Tray.OUTPUT)


def test_eject_under_an_old_jam_names_it(line: Script, printer: Evolis) -> None:
    line.on("Rpst", JAM).on("Rlr;p", "ERR CARD").on("Sce", "ERROR MECA")
    with pytest.raises(Stopped) as caught:
        printer.eject(Tray.OUTPUT)
    assert caught.value.reasons == {"media-jam"}


def test_face_that_does_not_fit_is_not_started(printer: Evolis) -> None:
    with pytest.raises(NotStarted):
        printer.prepare(Face(10, 10, bytes(100)))


def test_dye_on_a_black_ribbon_is_not_started_and_says_why(line: Script) -> None:
    blank = bytes(1016 * 648)
    with pytest.raises(NotStarted, match="ribbon k has no panel c, m, o, y"):
        Evolis(line, ribbon="k").prepare(Face(1016, 648, blank, {"y": blank, "m": blank, "c": blank}))


def test_prepared_counts_its_panels(printer: Evolis) -> None:
    blank = bytes(1016 * 648)
    full = printer.prepare(Face(1016, 648, blank, {"y": blank, "m": blank, "c": blank}))
    assert (full.panels, len(full.downloads)) == (5, 5)
    assert printer.prepare(Face(1016, 648, blank, varnish=False)).panels == 1


def test_closed_printer_is_not_started(printer: Evolis) -> None:
    printer.close()
    printer.close()
    for call in (printer.identity, printer.status, printer.feed, printer.clear, lambda: printer.print_face(JOB)):
        with pytest.raises(NotStarted):
            call()
