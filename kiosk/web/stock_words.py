"""Office Indonesian for movements of blanks and what is said of them. Templates translate it on."""

from __future__ import annotations

MOVEMENTS = {
    "receive": "Terima blangko",
    "release": "Keluarkan ke giliran",
    "return": "Kembalikan ke gudang",
    "load": "Masuk ke wadah",
    "unload": "Keluar dari wadah",
    "set-aside": "Sisihkan ke meja",
    "put-back": "Kembalikan dari meja",
    "mobile-out": "Bawa unit keliling",
    "mobile-in": "Kembali dari unit keliling",
    "loan-out": "Ke kantor lain",
    "loan-in": "Dari kantor lain",
    "spoil": "Catat rusak",
    "defect": "Catat cacat pabrik",
    "send-back": "Kembalikan ke pusat",
    "destroy": "Musnahkan yang rusak",
    "destroy-old-cards": "Musnahkan kartu lama",
    "count": "Hitung blangko",
    "reverse": "Pembatalan catatan",
}

PAPERS = {
    "": "Nomor surat, bila ada",
    "BAST": "Nomor BAST",
    "surat tugas": "Nomor surat tugas",
    "berita acara": "Nomor berita acara",
}

WRONG = {
    "incomplete": "Isian itu belum lengkap atau tidak masuk akal",
    "refused": "Itu tidak bisa dilakukan",
}

MARKS = {"corner-cut": "Sudut digunting", "chip-punched": "Chip dilubangi"}

CAUSES = {
    "chip-silent": "chip diam",
    "chip-unknown": "bukan chip KTP-el",
    "chip-used": "chip sudah berisi",
    "chip-uid-random": "chip tanpa nomor tetap",
    "chip-uid-consumed": "nomor chip sudah dipakai",
    "chip-write-failed": "chip gagal diisi",
    "chip-verify-failed": "isi chip tidak cocok",
    "body-flawed": "badan kartu cacat",
    "media-jam": "macet di printer",
    "print-interrupted": "cetak terputus",
    "damaged": "rusak fisik",
    "misprint": "salah cetak",
    "damaged-at-hand-over": "rusak saat diserahkan",
    "lost-before-hand-over": "hilang sebelum diserahkan",
    "card-missing": "kartu tidak ditemukan",
    "wrong-chip": "chip milik kartu lain",
    "test": "kartu uji",
    "wrong-data": "data salah",
    "set-aside": "disisihkan",
}
