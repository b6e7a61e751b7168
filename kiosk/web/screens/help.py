"""One page of help: what the marks of the bar mean, and whom to call."""

from __future__ import annotations

from flask import Flask, render_template


def register(app: Flask) -> None:
    app.add_url_rule("/help", "help", page)


def page() -> str:
    return render_template("help.html")
