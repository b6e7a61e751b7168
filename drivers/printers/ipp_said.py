"""What a printer says of itself: whether a card may be trusted to it, and what stops it. Pure.

Sure of: RFC 8011, 5.4; what CUPS 2.4 says beside it, by test.
"""

from __future__ import annotations

from drivers.errors import Stopped
from drivers.printers import ipp_raster as raster
from drivers.printers.ipp_codec import Attributes, Operation
from drivers.printers.ipp_reasons import reasons
from drivers.protocols import PrinterIdentity

__all__ = [
    "ASKED",
    "UNSAFE",
    "check",
    "dangers",
    "identity",
    "is_printer",
    "left_behind",
    "spools",
    "stops_and_warnings",
]

ASKED = [
    "printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "operations-supported",
    "document-format-supported", "printer-error-policy", "device-uri", "cups-version", "printer-make-and-model",
    "printer-firmware-string-version", "printer-uuid",
]  # fmt: skip
"""All else, of which some printers tell 100 KB, is of no use here."""
UNSAFE = frozenset({"queue-unsafe"})
_PAUSED, _OTHER = frozenset({"paused"}), frozenset({"other"})
_IDLE, _STOPPED = 3, 5
_STATES = frozenset({_IDLE, 4, _STOPPED})
_LONGEST = 100
_NEEDED = frozenset({Operation.PRINT_JOB, Operation.CANCEL_JOB, Operation.GET_JOBS, Operation.GET_JOB_ATTRIBUTES})


def is_printer(said: Attributes) -> bool:
    return _only(said, "printer-state") in _STATES


def spools(said: Attributes) -> bool:
    """Whether it is a queue of CUPS, which keeps jobs on its disk and takes them up again."""
    return "cups-version" in said


def check(url: str, said: Attributes) -> None:
    """Stopped{queue-unsafe} for its `dangers`."""
    if found := dangers(said):
        raise Stopped(f"{url}: {'; '.join(found)}", UNSAFE)


def dangers(said: Attributes) -> list[str]:
    """Why a card could be printed twice or not at all, each with what has to be changed."""
    found = []
    if lacking := _NEEDED - set(said.get("operations-supported", ())):
        found.append(f"it can't {', '.join(sorted(each.name for each in lacking))}")
    if raster.FORMAT not in said.get("document-format-supported", ()):
        found.append(f"it does not read {raster.FORMAT}")
    if spools(said):
        if (policy := _text(said, "printer-error-policy")) != "abort-job":
            found.append(f"its policy {policy!r} tries again: lpadmin -o printer-error-policy=abort-job")
        if not (device := _text(said, "device-uri")).startswith("once:"):
            found.append(f"after a crash it prints again: put once:/ before its device {device}")
    return found


def identity(said: Attributes) -> PrinterIdentity:
    version = _text(said, "printer-firmware-string-version") or _text(said, "cups-version")
    serial = _text(said, "printer-uuid").removeprefix("urn:uuid:")
    return PrinterIdentity(_text(said, "printer-make-and-model"), version, serial)


def stops_and_warnings(said: Attributes) -> tuple[frozenset[str], frozenset[str]]:
    """A printer that is stopped and tells no reason stops for `other`; one that takes no jobs is `paused`."""
    stopping, warnings = reasons(said.get("printer-state-reasons", ()))
    if _only(said, "printer-is-accepting-jobs") is False:
        stopping |= _PAUSED
    if _only(said, "printer-state") == _STOPPED and not stopping:
        stopping = _OTHER
    return stopping, warnings


def left_behind(said: Attributes) -> frozenset[str]:
    """Of a queue of CUPS 2.4: what its last job has left. Seen to stay also while the next one is printed well."""
    return stops_and_warnings(said)[0] - _PAUSED if _only(said, "printer-state") == _IDLE else frozenset()


def _only(said: Attributes, name: str) -> object:
    values = said.get(name, ())
    return values[0] if len(values) == 1 else None


def _text(said: Attributes, name: str) -> str:
    """Printable and short, whatever was sent: it is noted in the books."""
    return "".join(filter(str.isprintable, str(said.get(name, ("",))[0])))[:_LONGEST]
