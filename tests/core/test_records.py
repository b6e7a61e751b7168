from typing import Any

import pytest

from kiosk.core.records import RecordError, dump_record, nik_warnings, parse_record
from tests.samples import sample_payload


def test_round_trip() -> None:
    payload = sample_payload()
    assert dump_record(parse_record(payload)) == payload


def broken(path: str, value: Any) -> dict[str, Any]:
    payload = sample_payload()
    *parents, last = path.split(".")
    place = payload
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return payload


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("v", 2, "record.v: 2 is not 1; upgrade"),
        ("ref", "short", "record.ref"),
        ("sku", "gold", "gold"),
        ("reason", "because", "because"),
        ("priority", True, "record.priority: expected int, got bool"),
        ("extra", 1, "record.extra: unknown field"),
        ("station", ..., "record.station: missing"),
        ("photo", "###", "record.photo: not base64"),
        ("fields.nik", "123", "record.fields.nik: 16 digits"),
        ("fields.nama", "", "record.fields.nama"),
        ("fields.nama", "A\nB", "record.fields.nama"),
        ("fields.nama", "X" * 121, "record.fields.nama"),
        ("fields.tanggal_lahir", "31-02-1990", "record.fields.tanggal_lahir"),
        ("chip.6FF2", ..., "record.chip.6FF2: missing"),
    ],
)
def test_the_first_fault_is_named(path: str, value: Any, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        parse_record(broken(path, value))


def test_an_odd_nik_is_a_warning_and_no_refusal() -> None:
    fields = parse_record(broken("fields.nik", "1111111111111111")).fields
    assert len(nik_warnings(fields)) == 2
    assert nik_warnings(parse_record(sample_payload()).fields) == []
