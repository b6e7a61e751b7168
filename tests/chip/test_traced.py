"""What a tracer of APDUs sees of a card's making: everything but what was written and read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from drivers import iso7816
from drivers.encoders import ktp_el
from drivers.errors import NotStarted, OutcomeUnknown
from drivers.protocols import ApduLink, ApduTracer
from drivers.sim.chip import KTP_EL
from drivers.traced import TracedLink
from tests.chip.readers import UID, Reader

SECRET = b"3171234567890123"
FILES = {"6FF1": b"biodata " + SECRET, "6FF2": SECRET * 40}


@dataclass
class Seen:
    """A tracer that keeps all it is told."""

    exchanges: list[tuple[bytes, int, int, int, float]] = field(default_factory=list)

    def exchanged(self, header: bytes, sent: int, received: int, sw: int, ms: float) -> None:
        self.exchanges.append((header, sent, received, sw, ms))


class Careless:
    """Negative control: a tracer's link as it must not be."""

    def __init__(self, link: ApduLink, seen: Seen) -> None:
        self.name, self.connect, self.disconnect, self.close = link.name, link.connect, link.disconnect, link.close
        self._link, self._seen = link, seen

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._link.transmit(apdu)
        self._seen.exchanged(apdu, 0, 0, int.from_bytes(answer), 0.0)
        return answer

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        iso7816.one_by_one(self.transmit, apdus, heard)


def make(link: ApduLink) -> None:
    encoder = ktp_el.open(link, 5.0)
    encoder.identify()
    encoder.encode(FILES)
    encoder.verify(FILES)
    assert encoder.read("6FF1") == FILES["6FF1"]


def leaks(seen: Seen, secret: bytes) -> bool:
    """Whether `secret` is in what the tracer was told: as bytes, as text or as a number."""
    told = repr(seen).lower()
    forms = [secret.decode("latin-1").lower(), repr(secret).lower()[2:-1], secret.hex(), str(int.from_bytes(secret))]
    return any(form in told or form in b"".join(each[0] for each in seen.exchanges).hex() for form in forms)


def test_no_secret_is_in_what_a_tracer_sees(reader: Reader) -> None:
    reader.lay()
    seen = Seen()
    make(TracedLink(reader.link, seen))
    assert not leaks(seen, SECRET)
    assert not leaks(seen, UID)
    assert all(len(header) == 4 for header, *_ in seen.exchanges)


def test_a_careless_tracer_would_be_found(in_process: Reader) -> None:
    in_process.lay()
    seen = Seen()
    make(Careless(in_process.link, seen))
    assert leaks(seen, SECRET)
    in_process.antenna.leave()
    in_process.lay()
    seen = Seen()
    link = Careless(in_process.link, seen)
    link.connect(5.0)
    link.transmit(bytes(iso7816.get_uid()))
    assert leaks(seen, (UID + b"\x90\x00"))


def test_a_tracer_sees_headers_lengths_and_status(in_process: Reader) -> None:
    in_process.lay()
    seen: ApduTracer = Seen()
    link = TracedLink(in_process.link, seen)
    assert link.name == in_process.link.name
    assert link.connect(5.0) == KTP_EL.atr
    for command in (iso7816.get_uid(), iso7816.select(KTP_EL.df), iso7816.select(0x7FFF), iso7816.read_binary(0, 2)):
        link.transmit(bytes(command))
    assert isinstance(seen, Seen)
    assert [each[:4] for each in seen.exchanges] == [
        (b"\xff\xca\0\0", 0, 7, 0x9000), (b"\0\xa4\0\0", 2, 0, 0x9000), (b"\0\xa4\0\0", 2, 0, 0x6A82),
        (b"\0\xb0\0\0", 0, 0, 0x6986),
    ]  # fmt: skip
    assert all(0 < each[4] < 1000 for each in seen.exchanges)


def test_an_exchange_without_an_answer_is_seen_too(in_process: Reader) -> None:
    chip, seen = in_process.lay(), Seen()
    link = TracedLink(in_process.link, seen)
    with pytest.raises(NotStarted):
        link.transmit(bytes(iso7816.get_uid()))
    link.connect(5.0)
    in_process.pull_at(chip, 1)
    with pytest.raises(OutcomeUnknown):
        link.transmit(bytes(iso7816.select(KTP_EL.df)))
    assert [each[1:4] for each in seen.exchanges] == [(0, 0, 0), (2, 0, 0)]
    link.disconnect()
    link.close()


def test_each_exchange_of_a_row_is_seen_and_the_one_without_an_answer_too(reader: Reader) -> None:
    chip, seen = reader.lay(), Seen()
    link = TracedLink(reader.link, seen)
    link.connect(5.0)
    row = [bytes(each) for each in (iso7816.select(KTP_EL.df), iso7816.select(0x6FF1), iso7816.read_binary(0, 2))]
    heard: list[tuple[bytes, float]] = []
    link.transmit_all(row, lambda answer, seconds: heard.append((answer, seconds)))
    assert [each[1:4] for each in seen.exchanges] == [(2, 0, 0x9000), (2, 0, 0x9000), (0, 2, 0x9000)]
    assert [each[4] for each in seen.exchanges] == [pytest.approx(seconds * 1_000) for _, seconds in heard]
    seen.exchanges.clear()
    reader.pull_at(chip, 2)
    with pytest.raises(OutcomeUnknown):
        link.transmit_all(row, lambda answer, seconds: None)
    assert [each[:4] for each in seen.exchanges] == [(row[0][:4], 2, 0, 0x9000), (row[1][:4], 2, 0, 0)]
    link.close()
