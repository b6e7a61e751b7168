"""Is everything in order? One look at data, devices, centre and screen, which changes nothing and moves nothing."""

from kiosk.doctor.compact import CompactError, decode, encode
from kiosk.doctor.examine import examine
from kiosk.doctor.picture import as_blocks, as_svg
from kiosk.doctor.report import Report, six_lines
from kiosk.doctor.situations import SITUATIONS, Finding, Result

__all__ = [
    "SITUATIONS", "CompactError", "Finding", "Report", "Result", "as_blocks", "as_svg", "decode", "encode", "examine",
    "six_lines",
]  # fmt: skip
