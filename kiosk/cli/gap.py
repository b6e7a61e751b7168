"""gap: show, close."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from kiosk.cli.context import App, pass_app
from kiosk.cli.stock import PIN, SECOND, Counted, asked


@click.group()
def gap() -> None:
    """What may have happened between the last known frame and the loss of a disk."""


@gap.command()
@pass_app
def show(app: App) -> None:
    """Whether one is open, what it may hold, and what must be counted to close it."""
    found = app.execute("gap.show")
    app.answer(found, lambda: _text(found))


def _text(found: dict[str, Any] | None) -> str:
    if found is None:
        return "no gap is open"
    last = datetime.fromtimestamp(found["last_ms"] / 1000).astimezone().isoformat(" ", "seconds")
    fed = "can't say how many cards it fed" if found["fed_since"] is None else f"fed {found['fed_since']} cards"
    lines = [
        f"What this station did after {last} is not known ({found['source']}).",
        f"The printer {fed} since. {found['may_have_a_card']} records may have a card: none is printed until it is "
        "known which.",
        "Empty the machine and look through every tray for cards that the books don't know (keping jobs list).",
        "Count: " + ", ".join(f"{place}/{sku}" for place, sku in found["places"]),
        "Then: keping gap close PLACE/SKU=N... --card NIK[=UID]... --reason TEXT --second ID",
    ]
    if not found["complete"]:
        lines.insert(2, "Not all records are here again: wait for the centre first (keping sync now).")
    return "\n".join(lines)


class _Sku(click.ParamType[tuple[str, int]]):
    name = "sku=n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        sku, _, blanks = str(value).partition("=")
        if not (sku and blanks.isdecimal()):
            self.fail(f"{value!r}: write SKU=NUMBER, as wni=2", param, ctx)
        return sku, int(blanks)


_BY_SKU: dict[str, Any] = {"type": _Sku(), "multiple": True}


@gap.command(params=[SECOND, PIN])
@click.argument("counted", nargs=-1, required=True, type=Counted())
@click.option("--card", multiple=True, help="NIK, or record reference, of a whole card that is here; =UID if read.")
@click.option("--issued", multiple=True, help="The same, of a card that its holder has.")
@click.option("--spoiled", **_BY_SKU, help="Spoiled cards that the books don't know, as wni=2.")
@click.option("--defect", **_BY_SKU, help="The same, of blanks with a dead chip.")
@click.option("--unexplained", **_BY_SKU, help="Blanks that are gone; you sign that no card was made of them.")
@click.option("--put-back", type=click.IntRange(0), default=0, help="Blanks that were fed and lie with the others.")
@click.option("--fed", type=click.IntRange(0), help="The printer's own counter, if the station can't ask it.")
@click.option("--reason", required=True, help="What happened, without a person's name.")
@pass_app
def close(
    app: App, /, counted: tuple[list[str | int], ...], second: str, pin: str, reason: str, **said: Any
) -> None:  # fmt: skip
    """Book what was counted and found, and let cards be made again. A second person approves.

    It is refused while a blank is gone for which no card was found: that card may be one of a record that waits.
    """
    cards = [_card(each, "here") for each in said.pop("card")] + [
        _card(each, "holder") for each in said.pop("issued")
    ]
    numbers = {name: dict(said.pop(name)) for name in ("spoiled", "defect", "unexplained")}
    approval = asked(second, pin)
    found = app.execute("gap.close", counted=list(counted), reason=reason, cards=cards, **numbers, **said, **approval)
    app.answer(found, lambda: f"closed: {len(found['cards'])} cards booked, printing goes on")


def _card(word: str, place: str) -> dict[str, str]:
    who, _, uid = word.partition("=")
    name = "ref" if len(who) == 32 else "nik"
    return {name: who, "uid": uid.replace(":", "").upper(), "with": place}
