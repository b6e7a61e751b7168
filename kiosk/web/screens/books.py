"""Periksa buku sekarang: the whole journal is read again, for a supervisor, an auditor, a technician."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, render_template

from kiosk.web.house import done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/books", view_func=books)
    app.add_url_rule("/books", view_func=check_books, methods=["POST"])


def books() -> str:
    return render_template("books.html", check=house().book_check.latest)


def check_books() -> Response:
    house().book_check.begin()
    return done("books")
