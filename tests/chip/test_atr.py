"""Answers to reset of the standards' forms, and what a card says in them of long commands."""

import pytest

from drivers.atr import SHORT_ONLY, Capabilities, historical_bytes
from drivers.errors import ProtocolViolation
from drivers.sim.chip import KTP_EL, contactless_atr

BOTH = Capabilities(chaining=True, extended=True)


@pytest.mark.parametrize(
    ("meaning", "atr", "historical"),
    [
        ("no interface byte: T=0", "3B02AABB", "AABB"),
        ("none at all", "3B00", ""),
        ("TA1", "3B1196AA", "AA"),
        ("TB1 and TC1", "3B620000AABB", "AABB"),
        ("a contactless card, TD1 and TD2", "3B8380010102037C", "010203"),
        ("TA1 to TD1, T=1 by TD1, TA2 absent, TB2 there", "3BF2 9600 00 21 45 AABB 00", "AABB"),
        ("inverse convention", "3F02AABB", "AABB"),
    ],
)
def test_historical_bytes_follow_the_interface_bytes(meaning: str, atr: str, historical: str) -> None:
    assert historical_bytes(bytes.fromhex(atr)).hex().upper() == historical


@pytest.mark.parametrize("atr", ["", "3B", "3B02AA", "3B80", "3B8080", "3BF29600"])
def test_what_is_cut_off_is_no_atr(atr: str) -> None:
    with pytest.raises(ProtocolViolation):
        historical_bytes(bytes.fromhex(atr))


@pytest.mark.parametrize(
    ("meaning", "historical", "able"),
    [
        ("chaining and extended", "80 73 0000C0", BOTH),
        ("chaining", "80 73 000080", Capabilities(chaining=True)),
        ("extended", "80 73 000040", Capabilities(extended=True)),
        ("neither, but four logical channels", "80 73 000003", SHORT_ONLY),
        ("after card service data", "80 31C0 73 FFFFC0", BOTH),
        ("before a status indicator in TLV", "80 73 0000C0 82 9000", BOTH),
        ("before a status indicator at the end", "00 73 0000C0 05 9000", BOTH),
        ("that only the status indicator looks like", "00 73 C00000", SHORT_ONLY),
        ("two tables only", "80 72 C0C0", SHORT_ONLY),
        ("one that is cut off", "80 73 00C0", SHORT_ONLY),
        ("another category", "4B 73 0000C0", SHORT_ONLY),
        ("DIR data reference", "10 73 0000C0", SHORT_ONLY),
        ("nothing", "", SHORT_ONLY),
    ],
)
def test_card_capabilities(meaning: str, historical: str, able: Capabilities) -> None:
    assert Capabilities.of(contactless_atr(bytes.fromhex(historical))) == able


def test_the_development_chip_says_nothing_of_long_commands() -> None:
    assert Capabilities.of(KTP_EL.atr) == SHORT_ONLY
