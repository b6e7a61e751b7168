"""Commands on a wrong or missing DATA, a wrong value, a deep path: one line, the right exit code, no traceback."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.config import Config, PrinterConfig, ReaderConfig, load_config
from kiosk.control import SOCKET, ControlServer, NotRunning, call
from kiosk.errors import Rejected, UsageError
from kiosk.station import Station
from tests.office import Office


def keping(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), standalone_mode=True)


@pytest.mark.parametrize("words", [("stock", "balance"), ("ledger", "verify"), ("ledger", "tail"), ("jobs", "list")])
@pytest.mark.parametrize("what", ["nothing", "a file"])
def test_reading_where_no_station_is_fails(tmp_path: Path, words: tuple[str, ...], what: str) -> None:
    """An empty balance with exit 0 would pass for a station that has lost its blanks."""
    data = tmp_path / "data"
    if what == "a file":
        data.write_text("")
    result = keping("--data", str(data), *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1


def test_a_file_for_a_directory_is_no_station(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotRunning):
        call(tmp_path / "file", "jobs.list", {})


def test_a_directory_that_may_not_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    words = ("enrol", "--hub", "http://127.0.0.1:9", "--code", "x", "--fingerprint", "y")
    result = keping("--data", str(tmp_path / "file"), *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("keping: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("value", ["!foo bar", "2024-13-45"])
def test_a_value_that_yaml_can_not_make_is_named_with_its_line(tmp_path: Path, value: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"printer:\n  baud: {value}\n")
    with pytest.raises(UsageError, match=r"config\.yaml:2: printer\.baud"):
        load_config(config)


def test_the_note_of_what_was_acknowledged_may_be_damaged(office: Office) -> None:
    office.station.close()
    (office.data / "sync").mkdir()
    (office.data / "sync" / "ack.json").write_bytes(b"[]")
    result = keping("--data", str(office.data), "sync", "status")
    assert result.exit_code == 0
    assert "acknowledged: 0" in result.stdout


def test_data_may_lie_deeper_than_an_address_is_long(tmp_path: Path) -> None:
    data = tmp_path.joinpath(*["deep" * 10] * 4)
    data.mkdir(parents=True)
    with pytest.raises(NotRunning):
        call(data, "anything", {})
    server = ControlServer(data, lambda command, arguments, by: command)
    try:
        assert call(data, "anything", {}) == "anything"
    finally:
        server.close()
    assert not (data / SOCKET).exists()


def test_a_client_that_goes_away_leaves_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client, noted = socket.socket(socket.AF_UNIX), threading.Event()

    class Server(ControlServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            super().handle_error(request, client_address)
            noted.set()

    def answer_too_late(command: str, arguments: dict[str, Any], by: str) -> str:
        client.close()
        return "x" * 1_000_000

    server = Server(tmp_path, answer_too_late)
    try:
        with caplog.at_level(logging.WARNING, "kiosk.control"):
            client.connect(str(tmp_path / SOCKET))
            client.sendall(b'{"command": "jobs.list", "arguments": {}}\n')
            assert noted.wait(10)
    finally:
        server.close()
    assert [(r.getMessage(), r.exc_info) for r in caplog.records] == [("control: [Errno 32] Broken pipe", None)]


def test_a_record_refused_for_a_wrong_ribbon_may_be_named_again_when_it_is_right(office: Office) -> None:
    """A mistake in the configuration must not take cards away from people; what is checked is checked again."""
    good = office.station.config
    office.station.close()
    wrong = Config(printer=PrinterConfig(port=good.printer.port, ribbon="k"), reader=good.reader)
    assert isinstance(wrong.reader, ReaderConfig)
    office.station = Station(wrong, office.data, "test")
    office.station.start()
    office._listen()
    [ref] = office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    with pytest.raises(Rejected, match="no record waits"):
        office.station.desk.run_jobs("test")
    office.restart()
    [again] = office.station.desk.run_jobs("test", refs=[ref])
    office.until(lambda: office.state(again) == "completed")
    with pytest.raises(Rejected, match="is printed"):
        office.station.desk.run_jobs("test", refs=[ref])
    office.agree()
