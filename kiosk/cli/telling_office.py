"""What people decided, in words: a part of kiosk/cli/telling.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]


def _people(data: Body) -> str:
    said = [f"{name} {data[name]}" for name in ("from", "to", "document", "left") if name in data]
    return ", ".join([f"{data['person']} ({data['role']}): {data['change']}", *said])


def _figures(data: Body) -> str:
    return "told by the office: " + ", ".join(f"{name} {value}" for name, value in data["figures"].items())


def _requested(data: Body) -> str:
    return f"{data['quantity']} {data['sku']} blanks are asked for in {data['document']}"


def _granted(data: Body) -> str:
    by = f" by {data['grant']}" if data.get("grant") else ""
    return f"{data['quantity']} blanks are granted{by} of those asked for in {data['document']}"


def _moved_up(data: Body) -> str:
    return f"record {data['ref']} was moved up ({data['reason']}), approved by {data['approved']}"


def _held(data: Body) -> str:
    return f"record {data['ref']} is held, wrong: {', '.join(data['wrong'])}"


def _erased(data: Body) -> str:
    return f"{len(data['refs'])} records are destroyed by {data['rule']}: {', '.join(data['refs'])}"


OFFICE: Mapping[str, Callable[[Body], str]] = {
    "people": _people,
    "queue-jump": _moved_up,
    "record-held": _held,
    "record-freed": lambda data: f"record {data['ref']} waits again",
    "erased": _erased,
    "office-figures": _figures,
    "blanks-requested": _requested,
    "blanks-granted": _granted,
}
