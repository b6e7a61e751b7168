"""The words in pictures: Indonesian, as papers are, also where a screen shows them."""

from __future__ import annotations

from datetime import date

from kiosk.reports.words import CAUSES
from kiosk.supply import EPOCH

PICTURES = {
    "burn-down-wni": "Sisa blangko WNI",
    "burn-down-wna": "Sisa blangko WNA",
    "cards-a-day": "Kartu sehari",
    "spoiled-by-cause": "Rusak dan cacat pabrik menurut sebab",
    "served-within-a-day": "Dilayani dalam sehari, persen",
    "made": "tercetak",
    "spoiled": "rusak",
    "defect": "cacat pabrik",
    "left": "sisa",
    "early": "habis paling awal",
    "likely": "perkiraan",
    "late": "paling lambat",
    "share": "dari yang datang hari itu",
    "nothing": "Tidak ada.",
}

MONTHS = {
    1: "Jan", 2: "Feb", 3: "Mar", 4: "Apr", 5: "Mei", 6: "Jun", 7: "Jul", 8: "Agu", 9: "Sep", 10: "Okt", 11: "Nov",
    12: "Des",
}  # fmt: skip


def spelled(keyword: str) -> str:
    """A day as "14 Mar", a name of PICTURES, or a cause."""
    if keyword.startswith("day "):
        then = date.fromordinal(EPOCH + int(keyword[4:]))
        return f"{then.day} {MONTHS[then.month]}"
    return PICTURES.get(keyword) or CAUSES.get(keyword, keyword)
