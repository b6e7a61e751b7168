"""EF 6FF6 holds for these six files and for nothing else."""

from __future__ import annotations

import pytest

from kiosk.crypto import chip, keys

KEY = keys.generate_chip()
FILES = {name: name.encode() * 9 for name in chip.SIGNED_FILES}
SIGNED = {**FILES, "6FF6": chip.sign_files(KEY, FILES)}


def test_signature_file_has_the_size_of_the_field_and_is_repeatable() -> None:
    assert len(SIGNED["6FF6"]) == 0x50
    assert chip.sign_files(KEY, FILES) == SIGNED["6FF6"]
    assert chip.verify_files(KEY, SIGNED)
    assert not chip.verify_files(keys.generate_chip(), SIGNED)


@pytest.mark.parametrize("name", [*chip.SIGNED_FILES, "6FF6"])
def test_change_in_any_file_is_noticed(name: str) -> None:
    for changed in (
        SIGNED[name][:-1],
        SIGNED[name] + b"x",
        bytes((SIGNED[name][0] ^ 1,)) + SIGNED[name][1:],
        SIGNED[name][:-1] + bytes((SIGNED[name][-1] ^ 1,)),
    ):
        assert not chip.verify_files(KEY, {**SIGNED, name: changed})


def test_byte_cannot_move_into_the_next_file() -> None:
    moved = {**SIGNED, "6FF1": SIGNED["6FF1"][:-1], "6FF2": SIGNED["6FF1"][-1:] + SIGNED["6FF2"]}
    assert not chip.verify_files(KEY, moved)


def test_missing_file_is_not_signed() -> None:
    assert not chip.verify_files(KEY, {name: data for name, data in SIGNED.items() if name != "6FF3"})
    assert not chip.verify_files(KEY, FILES)
