"""The papers of a story, each written by the command that an office would type; the letter is of its evening."""

from __future__ import annotations

from pathlib import Path

from kiosk.reports.out import as_pdf, name_of
from kiosk.rig.story import Story

REPORTS = ("stock", "production", "invalid", "backlog", "opname", "uncollected", "pictures")


def write_papers(story: Story, directory: Path) -> list[str]:
    """Of all days of the story. About a second each."""
    directory.mkdir()
    days, command = story.plan.days, story.office.station.command
    when = ("--from", days[0].isoformat(), "--until", days[-1].isoformat(), "--to", str(directory))
    written = [command("report", name, *when)["file"] for name in REPORTS]
    written.append(command("report", "shift-slip", "--to", str(directory))["file"])
    receipts = [row["seq"] for row in command("stock", "list") if row["movement"] == "receive"]
    written += [
        command("report", "berita-acara", str(number), "--to", str(directory))["file"] for number in sorted(receipts)
    ]
    if (letter := story.letter) is not None:
        path = directory / name_of(story.office.config, letter.name, letter.stamp, "pdf")
        path.write_bytes(as_pdf(story.office.config, letter))
        written.append(str(path))
    written.append(command("report", "audit-pack", *when)["file"])
    return written
