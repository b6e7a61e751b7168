"""What was done with one person's data, when, and by whom: every frame that tells of it, for their own request. Pure.

UU 27/2022, articles 31 and 32. Each frame is a row, so what is missing on the paper is missing in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from kiosk.core.frames import Frame
from kiosk.core.history import Key, Subject, keys_of
from kiosk.core.plan import Step
from kiosk.reports.named import DESTROYED, PRIVATE, People, Whose
from kiosk.reports.paper import HEAD, ROW_NUMBER, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.words import who

Body = dict[str, Any]

ALL = Period(date(2000, 1, 1), date(2199, 12, 31))
"""No right ends at the end of a month."""

_DONE: Mapping[str, str] = {
    Step.FEED: "Blangko diambil", Step.IDENTIFY: "UID cip dibaca", Step.ENCODE: "Data ditulis ke cip",
    Step.VERIFY: "Isi cip dibaca dan dicocokkan", Step.PRINT: "Muka kartu dicetak",
    Step.EJECT: "Kartu dikeluarkan dari mesin", Step.CONFIRM: "Kartu dicocokkan di meja",
}  # fmt: skip
_RESULT: Mapping[str, str] = {
    "done": "",
    "refused": ": ditolak",
    "not-done": ": belum terjadi",
    "ended": ": berakhir",
}
_STATE: Mapping[str, str] = {
    "hold": "Pekerjaan ditahan", "release": "Pekerjaan dilepas", "stop": "Pekerjaan berhenti, menunggu orang",
    "resume": "Pekerjaan dilanjutkan",
}  # fmt: skip
_TAKER: Mapping[str, str] = {"holder": "pemiliknya", "representative": "wakilnya"}
_PROOF: Mapping[str, str] = {
    "sidik-jari": "sidik jari", "ktp-lama": "KTP lama", "kk": "kartu keluarga", "lainnya": "lainnya",
}  # fmt: skip
_WAY: Mapping[str, str] = {"printer": "dicetak di printer kantor", "screen": "ditampilkan di layar"}
_PAPER: Mapping[str, str] = {
    "ekspedisi": "ekspedisi dan tanda terima", "uncollected-names": "daftar nama yang belum diambil",
    "trail": "riwayat pemrosesan ini",
}  # fmt: skip
_PLAIN: Mapping[str, str] = {
    "released": "Data dikembalikan ke pusat",
    "job-created": "Kartu diminta",
    "job-resolved": "Petugas yang melihat menjawab keadaan kartu",
    "reprint": "Kartu pengganti diminta",
    "gap-closed": "Keadaan kartu dinyatakan setelah disk hilang",
    "record-held": "Data dinyatakan salah dan ditahan",
    "record-freed": "Data dinyatakan benar, menunggu lagi",
    "erased": "Data dimusnahkan menurut umur",
    "queue-jump": "Didahulukan dalam antrean, dengan alasan dan persetujuan",
    "call-back": "Nomor telepon dicatat untuk dihubungi",
    "call-back-closed": "Panggilan selesai, nomor telepon dimusnahkan",
}


class TrailReport:
    """Of the records `whose.refs`, all their jobs, and the call-backs `whose.calls`."""

    def __init__(self, people: People, whose: Whose) -> None:
        self.named = list(whose.refs)
        self.frames: list[Frame] = []
        self._people = people
        self._keys = {Key(Subject.RECORD, ref) for ref in whose.refs} | {Key(Subject.CALL, n) for n in whose.calls}

    def take(self, frame: Frame, inside: bool) -> None:
        if not keys_of(frame) & self._keys:
            return
        self.frames.append(frame)
        if frame.data.get("ref") in self.named and "job" in frame.data:
            self._keys.add(Key(Subject.JOB, frame.data["job"]))

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="trail",
            title="Riwayat pemrosesan data pribadi",
            period="Menurut UU 27/2022 pasal 31 dan 32, sejak data diterima",
            stamp=self.named[0][:8] if self.named else "",
            said=self._said(),
            tables=(self._table(period),),
            basis=basis.stretches[-1:],
            notes=(
                "Satu baris untuk tiap catatan di buku stasiun. Selama kartu dibuat dan diserahkan, petugas loket "
                "melihat nama dan NIK di layar antrean, periksa dan serah; itu bagian dari pelayanan dan tidak "
                "dicatat satu per satu.",
                PRIVATE,
                *basis.notes,
            ),
            signers=("Yang meminta", HEAD),
        )

    def _said(self) -> tuple[tuple[str, str], ...]:
        fields = next(filter(None, map(self._people.get, self.named)), None)
        biometrics = any(map(self._people.has_biometrics, self.named))
        return (
            ("Nama", fields.nama if fields else DESTROYED),
            ("NIK", fields.nik if fields else DESTROYED),
            ("Nama, NIK, alamat", "disimpan di stasiun, tersegel" if fields else DESTROYED),
            ("Foto, sidik jari, tanda tangan", "disimpan di stasiun, tersegel" if biometrics else DESTROYED),
            ("Catatan di buku", f"{len(self.frames)}, tanpa nama dan NIK"),
        )

    def _table(self, period: Period) -> Table:
        rows: list[tuple[Cell, ...]] = [
            (number, period.at(frame.stamp.time_ms), self._told(frame), str(frame.data.get("job", "")),
             who(frame.stamp.by), str(frame.seq))
            for number, frame in enumerate(self.frames, start=1)
        ]  # fmt: skip
        columns = (
            ROW_NUMBER, Column("Waktu", Kind.TIME, 1.4), Column("Yang dilakukan", width=3.6),
            Column("Pekerjaan"), Column("Oleh"), Column("Bingkai", width=0.8),
        )  # fmt: skip
        return Table("Yang dilakukan dengan data orang ini", columns, tuple(rows))

    def _told(self, frame: Frame) -> str:
        if frame.kind == "records":
            return self._arrived(frame.data)
        told = _TOLD.get(frame.kind)
        return told(frame.data) if told else _PLAIN.get(frame.kind, frame.kind)

    def _arrived(self, data: Body) -> str:
        if any(row["ref"] in self.named for row in data.get("withdrawn", [])):
            return "Ditarik kembali oleh pusat"
        again = any(ref in self.named for ref in data.get("again", []))
        return "Data diterima lagi dari pusat" if again else "Data diterima dari pusat"


def _step(data: Body) -> str:
    outcome = data.get("outcome")
    if not outcome:
        return "Pembuatan kartu dimulai"
    return f"{_DONE.get(outcome['step'], outcome['step'])}{_RESULT.get(outcome['result'], '')}"


def _handed_over(data: Body) -> str:
    taker, proof = str(data.get("taker")), str(data.get("verified"))
    return f"Kartu diserahkan kepada {_TAKER.get(taker, taker)}, bukti: {_PROOF.get(proof, proof)}"


def _looked_up(data: Body) -> str:
    if "paper" not in data:
        return "Riwayat kartunya dilihat di layar"
    return f"Nama ini di kertas: {_PAPER.get(data['paper'], data['paper'])}, {_WAY.get(data['way'], data['way'])}"


_TOLD: Mapping[str, Callable[[Body], str]] = {
    "step": _step,
    "job-state": lambda data: _STATE.get(data["event"], data["event"]),
    "job-ended": lambda data: "Kartu jadi" if data["state"] == "completed" else "Pekerjaan berakhir tanpa kartu",
    "handed-over": _handed_over,
    "looked-up": _looked_up,
}
