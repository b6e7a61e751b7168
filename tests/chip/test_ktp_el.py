"""The KTP-el encoder: what it sends, and every place where a chip can vanish. The rest is in the contract suite."""

import itertools
import random
from collections.abc import Callable, Sequence

import pytest

from drivers import iso7816
from drivers.encoders import ktp_el
from drivers.encoders.ktp_el import LAYOUT
from drivers.errors import Cause, NotStarted, OutcomeUnknown, ProtocolViolation, Refused
from drivers.iso7816 import MAX_SHORT_DATA, Ins
from drivers.sim.chip import Behaviour, Chip, PowerLost, Profile, Tear
from tests.chip.readers import Reader

FILES = {name: random.Random(name).randbytes(size - 2) for name, size in LAYOUT.items()}
SMALL = {"6FF0": b"\x01" * 20, "6FF1": b"3171234567890123", "6FF6": b""}


def commands_of_encode(reader: Reader, files: dict[str, bytes]) -> list[bytes]:
    sent: list[bytes] = []
    encoder = reader.encoder()
    chip = reader.lay()
    encoder.identify()
    chip.on_apdu(sent.append)
    encoder.encode(files)
    encoder.release()
    reader.antenna.leave()
    return sent


def test_the_commands_of_a_small_file(in_process: Reader) -> None:
    sent = commands_of_encode(in_process, SMALL)
    assert [apdu.hex().upper() for apdu in sent] == [
        "00A40000026FF0", "00D60000160014" + "01" * 20,
        "00A40000026FF1", "00D60000120010" + SMALL["6FF1"].hex(),
        "00A40000026FF6", "00D60000020000",
    ]  # fmt: skip


def test_a_large_file_goes_up_in_chunks_length_first(in_process: Reader) -> None:
    photo = {"6FF2": FILES["6FF2"]}
    updates = commands_of_encode(in_process, photo)[1:]
    offsets = [int.from_bytes(apdu[2:4]) for apdu in updates]
    assert offsets == list(range(0, 4096, MAX_SHORT_DATA))
    assert max(len(apdu) - 5 for apdu in updates) == MAX_SHORT_DATA
    assert b"".join(apdu[5:] for apdu in updates) == (4094).to_bytes(2) + photo["6FF2"]


@pytest.mark.parametrize("tear", list(Tear))
def test_chip_pulled_at_any_command_of_encode_is_resumed(in_process: Reader, tear: Tear) -> None:
    """In doubt from the first write on; back on the antenna the chip is known by its UID, completed, and verified."""
    sent = commands_of_encode(in_process, FILES)
    first_write = 1 + next(at for at, apdu in enumerate(sent) if apdu[1] == Ins.UPDATE_BINARY)
    encoder = in_process.encoder()
    for at in range(1, len(sent) + 1):
        chip = in_process.lay(Behaviour(tear=tear))
        first = encoder.identify()
        in_process.pull_at(chip, at)
        with pytest.raises(NotStarted if at < first_write else OutcomeUnknown):
            encoder.encode(FILES)
        begun = chip.content(0x6FF0)[:2] != b"\0\0"
        in_process.antenna.enter(chip)
        again = encoder.identify()
        assert (again.uid, again.holds_data) == (first.uid, begun)
        encoder.encode(FILES)
        encoder.verify(FILES)
        encoder.release()
        in_process.antenna.leave()
    assert (first_write, len(sent)) == (2, 42)


def test_chip_pulled_at_any_command_of_identify_was_not_touched(in_process: Reader) -> None:
    encoder = in_process.encoder()
    for at in itertools.count(1):
        chip = in_process.lay()
        in_process.pull_at(chip, at)
        try:
            encoder.identify()
        except NotStarted:
            assert chip.updates == 0
            continue
        break
    assert at == 1 + 2 + 2 * len(LAYOUT)


def test_chip_pulled_during_verify(in_process: Reader) -> None:
    encoder = in_process.encoder()
    chip = in_process.lay()
    encoder.identify()
    encoder.encode(FILES)
    in_process.pull_at(chip, 9)
    for _ in range(2):
        with pytest.raises(NotStarted):
            encoder.verify(FILES)


@pytest.mark.parametrize("at", [1, 2, 20, 35])
def test_failed_write_says_its_status_word(in_process: Reader, at: int) -> None:
    encoder = in_process.encoder()
    in_process.lay(Behaviour(fail_write_at=at))
    encoder.identify()
    with pytest.raises(Refused, match="6581 memory failure") as refused:
        encoder.encode(FILES)
    assert (refused.value.cause, refused.value.sw) == (Cause.CHIP_WRITE_FAILED, 0x6581)


def test_a_difference_is_named_by_place_and_never_by_content(in_process: Reader) -> None:
    encoder = in_process.encoder()
    in_process.lay()
    encoder.identify()
    encoder.encode(FILES)
    last = FILES["6FF2"][:-1] + bytes((FILES["6FF2"][-1] ^ 0x80,))
    with pytest.raises(Refused, match=r"^6FF2: differs from offset 4002 on$") as refused:
        encoder.verify(FILES | {"6FF2": last})
    assert refused.value.cause is Cause.CHIP_VERIFY_FAILED
    with pytest.raises(Refused, match=r"^6FF1: another length than written$"):
        encoder.verify({"6FF1": FILES["6FF1"][:-1]})


@pytest.mark.parametrize(
    ("files", "why"), [({"6FF0": bytes(0x35)}, "53 bytes, room for 52"), ({"6FF7": b""}, "no such file")]
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    in_process: Reader, files: dict[str, bytes], why: str
) -> None:
    encoder = in_process.encoder()
    chip = in_process.lay()
    encoder.identify()
    with pytest.raises(NotStarted, match=why):
        encoder.encode({"6FF1": b"first"} | files)
    assert chip.updates == 0


class FixedLink:
    """A chip that says the same to everything."""

    name = "fixed"

    def __init__(self, answer: str) -> None:
        self.answer = bytes.fromhex(answer)

    def connect(self, timeout_s: float) -> bytes:
        return b"\x3b\x00"

    def transmit(self, apdu: bytes) -> bytes:
        return self.answer

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        iso7816.one_by_one(self.transmit, apdus, heard)

    def disconnect(self) -> None:
        """Nothing is powered."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("sw", ["6A81", "6D00", "6E00", "6982"])
def test_a_chip_without_uid_is_unknown(sw: str) -> None:
    with pytest.raises(Refused) as refused:
        ktp_el.open(FixedLink(sw), 1.0).identify()
    assert (refused.value.cause, refused.value.sw) == (Cause.CHIP_UNKNOWN, int(sw, 16))


@pytest.mark.parametrize("answer", ["9000", "0102039000", "04010203049000", "90"])
def test_a_uid_of_no_legal_size_is_no_answer(answer: str) -> None:
    with pytest.raises(ProtocolViolation):
        ktp_el.open(FixedLink(answer), 1.0).identify()


def test_a_chip_of_another_kind_is_unknown(in_process: Reader) -> None:
    in_process.antenna.enter(Chip(bytes.fromhex("04010203040506"), Profile(df=0x7F10, files={0x6FF0: 8})))
    with pytest.raises(Refused, match="6A82") as refused:
        in_process.encoder().identify()
    assert refused.value.cause is Cause.CHIP_UNKNOWN


def test_negative_control_a_chip_that_is_never_pulled_completes(in_process: Reader) -> None:
    chip = in_process.lay()
    encoder = in_process.encoder()
    encoder.identify()
    in_process.pull_at(chip, 10_000)
    encoder.encode(FILES)
    stored = {name: chip.content(int(name, 16)) for name in FILES}
    assert stored == {name: len(data).to_bytes(2) + data for name, data in FILES.items()}
    in_process.antenna.leave()
    with pytest.raises(PowerLost):
        chip.transmit(b"\0\0\0\0")
