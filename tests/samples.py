"""Small values that several suites share."""

import base64
from typing import Any

from kiosk.core.records import CHIP_FILES

FIELDS = {
    "provinsi": "NUSA TENGGARA TIMUR", "kabupaten": "KOTA KUPANG", "nik": "5371044909900001",
    "nama": "MARIA GORETI TAEK", "tempat_lahir": "KUPANG", "tanggal_lahir": "09-09-1990",
    "jenis_kelamin": "PEREMPUAN", "gol_darah": "O", "alamat": "JL. FRANS SEDA NO. 12", "rt": "003", "rw": "001",
    "kel_desa": "FATULULI", "kecamatan": "OEBOBO", "agama": "KATOLIK", "status_perkawinan": "KAWIN",
    "pekerjaan": "GURU", "kewarganegaraan": "WNI", "berlaku_hingga": "SEUMUR HIDUP",
    "tempat_dikeluarkan": "KOTA KUPANG", "tanggal_dikeluarkan": "14-08-2018",
}  # fmt: skip


def sample_payload(ref: str = "0f" * 16, station: str = "kupang-01", sku: str = "wni") -> dict[str, Any]:
    """A record that fits the schema; photo and signature are not pictures."""
    return {
        "v": 1, "ref": ref, "station": station, "sku": sku, "reason": "baru", "priority": 1,
        "issued_at": "2018-08-14T02:00:00Z", "fields": dict(FIELDS),
        "photo": base64.b64encode(b"photo").decode(), "signature": base64.b64encode(b"signature").decode(),
        "chip": {name: base64.b64encode(name.encode() * 3).decode() for name in CHIP_FILES},
    }  # fmt: skip
