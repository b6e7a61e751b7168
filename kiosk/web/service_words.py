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
    "record-held": "Data orang ini ditahan karena salah",
    "not-held": "Data orang ini tidak ditahan lagi",
    "moved-up-already": "Orang ini sudah didahulukan",
}

WRONG = {
    "name": "Nama",
    "number": "NIK",
    "birth": "Lahir",
    "address": "Alamat",
    "status": "Agama, status, pekerjaan",
    "portrait": "Foto",
    "signature": "Tanda tangan",
    "other": "Lainnya",
}
"""What is wrong with a record."""

RULES = {
    "confirmed": ("Foto, sidik jari, tanda tangan", "Sampai pusat menerima catatan penyerahan"),
    "audit-term": ("Data cetak dan tanda terima", "Setelah diserahkan"),
    "released-term": ("Data cetak", "Setelah dikembalikan ke pusat"),
    "call-term": ("Nomor telepon", "Setelah dicatat"),
}
"""What is destroyed by a rule, and from when on its days count."""

KINDS = {
    "queue-jump": "Didahulukan",
    "record-held": "Data ditahan: salah",
    "record-freed": "Data tidak ditahan lagi",
    "erased": "Data dimusnahkan",
}
