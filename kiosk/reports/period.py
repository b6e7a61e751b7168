"""Days and months as the office counts them, where the station stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip
ZONES = {timedelta(hours=7): "WIB", timedelta(hours=8): "WITA", timedelta(hours=9): "WIT"}


@dataclass(frozen=True)
class Period:
    """From the beginning of `first` to the end of `last`. `zone`: None is the computer's own."""

    first: date
    last: date
    zone: tzinfo | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it begins")

    @classmethod
    def month(cls, year: int, month: int, zone: tzinfo | None = None) -> Period:
        first = date(year, month, 1)
        return cls(first, (first + timedelta(31)).replace(day=1) - timedelta(1), zone)

    @property
    def begin_ms(self) -> int:
        """Unix milliseconds of the first moment."""
        return self._midnight(self.first)

    @property
    def end_ms(self) -> int:
        """Unix milliseconds of the first moment after it."""
        return self._midnight(self.last + timedelta(1))

    def _midnight(self, day: date) -> int:
        return round(datetime.combine(day, time(), self.zone).astimezone(UTC).timestamp() * 1000)

    def at(self, time_ms: int) -> datetime:
        """Unix milliseconds as the office reads them."""
        return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(self.zone)

    @property
    def stamp(self) -> str:
        """ "2026-11-28", "2026-11" for a whole month, else both days."""
        if self.first == self.last:
            return self.first.isoformat()
        if self.first.day == 1 and self == Period.month(self.first.year, self.first.month, self.zone):
            return f"{self.first:%Y-%m}"
        return f"{self.first}_{self.last}"

    def __str__(self) -> str:
        if self.first == self.last:
            return day_of(self.first)
        if self.stamp == f"{self.first:%Y-%m}":
            return f"{MONTHS[self.first.month - 1]} {self.first.year}"
        return f"{day_of(self.first)} s.d. {day_of(self.last)}"


def local(time_ms: int) -> datetime:
    """Unix milliseconds as the office reads them."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone()


def day_of(day: date) -> str:
    """ "28 November 2026"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def moment_of(moment: datetime) -> str:
    """ "28-11-2026 21.05", in its own zone."""
    return f"{moment:%d-%m-%Y %H.%M}"


def zone_of(moment: datetime) -> str:
    """ "WITA", or the difference from UTC where it is no Indonesian one."""
    return ZONES.get(moment.utcoffset() or timedelta(), f"UTC{moment:%z}")
