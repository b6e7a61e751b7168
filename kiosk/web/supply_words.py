"""Office Indonesian for what is foreseen of blanks and supplies, and for what is told of them. Templates translate it
on."""

from __future__ import annotations

FIGURES = {
    "without-card": "Belum punya kartu",
    "new-a-day": "Permohonan baru sehari",
    "holders": "Pemegang KTP-el",
    "printed-before": "Tercetak sebelum stasiun ini",
    "ribbons": "Pita utuh",
    "films": "Film utuh",
    "cleanings": "Kit pembersih utuh",
}
"""In the order in which they are asked for."""

KINDS = {"wni": "WNI", "wna": "WNA", "ribbon": "Pita", "film": "Film", "cleaning": "Pembersih"}

FIRST = {"backlog": "backlog", "blanks": "blangko"}

MONTHS = {
    1: "Januari",
    2: "Februari",
    3: "Maret",
    4: "April",
    5: "Mei",
    6: "Juni",
    7: "Juli",
    8: "Agustus",
    9: "September",
    10: "Oktober",
    11: "November",
    12: "Desember",
}

WRONG = {"gone": "Surat itu tidak ada di catatan"}
