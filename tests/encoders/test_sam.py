"""The SAM: its dialogue, what a missing one is called, and every place where it or the chip can vanish."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from drivers.encoders import ktp_el
from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.iso7816 import Ins, exchange, select
from drivers.pcsc import PcscLink
from drivers.sim import sam
from drivers.sim.chip import Chip, Profile, Tear
from drivers.sim.sam import Sam
from drivers.sim.secured import LOCKED_KTP_EL, SecuredChip
from drivers.sim.vpcd import VpcdAntenna
from kiosk.equipment import open_encoder
from kiosk.rig.pcscd import READER_NAME, PrivatePcscd
from tests.chip.readers import BY_THREAD, Behaviour, Reader, in_process, over_pcsc, pcscd, vpcd_antenna
from tests.encoders.secured import SamReader, through_sam

__all__ = ["in_process", "over_pcsc", "pcscd", "through_sam", "vpcd_antenna"]

FILES = {"6FF0": b"control", "6FF1": bytes(range(250)), "6FF2": b"photo" * 60}


def heard(chip: Chip) -> list[bytes]:
    found: list[bytes] = []
    chip.on_apdu(found.append)
    return found


def test_the_dialogue_is_of_the_instructions_that_are_public(through_sam: SamReader) -> None:
    chip, encoder = through_sam.lay(), through_sam.encoder()
    chip_heard, sam_heard = heard(chip), heard(through_sam.sam)
    encoder.identify()
    opening = [(apdu[:4].hex(), len(apdu)) for apdu in chip_heard[1:6]]
    assert opening == [
        ("00a40000", 7), ("00a40000", 7), ("00b00000", 5), ("00840000", 5), ("00820000", 5 + 40 + 1),
    ]  # fmt: skip
    assert [apdu[1] for apdu in sam_heard[:5]] == [0xF0, 0xF1, 0xF2, 0xF3, 0xF4]
    assert sam_heard[0][5:-1] == b"\x80" + chip.uid
    assert len(sam_heard[2][5:-1]) == 40
    chip_heard.clear()
    encoder.encode(FILES)
    assert {apdu[0] for apdu in chip_heard} == {0x0C}
    assert not any(FILES["6FF2"][:20] in apdu for apdu in chip_heard)


def test_the_card_control_goes_to_the_sam(through_sam: SamReader) -> None:
    through_sam.lay()
    encoder = through_sam.encoder()
    encoder.identify()
    encoder.encode(FILES)
    sam_heard = heard(through_sam.sam)
    encoder.identify()
    assert sam_heard[0][5:-1].endswith(FILES["6FF0"])


def empty(reader: SamReader) -> None:
    reader.slot.leave()


def unplugged(reader: SamReader) -> None:
    reader.slot.close()


def another_card(reader: SamReader) -> None:
    reader.slot.leave()
    reader.slot.enter(Chip(sam.SERIAL))


def a_sam_that_does_not_serve(reader: SamReader) -> None:
    reader.slot.leave()
    reader.slot.enter(Chip(sam.SERIAL, Profile(df=0x7F10, files={}, atr=sam.ATR)))


@pytest.mark.parametrize(
    ("how", "said"),
    [(empty, "no SAM in"), (unplugged, "no slot"), (another_card, "ATR 3B86"), (a_sam_that_does_not_serve, "6D00")],
)
def test_a_missing_sam_is_said_once_and_nothing_is_written(
    through_sam: SamReader, how: Callable[[SamReader], None], said: str
) -> None:
    how(through_sam)
    chip, encoder = through_sam.lay(), through_sam.encoder()
    with pytest.raises(Stopped, match=said) as stopped:
        encoder.identify()
    assert stopped.value.reasons == {"sam-missing"}
    with pytest.raises(NotStarted):
        encoder.encode(FILES)
    assert chip.updates == 0


def test_the_config_names_the_slot(through_sam: SamReader) -> None:
    through_sam.lay()
    with closing(open_encoder(through_sam.config)) as encoder:
        encoder.identify()
        encoder.encode(FILES)
        assert encoder.read("6FF1") == FILES["6FF1"]


def test_driver_and_simulated_sam_agree_on_the_atr() -> None:
    """Two constants on purpose, as for the map of the files."""
    assert ktp_el.SAM_ATR == sam.ATR


def commands(through_sam: SamReader, of: Callable[[SamReader, Chip], Chip]) -> tuple[int, int]:
    """How many commands `of` hears while FILES are encoded; the number of the first that comes with a write."""
    chip = through_sam.lay()
    encoder = through_sam.encoder()
    encoder.identify()
    chip_heard, counted = heard(chip), heard(of(through_sam, chip))
    before = [0]
    chip.on_apdu(lambda apdu: before.append(len(counted)) if apdu[1] == Ins.UPDATE_BINARY else None)
    encoder.encode(FILES)
    assert chip_heard
    encoder.release()
    through_sam.antenna.leave()
    return len(counted), before[1]


@pytest.mark.parametrize("tear", [Tear.NOT_DONE, Tear.HALF])
def test_chip_pulled_at_any_command_is_completed(through_sam: SamReader, tear: Tear) -> None:
    total, first_write = commands(through_sam, lambda reader, chip: chip)
    assert (total, first_write) == (8, 2)
    encoder = through_sam.encoder()
    for at in range(1, total + 1):
        chip = through_sam.lay(Behaviour(tear=tear))
        encoder.identify()
        through_sam.pull_at(chip, at)
        with pytest.raises(NotStarted if at < first_write else OutcomeUnknown):
            encoder.encode(FILES)
        assert chip.updates == 0 or at >= first_write
        through_sam.antenna.enter(chip)
        complete(through_sam, chip)


def test_sam_pulled_at_any_command_is_completed(through_sam: SamReader) -> None:
    """The SAM wraps the first write before the chip hears of it: pulled there, nothing was written yet."""
    total, wrapped_first_write = commands(through_sam, lambda reader, chip: reader.sam)
    assert (total, wrapped_first_write) == (16, 3)
    encoder = through_sam.encoder()
    for at in range(1, total + 1):
        chip = through_sam.lay()
        encoder.identify()
        through_sam.pull_sam_at(at)
        with pytest.raises(NotStarted if at <= wrapped_first_write else OutcomeUnknown):
            encoder.encode(FILES)
        assert (chip.updates == 0) == (at <= wrapped_first_write)
        through_sam.slot.enter(through_sam.sam)
        complete(through_sam, chip)


@pytest.mark.parametrize("which", ["chip", "sam"])
def test_pulled_while_it_is_identified_nothing_was_written(through_sam: SamReader, which: str) -> None:
    encoder = through_sam.encoder()
    for at in range(1, 40):
        chip = through_sam.lay()
        if which == "chip":
            through_sam.pull_at(chip, at)
        else:
            through_sam.pull_sam_at(at)
        try:
            encoder.identify()
        except NotStarted:
            assert chip.updates == 0
            if which == "sam":
                through_sam.slot.enter(through_sam.sam)
            through_sam.antenna.leave()
            continue
        break
    assert at == {"chip": 1 + 1 + 2 + 2 + 2 * 6 + 1, "sam": 3 + 2 * 2 * 6 + 1}[which]


def complete(reader: SamReader, chip: Chip) -> None:
    """The same chip, again: known by its UID, written and read back."""
    encoder = reader.encoder()
    assert encoder.identify().uid == chip.uid.hex().upper()
    encoder.encode(FILES)
    encoder.verify(FILES)
    assert {name: encoder.read(name) for name in FILES} == FILES
    encoder.release()
    reader.antenna.leave()


def test_a_chip_of_another_issuer_is_refused(through_sam: SamReader) -> None:
    """Negative control of the authentication: a chip with another key, and one that can't authenticate at all."""

    class Foreign(SecuredChip):
        def _authenticate(self, token: bytes, challenge: bytes) -> sam.Response:
            return sam.answer(0x9000, bytes(40))

    for kind, sw in ((Foreign, 0x6300), (Chip, 0x6D00)):
        through_sam.kind = kind
        chip = through_sam.lay()
        with pytest.raises(Refused) as refused:
            through_sam.encoder().identify()
        assert (refused.value.cause, refused.value.sw) == (Cause.CHIP_UNKNOWN, sw)
        assert chip.updates == 0
        through_sam.antenna.leave()


def test_a_command_in_the_clear_ends_the_session(through_sam: SamReader) -> None:
    """The simulated chip is strict, so that a driver which mixes the two is found out."""
    through_sam.lay()
    encoder = through_sam.encoder()
    encoder.identify()
    assert exchange(through_sam.link, select(ktp_el.DF)).sw.ok
    with pytest.raises(Refused, match="6882 secure messaging not supported") as refused:
        encoder.encode(FILES)
    assert refused.value.cause is Cause.CHIP_WRITE_FAILED


def test_an_answer_that_was_changed_under_way_leaves_the_outcome_unknown(through_sam: SamReader) -> None:
    class Noisy(SecuredChip):
        def _update_binary(self, command: sam.Command) -> sam.Response:
            done = super()._update_binary(command)
            assert self._session is not None
            self._session.unseal(b"", bytes(8))  # one message out of step
            return done

    through_sam.kind = Noisy
    chip, encoder = through_sam.lay(), through_sam.encoder()
    encoder.identify()
    with pytest.raises(OutcomeUnknown, match="6988"):
        encoder.encode(FILES)
    assert chip.updates == 1


@pytest.mark.pcsc
@BY_THREAD
def test_the_sam_in_the_second_slot_of_a_real_pcscd(pcscd: PrivatePcscd, over_pcsc: Reader) -> None:
    with (
        closing(VpcdAntenna("127.0.0.1", pcscd.port + 1)) as slot,
        closing(ktp_el.open(over_pcsc.link, 5.0, PcscLink(f"{READER_NAME} 00 01"))) as encoder,
    ):
        slot.enter(Sam())
        over_pcsc.kind, over_pcsc.profile = SecuredChip, LOCKED_KTP_EL
        over_pcsc.lay()
        encoder.identify()
        encoder.encode(FILES)
        encoder.verify(FILES)


def test_negative_control_a_secured_chip_takes_no_write_in_the_clear(through_sam: SamReader) -> None:
    chip = through_sam.lay()
    encoder = ktp_el.open(through_sam.link, 5.0)
    encoder.identify()
    with pytest.raises(Refused, match="6982 security status not satisfied") as refused:
        encoder.encode(FILES)
    assert refused.value.cause is Cause.CHIP_WRITE_FAILED
    assert chip.updates == 0
