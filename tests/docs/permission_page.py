"""Writes docs/permissions.md from the table itself: python -m tests.docs.permission_page"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.core.permissions import BEGINNING, BOX, COMMANDS, EVERYBODY, GRAVE, ROUTES, TABLE, VERBS, Act, Role, Second
from tests.docs.pages import ROOT

TARGET = ROOT / "docs" / "permissions.md"

OPENING = """\
# Who may do what

Written from `kiosk/core/permissions.py` by `python -m tests.docs.permission_page`; a test keeps the two equal.

Every screen, every command of the control socket and every command of the shell is one of these acts, and none is
without one. *Box* is somebody at a shell of the station's own computer, as root or as the station's user, who gave
no name; the journal has them as `cli:<user>`. With `keping --as ID` and the PIN they act in their own name and role,
and the journal has `op:<id>`. Why the box may do so much: [0012](adr/0012-the-box-is-somebody-too.md).

*Second*: another person must approve, who may `approve`; *at times*: where the act says so. *PIN*: it is given with
that very act, however long ago somebody signed in; wrong ones are counted as at the sign-in, three a minute, five in
ten minutes, ten an hour, wherever they are given. *Acting*: an acting supervisor (Plh) may do it, on the days of the
appointment, beside what their own role may.

"""

GRAVE_ACTS = """\
## The grave acts

Somebody who signed in may have gone away, and whoever stands at the touchscreen now is not them. So these acts take
the own PIN once more, in the form itself and each time; to look at the form asks for nothing. What only *at times*
needs a second person takes both PINs as soon as one is named: a supervisor who finds the screen of somebody else open
can't ask in their name and approve in the own. A PIN that is missing or wrong is asked for again by one page, the
same for all of them, with everything else that was typed; it is counted as a wrong PIN at the sign-in. At a shell the
PIN comes with every command in any case; of the box a second person is asked all the same.

"""

NOBODY = """
## Without a sign-in

{everybody}: ask nobody who they are. `recover` takes a one-time code in place of the PIN.

{beginning}: the first run, [0054](adr/0054-the-first-run-ends-with-a-name.md). For whoever stands before a
station that knows nobody yet; from the first supervisor on they lead to the sign-in and do nothing.
"""

HEAD = ["act", *(role.value for role in Role), BOX, "second", "PIN", "acting", "what it is"]


def row(act: Act) -> list[str]:
    marks = ["yes" if holder in act.holders else "" for holder in (*Role, BOX)]
    acting = act.acting and Role.SUPERVISOR in act.holders
    second = "" if act.second is Second.NEVER else act.second.value
    return [f"`{act.name}`", *marks, second, "yes" if act.pin else "", "yes" if acting else "", act.what]


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def of(act: Act, names: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`" for name, known in names.items() if known == act.name)


def render() -> str:
    lines = [line(HEAD), f"|{'---|' * len(HEAD)}", *(line(row(act)) for act in TABLE)]
    lines += ["", GRAVE_ACTS.rstrip(), "", *(f"* `{act.name}`: {_when(act)}" for act in GRAVE)]
    lines += ["", "## Where each act is done", "", "`approve` is the second person's, in any of them.", ""]
    lines += ["| act | screens | commands of the station | other commands of the shell |", "|---|---|---|---|"]
    lines += [line([f"`{act.name}`", of(act, ROUTES), of(act, COMMANDS), of(act, VERBS)]) for act in TABLE]
    nobody = NOBODY.format(everybody=_names(EVERYBODY), beginning=_names(BEGINNING))
    return OPENING + "\n".join(lines) + "\n" + nobody


def _when(act: Act) -> str:
    if act.pin:
        return "always" + (", and of a second person at times" if act.second is Second.AT_TIMES else "")
    return "always, for a second person always is" if act.second is Second.ALWAYS else "with a second person"


def _names(endpoints: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(endpoints))


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
