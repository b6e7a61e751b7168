"""Configuration: a closed schema of dataclasses, read from YAML, errors with file, line, key and the nearest key."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import reprlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kiosk.errors import UsageError

MODULE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"
_NO_VALUE = (yaml.YAMLError, ValueError, AttributeError, LookupError, RecursionError)
"""What PyYAML raises at a tag whose text does not fit it, as `!!timestamp x`: not its own errors alone."""
MOST_TOLD = 300
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_SHORT = reprlib.Repr()
"""Of a value: a file of nine lines can refer to itself until its text fills the memory."""
_SHORT.maxstring = _SHORT.maxother = 100
SEARCH = (Path("config.yaml"), Path("/etc/keping/config.yaml"))


@dataclass(frozen=True)
class StationConfig:
    id: str = field(default="kupang-01", metadata={"pattern": r"[a-z0-9][a-z0-9-]{0,31}"})
    office: str = "Disdukcapil Kota Kupang"


@dataclass(frozen=True)
class PrinterConfig:
    driver: str = field(default="evolis", metadata={"pattern": MODULE})
    port: str = "/dev/ttyUSB0"
    ports: tuple[str, ...] = ()
    baud: int = field(default=115200, metadata={"range": (2400, 921600)})
    ribbon: str = field(default="ymcko", metadata={"choice": ("k", "ko", "ymcko", "ymckok")})
    compression: str = field(default="lines", metadata={"choice": ("none", "lines", "runs")})
    reply_timeout: float = field(default=30.0, metadata={"range": (1, 120)})


@dataclass(frozen=True)
class ReaderConfig:
    link: str = field(default="pcsc", metadata={"choice": ("pcsc", "in-process")})
    name: str = "Station encoder 00 00"
    desk: str = ""
    sam: str = ""
    encoder: str = field(default="ktp_el", metadata={"pattern": MODULE})
    appear_timeout: float = field(default=5.0, metadata={"range": (0.1, 60)})


@dataclass(frozen=True)
class CardConfig:
    plan: str = field(default="inline", metadata={"choice": ("inline", "desktop-before", "desktop-after")})
    refusals_in_a_row: int = field(default=3, metadata={"range": (1, 20)})


@dataclass(frozen=True)
class HubConfig:
    url: str = field(default="", metadata={"pattern": r"(https?://\S+)?"})
    ca: str = ""
    poll: float = field(default=30.0, metadata={"range": (1, 3600)})
    days_ahead: int = field(default=25, metadata={"range": (1, 90)})
    offline_cards: int = field(default=10_000, metadata={"range": (1, 1_000_000)})
    offline_days: int = field(default=60, metadata={"range": (1, 365)})

    @property
    def authority(self) -> Path | None:
        """`ca` as `kiosk.sync.client.connect` takes it."""
        return Path(self.ca) if self.ca else None


@dataclass(frozen=True)
class VaultConfig:
    unlock: str = field(default="file", metadata={"choice": ("file", "passphrase")})
    audit_term: int = field(default=730, metadata={"range": (1, 3650)})
    call_term: int = field(default=180, metadata={"range": (1, 730)})
    released_term: int = field(default=30, metadata={"range": (1, 730)})


@dataclass(frozen=True)
class WebConfig:
    port: int = field(default=8480, metadata={"range": (0, 65535)})


@dataclass(frozen=True)
class PaperConfig:
    address: str = ""
    city: str = "Kupang"
    head: str = "Kepala Dinas Kependudukan dan Pencatatan Sipil"


@dataclass(frozen=True)
class ShiftConfig:
    required: bool = False


@dataclass(frozen=True)
class SupplyConfig:
    lead_days: int = field(default=7, metadata={"range": (1, 180)})
    lead_days_most: int = field(default=21, metadata={"range": (1, 365)})
    cover_days: int = field(default=60, metadata={"range": (7, 365)})
    ribbon: int = field(default=500, metadata={"range": (50, 10_000)})
    film: int = field(default=1500, metadata={"range": (50, 10_000)})
    cleaning: int = field(default=1000, metadata={"range": (50, 100_000)})
    holidays: tuple[str, ...] = field(default=(), metadata={"days": True})


_A_DAY = {"range": (1, 10_000)}
_REASONS = ("baru", "pindah-datang", "perubahan-data", "perpanjangan", "hilang-rusak", "luar-domisili")


@dataclass(frozen=True)
class QuotaConfig:
    baru: int = field(default=10_000, metadata=_A_DAY)
    pindah_datang: int = field(default=10_000, metadata=_A_DAY)
    perubahan_data: int = field(default=10_000, metadata=_A_DAY)
    perpanjangan: int = field(default=10_000, metadata=_A_DAY)
    hilang_rusak: int = field(default=10_000, metadata=_A_DAY)
    luar_domisili: int = field(default=10_000, metadata=_A_DAY)


@dataclass(frozen=True)
class ServiceConfig:
    order: tuple[str, ...] = field(default=("baru",), metadata={"choice": _REASONS})
    step_days: int = field(default=7, metadata={"range": (0, 365)})
    in_turn: bool = False
    quota: QuotaConfig = QuotaConfig()


@dataclass(frozen=True)
class JournalConfig:
    segment: int = field(default=8, metadata={"range": (1, 64)})
    audit: int = field(default=4, metadata={"range": (1, 168)})


@dataclass(frozen=True)
class DiskConfig:
    warn: int = field(default=500, metadata={"range": (1, 1_000_000)})
    refuse: int = field(default=200, metadata={"range": (1, 1_000_000)})
    reserve: int = field(default=8, metadata={"range": (1, 1024)})


@dataclass(frozen=True)
class LogConfig:
    level: str = field(default="info", metadata={"choice": ("debug", "info", "warning", "error")})


@dataclass(frozen=True)
class Config:
    """The whole configuration; each field is a key of config.yaml, which holds comment, unit and default."""

    data: str = ""
    mirror: str = ""
    stick: tuple[str, ...] = ("/media/*/*", "/run/media/*/*")
    station: StationConfig = StationConfig()
    printer: PrinterConfig = PrinterConfig()
    reader: ReaderConfig = ReaderConfig()
    card: CardConfig = CardConfig()
    hub: HubConfig = HubConfig()
    vault: VaultConfig = VaultConfig()
    web: WebConfig = WebConfig()
    paper: PaperConfig = PaperConfig()
    shift: ShiftConfig = ShiftConfig()
    supply: SupplyConfig = SupplyConfig()
    service: ServiceConfig = ServiceConfig()
    journal: JournalConfig = JournalConfig()
    disk: DiskConfig = DiskConfig()
    log: LogConfig = LogConfig()


def find_config(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """--config, else $KEPING_CONFIG, ./config.yaml, /etc/keping/config.yaml; None if there is none at all."""
    named = given or (Path(environ["KEPING_CONFIG"]) if environ.get("KEPING_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise UsageError(f"{named}: no such config file")
        return named
    return next((path for path in SEARCH if path.is_file()), None)


def load_config(path: Path | None) -> Config:
    """Defaults for what the file leaves out. UsageError names file, line and key."""
    if path is None:
        return Config()
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as exc:
        raise UsageError(f"{path}: {exc.strerror}") from exc
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(f"{path}: not YAML: {str(exc).splitlines()[0]}") from exc
    if node is None:
        return Config()
    config: Config = _Reader(path).section(Config, node, "")
    return config


def find_data(config: Config, given: Path | None) -> Path:
    """--data, else the config's `data`, else /var/lib/keping if it exists, else ./var."""
    if given is not None:
        return given
    if config.data:
        return Path(config.data)
    system = Path("/var/lib/keping")
    return system if system.is_dir() else Path("var")


class _Reader:
    """Walks YAML nodes, which know their lines, beside the dataclasses, which know the types."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._constructor = yaml.SafeLoader("")

    def section(self, cls: type[Any], node: yaml.Node, prefix: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"{prefix.rstrip('.') or 'the file'}: expected keys and values")
        hints = typing.get_type_hints(cls)
        fields = {spec.name: spec for spec in dataclasses.fields(cls)}
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key not in fields:
                raise self._error(key_node, f"{prefix}{key}: unknown key{_nearest(key, fields)}")
            if key in values:
                raise self._error(key_node, f"{prefix}{key}: given twice")
            kind = hints[key]
            if dataclasses.is_dataclass(kind):
                values[key] = self.section(typing.cast("type[Any]", kind), value_node, f"{prefix}{key}.")
            else:
                values[key] = self._value(kind, fields[key].metadata, value_node, f"{prefix}{key}")
        return cls(**values)

    def _value(self, kind: Any, rules: Mapping[str, Any], node: yaml.Node, key: str) -> Any:
        try:
            value = self._constructor.construct_object(node, deep=True)
        except _NO_VALUE as exc:
            raise self._error(node, f"{key}: not a value of YAML") from exc
        if kind == tuple[str, ...]:
            return self._words(rules, value, node, key)
        if isinstance(value, str) and _NO_TEXT.search(value):
            raise self._error(node, f"{key}: holds a character that is none")
        if kind is float and type(value) is int:
            value = float(value) if abs(value) < 1 << 53 else value
        if type(value) is not kind:
            raise self._error(node, f"{key}: expected {kind.__name__}, got {_told(value)}")
        return self._within(rules, value, node, key)

    def _words(self, rules: Mapping[str, Any], value: Any, node: yaml.Node, key: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(
            isinstance(item, str) and not _NO_TEXT.search(item) for item in value
        ):
            raise self._error(node, f"{key}: expected a list of words, got {_told(value)}")
        if "days" in rules and (wrong := [item for item in value if not _is_day(item)]):
            raise self._error(node, f'{key}: {wrong[0]!r} is no day, as in "2026-08-17"')
        if "choice" in rules and (wrong := [item for item in value if item not in rules["choice"]]):
            raise self._error(node, f"{key}: {wrong[0]!r} is not one of {', '.join(rules['choice'])}")
        return tuple(value)

    def _within(self, rules: Mapping[str, Any], value: Any, node: yaml.Node, key: str) -> Any:
        if "range" in rules and not rules["range"][0] <= value <= rules["range"][1]:
            raise self._error(node, f"{key}: {_told(value)} is not in {rules['range'][0]} to {rules['range'][1]}")
        if "choice" in rules and value not in rules["choice"]:
            raise self._error(node, f"{key}: {value!r} is not one of {', '.join(rules['choice'])}")
        if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
            raise self._error(node, f"{key}: {value!r} does not match {rules['pattern']}")
        return value

    def _error(self, node: yaml.Node, message: str) -> UsageError:
        told = " ".join(message.split())[:MOST_TOLD]
        return UsageError(f"{self._path}:{node.start_mark.line + 1}: {told}")


def _told(value: object) -> str:
    try:
        return _SHORT.repr(value)
    except ValueError:  # more digits than Python writes down, as 0xfff... may have
        return "a number without end"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _nearest(key: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else f" (known: {', '.join(known)})"
