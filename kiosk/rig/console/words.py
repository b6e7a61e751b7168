"""What the console says, in Indonesian and in English, by keyword."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Button:
    """One verb of `Trouble`. `kind`: danger, mend or empty."""

    verb: str
    id: str
    en: str
    kind: str = ""


GROUPS: tuple[tuple[str, str, tuple[Button, ...]], ...] = (
    ("Daya", "power", (
        Button("power", "Matikan listrik", "Cut the power for 2 s", "danger"),
        Button("kill", "Matikan program", "Kill the station only", "danger"),
    )),
    ("Pusat", "centre", (
        Button("hub-down", "Putuskan tautan", "Cut the link"),
        Button("hub-error", "Jawaban hilang", "Answer 500 after commit"),
        Button("hub-up", "Pulihkan tautan", "Restore the link", "mend"),
        Button("people", "Terbitkan 10 orang", "Issue 10 more people", "mend"),
    )),
    ("Macet, kartu", "jam, card", (
        Button("jam:feed", "Saat mengambil", "At the next feed"),
        Button("jam:print", "Saat mencetak", "At the next panel"),
        Button("jam:eject", "Saat mengeluarkan", "At the next eject"),
        Button("card-out", "Tarik keluar", "Pull it out"),
        Button("card-back", "Kembalikan ke wadah", "Put it back as next", "mend"),
    )),
    ("Tutup, kabel", "cover, cable", (
        Button("cover-open", "Buka tutup", "Open the cover"),
        Button("cover-close", "Tutup rapat", "Close the cover", "mend"),
        Button("cable", "Cabut kabel", "Unplug the printer"),
        Button("cable-in", "Pasang kabel", "Plug it in", "mend"),
    )),
    ("Chip berikutnya", "next card", (
        Button("chip-dead", "Chip mati", "Dead chip"),
        Button("chip-used", "Chip bekas", "Used chip"),
        Button("chip-weak", "Chip lemah", "Bits flip"),
        Button("chip-write-fails", "Chip gagal ditulis", "Write fails"),
        Button("chip-random-uid", "UID acak", "Random UID"),
    )),
    ("Baki, meja", "trays, desk", (
        Button("trays", "Kosongkan baki", "Collect the trays", "mend"),
        Button("card-spoil", "Terakhir ke kotak rusak", "Last one to the spoiled box", "mend"),
        Button("desk-blank", "Blangko ke meja", "Next blank on the desk reader"),
        Button("desk-lay", "Letakkan di meja", "Next card on the desk reader"),
        Button("desk-lift", "Angkat dari meja", "Lift it; a blank goes in front", "mend"),
    )),
    ("Wadah, pita", "hopper, ribbon", (
        Button("hopper-empty", "Kosongkan wadah", "Empty the hopper"),
        Button("hopper-load", "Isi 20, belum dicatat", "Load 20, not booked"),
        Button("stock-load", "Isi 20 dan catat", "Load 20 and book", "mend"),
        Button("ribbon-end", "Habiskan pita", "End the ribbon"),
        Button("ribbon-new", "Pita baru", "New ribbon", "mend"),
    )),
)  # fmt: skip

WORDS: dict[str, tuple[str, str]] = {
    "running": ("berjalan", "running"),
    "starting": ("menyala", "starting"),
    "killed": ("mati mendadak", "killed"),
    "failed": ("gagal", "failed"),
    "stopped": ("berhenti", "stopped"),
    "link-up": ("terhubung", "up"),
    "link-down": ("terputus", "cut"),
    "link-losing-replies": ("jawaban hilang", "replies lost"),
    "power-on": ("listrik menyala", "power on"),
    "power-off": ("listrik mati", "power off"),
    "same": ("sama", "equal"),
    "behind": ("menyusul", "behind"),
    "different": ("BERBEDA", "DIFFERENT"),
    "unknown": ("stasiun diam", "station silent"),
    "shelf": ("rak", "shelf"),
    "hopper": ("wadah", "hopper"),
    "in-machine": ("di dalam printer", "in machine"),
    "printed": ("jadi", "good"),
    "spoiled": ("rusak dan cacat", "spoiled"),
    "feeding": ("diambil dari wadah", "being fed"),
    "print": ("di bawah kepala cetak", "under the print head"),
    "from-print": ("menuju chip", "on its way to the chip"),
    "chip": ("di antena chip", "on the chip antenna"),
    "from-chip": ("menuju kepala cetak", "on its way to the head"),
    "to-tray": ("menuju baki", "on its way out"),
    "jammed": ("macet", "jammed"),
    "fed": ("diambil", "fed"),
    "at-contactless": ("di antena", "on the antenna"),
    "left-contactless": ("tinggalkan antena", "left the antenna"),
    "panel-started": ("panel mulai", "panel begun"),
    "panel-printed": ("panel selesai", "panel printed"),
    "ejected": ("ke baki", "to the tray"),
    "rejected": ("ke baki tolak", "to the reject tray"),
    "empty": ("tidak ada kartu di jalur", "no card in the path"),
    "blank": ("polos", "blank"),
    "cover-is-open": ("tutup terbuka", "cover open"),
    "cable-is-out": ("kabel tercabut", "cable out"),
    "armed": ("macet menunggu", "a jam waits"),
    "on-desk": ("di pembaca meja", "on the desk reader"),
    "path-is-empty": ("Tidak ada kartu di printer.", "No card is in the machine."),
    "hand-is-empty": ("Tidak ada kartu yang ditarik.", "No card was taken out."),
    "hopper-is-empty": ("Wadah kosong.", "The hopper is empty."),
    "hopper-is-full": ("Tidak muat di wadah.", "It does not fit into the hopper."),
    "shelf-is-empty": ("Rak kosong.", "The shelf is empty."),
    "no-card-finished": ("Belum ada kartu jadi.", "No card is finished yet."),
    "no-station": ("Stasiun tidak menjawab.", "The station does not answer."),
    "refused": ("Stasiun menolak.", "The station refused."),
    "hint-hopper": (
        "Buku belum tahu: catat di layar sentuh, Stok.",
        "The books do not know yet: tell them at the touchscreen, Stok.",
    ),
    "chip-dead": ("chip mati", "dead chip"),
    "chip-used": ("chip bekas", "used chip"),
    "chip-weak": ("chip lemah", "weak chip"),
    "chip-random-uid": ("UID acak", "random UID"),
    "chip-write-fails": ("gagal tulis", "write fails"),
}  # fmt: skip


def all_words() -> dict[str, tuple[str, str]]:
    """Keyword -> Indonesian and English, the verbs included."""
    buttons = {button.verb: (button.id, button.en) for _, _, group in GROUPS for button in group}
    return {**buttons, **WORDS}
