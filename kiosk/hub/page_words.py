"""What the centre says to people, Indonesian first, English second."""

from __future__ import annotations

from collections.abc import Mapping

DAYS = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
FULL_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
FULL_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip

ALARMS: Mapping[str, tuple[str, str]] = {
    "gap": ("Jurnal stasiun terputus", "frames are missing"),
    "fork": ("Jurnal stasiun bercabang", "two journals under one name"),
    "rollback": ("Jurnal stasiun mundur", "the station lost frames"),
    "incarnation": ("Jurnal baru tanpa izin pusat", "a new journal without consent"),
    "superseded": ("Disk lama masih dipakai", "a replaced disk still speaks"),
    "key-retired": ("Kunci stasiun yang sudah diganti masih dipakai", "a replaced key still signs"),
    "left-behind": ("Stasiun belum mengenal kunci baru pusat", "left behind by a change of the centre's keys"),
    "station-lost": ("Stasiun yang dinyatakan hilang masih aktif", "a lost station still speaks"),
    "token": ("Permintaan dengan tanda yang bukan miliknya", "requests with a token that is not theirs"),
    "stick": ("Stik dari stasiun ditolak", "a stick was refused"),
    "withdrawn-too-late": ("Ditarik pusat sesudah dicetak", "withdrawn after it was printed"),
    "released-printed": ("Dilepas stasiun padahal sudah dicetak", "released, though it was printed"),
    "balances": ("Saldo stasiun dan pusat berbeda", "balances differ"),
    "set-aside": ("Ada catatan yang belum terbaca di pusat", "frames wait to be read"),
    "foreign-record": ("Rekaman dicetak tanpa izin", "printed without a lease"),
    "printed-twice": ("Satu rekaman dicetak dua kali", "printed twice"),
    "chip-used-twice": ("Satu chip dipakai dua kali", "a chip was used twice"),
    "issued-unprinted": ("Diserahkan tetapi belum dicetak", "handed over, not printed"),
    "loan-quantity": ("Jumlah pinjaman berbeda", "a loan's quantities differ"),
    "loan-sku": ("Jenis blangko pinjaman berbeda", "a loan's SKUs differ"),
    "loan-partner": ("Kantor pinjaman tidak cocok", "a loan's offices don't fit"),
    "loan-open": ("Pinjaman belum dibukukan pihak lain", "a loan is booked on one side only"),
}
