"""What the screen says of a stick that was not used, and what to do now."""

from __future__ import annotations

from kiosk import sticks
from kiosk.sync.stick import Reason

_again = "Tidak ada yang hilang. Tulis sekali lagi ke stik, lalu bawa lagi ke pusat."
_technician = "Panggil teknisi. Stik boleh dicabut dan dibaca lagi nanti."
_other = "other"

REFUSALS: dict[str, tuple[str, str]] = {
    Reason.NOTHING: (
        "Stik ini kosong untuk stasiun ini", "Tulis dulu ke stik, bawa ke pusat, dan minta pusat mengisinya.",
    ),
    Reason.FULL: ("Stik penuh", "Hapus sesuatu di stik, atau pakai stik lain."),
    Reason.UNFINISHED: ("Jawaban pusat belum selesai ditulis", "Minta pusat menulisnya sekali lagi."),
    Reason.MISSING: ("Ada bagian yang hilang di stik", _again),
    Reason.GAP: ("Ada data sebelumnya yang belum masuk", _again),
    Reason.ROOM: (
        "Antrean penuh", "Sebagian data belum diambil. Cetak dulu beberapa kartu, lalu baca stik ini lagi.",
    ),
    sticks.GONE: ("Stik tercabut atau tidak terbaca", "Tidak ada yang hilang. Tancapkan lagi dan ulangi."),
    sticks.BUSY: ("Stik sedang dipakai", "Tunggu sampai selesai."),
    sticks.OWN_DISK: ("Disk stasiun bermasalah", _technician),
    "disk-full": ("Disk stasiun penuh", _technician),
    _other: (
        "Isi stik tidak dapat dipercaya",
        "Tidak ada yang diambil dari bagian itu. Simpan stik ini dan panggil penyelia.",
    ),
}  # fmt: skip
"""Heading, and what to do, by reason."""


def refusal(reason: str) -> tuple[str, str]:
    """Of a reason that is not in the table: somebody changed what is on it, or it is damaged."""
    return REFUSALS.get(reason, REFUSALS[_other])
