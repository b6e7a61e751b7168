"""printer-state-reasons as IPP printers send them, in the words of the station. Pure.

Sure of: the keywords and their weights, RFC 8011, 5.4.12. Not sure of: which of them a given card printer's driver
uses; what stops the printer and has no word here is `other`.
"""

from __future__ import annotations

from collections.abc import Iterable

from drivers.printers.ipp_codec import Value

__all__ = ["OURS", "TRANSCRIPT", "reasons"]

_SEVERITIES = ("error", "warning", "report")
OURS = {
    **{each: each for each in (
        "media-empty", "media-needed", "media-jam", "cover-open", "interlock-open", "input-tray-missing",
        "output-area-full", "marker-supply-empty", "marker-supply-low", "fuser-over-temp", "connecting-to-device",
        "cleaner-life-over", "cleaner-life-almost-over",
    )},
    "door-open": "cover-open", "output-tray-missing": "output-area-full", "marker-waste-full": "cleaner-life-over",
    "toner-empty": "marker-supply-empty", "toner-low": "marker-supply-low", "opc-life-over": "cleaner-life-over",
    "marker-supply-missing": "marker-supply-missing", "offline": "connecting-to-device",
    "paused": "paused",
    "moving-to-paused": "paused", "shutdown": "connecting-to-device", "timed-out": "connecting-to-device",
}  # fmt: skip
"""RFC 8011, 5.4.12 and PWG 5100.9, as far as the station has a word; what else stops the printer is `other`."""
_ONLY_WARN = frozenset({"marker-supply-low", "cleaner-life-almost-over"})
_TALK = frozenset({"none", "media-low", "cups-waiting-for-job-completed"})


def reasons(said: Iterable[Value]) -> tuple[frozenset[str], frozenset[str]]:
    """printer-state-reasons as the station's: those that stop the printer, and those that warn."""
    stopping, warnings = set(), set()
    for keyword in map(str, said):
        name, _, severity = keyword.rpartition("-")
        if severity not in _SEVERITIES:
            name, severity = keyword, "error"  # RFC 8011: without a suffix it weighs most
        ours = OURS.get(name)
        if ours in _ONLY_WARN or (ours and severity == "warning"):
            warnings.add(ours)
        elif severity == "error" and name not in _TALK:
            stopping.add(ours or "other")
    return frozenset(stopping), frozenset(warnings)


TRANSCRIPT: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str], ...] = (
    (("none",), (), (), "RFC 8011, 5.4.12"),
    (("media-empty-error", "media-low-warning"), ("media-empty",), (), "RFC 8011, 5.4.12"),
    (("cover-open",), ("cover-open",), (), "RFC 8011, 5.4.12: no suffix weighs as an error"),
    (("marker-supply-low-warning",), (), ("marker-supply-low",), "RFC 8011, 5.4.12"),
    (("marker-supply-low-report",), (), ("marker-supply-low",), "RFC 8011, 5.4.12"),
    (("door-open-error", "media-jam-error"), ("cover-open", "media-jam"), (), "RFC 8011, 5.4.12"),
    (("paused",), ("paused",), (), "CUPS 2.4: cupsdisable"),
    (("moving-to-paused",), ("paused",), (), "RFC 8011, 5.4.12"),
    (("offline-report",), (), (), "CUPS 2.4, backend socket: it tries to connect"),
    (("cups-missing-filter-warning",), (), (), "CUPS 2.4"),
    (("cups-insecure-filter-error",), ("other",), (), "CUPS 2.4"),
    (("com.acme-lamp-dim",), ("other",), (), "a vendor's own, of no stated weight"),
)
"""printer-state-reasons as they are sent; what they mean as stopping and as warnings; source."""
