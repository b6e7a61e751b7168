"""The printer of the guide's time: it does what the guide says, and knows nothing that came later."""

from __future__ import annotations

import pytest

from drivers.sim.answers import CLASSIC
from drivers.sim.commands import CLASSIC_GRAMMAR, GRAMMAR
from tests.sim.printer_bench import Bench, download

LATER = [
    "Rpst", "Rrt;count", "Rrt;qty", "Pcim;F", "Pcem;D", "Pcrm;R", "Pneab;E", "Psync;1", "Psid;1;45", "Pcla;1",
    "Psmgr;1", "Ppmode;0", "Pwres;300;300;0", "Psk;10", "Piqla;a;d", "Peoic;k;D", "Pida;85;27;39;12",
]  # fmt: skip


@pytest.mark.parametrize("command", LATER)
def test_later_commands_are_unknown(command: str) -> None:
    assert Bench(identity=CLASSIC).ask(command) == "ERROR CDE"
    assert Bench().ask(command) != "ERROR CDE"


def test_every_command_that_it_lacks_is_tried() -> None:
    assert GRAMMAR.keys() - CLASSIC_GRAMMAR.keys() == {command.partition(";")[0] for command in LATER}


def test_later_parameters_are_bad() -> None:
    bench = Bench(identity=CLASSIC)
    assert bench.send("Rse;f", "Pr;0;t") == ["ERROR PARAMETRES"] * 2
    assert bench.send("Rse;o", "Pr;ymcko") == ["5,00 Volts", "OK"]


def test_it_says_where_the_card_is() -> None:
    bench = Bench(identity=CLASSIC)
    answers = bench.send("Rlr;p", "Sic", "Rlr;p", "Si", "Rlr;p", "Ser", "Rlr;p")
    assert answers == ["NO CARD", "OK", "CONTACTLESS CARD", "OK", "CARD", "OK", "NO CARD"]


def test_a_printed_card_is_ejected_at_the_end_of_its_sequence() -> None:
    bench = Bench(identity=CLASSIC)
    assert bench.send("Pem;2", "Sic", "Ss", download("k"), "Se", "Rlr;p") == ["OK"] * 5 + ["NO CARD"]
    assert len(bench.world.output) == 1
    assert bench.send("Rco;c", "Rco;p") == ["1", "1"]


def test_a_restart_is_seen_in_the_error_management_alone() -> None:
    bench = Bench(identity=CLASSIC)
    assert bench.send("Pem;2", "Rem;1", "Srs", "Rem;1") == ["OK", "2", "OK", "0"]
