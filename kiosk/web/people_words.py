"""Office Indonesian for who works here (docs/vocabulary.md). Templates translate them on."""

from __future__ import annotations

from kiosk.core.permissions import Role

ROLES = {
    Role.OPERATOR.value: "Petugas layanan",
    Role.SUPERVISOR.value: "Penyelia",
    Role.TECHNICIAN.value: "Teknisi",
    Role.AUDITOR.value: "Pengawas",
}
MAY = {
    Role.OPERATOR.value: "Mencetak, menyerahkan, menghitung.",
    Role.SUPERVISOR.value: "Juga blangko, petugas, dan menyetujui.",
    Role.TECHNICIAN.value: "Alat dan kartu uji, tanpa data orang.",
    Role.AUDITOR.value: "Membaca buku, tidak mengubah apa-apa.",
}

PINS = {
    "pin": "PIN penyelia",
    "new_pin": "PIN baru, enam angka",
    "new_again": "PIN baru sekali lagi",
    "own_pin": "PIN Anda",
}
"""Fields in which a PIN is typed."""

FORMS = {
    "add_person": ("Tambah petugas", "Tambah"),
    "make_codes": ("Buat kode pemulihan baru", "Buat"),
    "give_pin": ("Beri PIN baru", "Simpan"),
    "own_pin": ("Ganti PIN saya", "Simpan"),
    "change_role": ("Ganti peran", "Simpan"),
    "appoint_person": ("Jadikan pelaksana harian (Plh)", "Tunjuk"),
    "end_appointment": ("Akhiri tugas Plh", "Akhiri"),
    "lock_person": ("Kunci: tidak bisa masuk lagi", "Kunci"),
    "unlock_person": ("Buka: bisa masuk lagi", "Buka"),
}
"""Endpoint -> heading of its form, and what its button says."""

FIELDS = {
    "ident": "ID, huruf kecil dan angka",
    "called": "Nama petugas",
    "role": "Peran",
    "first": "Hari pertama, 28-11-2026",
    "last": "Hari terakhir, 30-11-2026",
    "paper": "Nomor surat tugas",
    "code": "Kode pemulihan",
}

REFUSALS = {
    "person-exists": "ID itu sudah pernah dipakai. Pilih yang lain",
    "person-missing": "Petugas itu tidak ada",
    "person-active": "Petugas itu sudah bisa masuk",
    "person-inactive": "Petugas itu terkunci",
    "last-supervisor": "Ini penyelia terakhir. Tambah penyelia lain dulu",
    "not-acting": "Petugas itu bukan pelaksana harian",
    "role-does-not-act": "Pelaksana harian adalah petugas layanan atau teknisi",
    "pins-differ": "Kedua PIN baru tidak sama",
    "code-wrong": "Kode itu salah, atau sudah dipakai",
    "begun-before": "Stasiun ini sudah punya penyelia",
}
