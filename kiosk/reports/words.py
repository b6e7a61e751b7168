"""The words of the papers: of docs/vocabulary.md, "in the office", by which a test holds them."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.core.accounts import Account

ACCOUNTS: Mapping[str, str] = {
    Account.SUPPLIER: "pemasok",
    Account.VAULT: "gudang terkunci",
    Account.SHIFT: "stok petugas",
    Account.HOPPER: "wadah mesin",
    Account.BENCH: "meja kerja",
    Account.IN_MACHINE: "di dalam mesin",
    Account.PRINTED: "tercetak, belum diserahkan",
    Account.ISSUED: "diserahkan",
    Account.SPOILED: "rusak",
    Account.FACTORY_DEFECT: "cacat pabrik",
    Account.DESTROYED: "dimusnahkan",
    Account.MOBILE_UNIT: "jemput bola",
    Account.OTHER_OFFICE: "daerah lain",
    Account.RETURNED: "dikembalikan",
    Account.COUNT_ADJUSTMENT: "selisih opname",
}

BLANKS: Mapping[str, str] = {"wni": "blangko biru", "wna": "blangko jingga"}

CAUSES: Mapping[str, str] = {
    "chip-silent": "cip tidak merespons",
    "chip-unknown": "cip tidak dikenal",
    "chip-used": "cip sudah terisi",
    "chip-uid-random": "UID cip acak",
    "chip-uid-consumed": "cip sudah terpakai",
    "chip-write-failed": "gagal mengisi cip",
    "chip-verify-failed": "isi cip tidak sesuai",
    "body-flawed": "fisik cacat",
    "media-jam": "kartu macet",
    "print-interrupted": "cetak terputus",
    "damaged": "rusak fisik",
    "misprint": "salah cetak",
    "wrong-data": "data salah",
    "card-missing": "kartu hilang",
    "wrong-chip": "chip milik kartu lain",
    "test": "kartu uji",
}

REASONS: Mapping[str, str] = {
    "baru": "baru",
    "pindah-datang": "pindah datang",
    "perubahan-data": "perubahan data",
    "perpanjangan": "perpanjangan",
    "hilang-rusak": "hilang atau rusak",
    "luar-domisili": "luar domisili",
}

TERMS: Mapping[str, str] = {
    "opening": "awal",
    "received": "diterima",
    "found": "lebih hitung",
    "taken-back": "dikoreksi balik",
    "printed": "tercetak",
    "spoiled": "rusak",
    "factory-defect": "cacat pabrik",
    "returned": "dikembalikan",
    "loaned": "dipinjamkan",
    "mobile-unit": "jemput bola",
    "missing": "kurang hitung",
}
"""Of the shift's equation; the opening is no term of it."""

NO_CAUSE = "tanpa sebab tercatat"


def blank_of(sku: str) -> str:
    """ "blangko biru (WNI)"."""
    return f"{BLANKS[sku]} ({sku.upper()})"


def who(by: str) -> str:
    """An actor as the journal names them, for a paper: the person's id, or what acted by itself."""
    return {"station": "stasiun", "centre": "pusat"}.get(by, by.removeprefix("op:"))
