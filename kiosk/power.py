"""On mains or on battery, as the UPS's daemon says it: a note, DATA/power, that is there while the mains are away.

The note itself is the truth, for a hook may speak while no station runs, or while one waits for its passphrase.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from kiosk.durable import replace_file, sync_directory
from kiosk.errors import KepingError
from kiosk.worker.halt import Halt

log = logging.getLogger(__name__)

NAME = "power"


def machine_ms() -> int:
    return time.time_ns() // 1_000_000


class OnBattery(NamedTuple):
    """`since_ms`: Unix; `by`: who said it, empty if the note can't be read."""

    since_ms: int
    by: str


class Power:
    """Thread-safe. `changed` is called when somebody has said something new. `now_ms`: Unix."""

    def __init__(
        self, data: Path, changed: Callable[[], None] = lambda: None, now_ms: Callable[[], int] = machine_ms
    ) -> None:
        self._path = data / NAME
        self._now_ms = now_ms
        self._changed = changed
        self._unwritten: OnBattery | None = None
        self.commands: dict[str, Callable[..., Any]] = {
            "power.battery": self.battery,
            "power.mains": self.mains,
            "power.show": self.show,
        }

    def battery(self, by: str) -> dict[str, Any]:
        """From now on no card is begun, nor after a restart. Said again it stays as it was. Blocks for two fsyncs.

        A disk that refuses the note lets this process know it all the same.
        """
        if self.on_battery is None:
            said = OnBattery(self._now_ms(), by)
            log.warning("power=battery by=%s: no card is begun", by)
            try:
                replace_file(self._path, json.dumps(said._asdict()).encode() + b"\n")
            except OSError as exc:
                self._unwritten = said
                log.error("%s: %s; a restart will not know it", self._path, exc)
            self._changed()
        return self.show(by)

    def mains(self, by: str) -> dict[str, Any]:
        """The mains are back: cards are begun again. KepingError if the note can't be removed."""
        if self.on_battery is not None:
            try:
                self._path.unlink(missing_ok=True)
                sync_directory(self._path.parent)
            except OSError as exc:
                raise KepingError(f"{self._path} can't be removed: {exc.strerror}") from exc
            self._unwritten = None
            log.warning("power=mains by=%s", by)
            self._changed()
        return self.show(by)

    def show(self, by: str) -> dict[str, Any]:
        """`power`: mains or battery; on battery `since_ms` and `by` too."""
        said = self.on_battery
        return {"power": "battery", **said._asdict()} if said else {"power": "mains"}

    @property
    def on_battery(self) -> OnBattery | None:
        """None on mains. A note that can't be read is one all the same."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return self._unwritten
        except OSError as exc:
            log.error("%s: %s", self._path, exc.strerror)
            return self._unwritten or OnBattery(0, "")
        try:
            said = json.loads(content)
            return OnBattery(int(said["since_ms"]), str(said["by"]))
        except (ValueError, KeyError, TypeError):
            return OnBattery(int(self._path.stat().st_mtime * 1000), "")

    def barred(self) -> Halt | None:
        """Why no new card may be begun; the one in the machine is finished all the same."""
        if self.on_battery is None:
            return None
        return Halt("the mains are away, the UPS says; a card is begun when they are back", frozenset({"on-battery"}))
