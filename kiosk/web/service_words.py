"""Office Indonesian of the order of service and of records that are held. Templates translate it on."""

from __future__ import annotations

JUMPS = {
    "ill": "Sakit atau darurat",
    "frail": "Lansia, hamil, atau disabilitas",
    "travel": "Perjalanan tidak bisa ditunda",
    "office-error": "Kesalahan kantor",
    "other": "Alasan lain",
}
"""Why two people move somebody up."""

NOT_NOW = {"quota-used": "Kuota hari ini habis", "person-has-card": "Sudah punya kartu di sini"}
"""In the queue, of those who are not served now."""

REFUSALS = {
    "quota-used": "Kuota hari ini habis",
    "out-of-turn": "Belum gilirannya",
    "moved-up-already": "Orang ini sudah didahulukan",
}
