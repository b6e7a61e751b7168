"""The control socket: who may, garbage, and a peer that goes away."""

from __future__ import annotations

import json
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from kiosk.control import SOCKET, ControlServer, NotRunning, call
from kiosk.errors import Rejected, Unavailable, UsageError


@pytest.fixture
def served(tmp_path: Path):  # type: ignore[no-untyped-def]
    def execute(command: str, arguments: dict[str, Any], by: str) -> Any:
        match command:
            case "echo":
                return {"by": by, **arguments}
            case "reject":
                raise Rejected("not now", "busy")
        raise UsageError(f"unknown command {command}")

    server = ControlServer(tmp_path, execute)
    yield tmp_path
    server.close()


def raw(data: Path, content: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(data / SOCKET))
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_answers_with_who_asked(served: Path) -> None:
    answer = call(served, "echo", {"x": "Ä"})
    assert answer["x"] == "Ä"
    assert answer["by"].startswith("cli:")


def test_the_socket_is_for_its_owner_alone(served: Path) -> None:
    assert stat.S_IMODE((served / SOCKET).stat().st_mode) == 0o600


def test_errors_keep_their_kind(served: Path) -> None:
    with pytest.raises(Rejected, match="not now") as caught:
        call(served, "reject", {})
    assert caught.value.reason == "busy"
    with pytest.raises(UsageError):
        call(served, "nonsense", {})


@pytest.mark.parametrize(
    "garbage", [b"\n", b"[]\n", b"{\n", b'{"command":1}\n', b'{"command":"echo","arguments":5}\n']
)
def test_garbage_gets_an_error_and_the_server_lives(served: Path, garbage: bytes) -> None:
    assert json.loads(raw(served, garbage + b"\n"))["error"]["exit_code"] == 2
    assert call(served, "echo", {"still": "here"})["still"] == "here"


def test_half_a_line_is_no_command(served: Path) -> None:
    assert raw(served, b'{"command":"echo","arguments":{}}') == b""


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="keping run"):
        call(tmp_path, "echo", {})
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(tmp_path / SOCKET))
    with pytest.raises(NotRunning):
        call(tmp_path, "echo", {})


def test_a_station_that_dies_before_the_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET))
        listener.listen()

        def take_and_drop() -> None:
            connection, _ = listener.accept()
            connection.close()

        thread = threading.Thread(target=take_and_drop)
        thread.start()
        with pytest.raises(Unavailable):
            call(tmp_path, "echo", {})
        thread.join()
