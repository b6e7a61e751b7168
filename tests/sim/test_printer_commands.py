"""The command language, byte by byte, and what each command answers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.sim.cards import Place, Ribbon
from drivers.sim.commands import GRAMMAR, NOT_FITTED
from tests.sim.printer_bench import Bench, download, encode_lines, uniform

RESIN, VARNISH = download("k"), download("o")

WALK = [
    ("Rok", "OK"),
    ("Rtp", "Primacy"),
    ("Rfv", "1932"),
    ("Rsn", "KP000123"),
    ("Rkn", "K0004711"),
    ("Rpst", "800C2020" + "00010000" + "00000000" + "00000000"),
    ("Rem", "0 0"),
    ("Pem;2", "OK"),
    ("Rem", "2 0"),
    ("Rem;1", "2"),
    ("Rco;c", "0"),
    ("Rco;p", "0"),
    ("Rrt;qty", "200"),
    ("Rrt;count", "200"),
    ("Rse;o", "5,00 Volts"),
    ("Rse;f", "5,00 Volts"),
    ("Rlr;p", "OK"),
    ("Rcr", "OK"),
    ("Pcim;F", "OK"),
    ("Pcem;D", "OK"),
    ("Pcrm;R", "OK"),
    ("Pneab;E", "OK"),
    ("Psm;1;u", "OK"),
    ("Poc;=;1158", "OK"),
    ("Pmi;F;s", "OK"),
    ("Pdt;DU", "OK"),
    ("Mr;s", "OK"),
    ("Ppws;1289000000", "OK"),
    ("Psync;2", "OK"),
    ("Psid;4711;45", "OK"),
    ("Psid;0;45", "OK"),
    ("Psmgr;1", "OK"),
    ("Pcla;1", "OK"),
    ("Rpst", "800C2020" + "80010000" + "00000000" + "00000000"),
    ("Pcla;0", "OK"),
    ("Ppmode;0", "OK"),
    ("Pwres;300;300;0", "OK"),
    ("Psk;10", "OK"),
    ("Piqla;a;d", "OK"),
    ("Pmc;h", "OK"),
    ("Peoic;k;D", "OK"),
    ("Pl;a;=;10", "OK"),
    ("Pida;85;27;39;12", "OK"),
    ("Si", "OK"),
    ("Rlr;p", "CARD"),
    ("Rco;c", "1"),
    ("Rpst", "800C2020" + "02000000" + "00000000" + "00000000"),
    ("Sic", "OK"),
    ("Rlr;p", "CONTACTLESS CARD"),
    ("Rpst", "800C2020" + "08000000" + "00000000" + "00000000"),
    ("Sis", "OK"),
    ("Rlr;p", "SMART CARD"),
    ("Rpst", "800C2020" + "04000000" + "00000000" + "00000000"),
    ("Pr;ymcko", "OK"),
    ("Pc;k;=;10", "OK"),
    ("Ss", "OK"),
    ("Sr", "OK"),
    ("Sv", "OPTION NOT AVAILABLE"),
    ("Se;1", "OK"),
    ("Rlr;p", "SMART CARD"),
    ("Sce", "OK"),
    ("Rlr;p", "OK"),
    ("Si", "OK"),
    ("Ser", "OK"),
    ("Wcb;o;255", "OK"),
    ("Scs", "OK"),
    ("Srs", "OK"),
    ("Rpst", "800C2020" + "00010000" + "00000000" + "00000000"),
    ("Rem", "0 0"),
]


def test_command_walk() -> None:
    bench = Bench()
    assert [(command, bench.ask(command)) for command, _ in WALK] == WALK
    assert len(bench.world.output) == len(bench.world.reject) == 1
    walked = {command.partition(";")[0] for command, _ in WALK}
    assert set(GRAMMAR) - walked == {"Db", "Dbc"}


@pytest.mark.parametrize("command", ["Xyz", "rok", "Rokk", "R", "Sb", "Rmac", "\xff\xfe", "Db2;k;2;", "A" * 255])
def test_unknown_command(command: str) -> None:
    assert Bench().ask(command) == "ERROR CDE"


@pytest.mark.parametrize(
    "command",
    [
        "Rco", "Rco;z", "Rok;1", "Rse;q", "Pem", "Pem;", "Pem;x", "Pem;16", "Pem;64", "Pr", "Pr;ymkc", "Pc;k;10",
        "Pneab;A;0", "Psm;2", "Poc;1158", "Se;2", "Wcb", "Wcb;o;256", "Db", "Db;k;2", "Dbc;k;2;5", "Rlr;q",
    ],
)  # fmt: skip
def test_bad_parameters(command: str) -> None:
    bench = Bench()
    assert bench.ask(command) == "ERROR PARAMETRES"
    assert bench.ask("Rok") == "OK"


@pytest.mark.parametrize("command", sorted(NOT_FITTED))
def test_options_not_fitted(command: str) -> None:
    assert Bench().ask(command) == "OPTION NOT AVAILABLE"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(b"\x1bDb;x;2;" + bytes(82_296) + b"\r", id="no such panel"),
        pytest.param(b"\x1bDb;k;32;" + bytes(411_480) + b"\r", id="resin in 32 levels"),
        pytest.param(b"\x1bDb;y;2;" + bytes(82_296) + b"\r", id="dye in 2 levels"),
        pytest.param(b"\x1bDb;k;3;", id="no such depth"),
        pytest.param(b"\x1bDbc;k;2;many;", id="count is no number"),
        pytest.param(b"\x1bDbc;k;2;99999999;", id="count beyond any panel"),
        pytest.param(b"\x1bDbc;k;2;3;\x01\x02\x03\r", id="undecodable"),
        pytest.param(b"\x1bDb;k;2;" + bytes(82_297) + b"\r", id="a byte too long"),
    ],
)
def test_bad_download(command: bytes) -> None:
    """Refused, its data swallowed where the length is known, and the next command is understood."""
    bench = Bench()
    bench.send("Ss", "Sr")
    assert bench.ask(command) == "ERROR PARAMETRES"
    assert bench.ask("Rok") == "OK"
    bench.ask("Se")
    assert bench.events.count(("panel-started", "k")) == 0


def test_a_short_download_eats_the_next_command() -> None:
    """Cut by length: the printer cannot know that a byte is missing until what follows is out of step."""
    bench = Bench()
    bench.send("Ss", "Sr")
    assert bench.ask(b"\x1bDb;k;2;" + bytes(82_290) + b"\r") == ""
    assert bench.firmware.mid_command
    assert bench.ask("RokRok") == "ERROR PARAMETRES"
    assert bench.ask("Rok") == "OK"


@pytest.mark.parametrize("command", [RESIN, "Se", "Sr"])
def test_nothing_of_a_job_outside_a_sequence(command: str | bytes) -> None:
    bench = Bench()
    assert bench.ask(command) == "ERROR CDE"
    assert bench.world.census()["path"] == []


JOB = (
    b"\x1bRok\r\x00\x00Rok\rPsync;1;x\r<HEADER a=1><FACE>\n<BINARY Size=9>\x1bSs\rSr\r" + RESIN + b"\x00" * 32
    + VARNISH + b"\x1bSe;1\r" + b"\x00" * 32 + b"\x1cn\x00\x00\x00\x00" + b"\x1bRco;p\r"
)  # fmt: skip
JOB_REPLIES = [b"OK\x00"] * 8 + [b"2\x00"]


@given(st.lists(st.integers(1, len(JOB) - 1), max_size=12))
@settings(max_examples=15)
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    bench = Bench()
    edges = [0, *sorted(cuts), len(JOB)]
    replies: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        replies += bench.firmware.receive(JOB[start:end])
    assert replies == JOB_REPLIES


def test_byte_by_byte() -> None:
    bench = Bench()
    stream = b"\x1bRok\r\x00Rco;c\r<FACE>\x1bSs\r\x1b\x1bDbc;k;2;1016;" + b"\xff" * 1016 + b"\r\x00Se\r"
    replies = [reply for byte in stream for reply in bench.firmware.receive(bytes([byte]))]
    assert replies == [b"OK\x00", b"0\x00", b"OK\x00", b"OK\x00", b"OK\x00"]


def test_padding_is_no_command() -> None:
    bench = Bench()
    for padding in (b"\x00\x00", b"\r\r\n", b"<FACE>", b"<HEADER a=1> <FACE>", b"\x1cn\x00\x00\x00\x00"):
        assert bench.ask(padding) == ""
        assert not bench.firmware.mid_command
        assert bench.ask(padding + b"Rok\r") == "OK"


def test_endless_text_is_one_bad_command() -> None:
    bench = Bench()
    assert bench.ask(b"A" * 300) == "ERROR CDE"
    assert bench.ask(b"A" * 300) == ""
    assert bench.ask(b"A\r\x1bRok\r") == "OK"


def test_escape_begins_a_command_anew() -> None:
    """A host that died in the middle of a command does not spoil the next one's first."""
    bench = Bench()
    assert bench.ask(b"\x1bRco;\x1bRok\r") == "OK"
    assert bench.ask(b"\x1bDb;k\x1bRok\r") == "OK"
    bench.ask("Ss")
    assert bench.ask(b"garbage" + RESIN) == "OK"


def test_data_may_look_like_commands() -> None:
    bench = Bench()
    bench.send("Ss", "Sr")
    line = b"\x51" + b"\x1bSrs\r\x00;" * 11 + b"\x00\x00\x00\x00"
    data = line[:82] + b"\x00" * 1015
    assert bench.ask(b"\x1bDbc;k;2;%d;" % len(data) + data + b"\r") == "OK"
    assert bench.ask("Rok") == "OK"
    assert ("command", "Srs") not in bench.events


def test_silence_within_a_command_gives_it_up() -> None:
    bench = Bench()
    bench.ask(b"\x1bDb;k;2;12345")
    assert list(bench.firmware.stalled()) == [b"ERROR TIME OUT\x00"]
    assert not bench.firmware.mid_command
    assert bench.ask("Rok") == "OK"


def test_panel_prints_while_the_next_is_downloaded() -> None:
    bench = Bench()
    bench.send("Si", "Ss", "Sr")
    bench.events.clear()
    assert bench.ask(RESIN) == "OK"
    assert ("panel-started", "k") not in bench.events
    assert bench.ask(VARNISH) == "OK"
    assert bench.words()[1] & 0x81 == 0x81, "BUSY and PRINTING_RUNNING"
    assert bench.ask("Se") == "OK"
    assert [event for event in bench.events if event[0] != "command"] == [
        ("download-started", "k"),
        ("download-finished", "k"),
        ("download-started", "o"),
        ("panel-started", "k"),
        ("download-finished", "o"),
        ("panel-printed", "k"),
        ("panel-started", "o"),
        ("panel-printed", "o"),
        ("ejected", ""),
    ]
    assert bench.words()[1] & 0x81 == 0


def test_a_full_colour_card_takes_the_stated_times() -> None:
    """feed 2.5 + move 1.5 + move back 1.5 + 3 dyes 9 + resin 2 + varnish 2.5 + eject 2."""
    bench = Bench()
    bench.send("Sic", "Ss", "Sr", *(download(panel) for panel in "ymcko"), "Se")
    assert bench.clock.now == bench.clock.busy_seconds == 21.0
    (card,) = bench.world.output
    assert [panel.name for panel in card.panels] == ["y", "m", "c", "k", "o"]
    assert all(panel.fraction == 1.0 for panel in card.panels)
    assert [happening.event for happening in card.history] == [
        "fed", "at-contactless", "left-contactless", *["panel-started", "panel-printed"] * 5, "ejected",
    ]  # fmt: skip
    assert bench.ask("Rrt;count") == "199"


def test_the_first_panel_feeds_a_card_if_there_is_none() -> None:
    bench = Bench()
    assert bench.send("Ss", "Sr", RESIN, "Se") == ["OK"] * 4
    assert [card.number for card in bench.world.output] == [1]


def test_the_card_stays_inside_if_asked() -> None:
    bench = Bench()
    bench.send("Pneab;E", "Si", "Ss", "Sr", RESIN, "Se")
    assert bench.world.place is Place.PRINT
    assert bench.world.output == []
    bench.ask("Ser")
    assert [len(card.panels) for card in bench.world.reject] == [1]


def test_filled_panel_is_printed_without_a_download() -> None:
    bench = Bench()
    bench.send("Wcb;o;255", "Ss", "Sr", RESIN, "Se", "Wcb;o;0", "Ss", "Sr", RESIN, "Se")
    first, second = bench.world.output
    assert [panel.name for panel in first.panels] == ["k", "o"]
    assert first.panels[1].raster.all()
    assert [panel.name for panel in second.panels] == ["k"]
    assert bench.send("Ss", "Wcb;o;255") == ["OK", "ERROR CDE"], "not within a sequence under Pem;0"
    assert bench.send("Pem;2", "Wcb;y;128") == ["OK", "OK"]


def test_compressed_and_raw_print_the_same() -> None:
    bench = Bench()
    data = encode_lines(uniform(1))
    bench.send("Ss", "Sr", b"\x1bDbc;k;2;%d;" % len(data) + data + b"\r", "Se", "Ss", "Sr", RESIN, "Se")
    first, second = (card.panels[0].raster for card in bench.world.output)
    assert (first == second).all()
    assert first.all()


def test_saved_error_management_survives_a_reset() -> None:
    bench = Bench()
    bench.send("Pem;2;s", "Pem;0", "Srs")
    assert bench.ask("Rem") == "2 2"


def test_reset_flag_stays_until_cleared_or_a_card_is_fed() -> None:
    bench = Bench()
    reset = 0x00010000
    assert bench.words()[1] & reset
    bench.send("Ss", "Sr", "Rok", "Rlr;p")
    assert bench.words()[1] & reset
    bench.ask("Si")
    assert not bench.words()[1] & reset
    bench.ask("Srs")
    bench.ask("Sic")
    assert bench.words()[1] & reset, "moving the card left inside hides nothing"
    bench.ask("Scs")
    assert not bench.words()[1] & reset


def test_ribbon_tag_unreadable() -> None:
    bench = Bench(ribbon=Ribbon(tag_readable=False))
    assert bench.send("Rrt;count", "Rrt;qty") == ["ERR RIB DETECTION"] * 2
    assert bench.words()[1] & 0x00100000
