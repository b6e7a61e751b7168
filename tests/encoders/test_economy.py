"""How many APDUs an encoding costs: for each file a SELECT and as few writes as 255 bytes allow, and four in all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from drivers.iso7816 import MAX_SHORT_DATA, Ins
from drivers.sim.chiplink import SocketLink
from tests.chip.readers import Reader, in_process
from tests.encoders.secured import through_sam

__all__ = ["in_process", "through_sam"]

SPARE = 4


def least(stored: list[int]) -> int:
    return sum(1 + math.ceil(size / MAX_SHORT_DATA) for size in stored)


@pytest.mark.parametrize("fixture", ["in_process", "through_sam"])
@pytest.mark.parametrize("seed", range(5))
def test_an_encoding_costs_no_more(request: pytest.FixtureRequest, fixture: str, seed: int) -> None:
    reader: Reader = request.getfixturevalue(fixture)
    rng = random.Random(seed)
    sizes = {f"{fid:04X}": size for fid, size in reader.profile.files.items()}
    stored = sizes if seed == 0 else {name: rng.randint(2, size) for name, size in sizes.items()}
    files = {name: rng.randbytes(size - 2) for name, size in stored.items()}
    chip, encoder = reader.lay(), reader.encoder()
    encoder.identify()
    sent: list[bytes] = []
    chip.on_apdu(sent.append)
    encoder.encode(files)
    assert len(sent) <= least(list(stored.values())) + SPARE
    assert max(apdu[4] for apdu in sent) <= MAX_SHORT_DATA
    assert all(len(apdu) <= 5 + MAX_SHORT_DATA + 1 for apdu in sent)
    assert {apdu[1] for apdu in sent} == {Ins.SELECT, Ins.UPDATE_BINARY}
    if fixture == "in_process":
        assert len(sent) == least(list(stored.values()))
    encoder.verify(files)


def test_what_is_written_in_the_clear_goes_to_the_link_in_two_rows(in_process: Reader) -> None:
    """The first command, which selects, and the rest: so a thread that may hang is changed to but twice."""
    rows: list[int] = []

    class Counting(SocketLink):
        def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
            rows.append(len(apdus))
            super().transmit_all(apdus, heard)

    in_process.lay()
    encoder = in_process.opener(Counting(in_process.link._path), 5.0)
    encoder.identify()
    rows.clear()
    encoder.encode({"6FF1": bytes(600), "6FF2": bytes(10)})
    assert rows == [1, 3 + 2]
    encoder.encode({})
    assert rows == [1, 3 + 2]
    encoder.close()
