"""An office's own list of residents, a CSV file and a folder of pictures: judged whole, then read again row by row.

docs/office-list.md describes it. Memory: one row with its pictures, the NIKs, and what is wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kiosk.core.records import Fields, Reason, RecordError, Sku, field_faults, parse_ref
from kiosk.errors import UsageError
from kiosk.rig.pictures import PHOTO_BYTES, SIGNATURE_BYTES, Photo, Signature, UnfitPicture, photo, signature
from kiosk.rig.residents import Resident, biodata

REQUIRED = (*Fields.__dataclass_fields__, "reason")
OPTIONAL = ("sku", "priority", "photo", "signature", "replaces")
PRIORITY = 30
"""Of a row that names none."""
MOST_ROWS = 20_000
LINE_BYTES = 16_384
CARD_CONTROL = bytes(0x34)
"""EF 6FF0: its meaning is not public."""


class Wrong(NamedTuple):
    """`line` of the file, from 1; `column` by its name, empty where it is about the whole row."""

    line: int
    column: str
    what: str


class WrongList(UsageError):
    """Everything that is wrong, in the order of the file."""

    def __init__(self, path: Path, wrong: list[Wrong]) -> None:
        lines = [f"{path.name}:{each.line}: {each.column + ': ' if each.column else ''}{each.what}" for each in wrong]
        super().__init__("\n".join(lines))
        self.wrong = wrong


@dataclass(frozen=True)
class OfficeList:
    """`photos`: the folder of the pictures."""

    path: Path
    photos: Path

    def check(self) -> int:
        """How many rows. WrongList with every fault of every row. Reads all of it, pictures too."""
        wrong: list[Wrong] = []
        seen: dict[str, int] = {}
        count = 0
        for line, row in self._rows(wrong):
            count += 1
            if count > MOST_ROWS:
                wrong.append(Wrong(line, "", f"more than {MOST_ROWS} rows: split the list"))
                break
            wrong += [Wrong(line, column, what) for column, what in self._faults(row)]
            first = seen.setdefault(row["nik"], line)
            if first != line:
                wrong.append(Wrong(line, "nik", f"is in line {first} already"))
        if not wrong and not count:
            wrong.append(Wrong(1, "", "there is no row"))
        if wrong:
            raise WrongList(self.path, sorted(wrong))
        return count

    def residents(self) -> Iterator[Resident]:
        """One for each row, after `check`. WrongList if the file or a picture is not any more what it was."""
        wrong: list[Wrong] = []
        for line, row in self._rows(wrong):
            wrong += [Wrong(line, column, what) for column, what in self._faults(row)]
            if wrong:
                break
            yield self._resident(row)
        if wrong:
            raise WrongList(self.path, wrong)

    def _rows(self, wrong: list[Wrong]) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and cells by column. What can't be split into cells goes to `wrong`."""
        lines = _Lines(self.path, wrong)
        head = next(iter(lines), "")
        reader = csv.reader(lines, delimiter=max(",;", key=head.count), strict=True)
        columns = [name.strip().lower() for name in next(csv.reader([head], delimiter=reader.dialect.delimiter), [])]
        if faults := _head_faults(columns):
            wrong += [Wrong(1, column, what) for column, what in faults]
            return
        while True:
            begins = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                wrong.append(Wrong(begins, "", f"not CSV: {exc}"))
                return
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                wrong.append(Wrong(begins, "", f"{len(cells)} cells, {len(columns)} columns"))
                continue
            yield begins, dict(zip(columns, (cell.strip() for cell in cells), strict=True))

    def _faults(self, row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        yield from field_faults(row)
        for column, kind in (("reason", Reason), ("sku", Sku)):
            value = row.get(column) or (Sku.WNI if column == "sku" else "")
            if value not in set(kind):
                yield column, f"one of {', '.join(kind)}"
        priority = row.get("priority") or "0"
        if not (priority.isascii() and priority.isdecimal() and len(priority) <= 4):
            yield "priority", "a whole number from 0 to 9999"
        if row.get("replaces"):
            try:
                parse_ref(row["replaces"])
            except RecordError:
                yield "replaces", "32 lower-case hex digits"
        for column, judge in (("photo", self._photo), ("signature", self._signature)):
            try:
                judge(row)
            except UnfitPicture as exc:
                yield column, str(exc)

    def _resident(self, row: Mapping[str, str]) -> Resident:
        fields = Fields(**{name: row[name] for name in Fields.__dataclass_fields__})
        face, ink = self._photo(row), self._signature(row)
        chip = {
            "6FF0": CARD_CONTROL, "6FF1": biodata(fields), "6FF2": face.chip, "6FF3": ink.bitmap,
            "6FF4": b"", "6FF5": b"",
        }  # fmt: skip
        return Resident(
            fields, Sku(row.get("sku") or Sku.WNI), Reason(row["reason"]), int(row.get("priority") or PRIORITY),
            face.jpeg, ink.png, chip, row.get("replaces", ""),
        )  # fmt: skip

    def _photo(self, row: Mapping[str, str]) -> Photo:
        return photo(self._picture(row, "photo", ".jpg", PHOTO_BYTES))

    def _signature(self, row: Mapping[str, str]) -> Signature:
        return signature(self._picture(row, "signature", ".png", SIGNATURE_BYTES))

    def _picture(self, row: Mapping[str, str], column: str, ending: str, limit: int) -> bytes:
        """At most one byte more than the limit: who judges it sees that it is too much."""
        name = row.get(column) or row["nik"] + ending
        if Path(name).name != name or name.startswith("."):
            raise UnfitPicture("a file name, without a folder")
        path = self.photos / name
        try:
            if not path.resolve(strict=True).is_relative_to(self.photos.resolve()):
                raise UnfitPicture(f"{name} leads out of the folder")
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as exc:
            raise UnfitPicture(f"{name}: {(exc.strerror or 'not there').lower()}") from exc


class _Lines:
    """The lines of the file as text, with the number of the last one that was given."""

    def __init__(self, path: Path, wrong: list[Wrong]) -> None:
        self._path = path
        self._wrong = wrong
        self.number = 0
        self._text = self._read()

    def __iter__(self) -> Iterator[str]:
        return self._text

    def _read(self) -> Iterator[str]:
        try:
            with self._path.open("rb") as file:
                while line := file.readline(LINE_BYTES + 1):
                    self.number += 1
                    try:
                        text = line.decode("utf-8-sig" if self.number == 1 else "utf-8")
                    except UnicodeDecodeError:
                        self._wrong.append(Wrong(self.number, "", "not UTF-8: save the list as CSV UTF-8"))
                        return
                    if len(line) > LINE_BYTES or "\0" in text:
                        self._wrong.append(Wrong(self.number, "", "not CSV: too long, or not text"))
                        return
                    yield text
        except OSError as exc:
            raise UsageError(f"{self._path}: {exc.strerror}") from exc


def _head_faults(columns: list[str]) -> list[tuple[str, str]]:
    known = {*REQUIRED, *OPTIONAL}
    return [
        *((name, "the column is missing") for name in REQUIRED if name not in columns),
        *((name[:40], "no such column") for name in columns if name not in known),
        *((name, "twice") for name in sorted({each for each in columns if columns.count(each) > 1})),
    ]
