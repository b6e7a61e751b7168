"""A driver of printers that tell no serial."""

from __future__ import annotations

from typing import Any

from drivers.protocols import PrinterIdentity


class Nameless:
    """As much of a `CardPrinter` as being recognised takes."""

    def identity(self) -> PrinterIdentity:
        return PrinterIdentity("Old", "1", " ")

    def close(self) -> None:
        """Nothing is open."""


def open(url: str, baud: int = 115_200, **_: Any) -> Nameless:
    return Nameless()
