"""Indonesian first, English second: templates are written in Indonesian, `templates/i18n/en.po` translates."""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable
from functools import cache

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, request

from kiosk.resources import resource
from kiosk.web.security import LANGUAGE_COOKIE

LANGUAGES = ("id", "en")


@cache
def english() -> gettext.GNUTranslations:
    """The catalogue, compiled in memory: 0.1 s, so not before the first page that is read in English."""
    with resource("templates", "i18n", "en.po").open("rb") as file:
        catalogue = read_po(file, locale="en", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def install(app: Flask) -> None:
    """Choose by cookie, else by the browser's own languages; `_()` in templates and `say` in code follow it."""
    app.jinja_env.add_extension("jinja2.ext.i18n")

    def translate(text: str) -> str:
        return english().gettext(text) if g.language == "en" else text

    def plural(one: str, many: str, count: int) -> str:
        if g.language == "en":
            return english().ngettext(one, many, count)
        return many

    app.jinja_env.install_gettext_callables(translate, plural, newstyle=True)  # type: ignore[attr-defined]
    app.extensions["say"] = translate

    @app.before_request
    def choose() -> None:
        wanted = request.cookies.get(LANGUAGE_COOKIE)
        g.language = wanted if wanted in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "id")


def say(app: Flask, text: str) -> str:
    translate: Callable[[str], str] = app.extensions["say"]
    return translate(text)
