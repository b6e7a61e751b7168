"""What a chip profile is made of: one DF, its transparent EFs, and which of them are sealed. Data, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drivers.errors import NotStarted

PREFIX = 2
"""Each file begins with its content's length: so many bytes, big-endian."""


@dataclass(frozen=True)
class Layout:
    """The files of one kind of chip; an EF is named by its identifier in hex, "6FF1".

    `files`: EF to its size on the chip in bytes, length prefix included, in the order of writing. `sealed`: those
    that a chip may keep for a secure channel. `control`: the EF that a secure channel is opened with, never sealed,
    and the first to be written. `memory`: bytes of the whole chip; a file that states more than that is none.
    """

    df: int
    files: Mapping[str, int]
    control: str
    sealed: frozenset[str] = frozenset()
    memory: int = 8192

    def check(self, files: Mapping[str, bytes]) -> None:
        """Pure: whether `files` fit this chip. NotStarted names the first that does not."""
        for name, content in files.items():
            if name not in self.files:
                raise NotStarted(f"{name}: no such file on this chip")
            if len(content) > self.files[name] - PREFIX:
                raise NotStarted(f"{name}: {len(content)} bytes, room for {self.files[name] - PREFIX}")

    def in_order(self, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
        """`files` in the order of writing."""
        return ((name, files[name]) for name in self.files if name in files)
