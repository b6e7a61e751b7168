"""Who may be noted, and who can be called."""

from itertools import product

import pytest

from kiosk.core.callbacks import Call, CallError, CallReason, is_ready, next_number, parse_call

NIK = "5371044909900001"


@pytest.mark.parametrize(
    ("nik", "phone", "call"),
    [
        (NIK, "081234567890", Call(NIK, "081234567890")),
        ("5371 0449 0990 0001", "+62 812-3456-7890", Call(NIK, "+6281234567890")),
        (NIK, "0380.123.456", Call(NIK, "0380123456")),
    ],
)
def test_what_a_person_types_is_tidied(nik: str, phone: str, call: Call) -> None:
    assert parse_call(nik, phone) == call


@pytest.mark.parametrize(
    ("nik", "phone", "what"),
    [
        (NIK[:15], "081234567890", "NIK"),
        (NIK + "1", "081234567890", "NIK"),
        ("٥٣٧١٠٤٤٩٠٩٩٠٠٠٠١", "081234567890", "NIK"),
        (NIK, "0812", "phone"),
        (NIK, "0812345678901234", "phone"),
        (NIK, "0812x4567890", "phone"),
        (NIK, "62+81234567890", "phone"),
    ],
)
def test_what_is_none_is_refused_without_repeating_it(nik: str, phone: str, what: str) -> None:
    with pytest.raises(CallError, match=what) as refused:
        parse_call(nik, phone)
    assert nik not in str(refused.value)
    assert phone not in str(refused.value)


READY = {(reason, True, True) for reason in CallReason} | {
    (CallReason.NO_RECORD, True, False),
    (CallReason.OTHER, True, False),
}


@pytest.mark.parametrize(("reason", "record", "blanks"), list(product(CallReason, (False, True), (False, True))))
def test_every_reason_with_and_without_record_and_blanks(reason: CallReason, record: bool, blanks: bool) -> None:
    assert is_ready(reason, record=record, blanks=blanks) == ((reason, record, blanks) in READY)


def test_numbers_run_within_a_day() -> None:
    assert [next_number("2018-08-14", given) for given in (0, 6, 999)] == [
        "2018-08-14/001", "2018-08-14/007", "2018-08-14/1000",
    ]  # fmt: skip
