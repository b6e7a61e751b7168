"""What every check may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.config import Config


@dataclass(frozen=True)
class Look:
    """`status`: what the running station says of itself, None if none runs or it does not answer. `readers`: the
    names of the readers that are there, or Stopped. `now_ms`: Unix, by this machine's clock."""

    config: Config
    data: Path
    status: Mapping[str, Any] | None
    now_ms: int
    readers: Callable[[], list[str]]
