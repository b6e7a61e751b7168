"""What the touchscreen shows in safe mode when the books can't be opened: why, and what to read aloud.

Nobody can sign in, for nothing is known of anybody; so nothing of anybody is shown, nor any detail that the doctor
keeps on the machine, but the one line that says what is damaged.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, abort, g, render_template
from markupsafe import Markup

from kiosk.config import Config
from kiosk.core.faults import FAULTS
from kiosk.doctor import as_svg, encode, examine, six_lines
from kiosk.pages import pages_app
from kiosk.web import language, security, technician_words, words
from kiosk.web.fonts import WEIGHTS, woff


def create_broken_app(config: Config, data: Path, why: str) -> Flask:
    """One page at `/`, made anew at each look (<= 30 s); it opens no device and writes nothing."""
    app = pages_app("keping", "kiosk")
    language.install(app)
    security.guard_nobody(app)

    @app.get("/")
    def home() -> str:
        report = examine(config, "", data, safe=True)
        return render_template(
            "broken.html", why=why, report=report, lines=six_lines(report), told=technician_words, words=words,
            qr=Markup(as_svg(encode(report))),  # noqa: S704  # squares alone
            language=g.language, faults=FAULTS, safe=True, bar=None, session=None, pulse=0,
        )  # fmt: skip

    @app.get("/healthz")
    def healthz() -> tuple[dict[str, bool], dict[str, str]]:
        return {"ok": True}, {"Cross-Origin-Resource-Policy": "cross-origin"}

    @app.get("/font/<weight>.woff")
    def font(weight: str) -> Response:
        if weight not in WEIGHTS:
            abort(404)
        return Response(woff(weight, data / "cache", keep=False), mimetype="font/woff")

    return app
