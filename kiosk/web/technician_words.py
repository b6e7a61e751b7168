"""Office Indonesian for what the technician's page shows; a stop's own words are in `words`."""

from __future__ import annotations

EXAMINATIONS = {
    "doctor": "Periksa semua",
    "printer": "Printer",
    "latency": "Waktu jawab",
    "readers": "Pembaca",
    "chip": "Chip",
}

CHECKS = {
    "config": "Konfigurasi",
    "service": "Program stasiun",
    "data": "Folder data",
    "journal": "Buku stasiun",
    "reserve": "Ruang cadangan",
    "clock": "Jam",
    "keys": "Kunci",
    "vault": "Brankas data",
    "mirror": "Media kedua",
    "hub": "Pusat",
    "work": "Pekerjaan",
    "printer": "Printer",
    "reader": "Pembaca chip",
    "desk": "Pembaca di meja",
    "sam": "Kartu SAM",
    "screen": "Layar sentuh",
    "browser": "Peramban",
}

RESULTS = {"ok": "Baik", "warn": "Perhatikan", "fail": "Gagal"}

POSITIONS = {
    "none": "tidak ada",
    "print": "di bawah kepala cetak",
    "contact": "di pembaca kontak",
    "contactless": "di pembaca chip",
    "eject": "di jalan keluar",
    "unknown": "tidak diketahui",
}

FAILURES = {
    "chip-silent": "Tidak ada chip yang menjawab",
    "chip-unknown": "Chip itu bukan chip KTP-el",
    "chip-uid-random": "Chip itu menunjukkan nomor acak",
    "not-started": "Printer tidak menjawab",
    "outcome-unknown": "Sambungan terputus di tengah",
    "protocol-violation": "Jawabannya tidak dapat dimengerti",
    "failed": "Tidak dapat diperiksa",
}

USED_AS = {"reader.name": "mengisi chip", "reader.desk": "di meja", "reader.sam": "kartu SAM"}
