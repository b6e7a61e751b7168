"""A signed-in clerk at the touchscreen of an office, and that office's hands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.office import Office, office
from tests.web.conftest import PIN, Kiosk, kiosk

__all__ = ["kiosk", "office"]


@dataclass
class Clerk:
    """What a person does at the screen: look at a page, send a form of it."""

    client: FlaskClient
    office: Office

    def sign_in(self, ident: str = "maria", pin: str = PIN) -> None:
        answer = self.client.post("/sign-in", data={"person": ident, "pin": pin})
        assert answer.status_code == 303, answer.text

    def look(self, path: str) -> str:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def hidden(self, path: str) -> dict[str, str]:
        """What a form of the page carries by itself: token and key."""
        page = self.look(path)
        found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrf", "key")}
        keys = re.findall(r'name="key" value="([^"]+)"', page)
        assert found["csrf"]
        return {"csrf": found["csrf"][1], "key": keys[-1]}

    def search(self, page: str, text: str) -> str:
        """Where the search leads; what is looked for is not in it."""
        answer = self.send(f"/search/{page}", {"q": text}, f"/{page}")
        assert answer.status_code == 303
        assert text not in answer.location
        return answer.location

    def send(self, path: str, form: dict[str, Any], page: str = "/printed") -> TestResponse:
        return self.client.post(path, data={**self.hidden(page), **form})


@pytest.fixture
def clerk(kiosk: Kiosk) -> Clerk:
    person = Clerk(kiosk.app.test_client(), kiosk.office)
    person.sign_in()
    return person
