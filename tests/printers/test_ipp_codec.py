"""IPP messages as values, what printer and job say in them, and the page that is sent."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers import ipp_raster as raster
from drivers.printers.ipp_codec import Job, JobState, Operation, Reply, as_job, parse, request
from drivers.printers.ipp_reasons import TRANSCRIPT, reasons
from drivers.protocols import Face

GOOD = bytes.fromhex(
    "0101 0000 00000001"  # RFC 8010, A.2: Print-Job, successful-ok
    "01 47 0012 617474726962757465732d63686172736574 0005 7574662d38"
    "48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0005 656e2d7573"
    "41 000e 7374617475732d6d657373616765 000d 7375636365737366756c2d6f6b"
    "02 21 0006 6a6f622d6964 0004 00000093"
    "45 0007 6a6f622d757269 0019 6970703a2f2f657861.6d706c652e636f6d2f70742f313233".replace(".", "")
)
STATE = bytes.fromhex("23 0009 6a6f622d7374617465 0004 00000003 03")


def answer() -> bytes:
    """As in the appendix, its URI cut to its length."""
    uri = b"ipp://example.com/ptr/123"
    head = GOOD[: GOOD.rindex(b"\x00\x19") + 2]
    return head + uri + STATE


def test_the_answer_of_the_standard_is_read() -> None:
    reply = parse(answer())
    assert (reply.status, reply.succeeded) == (0, True)
    assert reply.jobs == [{"job-id": (147,), "job-uri": ("ipp://example.com/ptr/123",), "job-state": (3,)}]
    assert as_job(reply.jobs[0]) == Job(147, JobState.PENDING, frozenset())


def attribute(tag: int, name: str, content: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(content)) + content


def test_several_values_and_collections() -> None:
    """Members of a collection are nobody's; what comes after it is read again."""
    body = b"\x04" + attribute(0x44, "r", b"a") + attribute(0x44, "", b"b") + attribute(0x34, "col", b"")
    body += attribute(0x4A, "", b"inner") + attribute(0x34, "", b"") + attribute(0x37, "", b"")
    body += attribute(0x21, "", struct.pack(">i", 7)) + attribute(0x37, "", b"")
    body += attribute(0x22, "ok", b"\1") + attribute(0x21, "n", struct.pack(">i", -1)) + b"\x03"
    reply = parse(struct.pack(">HHI", 0x0200, 0x0406, 1) + body)
    assert reply == Reply(0x0406, ((4, {"r": ("a", "b"), "ok": (True,), "n": (-1,)}),))
    assert not reply.succeeded
    assert reply.jobs == []


def test_a_request_is_read_back() -> None:
    message = request(Operation.GET_JOBS, "ipp://h/p", "me", 5, my_jobs=True, requested_attributes=["x", "yy"])
    assert struct.unpack_from(">HHI", message) == (0x0200, 0x000A, 1)
    as_printer = message[:8] + b"\x04" + message[9:]
    said = parse(as_printer).printer
    assert list(said)[:4] == ["attributes-charset", "attributes-natural-language", "printer-uri", "job-id"]
    assert said["requested-attributes"] == ("x", "yy")
    assert (said["my-jobs"], said["job-id"]) == ((True,), (5,))


@pytest.mark.parametrize("cut", range(len(answer())))
def test_an_answer_without_its_end_is_none(cut: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(answer()[:cut])


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: answer()[:60] + tail))
def test_garbage_is_an_answer_or_refused(message: bytes) -> None:
    try:
        reply = parse(message)
    except ValueError:
        return
    for each in reply.jobs:
        try:
            as_job(each)
        except ValueError:
            continue


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_one_byte_of_an_answer_is_another(at: int, byte: int) -> None:
    changed = bytearray(answer())
    changed[at % len(changed)] = byte
    test_garbage_is_an_answer_or_refused.hypothesis.inner_test(bytes(changed))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("sent", "stopping", "warnings", "source"), TRANSCRIPT)
def test_printer_reasons(
    sent: tuple[str, ...], stopping: tuple[str, ...], warnings: tuple[str, ...], source: str
) -> None:
    assert reasons(sent) == (frozenset(stopping), frozenset(warnings)), source


@pytest.mark.parametrize(
    ("state", "said", "good"),
    [
        (JobState.COMPLETED, {"job-completed-successfully"}, True),
        (JobState.COMPLETED, {"none"}, True),
        (JobState.COMPLETED, {"processing-to-stop-point"}, True),
        (JobState.COMPLETED, set(), False),
        (JobState.COMPLETED, {"job-completed-with-errors"}, False),
        (JobState.COMPLETED, {"job-completed-successfully", "queued-in-device"}, False),
        (JobState.CANCELED, {"none"}, False),
        (JobState.ABORTED, {"none"}, False),
        (JobState.PROCESSING, {"none"}, False),
    ],
)
def test_transmitted_is_not_printed(state: JobState, said: set[str], good: bool) -> None:
    assert Job(1, state, frozenset(said)).is_good is good


def test_states_have_an_end() -> None:
    assert [state for state in JobState if state.ended] == [JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED]


def pixels(page: bytes) -> np.ndarray:
    """PWG 5102.4 read from the standard: a count of lines, then runs and literals of pixels."""
    header = page[4:1800]
    width, height = struct.unpack_from(">II", header, 372)
    at, rows = 1800, bytearray()
    while at < len(page):
        lines, at, row = page[at] + 1, at + 1, bytearray()
        while len(row) < width * 3:
            code, at = page[at], at + 1
            if code < 128:
                row += page[at : at + 3] * (code + 1)
                at += 3
            else:
                row += page[at : at + 3 * (257 - code)]
                at += 3 * (257 - code)
        rows += row * lines
    return np.frombuffer(bytes(rows), dtype=np.uint8).reshape(height, width, 3)


@given(st.data())
def test_the_page_holds_the_face(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 5))
    size = width * height
    seed = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    planes = {
        dye: seed.choice([0, 7, 255], size).astype(np.uint8) for dye in data.draw(st.sets(st.sampled_from("ymc")))
    }
    resin = seed.choice([0, 0, 255], size).astype(np.uint8)
    page = raster.page(Face(width, height, resin.tobytes(), {dye: plane.tobytes() for dye, plane in planes.items()}))
    assert page[:4] == b"RaS2"
    shown = pixels(page).reshape(size, 3)
    for at, dye in enumerate("cmy"):
        expected = np.where(resin == 255, 0, 255 - planes.get(dye, np.zeros(size, np.uint8)))
        assert (shown[:, at] == expected).all()


def test_equal_lines_are_sent_once() -> None:
    assert len(raster.page(Face(1016, 648, bytes(1016 * 648)))) < 1800 + 3 * 40
    with pytest.raises(ValueError, match="a plane is not"):
        raster.page(Face(10, 10, bytes(99)))
