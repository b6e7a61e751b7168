"""Office Indonesian for the keywords of the books (docs/vocabulary.md). Templates translate them on."""

from __future__ import annotations

from kiosk.web import people_words, service_words, shift_words

REASONS = {
    "baru": "Baru",
    "pindah-datang": "Pindah datang",
    "perubahan-data": "Perubahan data",
    "perpanjangan": "Perpanjangan",
    "hilang-rusak": "Hilang atau rusak",
    "luar-domisili": "Luar domisili",
}

STEPS = {
    "feed": "Mengambil blangko",
    "identify": "Membaca chip",
    "encode": "Mengisi chip",
    "verify": "Memeriksa chip",
    "print": "Mencetak muka kartu",
    "eject": "Mengeluarkan kartu",
    "confirm": "Memastikan chip",
}

STATES = {
    "pending": "Menunggu giliran",
    "pending-held": "Ditahan",
    "processing": "Sedang dibuat",
    "processing-stopped": "Berhenti",
    "canceled": "Dibatalkan",
    "aborted": "Tidak jadi",
    "completed": "Selesai dicetak",
}

STOPS = {
    "media-jam": "Kartu macet di dalam printer",
    "media-empty": "Wadah blangko kosong",
    "media-needed": "Printer menunggu kartu",
    "cover-open": "Tutup printer terbuka",
    "marker-supply-empty": "Pita habis",
    "marker-supply-low": "Pita hampir habis",
    "marker-supply-missing": "Pita tidak terpasang",
    "interlock-open": "Printer terkunci",
    "input-tray-missing": "Wadah blangko terbuka",
    "output-area-full": "Baki kartu penuh",
    "cleaner-life-over": "Printer wajib dibersihkan",
    "cleaner-life-almost-over": "Printer perlu segera dibersihkan",
    "fuser-over-temp": "Kepala cetak terlalu panas",
    "other": "Gangguan lain pada printer",
    "connecting-to-device": "Printer tidak menjawab",
    "printer-unknown": "Printer lain terpasang",
    "queue-unsafe": "Antrean cetak belum aman",
    "paused": "Printer sedang dijeda",
    "reader-missing": "Pembaca chip tidak ada",
    "reader-busy": "Pembaca chip dipakai program lain",
    "reader-hung": "Pembaca chip tidak menjawab",
    "sam-missing": "Kartu SAM tidak ada",
    "hopper-empty-in-books": "Menurut buku, wadah blangko kosong",
    "card-in-path": "Ada kartu asing di dalam printer",
    "spool-area-full": "Penyimpanan penuh",
    "journal-damaged": "Buku stasiun rusak",
    "gap-open": "Kartu sejak buku hilang belum dicari",
    "superseded": "Stasiun ini sudah digantikan",
    "outcome-unknown": "Keadaan kartu belum jelas",
    "refusals-in-a-row": "Beberapa kartu ditolak berturut-turut",
    "record-refused": "Data tidak boleh dicetak",
    "shift-not-open": "Giliran kerja belum dibuka",
    "on-battery": "Listrik padam, stasiun memakai baterai",
    "store-failed": "Penyimpanan stasiun gagal",
    "card-seen-before": "Kartu yang sudah dicatat masuk lagi",
    "offline-limit": "Batas luring habis",
}

ANSWERS = {
    "good": ("Kartu jadi", "Muka tercetak lengkap dan bersih."),
    "spoiled": ("Kartu rusak", "Tercetak sebagian, tergores, atau bengkok."),
    "blank": ("Masih kosong", "Belum tercetak; sudah dikembalikan ke wadah, paling depan."),
    "not-there": ("Tidak ada", "Tidak ada kartu di printer maupun di baki."),
}

CONTRADICTED = {
    "card-still-inside": ("Printer masih melihat kartu di dalamnya", "Keluarkan kartunya, lihat, lalu jawab lagi."),
    "not-all-printed": (
        "Kartu ini tidak mungkin jadi", "Printer tidak mencetak semuanya. Lihat lagi: kartu ini rusak.",
    ),
    "printed-on": (
        "Kartu ini tidak mungkin kosong", "Printer sudah mencetak di atasnya. Lihat lagi: kartu ini rusak.",
    ),
}  # fmt: skip

ACCOUNTS = {
    "supplier": "diterima",
    "vault": "gudang",
    "shift": "giliran",
    "hopper": "wadah printer",
    "bench": "meja",
    "in-machine": "di dalam printer",
    "printed": "tercetak",
    "issued": "diserahkan",
    "spoiled": "rusak",
    "factory-defect": "cacat pabrik",
    "destroyed": "dimusnahkan",
    "mobile-unit": "unit keliling",
    "other-office": "kantor lain",
    "returned": "kembali ke pusat",
    "count-adjustment": "selisih hitung",
}

KINDS = {
    "genesis": "Awal buku",
    "segment": "Segel buku",
    "recovered": "Buku dipulihkan",
    "started": "Stasiun menyala",
    "stopped": "Stasiun dimatikan",
    "records": "Data dari pusat",
    "released": "Data dikembalikan ke pusat",
    "stock": "Blangko dipindahkan",
    "job-created": "Pekerjaan dibuat",
    "job-state": "Pekerjaan berubah",
    "step": "Langkah kartu",
    "job-resolved": "Kartu dipastikan",
    "job-ended": "Pekerjaan berakhir",
    "test-card": "Kartu uji diminta",
    "test-ended": "Kartu uji berakhir",
    "handed-over": "Kartu diserahkan",
    "reprint": "Cetak ulang",
    "call-back": "Orang dicatat untuk ditelepon",
    "call-back-closed": "Orang sudah ditelepon",
    "looked-up": "Riwayat dilihat",
    "shift-opened": "Giliran dibuka",
    "shift-counted": "Giliran dihitung",
    "shift-closed": "Giliran ditutup",
    "people": "Petugas berubah",
    "equipment": "Alat dipilih",
    "clock": "Jam stasiun",
    "limit-lifted": "Batas tanpa pusat dilonggarkan",
    **service_words.KINDS,
}

LIFTS = {
    "no-line": "Jaringan terputus",
    "stick-under-way": "Stik masih di jalan",
    "centre-silent": "Pusat tidak menjawab",
    "other": "Alasan lain",
}
"""Why a supervisor allows more without the centre."""

CLOCK = {
    "doubtful": ("Jam diragukan", "Jam komputer menunjukkan %(shown)s. Itu tidak mungkin benar."),
    "wrong": ("Jam komputer salah", "Jam komputer menunjukkan %(shown)s. Waktu dari pusat yang dipakai."),
    "ahead": (
        "Tanggal catatan terlalu maju",
        "Jam komputer pernah disetel terlalu maju. Sekarang %(now)s menurut pusat.",
    ),
}
"""Of the status bar, and beside what is not sent."""

WITHDRAWALS = {
    "wrong-data": "data salah",
    "corrected": "sudah diperbaiki",
    "duplicate": "ganda",
    "deceased": "meninggal",
    "moved": "pindah",
    "requested": "permintaan pemohon",
    "other": "alasan lain",
}

ACTORS = {"station": "stasiun", "centre": "pusat", "screen": "layar"}

BECAME = {
    "none": "tidak ada",
    "asked": "belum pasti. Kartunya perlu dilihat, lalu satu pertanyaan dijawab.",
    "stopped": "berhenti. Printer perlu dilihat.",
    "wanted": "ada di meja. Layar Cetak mengatakan apa yang diperlukan.",
    "goes-on": "dilanjutkan dengan sendirinya.",
    "printed": "selesai, ada di baki.",
    "spoiled": "rusak dan sudah dicatat. Kartu baru dibuat dengan sendirinya.",
    "factory-defect": "ditolak karena cacat dan sudah dicatat. Kartu baru dibuat dengan sendirinya.",
    "hopper": "belum tersentuh, blangkonya masih di wadah.",
    "count-adjustment": "tidak ditemukan dan sudah dicatat.",
}

FIELDS = {
    "ref": "Kartu untuk",
    "movement": "Tindakan",
    "sku": "Jenis blangko",
    "quantity": "Jumlah",
    "answer": "Jawaban",
    "reason": "Alasan",
    "taker": "Penerima",
    "name": "Nama wakil",
    "verified": "Dibuktikan dengan",
    "old_card": "Kartu lama",
    "strokes": "Tanda tangan penerima",
    "unsigned": "Tanda tangan penerima",
    "nik": "NIK",
    "phone": "Nomor telepon",
    "cards": "Kartu lagi",
    "days": "Hari lagi",
    "document": "Nomor surat",
    "dated": "Tanggal surat",
    "boxes": "Jumlah dus",
    "carriers": "Pembawa",
    "office": "Kantor lain",
    "witnesses": "Saksi",
    "method": "Cara",
    "wni": "WNI",
    "wna": "WNA",
} | shift_words.FIELDS | people_words.FIELDS  # fmt: skip

VALUES = {
    **LIFTS,
    **service_words.JUMPS,
    "wrong-data": "Data salah",
    "load": "Masuk ke wadah",
    "unload": "Keluar dari wadah",
    "holder": "Pemiliknya",
    "representative": "Wakilnya",
    "sidik-jari": "Sidik jari",
    "ktp-lama": "KTP lama",
    "kk": "KK",
    "lainnya": "Lainnya",
    "taken": "Diambil",
    "none": "Tidak punya",
    "kept": "Tidak diambil",
    "no-record": "Data belum ada",
    "no-blank": "Blangko habis",
    "other": "Lainnya",
    "misprint": "Salah cetak",
    "damaged-at-hand-over": "Rusak",
    "lost-before-hand-over": "Hilang sebelum diserahkan",
    **{answer: texts[0] for answer, texts in ANSWERS.items()},
    **people_words.ROLES,
}

READER_ROLES = {"reader": "di printer", "desk": "di meja", "sam": "untuk SAM"}

UNITS = {"mnt": "mnt", "jam": "jam", "hari": "hari"}

COUNTDOWN = {"jam": "%(cards)s kartu atau %(count)s jam", "hari": "%(cards)s kartu atau %(count)s hari"}
"""Until the station may not go on without the centre, whichever comes first."""

FAILURES = {
    400: "Permintaan itu tidak utuh",
    403: "Permintaan itu bukan dari layar ini",
    404: "Halaman itu tidak ada",
    405: "Halaman itu tidak ada",
    413: "Isian itu terlalu besar",
    500: "Program stasiun gagal di halaman ini",
}

REFUSALS = {
    "queue-empty": "Tidak ada data yang menunggu",
    "record-in-job": "Kartu orang ini sedang dibuat",
    "record-printed": "Kartu orang ini sudah dicetak",
    "record-card-missing": "Kartu orang ini tercetak tetapi hilang",
    "record-issued": "Kartu orang ini sudah diserahkan",
    "person-has-card": "Orang ini sudah punya kartu di sini. Selesaikan kartu itu dulu",
    "handed-over-already": "Kartu ini sudah diserahkan",
    "withdrawn": "Pusat menarik data kartu ini",
    "card-not-here": "Tidak ada kartu yang menunggu di pekerjaan itu",
    "wrong-card": "Ini kartu orang lain",
    "chip-differs": "Isi chip berbeda dengan data",
    "reader-in-use": "Pembaca sedang dipakai",
    "chip-unreadable": "Chip tidak terbaca",
    "no-desk-reader": "Tidak ada pembaca di meja",
    "equipment-missing": "Alat itu tidak ditemukan lagi",
    "test-runs": "Kartu uji sebelumnya belum selesai",
    "no-test-files": "Jenis chip ini tidak dapat diuji",
    "safe-mode": "Mode aman: stasiun hanya dapat dilihat",
    "card-moves": "Sebuah kartu sedang dibuat. Coba lagi setelah kartunya keluar",
    "received-before": "Blangko dengan surat itu sudah diterima",
    "hopper-of-other-sku": "Wadah printer berisi blangko jenis lain",
    "count-differs": "Hitungan tidak sama dengan buku. Hitung lagi; kalau tetap, tulis alasan dan minta penyelia",
    "feed-open": "Sebuah kartu sedang dibuat. Hitung lagi setelah selesai",
    "not-reversible": "Catatan itu tidak bisa dibatalkan lagi",
    "lot-missing": "Blangko jenis itu belum pernah diterima",
    "approval-refused": "PIN penyelia salah",
    "approval-missing": "Penyelia harus menyetujui",
    "approval-by-self": "Orang lain yang harus menyetujui",
    "reason-does-not-fit": "Alasan itu tidak cocok dengan keadaan kartunya",
    "call-closed": "Orang ini sudah ditelepon",
    "biometrics-gone": "Foto dan sidik jarinya sudah dihapus",
    "record-missing": "Datanya tidak ada di stasiun ini",
    "nothing-to-resolve": "Sudah dijawab",
    "answer-does-not-fit": "Jawaban itu tidak cocok dengan keadaan printer",
    **{keyword: texts[0] for keyword, texts in CONTRADICTED.items()},
    "disk-full": "Penyimpanan hampir penuh",
    "job-missing": "Pekerjaan itu tidak ada lagi",
    "not-possible-now": "Belum bisa sekarang",
    "insufficient-stock": "Blangko tidak cukup",
    "not-permitted": "Itu bukan wewenang peran Anda",
    "pin-needed": "PIN Anda diperlukan",
    "pin-wrong": "PIN salah",
    "pin-wait": "PIN salah terlalu sering. Tunggu sebentar",
    "examination-runs": "Pemeriksaan lain belum selesai",
    "limit-far": "Sisanya masih sebanyak itu",
    "shift-not-open": "Giliran kerja belum dibuka",
} | shift_words.REFUSALS | service_words.REFUSALS | people_words.REFUSALS  # fmt: skip
