"""What the screen says of a paper that did not come out, and what to do now."""

from __future__ import annotations

from kiosk.reports import office_printer
from kiosk.web import stick_words

REFUSALS: dict[str, tuple[str, str]] = {
    office_printer.ABSENT: ("Komputer ini belum punya printer kantor", "Panggil teknisi, atau pilih cara lain."),
    office_printer.NONE: ("Printer kantor tidak ditemukan", "Panggil teknisi, atau pilih cara lain."),
    office_printer.STOPPED: (
        "Printer kantor sedang dihentikan", "Tidak ada yang dikirim. Panggil teknisi untuk menjalankannya lagi.",
    ),
    office_printer.REFUSED: (
        "Printer kantor menolak kertas ini", "Tidak ada yang tercetak. Coba lagi, atau pilih cara lain.",
    ),
    office_printer.SILENT: (
        "Printer kantor tidak menjawab", "Lihat dulu apakah kertasnya keluar, baru ulangi.",
    ),
    office_printer.UNPRINTED: (
        "Kertas tidak keluar dan ditarik kembali dari antrean printer",
        "Nyalakan printer, isi kertasnya, lalu ulangi. Lihat apakah sebagian sudah tercetak.",
    ),
    "not-found": ("Kertas itu tidak ada", "Pilih lagi dari daftar."),
    "shift-missing": ("Giliran itu tidak ada", "Pilih lagi dari daftar."),
    "own-disk": ("Kertas tidak dapat dibuat", "Panggil teknisi. Buku stasiun tidak berubah."),
}  # fmt: skip
"""Heading, and what to do, by reason."""


def refusal(reason: str) -> tuple[str, str]:
    """Of a reason that is not in the table: it is the stick's."""
    return REFUSALS.get(reason) or stick_words.refusal(reason)
