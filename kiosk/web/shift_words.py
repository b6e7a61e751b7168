"""Office Indonesian for the shift: its equation, its form, what is refused. Templates translate it on."""

from __future__ import annotations

TERMS = {
    "opening": "awal",
    "received": "masuk",
    "found": "lebih hitung",
    "taken-back": "dikoreksi balik",
    "closing": "akhir",
    "printed": "tercetak",
    "spoiled": "rusak",
    "factory-defect": "cacat pabrik",
    "returned": "kembali",
    "loaned": "dipinjamkan",
    "mobile-unit": "unit keliling",
    "missing": "kurang hitung",
}
"""As they are written down, opening and closing among them."""

FIELDS = {
    "shift-wni": "Giliran WNI",
    "shift-wna": "Giliran WNA",
    "hopper-wni": "Wadah printer WNI",
    "hopper-wna": "Wadah printer WNA",
    "bench-wni": "Meja WNI",
    "bench-wna": "Meja WNA",
}

REFUSALS = {
    "shift-open": "Giliran sudah dibuka",
    "shift-over": "Giliran itu sudah ditutup",
    "shift-missing": "Slip giliran itu tidak ada di daftar",
    "shift-of-other": "Giliran ini milik orang lain. Ia sendiri atau penyelia yang menutupnya",
    "card-in-path": "Kartu masih di dalam printer. Tunggu sampai keluar, lalu coba lagi",
}
