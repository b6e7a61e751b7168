"""Cards that are printed and not collected yet."""

from __future__ import annotations

from flask import Flask, render_template

from kiosk.core.jobs import JobState
from kiosk.web.house import house


def register(app: Flask) -> None:
    app.add_url_rule("/printed", view_func=printed)


def printed() -> str:
    with house().station.books.transaction() as view:
        jobs = [dict(job) for job in view.rows("finished") if job["state"] == JobState.COMPLETED]
    jobs.sort(key=lambda job: -job["ended"])
    return render_template("printed.html", jobs=jobs)
