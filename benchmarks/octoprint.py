"""The peer: OctoPrint from PyPI with the virtual printer that it comes with, somebody signed in, printing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx

VERSION = "1.11.8"
PORT = 5099
URL = f"http://127.0.0.1:{PORT}"
NAME, PASSWORD = "bench", "bench-bench"  # of a server that lives for a minute
SETTINGS = """\
server:
  firstRun: false
plugins:
  virtual_printer:
    enabled: true
serial:
  autoconnect: true
  port: VIRTUAL
"""
LINES = 200_000


def prepare(command: Path, base: Path) -> list[str]:
    """A directory as after its setup wizard: one person, one printer. Returns the words that serve it."""
    base.mkdir(parents=True)
    (base / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    words = [str(command), "--basedir", str(base)]
    subprocess.run(  # noqa: S603  # fixed words
        [*words, "user", "add", NAME, "--password", PASSWORD, "--admin"], check=True, capture_output=True
    )
    return [*words, "serve", "--iknowwhatimdoing", "--host", "127.0.0.1", "--port", str(PORT)]


def sign_in() -> httpx.Client:
    """A client with the session that a person's browser would have."""
    client = httpx.Client(base_url=URL, timeout=60, trust_env=False)
    client.get("/login/").raise_for_status()
    client.headers["X-CSRF-Token"] = client.cookies[f"csrf_token_P{PORT}"]
    client.post("/api/login", json={"user": NAME, "pass": PASSWORD}).raise_for_status()
    return client


def begin_print(client: httpx.Client) -> None:
    moves = "".join(f"G1 X{n % 200} Y{n % 150} F6000\n" for n in range(LINES))
    files = {"file": ("bench.gcode", moves.encode())}
    client.post("/api/files/local", files=files, data={"print": "true"}).raise_for_status()


def state(client: httpx.Client) -> str:
    return str(json.loads(client.get("/api/job").raise_for_status().content)["state"])


def cookie(client: httpx.Client) -> str:
    return "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
