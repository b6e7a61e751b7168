"""The console's pages: one look as JSON, pictures of cards, one POST for each verb.

Answers loopback names only, and a POST only from its own page: a page in another tab may not cut the power.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, abort, current_app, jsonify, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.errors import KepingError, Rejected, Unavailable
from kiosk.pages import pages_app
from kiosk.rig.console.diary import Diary
from kiosk.rig.console.pictures import Album, version
from kiosk.rig.console.scene import Scene
from kiosk.rig.console.words import GROUPS, all_words
from kiosk.rig.rig import Rig
from kiosk.rig.trouble import Trouble
from kiosk.web.fonts import WEIGHTS, woff
from kiosk.web.security import HEADERS, HOSTS

log = logging.getLogger(__name__)


def create_console(rig: Rig, trouble: Trouble) -> Flask:
    """An app on a rig that is up."""
    app = pages_app("keping-console", "console")
    app.config["CACHE"] = rig.data / "cache"
    app.before_request(_check)
    app.after_request(_harden)
    pages = _Pages(rig, trouble)
    app.add_url_rule("/", view_func=pages.page)
    app.add_url_rule("/world", view_func=pages.world)
    app.add_url_rule("/card/<int:number>.jpg", view_func=pages.card)
    app.add_url_rule("/do/<verb>", view_func=pages.do, methods=["POST"])
    app.add_url_rule("/font/<weight>.woff", view_func=_font)
    return app


class _Pages:
    def __init__(self, rig: Rig, trouble: Trouble) -> None:
        self._rig = rig
        self._trouble = trouble
        self._diary = Diary(rig.devices.world)
        self._scene = Scene(rig, self._diary)
        self._album = Album()

    def page(self) -> str:
        return render_template(
            "console.html", groups=GROUPS, words=all_words(), kiosk=self._rig.kiosk_url,
            operators=self._rig.setting.operators, speed=self._rig.setting.speed,
        )  # fmt: skip

    def world(self) -> Response:
        return jsonify(self._scene.look())

    def card(self, number: int) -> BaseResponse:
        card = self._scene.find(number)
        if card is None:
            abort(404)
        response = Response(mimetype="image/jpeg")
        response.set_etag(f"{number}-{version(card)}")
        response.headers["Cache-Control"] = "no-cache"
        if not request.if_none_match.contains(response.get_etag()[0] or ""):
            response.set_data(self._album.picture(card))
        return response.make_conditional(request)

    def do(self, verb: str) -> Response:
        """200 when it is done; 409 where the world or the station does not allow it, 503 without a station."""
        if verb not in self._trouble.verbs:
            abort(404)
        log.info("console: %s", verb)
        self._diary.note(verb)
        try:
            self._trouble.verbs[verb]()
        except Rejected as exc:
            return _refusal(409, exc.reason if exc.reason in all_words() else "refused", exc)
        except Unavailable as exc:
            return _refusal(503, "no-station", exc)
        return jsonify(done=verb)


def _refusal(code: int, reason: str, error: KepingError) -> Response:
    response = jsonify(reason=reason, detail=str(error))
    response.status_code = code
    return response


def _check() -> None:
    if request.host.partition(":")[0] not in HOSTS:
        abort(400, "host")
    if request.method == "POST" and request.headers.get("Origin", "").partition("://")[2] != request.host:
        abort(403, "origin")


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _font(weight: str) -> Response:
    if weight not in WEIGHTS:
        abort(404)
    return Response(
        woff(weight, current_app.config["CACHE"]),
        mimetype="font/woff",
        headers={"Cache-Control": "public, max-age=31536000"},
    )
