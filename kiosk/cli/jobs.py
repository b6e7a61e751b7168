"""jobs: list, queue, jump, show, run, hold, release, cancel, resume, resolve, hand-over, reprint; records held."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import click

from kiosk.books import read_view
from kiosk.cli.context import App, pass_app, table
from kiosk.core.correction import WrongPart
from kiosk.core.faults import codes, with_codes
from kiosk.core.handover import ChipCheck, OldCard, Proof, Taker
from kiosk.core.jobs import Answer
from kiosk.core.reprint import ReprintReason
from kiosk.core.service_order import JumpReason
from kiosk.core.verdicts import SpoilCause
from kiosk.desk import jobs_in_order
from kiosk.service_order import rules_of


@click.group()
def jobs() -> None:
    """Cards to make."""


@jobs.command("list")
@pass_app
def list_jobs(app: App) -> None:
    """Open jobs in order of service, then the last finished ones. Read from the journal, beside a running station."""
    found = [_with_code(job) for job in jobs_in_order(read_view(app.data), rules_of(app.config.service))]
    app.answer(found, lambda: table([_row(job) for job in found], ["job", "state", "sku", "reason", "cards", "why"]))


def _row(job: dict[str, Any]) -> list[Any]:
    cards = len(job["cards"]) + (job["card"] is not None)
    return [job["id"], job["state"], job["sku"], job["reason"], cards, with_codes(job["reasons"])]


def _with_code(job: dict[str, Any]) -> dict[str, Any]:
    """`code`: those of the faults among its reasons (docs/faults.md)."""
    return {**job, "code": codes(job["reasons"])}


@jobs.command()
@click.argument("job")
@pass_app
def show(app: App, job: str) -> None:
    """Everything the books say of one job."""
    found = _with_code(app.execute("jobs.show", job=job))
    app.answer(found, lambda: "\n".join(f"{name}: {value}" for name, value in found.items()))


@jobs.command()
@click.option("--next", "count", type=click.IntRange(1), default=1, show_default=True, help="How many, in order.")
@click.argument("refs", nargs=-1)
@pass_app
def run(app: App, count: int, refs: tuple[str, ...]) -> None:
    """Make jobs for the next records, or for those named by REFS."""
    made = app.execute("jobs.run", count=count, refs=list(refs))
    app.answer(made, lambda: "\n".join(made))


def _simple(name: str, doing: str) -> click.Command:
    @click.command(name, help=doing)
    @click.argument("job")
    @pass_app
    def command(app: App, job: str) -> None:
        state = app.execute(f"jobs.{name}", job=job)
        app.answer({"job": job, "state": state}, lambda: f"{job} {state}")

    return command


jobs.add_command(_simple("hold", "Keep a waiting job from starting."))
jobs.add_command(_simple("release", "Let a held job start."))
jobs.add_command(_simple("cancel", "End a job that has no card in the machine; its record waits again."))
jobs.add_command(_simple("resume", "Go on after a stop in which no card is in doubt."))


@jobs.command()
@click.argument("job")
@click.argument("answer", type=click.Choice([answer.value for answer in Answer]))
@click.option("--cause", type=click.Choice([cause.value for cause in SpoilCause]), help="Why it was spoiled.")
@click.option("--insist", is_flag=True, help="Though the devices contradict it; of a supervisor who looked (--as).")
@pass_app
def resolve(app: App, job: str, answer: str, cause: str | None, insist: bool) -> None:
    """Say what became of an unresolved card, after looking at it. What the devices contradict is refused."""
    found = app.execute("jobs.resolve", job=job, answer=answer, cause=cause, insist=insist)
    app.answer(found, lambda: f"{found['job']}: the card is booked to {found['end']}")


def _words(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in kind])


@jobs.command("hand-over")
@click.argument("job")
@click.option("--taker", type=_words(Taker), required=True, help="Who takes the card.")
@click.option("--name", default="", help="The representative's name; it goes to the vault only.")
@click.option("--verified", type=_words(Proof), required=True, help="What proved that it is this person.")
@click.option(
    "--chip", type=_words(ChipCheck), default=ChipCheck.BY_EYE.value, show_default=True,
    help="How the card was compared; read asks the reader on the desk.",
)  # fmt: skip
@click.option(
    "--old-card", type=_words(OldCard), default=OldCard.NONE.value, show_default=True, help="What became of it."
)
@click.option("--although-withdrawn", is_flag=True, help="The centre has taken the record away, and that is known.")
@pass_app
def hand_over(app: App, /, job: str, **said: Any) -> None:
    """Give a finished card to its holder, without a signature."""
    found = app.execute("jobs.hand-over", job=job, **said)
    app.answer(found, lambda: f"{found['job']}: the card is booked to {found['end']}")


@jobs.command()
@click.argument("job")
@click.option("--reason", type=_words(ReprintReason), required=True, help="What is wrong with its card.")
@click.option("--supervisor", default="", help="Who approves; needed where the card is in nobody's hand.")
@click.option("--pin", default="", help="The supervisor's PIN; asked for without it.")
@click.option("--wrong", multiple=True, type=_words(WrongPart), help="What of the data is wrong; repeatable.")
@pass_app
def reprint(app: App, job: str, reason: str, supervisor: str, pin: str, wrong: tuple[str, ...]) -> None:
    """Book the card of a job away and make another, while the record's data are here.

    Where the data are wrong (--reason wrong-data) none is made: the record is held until the centre has corrected it.
    """
    if supervisor and not pin:
        pin = click.prompt("PIN", hide_input=True)
    made = app.execute("jobs.reprint", job=job, reason=reason, supervisor=supervisor, pin=pin, wrong=wrong)
    told = f"{made['job']} makes the card of {made['reprint_of']} again" if made["job"] else f"{made['ref']} is held"
    app.answer(made, lambda: told)


@jobs.command("queue")
@click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="How many of those who wait.")
@pass_app
def queue_(app: App, count: int) -> None:
    """Who waits, in order of service, and how far each reason's quota is used today. References, no names."""
    found = app.execute("jobs.queue")
    rows = [[row["ref"], row["sku"], row["reason"], row["why"] or ("moved up" if row["ahead"] else "")]
            for row in found["rows"][:count]]  # fmt: skip
    quotas = [[reason, each["served"], each["quota"]] for reason, each in found["reasons"].items()]
    app.answer(found, lambda: "\n\n".join([
        table(quotas, ["reason", "served today", "quota"]), table(rows, ["record", "sku", "reason", "why not"]),
    ]))  # fmt: skip


@jobs.command()
@click.argument("ref")
@click.option("--reason", type=_words(JumpReason), required=True, help="Why this person goes before the others.")
@click.option("--supervisor", required=True, help="The second person, who approves.")
@click.option("--pin", default="", help="The second person's PIN; asked for without it.")
@pass_app
def jump(app: App, ref: str, reason: str, supervisor: str, pin: str) -> None:
    """Move somebody up who waits, outside the quota. It stands in the books with both names."""
    pin = pin or click.prompt("PIN", hide_input=True)
    found = app.execute("jobs.jump", ref=ref, reason=reason, supervisor=supervisor, pin=pin)
    app.answer(found, lambda: f"{found['ref']} is served next, approved by {found['approved']}")


@jobs.command("hold-record")
@click.argument("ref")
@click.option("--wrong", multiple=True, required=True, type=_words(WrongPart), help="What is wrong; repeatable.")
@pass_app
def hold_record(app: App, ref: str, wrong: tuple[str, ...]) -> None:
    """Keep a record from being printed whose data are wrong. Then give it back (keping sync release): the centre
    issues the corrected one, which takes its place in the line."""
    found = app.execute("jobs.hold-record", ref=ref, wrong=list(wrong))
    app.answer(found, lambda: f"{ref} is held")


@jobs.command("free-record")
@click.argument("ref")
@pass_app
def free_record(app: App, ref: str) -> None:
    """Let a record wait again that was held: its data are right."""
    found = app.execute("jobs.free-record", ref=ref)
    app.answer(found, lambda: f"{ref} waits again")
