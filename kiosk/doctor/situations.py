"""What the doctor can find, and the words for it in Indonesian and English: what it means, what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Result(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Words(NamedTuple):
    """`local`: Indonesian. Each is the cause and the remedy, two short sentences; empty where all is well."""

    result: Result
    local: str = ""
    english: str = ""


_OK = Words(Result.OK)


def _warn(local: str, english: str) -> Words:
    return Words(Result.WARN, local, english)


def _fail(local: str, english: str) -> Words:
    return Words(Result.FAIL, local, english)


SITUATIONS: Mapping[str, Words] = MappingProxyType({
    "config.ok": _OK,
    "config.broken": _fail(
        "Berkas konfigurasi salah. Perbaiki baris yang disebut.",
        "The configuration file is wrong. Correct the line that is named."),
    "service.running": _OK,
    "service.stopped": _OK,
    "service.locked": _warn(
        "Stasiun menunggu kata sandi brankas. Jalankan: keping vault unlock.",
        "The station waits for the passphrase of the vault. Run: keping vault unlock."),
    "service.silent": _fail(
        "Stasiun berjalan tetapi tidak menjawab. Jalankan ulang layanannya.",
        "The station runs but does not answer. Restart its service."),
    "data.ok": _OK,
    "data.missing": _fail(
        "Folder data tidak ada. Pasang disknya, atau daftarkan stasiun: keping enrol.",
        "The data directory is not there. Mount its disk, or enrol the station: keping enrol."),
    "data.unwritable": _fail(
        "Folder data tidak dapat ditulis. Jalankan sebagai pengguna stasiun; periksa disk.",
        "The data directory can't be written. Run as the station's user; check the disk."),
    "data.filling": _warn(
        "Penyimpanan hampir penuh. Hapus berkas yang bukan milik stasiun.",
        "The disk is filling up. Remove files that are not the station's."),
    "data.full": _fail(
        "Penyimpanan penuh, pekerjaan baru ditolak. Hapus berkas yang bukan milik stasiun.",
        "The disk is full, no new job is taken. Remove files that are not the station's."),
    "journal.ok": _OK,
    "journal.none": _fail(
        "Stasiun belum terdaftar, atau bukunya hilang. keping enrol, atau keping restore.",
        "No station was enrolled here, or its journal is lost. keping enrol, or keping restore."),
    "journal.damaged": _fail(
        "Buku stasiun rusak. Jangan ubah apa pun; panggil pusat, lalu keping restore.",
        "The journal is damaged. Change nothing; call the centre, then keping restore."),
    "journal.refused": _fail(
        "Disk menolak tulisan, stasiun berhenti. Periksa disk, lalu jalankan ulang.",
        "The disk refused a write, the station stopped. Check the disk, then restart."),
    "reserve.ok": _OK,
    "reserve.missing": _warn(
        "Ruang cadangan tidak ada. Kosongkan disk; cadangan dibuat lagi sendiri.",
        "The reserve on the disk is not there. Free some space; it is made again by itself."),
    "clock.ok": _OK,
    "clock.doubtful": _warn(
        "Jam komputer tidak mungkin benar. Setel jam; ganti baterainya.",
        "The clock can't be right. Set it; change its battery."),
    "clock.wrong": _warn(
        "Jam komputer tidak cocok dengan jam pusat. Setel jam; waktu pusat yang dipakai.",
        "The clock differs from the centre's. Set it; the centre's time is used."),
    "clock.ahead": _warn(
        "Jam pernah disetel terlalu maju; waktu catatan menunggu. Setel jam dengan benar.",
        "The clock was set too far ahead once; the time of entries waits. See that it is right."),
    "keys.ok": _OK,
    "keys.missing": _fail(
        "Kunci stasiun hilang. Daftarkan lagi: keping enrol atau keping restore.",
        "A key of the station is missing. Enrol again: keping enrol or keping restore."),
    "keys.open": _fail(
        "Orang lain dapat membaca kunci. chmod 600, dan cari tahu siapa yang mengubah.",
        "Others can read a key. chmod 600, and find out who changed it."),
    "vault.ok": _OK,
    "vault.mismatch": _fail(
        "Kata sandi brankas tidak sesuai konfigurasi. Samakan vault.unlock.",
        "The vault's passphrase is not as the configuration says. Make vault.unlock agree."),
    "vault.damaged": _fail(
        "Kunci brankas tidak dapat dipakai. Daftarkan lagi; data datang lagi dari pusat.",
        "The vault's key can't be used. Enrol again; the data come again from the centre."),
    "mirror.none": _OK,
    "mirror.ok": _OK,
    "mirror.missing": _warn(
        "Media kedua tidak menerima salinan; pencetakan jalan terus. Periksa medianya.",
        "The second medium takes no copy; printing goes on. Check the medium."),
    "hub.none": _OK,
    "hub.ok": _OK,
    "hub.silent": _warn(
        "Pusat tidak menjawab; stasiun bekerja terus. Periksa jaringan.",
        "The centre does not answer; the station works on. Check the network."),
    "hub.refused": _fail(
        "Pusat menolak stasiun ini. Telepon pusat.",
        "The centre refuses this station. Telephone the centre."),
    "work.ok": _OK,
    "work.halted": _warn(
        "Pekerjaan berhenti. Ikuti layar sentuh; kodenya ada di docs/faults.md.",
        "Work has stopped. Follow the touchscreen; its codes are in docs/faults.md."),
    "printer.ok": _OK,
    "printer.left-alone": _OK,
    "printer.warns": _warn(
        "Printer memberi peringatan. Siapkan pita atau kartu pembersih.",
        "The printer warns. Have ribbon or cleaning card ready."),
    "printer.stopped": _fail(
        "Printer menunggu orang. Lihat kodenya di docs/faults.md.",
        "The printer waits for a person. Look its code up in docs/faults.md."),
    "printer.silent": _fail(
        "Printer tidak menjawab. Periksa daya, kabel, printer.port dan printer.baud.",
        "The printer does not answer. Check power, cable, printer.port and printer.baud."),
    "printer.missing": _fail(
        "Port printer tidak ada. Periksa kabel dan printer.port.",
        "The printer's port is not there. Check the cable and printer.port."),
    "printer.held": _fail(
        "Program lain memakai port printer. Tutup program itu.",
        "Another program holds the printer's port. Close that program."),
    "queue.ok": _OK,
    "queue.unsafe": _fail(
        "Antrean cetak bisa mencetak kartu dua kali. Atur seperti di docs/technician.md.",
        "The print queue could print a card twice. Set it up as in docs/technician.md."),
    "queue.paused": _fail(
        "Antrean cetak dijeda. Jalankan: cupsenable dan cupsaccept.",
        "The print queue is paused. Run: cupsenable and cupsaccept."),
    "queue.job-left": _warn(
        "Pekerjaan lama masih ada di antrean. Stasiun membatalkannya waktu mulai; lihat kartunya.",
        "A job of before is still in the queue. The station cancels it when it starts; look at its card."),
    "printer.no-driver": _fail(
        "Driver printer tidak ada. Perbaiki printer.driver.",
        "There is no such printer driver. Correct printer.driver."),
    "reader.ok": _OK,
    "reader.none": _OK,
    "reader.no-service": _fail(
        "Layanan pcscd tidak menjawab. Jalankan pcscd; pasang keping[pcsc].",
        "pcscd does not answer. Start pcscd; install keping[pcsc]."),
    "reader.missing": _fail(
        "Pembaca chip tidak ada. Periksa kabel dan nama di konfigurasi.",
        "The chip reader is not there. Check the cable and its name in the configuration."),
    "desk.ok": _OK,
    "desk.none": _OK,
    "desk.missing": _warn(
        "Pembaca di meja tidak ada; kartu diperiksa dengan mata. Periksa kabel dan reader.desk.",
        "The reader on the desk is not there; cards are compared by eye. Check the cable and reader.desk."),
    "sam.ok": _OK,
    "sam.none": _OK,
    "sam.missing": _fail(
        "Slot SAM tidak ada. Periksa pembaca dan reader.sam.",
        "The slot of the SAM is not there. Check the reader and reader.sam."),
    "screen.ok": _OK,
    "screen.taken": _fail(
        "Program lain memakai port layar sentuh. Tutup program itu atau ganti web.port.",
        "Another program holds the touchscreen's port. Close it or change web.port."),
    "screen.silent": _fail(
        "Layar sentuh tidak menjawab. Jalankan ulang layanan stasiun.",
        "The touchscreen does not answer. Restart the station's service."),
    "browser.ok": _OK,
    "browser.missing": _warn(
        "Chromium tidak terpasang. Pasang paket chromium.",
        "Chromium is not installed. Install the package chromium."),
})  # fmt: skip

STORED = frozenset({"data", "journal", "reserve", "keys", "vault"})
REACHED = frozenset({"service", "hub", "queue", "printer", "reader", "desk", "sam"})


@dataclass(frozen=True)
class Finding:
    """`situation`: a key of SITUATIONS, "check.what". `detail`: what exactly, one line; it stays on this machine."""

    situation: str
    detail: str = ""

    @property
    def check(self) -> str:
        return self.situation.partition(".")[0]

    @property
    def words(self) -> Words:
        return SITUATIONS[self.situation]

    @property
    def result(self) -> Result:
        return self.words.result
