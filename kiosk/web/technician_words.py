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

TESTS = {
    "test-card": ("Chip dan cetak", "Chip diisi dan dibaca lagi, lalu muka uji dicetak."),
    "test-print": ("Cetak saja", "Muka uji dicetak; chip tidak disentuh."),
    "test-chip": ("Chip saja", "Chip diisi dan dibaca lagi; tidak ada yang dicetak."),
}

TEST_ENDS = {
    "test": "Uji berhasil. Kartunya ada di baki tolak, sudah dicatat rusak.",
    "chip-silent": "Chip tidak menjawab. Blangko dicatat cacat pabrik.",
    "chip-unknown": "Chip itu bukan chip KTP-el. Blangko dicatat cacat pabrik.",
    "chip-used": "Chip sudah berisi. Blangko dicatat rusak.",
    "chip-uid-random": "Chip menunjukkan nomor acak. Blangko dicatat cacat pabrik.",
    "chip-uid-consumed": "Chip sudah pernah dipakai. Blangko dicatat rusak.",
    "card-seen-before": "Kartu itu sudah pernah dicatat. Ia ada di baki tolak, tidak ada blangko yang terpakai.",
    "chip-write-failed": "Chip menolak isian. Blangko dicatat cacat pabrik.",
    "chip-verify-failed": "Isi chip berbeda dengan yang ditulis. Blangko dicatat cacat pabrik.",
    "print-interrupted": "Cetak terputus. Blangko dicatat rusak.",
    "media-jam": "Kartu macet. Blangko dicatat rusak.",
    "damaged": "Kartu rusak, sudah dicatat.",
    "misprint": "Salah cetak. Blangko dicatat rusak.",
    "card-missing": "Kartu tidak ditemukan, sudah dicatat.",
    "wrong-chip": "Chip lain. Blangko dicatat rusak.",
    "set-aside": "Pembaca chip hilang. Blangko masih utuh, ada di baki tolak.",
}
