"""What the pages of station, centre and console have in common before any of them has a route."""

from __future__ import annotations

from flask import Flask

from kiosk.resources import resource


def pages_app(name: str, folder: str) -> Flask:
    """An app without routes: its pages are in templates/`folder`, what they load is in templates/static."""
    app = Flask(
        name,
        template_folder=str(resource("templates", folder)),
        static_folder=str(resource("templates", "static")),
        static_url_path="/static",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return app
