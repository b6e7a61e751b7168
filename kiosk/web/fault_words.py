"""Office Indonesian for a stop but for its heading: what happened, where to look, what to do, what comes then."""

from __future__ import annotations

HAPPENED = {
    "media-empty": "Blangko terakhir di wadah sudah terpakai, jadi kartu berikutnya belum bisa dibuat.",
    "media-needed": "Printer mencoba mengambil blangko, tetapi tidak ada yang masuk.",
    "media-jam": "Sebuah kartu tersangkut dan tidak bisa bergerak lagi.",
    "cover-open": "Selama tutupnya terbuka, printer tidak menggerakkan kartu.",
    "interlock-open": "Printer melaporkan bahwa ia dikunci, dan tidak mau bekerja.",
    "input-tray-missing": "Wadah itu belum terpasang atau belum tertutup rapat.",
    "output-area-full": "Baki kartu jadi atau baki tolak tidak bisa menerima kartu lagi.",
    "marker-supply-empty": "Semua warna di pita sudah terpakai, jadi muka kartu tidak bisa dicetak.",
    "marker-supply-low": "Pita tinggal cukup untuk sedikit kartu lagi.",
    "marker-supply-missing": "Pita belum ada di printer, putus, atau jenisnya tidak cocok.",
    "cleaner-life-over": "Jumlah kartu sejak pembersihan terakhir melewati batas. "
    "Jaminan kepala cetak bergantung padanya.",
    "cleaner-life-almost-over": "Jumlah kartu sejak pembersihan terakhir mendekati batas.",
    "fuser-over-temp": "Printer menunggu supaya kepala cetak tidak rusak oleh panas.",
    "connecting-to-device": "Stasiun memanggil printer dan tidak mendapat jawaban: mati, atau kabelnya lepas.",
    "card-in-path": "Kartu itu tidak dimasukkan oleh pekerjaan mana pun, jadi tidak boleh dipakai.",
    "other": "Printer melaporkan gangguan yang tidak punya nama di program ini.",
    "printer-unknown": "Yang tersambung bukan printer yang dicatat untuk stasiun ini.",
    "reader-missing": "Komputer stasiun tidak menemukan pembaca chip, jadi chip tidak bisa diisi.",
    "reader-busy": "Selama dipegang program itu, chip tidak bisa diisi.",
    "reader-hung": "Pembaca chip tersambung tetapi diam, jadi chip tidak bisa diisi.",
    "sam-missing": "Tanpa kartu SAM yang cocok, chip KTP-el tidak bisa diisi.",
    "shift-not-open": "Di stasiun ini kartu hanya dibuat di dalam giliran kerja.",
    "spool-area-full": "Tidak ada ruang untuk mencatat kartu baru. Kartu yang sudah dimulai diselesaikan.",
    "gap-open": "Penyimpanan pernah diganti, dan belum dikatakan kartu mana yang dibuat sebelum itu.",
    "superseded": "Pusat sudah menutup buku stasiun ini, karena dipulihkan di tempat lain atau dilepas.",
    "journal-damaged": "Pemeriksaan menemukan bagian buku yang sudah berubah.",
    "hopper-empty-in-books": "Di buku tidak ada blangko jenis ini di wadah, jadi kartunya tidak bisa dicatat.",
    "on-battery": "Kartu yang sudah dimulai diselesaikan; yang berikutnya menunggu listrik.",
    "outcome-unknown": "Sebuah kartu berhenti di tengah jalan, dan mesin tidak tahu apa jadinya.",
    "refusals-in-a-row": "Kalau begitu, biasanya yang salah pembaca atau kotak blangkonya, bukan kartunya.",
    "record-refused": "Data tidak lolos pemeriksaan atau tidak bisa dibuka, beberapa kali berturut-turut.",
}

ACTS = {
    "refill-hopper": "Isi wadah blangko, lalu catat di Stok.",
    "clear-jam": "Buka tutup printer, keluarkan kartunya, tutup lagi.",
    "close-cover": "Tutup printer rapat-rapat.",
    "close-feeder": "Pasang wadah blangko dan tutup rapat-rapat.",
    "unlock-printer": "Buka kunci printer.",
    "empty-output": "Ambil semua kartu dari baki jadi dan baki tolak.",
    "change-ribbon": "Buka tutup printer, pasang pita baru, tutup lagi.",
    "clean": "Bersihkan printer dengan kartu pembersih.",
    "wait": "Tunggu sampai dingin.",
    "check-cable": "Periksa kabel dan daya printer. Nyalakan kalau mati.",
    "take-card-out": "Keluarkan kartu itu dari printer dan berikan kepada penyelia.",
    "replug-reader": "Cabut kabel pembaca chip, lalu pasang lagi.",
    "choose-equipment": "Atau penyelia atau teknisi memilih pembaca lain di Perangkat.",
    "close-program": "Tutup program lain yang memakai pembaca.",
    "insert-sam": "Pasang kartu SAM di tempatnya.",
    "open-shift": "Buka giliran kerja di komputer stasiun: keping shift open",
    "book-refill": "Catat pengisian wadah di Stok.",
    "look-at-card": "Ambil kartunya, lihat, lalu pilih gambar yang sama di layar Cetak.",
    "check-chips": "Periksa pembaca chip dan kotak blangko.",
    "go-on": "Lanjutkan saja.",
    "call-supervisor": "Panggil penyelia.",
    "call-technician": "Belum beres? Sebutkan kode ini kepada teknisi.",
}

ACTS_AT = {
    ("media-needed", "refill-hopper"): "Angkat blangko dari wadah, ratakan, lalu masukkan lagi.",
    ("hopper-empty-in-books", "refill-hopper"): "Kalau wadahnya memang kosong, isi dulu.",
    ("marker-supply-low", "go-on"): "Lanjutkan saja, dan siapkan pita baru.",
    ("cleaner-life-almost-over", "go-on"): "Lanjutkan saja sampai giliran ini selesai.",
    ("cleaner-life-almost-over", "clean"): "Sesudah giliran, bersihkan printer dengan kartu pembersih.",
    ("printer-unknown", "choose-equipment"): "Penyelia atau teknisi memilih printer ini di Perangkat.",
    ("printer-unknown", "check-cable"): "Atau sambungkan lagi printer yang biasa.",
    ("reader-missing", "check-cable"): "Periksa kabel pembaca chip.",
    ("other", "call-technician"): "Panggil teknisi dan sebutkan kode ini.",
    ("on-battery", "wait"): "Tunggu sampai listrik menyala.",
    ("on-battery", "call-technician"): "Listrik sudah menyala? Panggil teknisi: keping power mains",
    ("refusals-in-a-row", "go-on"): "Tekan Lanjutkan: satu kartu lagi dicoba.",
    ("refusals-in-a-row", "call-technician"): "Tetap ditolak? Panggil teknisi.",
    ("spool-area-full", "call-supervisor"): "Panggil penyelia: ruang di penyimpanan harus dikosongkan.",
    ("gap-open", "call-supervisor"): "Panggil penyelia: semua baki dilihat dan blangko dihitung sebelum mencetak.",
    ("superseded", "call-supervisor"): "Panggil penyelia: stasiun dengan cakram baru yang mencetak, bukan yang ini.",
    ("journal-damaged", "call-supervisor"): "Panggil penyelia: buku harus dipulihkan dari salinan.",
}
"""Where an act is said in other words at one reason."""

THEN = {
    "goes-on": "Setelah itu pencetakan berlanjut sendiri.",
    "asks": "Blangko terpakai hanya kalau sebuah kartu sedang dibuat. Setelah itu pencetakan berlanjut sendiri. "
    "Kalau keadaan kartunya belum jelas, stasiun bertanya dulu.",
    "warns": "Pencetakan berjalan terus.",
    "outcome-unknown": "Setelah dijawab, pencetakan berlanjut sendiri. "
    "Blangko terpakai hanya kalau kartunya tidak jadi.",
    "refusals-in-a-row": "Pencetakan menunggu sampai Lanjutkan ditekan.",
    "superseded": "Stasiun ini tidak mencetak lagi.",
    "journal-damaged": "Setelah buku dipulihkan dan stasiun dinyalakan lagi, pencetakan berlanjut sendiri.",
}

COSTS = {0: "tidak memakai blangko", 1: "memakai 1 blangko"}

PLACES = {
    "hopper": "wadah blangko",
    "feeder": "pintu masuk blangko",
    "cover": "tutup printer",
    "lock": "kunci printer",
    "ribbon": "pita",
    "head": "kepala cetak",
    "path": "jalan kartu di dalam printer",
    "trays": "baki kartu jadi dan baki tolak",
    "cable": "kabel dan daya printer",
    "printer": "seluruh printer",
    "reader": "pembaca chip",
    "sam": "kartu SAM di komputer stasiun",
    "screen": "layar stasiun",
    "box": "komputer stasiun",
    "power": "daya komputer stasiun",
    "disk": "penyimpanan di komputer stasiun",
}
