"""Office Indonesian for what is to be done with a card at the desk. Templates translate it on."""

from __future__ import annotations

PLANS = {  # in the order in which they are recommended
    "inline": ("Chip di printer", "Printer mengisi chip, lalu mencetak. Cara biasa."),
    "desktop-after": ("Chip di meja, setelah cetak", "Kartu yang sudah dicetak diletakkan di pembaca meja."),
    "desktop-before": (
        "Chip di meja, sebelum cetak", "Blangko diisi di meja, dimasukkan ke printer, lalu dipastikan lagi di meja.",
    ),
}  # fmt: skip

WANTED = {
    "blank": ("Letakkan satu blangko di pembaca meja", "Ambil satu blangko dari wadah printer."),
    "again": ("Letakkan lagi kartu yang sama", "Chipnya belum selesai diisi. Kartu yang sama saja yang dilanjutkan."),
    "printed": ("Letakkan kartu ini di pembaca meja", "Kartunya ada di baki printer. Chip diisi begitu terbaca."),
    "confirm": ("Letakkan kartu yang baru dicetak di pembaca meja", "Satu sentuhan lagi: chipnya dipastikan."),
    "feeder": ("Angkat kartu, masukkan ke wadah printer", "Letakkan paling depan: kartu itu yang dicetak."),
}

PROBLEMS = {
    "wrong-card": "Itu bukan kartunya",
    "chip-used": "Chip itu sudah berisi data",
    "chip-unknown": "Itu bukan chip KTP-el",
    "chip-uid-random": "Chip itu tidak punya nomor tetap",
    "chip-unreadable": "Kartu terangkat sebelum selesai",
    "reader-in-use": "Pembaca meja sedang dipakai untuk penyerahan",
}

ANSWERS = {
    "unreadable": ("Tidak terbaca", "Sudah diletakkan, tetapi chipnya diam."),
    "wrong-chip": ("Chipnya salah", "Memang kartu ini, tetapi chipnya milik yang lain."),
    "spoiled": ("Kartu rusak", "Salah cetak, tergores, atau bengkok; buang ke kotak rusak."),
    "blank": ("Kembalikan blangko", "Belum dicetak; kembalikan ke wadah printer."),
    "not-there": ("Tidak ada", "Kartunya tidak ditemukan di mana pun."),
}
