"""The command language: bytes to commands and downloads, and which parameters a command takes.

Frame: ESC name [;parameter]... CR, the ESC optional after a CR (Evolis Programming Guide A5013 Rev E, p. 4).
Downloads carry raw bytes that may look like anything, so they are cut by length. NULs between commands are padding
(captures of the Windows driver), and so is the `<...>` markup that newer hosts send between `Psync` commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.sim.decoder import BITS, panel_bytes

ESC, CR = b"\x1b", b"\r"
MAX_TEXT = 255
MAX_COMPRESSED = 2 * panel_bytes(256)

_PADDING = re.compile(rb"[\x00\r\n ]*(?:<[^>]{0,255}>[\x00\r\n ]*|\x1cn\x00{4}|\x1b(?=[\x1b\x00\r]))*")
_HEADER = re.compile(rb"\x1b?(Db;([^;\r\x1b]*);([^;\r\x1b]*)|Dbc;([^;\r\x1b]*);([^;\r\x1b]*);([^;\r\x1b]*));")

GRAMMAR = {
    name: re.compile(parameters)
    for name, parameters in {
        "Rok": "",
        "Rtp": "",
        "Rfv": "",
        "Rsn": "",
        "Rkn": "",
        "Rco": "[cp]",
        "Rrt": "count|qty",
        "Rse": "[of]",
        "Rlr": "p",
        "Rcr": "",
        "Rem": "1?",
        "Rpst": "",
        "Pem": r"(\d|1[0-5]|3[2-9]|4[0-7])(;s)?",
        "Pr": r"k|k[wrob]|ko|ymcko|ymckos|ymckok|h|ho|\d{1,4};t",
        "Pc": r"[ymckoalf];=;\d{1,2}",
        "Pl": r"[ymckoalf];=;\d{1,2}",
        "Pcim": "[FMCIBNR]",
        "Pcem": "[DMRNIKL]",
        "Pcrm": "[RMDIKL]",
        "Pmi": "[FMB](;s)?",
        "Pdt": "[A-Z]{2}",
        "Ppws": r"\d{1,10}",
        "Psync": ".*",
        "Psid": r"\d{1,5};\d{1,3}",
        "Pcla": "[01]",
        "Psmgr": r"\d",
        "Ppmode": r"\d",
        "Pwres": r"300;300;\d{1,3}",
        "Psk": r"\d{1,2}",
        "Piqla": "a;d",
        "Pmc": "[hl]",
        "Peoic": "[ymcko];[ED]",
        "Pida": r"\d{1,3}(;\d{1,3}){3}",
        "Mr": "s",
        "Pneab": "[ED]",
        "Psm": "[01](;[ul])?",
        "Poc": r"[+=-];\d{1,4}",
        "Si": "",
        "Sic": "",
        "Sis": "",
        "Ss": "",
        "Sr": "",
        "Sv": "",
        "Se": "1?",
        "Sce": "",
        "Ser": "",
        "Scs": "",
        "Srs": "",
        "Wcb": r"[ymcko](;\d{1,3})?",
        "Db": "(?!)",
        "Dbc": "(?!)",
    }.items()
}
"""Parameters of each command. A `Db` or `Dbc` that ends before its data has none that fit. `Pem` with the bit for
ACK/NAK replies (16) is refused: only text replies are spoken here."""

_OF_THE_LIBRARY = frozenset({"Psid", "Pcla", "Psmgr", "Ppmode", "Pwres", "Psk", "Piqla", "Peoic", "Pida"})
"""What the vendor's library sends around a job; but for the first two it is taken and has no effect."""

_MODERN = frozenset({"Rpst", "Rrt", "Pcim", "Pcem", "Pcrm", "Pneab", "Psync"}) | _OF_THE_LIBRARY

CLASSIC_GRAMMAR = {name: parameters for name, parameters in GRAMMAR.items() if name not in _MODERN} | {
    "Rse": re.compile("o"),
    "Pr": re.compile("k|k[wrob]|ko|ymcko|ymckos|ymckok|h|ho"),
}
"""What a printer of the guide's time takes: no command, and no ribbon by number, of which only newer sources tell.
The card sensor `Rse;p` is left out: no source gives its voltages."""

NOT_FITTED = frozenset({"Sib", "Siscan", "Smr", "Smw"})
"""Known commands of options this printer lacks: rear feed, scanner, magnetic coder."""


@dataclass(frozen=True)
class Command:
    """A command without data; `parameters` is what follows the first separator."""

    text: str

    @property
    def name(self) -> str:
        return self.text.partition(";")[0]

    @property
    def parameters(self) -> str:
        return self.text.partition(";")[2]


@dataclass(frozen=True)
class Header:
    """A download begins. `size`: bytes of data to come, None when the header does not tell."""

    text: str
    panel: str
    levels: int
    compressed: bool
    size: int | None

    @property
    def fits(self) -> bool:
        """Whether such a panel can be printed: K and O at 2 levels, dye at more."""
        return self.levels == 2 if self.panel in ("k", "o") else self.panel in ("y", "m", "c") and self.levels > 2


@dataclass(frozen=True)
class Body:
    """A download's data, all of it. `closed`: the byte after it was the CR that ends a command."""

    header: Header
    data: bytes
    closed: bool


Token = Command | Header | Body


class Tokenizer:
    """Cuts a byte stream, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._header: Header | None = None
        self._skipping = False

    @property
    def mid_command(self) -> bool:
        """Whether a command has begun and not ended."""
        return bool(self._buffer) or self._header is not None or self._skipping

    def push(self, data: bytes) -> Iterator[Token]:
        """Tokens completed by `data`, lazily: stop iterating and the rest stays in the buffer."""
        self._buffer += data
        while (token := self._next()) is not None:
            yield token

    def reset(self) -> None:
        """Forget a command that will not be finished."""
        self._buffer.clear()
        self._header = None
        self._skipping = False

    def _next(self) -> Token | None:
        if self._header is not None:
            return self._take_body(self._header)
        if self._skipping and not self._skip_to_cr():
            return None
        del self._buffer[: _matched(_PADDING.match(self._buffer))]
        while (match := _HEADER.match(self._buffer)) is None:
            end = self._buffer.find(CR)
            # An ESC always begins a command: what came before it was cut off, by a host that died for example.
            start = self._buffer.find(ESC, 1, len(self._buffer) if end < 0 else end)
            if start < 0:
                return self._take_text(end)
            del self._buffer[:start]
        header = _header_of(match)
        del self._buffer[: match.end()]
        self._header = header if header.size is not None else None
        return header

    def _take_text(self, end: int) -> Command | None:
        if end < 0:
            if len(self._buffer) <= MAX_TEXT:
                return None
            end = MAX_TEXT
            self._skipping = True
        text = bytes(self._buffer[:end]).removeprefix(ESC)
        del self._buffer[: end + (not self._skipping)]
        return Command(text.decode("latin-1"))

    def _take_body(self, header: Header) -> Body | None:
        assert header.size is not None
        if len(self._buffer) <= header.size:
            return None
        data = bytes(self._buffer[: header.size])
        closed = self._buffer[header.size] == CR[0]
        del self._buffer[: header.size]
        self._header = None
        self._skipping = True
        return Body(header, data, closed)

    def _skip_to_cr(self) -> bool:
        end = self._buffer.find(CR)
        if end < 0:
            self._buffer.clear()
            return False
        del self._buffer[: end + 1]
        self._skipping = False
        return True


def _matched(match: re.Match[bytes] | None) -> int:
    return 0 if match is None else match.end()


def _header_of(match: re.Match[bytes]) -> Header:
    text, panel, levels, compressed_panel, compressed_levels, count = match.groups()
    compressed = compressed_panel is not None
    depth = _number(compressed_levels if compressed else levels)
    depth = depth if depth in BITS else 0
    if compressed:
        size = _number(count)
        length = size if size is not None and size <= MAX_COMPRESSED else None
    else:
        length = panel_bytes(depth) if depth else None
    name = (compressed_panel if compressed else panel).decode("latin-1")
    return Header(text.decode("latin-1"), name, depth or 0, compressed, length)


def _number(field: bytes) -> int | None:
    return int(field) if field.isdigit() and len(field) <= 9 else None
