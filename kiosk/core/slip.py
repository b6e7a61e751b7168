"""The slip of a closed shift, for a paper. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk.core.shift import COMES_IN, GOES_OUT


def as_text(slip: Mapping[str, Any], clock: Callable[[int], str]) -> str:
    """The slip for a paper of 48 columns: who, when, the equation with its zeros, the count, the signed checkpoint.

    `clock`: Unix ms to local time.
    """
    rule = "-" * 48
    names = list(next(iter(slip["equation"].values())))
    lines = [
        f"SHIFT {slip['shift']}   {slip['station']}",
        f"opened {clock(slip['opened'])}  {slip['opened_by']}",
        f"closed {clock(slip['closed'])}  {slip['closed_by']}",
        rule,
        f"{'':<26}{''.join(f'{sku:>11}' for sku in slip['equation'])}",
    ]
    for name in names:
        sign = "+" if name in COMES_IN else "-" if name in GOES_OUT else "="
        lines.append(f"{sign} {name:<24}{''.join(f'{row[name]:>11}' for row in slip['equation'].values())}")
    lines += [rule, f"counted {slip['counts']} time(s)"]
    lines += [
        f"  {place:<10}{sku:<5}{blanks:>8}  books {booked:>8}" for place, sku, blanks, booked in slip["counted"]
    ]
    if slip["approved"]:
        lines += [f"difference: {slip['reason']}", f"approved by {slip['approved']}"]
    lines += [rule, f"frame {slip['seq']}", f"head {slip['head']}", f"checkpoint {slip['checkpoint'] or 'not made'}"]
    return "\n".join(lines)
