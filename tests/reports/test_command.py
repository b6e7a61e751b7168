"""`keping report`: the same paper on the screen, in a file, on a stick, on the office's printer."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.reports.catalogue import CATALOGUE, NAMED
from kiosk.reports.events import EVENTS
from kiosk.sticks import Place
from tests.docs.pages import page
from tests.journal.test_history import write
from tests.reports.life import FRAMES_OF_EVERYTHING

FRAMES = FRAMES_OF_EVERYTHING


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of nine segments; the computer stands in Kupang, and has a stick."""
    write(tmp_path / "data" / "journal", FRAMES, len(FRAMES) // 8)
    (tmp_path / "stick").mkdir()
    (tmp_path / "config.yaml").write_text(f"data: {tmp_path / 'data'}\npaper: {{city: Kefamenanu}}\n")
    monkeypatch.setenv("KEPING_CONFIG", str(tmp_path / "config.yaml"))
    stick = Place(str(tmp_path / "stick"), "STICK", 1 << 30)
    monkeypatch.setattr("kiosk.cli.report.mounted", lambda patterns: [stick])
    return tmp_path / "data"


def report(*words: Any) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, words)])


def test_every_paper_on_every_way(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in CATALOGUE:
        shown = report(name, "--month", "2026-11")
        assert shown.exit_code == 0, shown.output
        assert "November 2026" in shown.output
        for form in ("pdf", "csv"):
            given = report(name, "--month", "2026-11", "--to", folder, "--format", form, "--json")
            path = folder / f"keping-kupang-01-{name}-2026-11.{form}"
            assert json.loads(given.output)["file"] == str(path)
            assert path.stat().st_size == json.loads(given.output)["bytes"]
    assert report("stock", "--month", "2026-11", "--stick").exit_code == 0
    written = tmp_path / "stick" / "keping-kupang-01-stock-2026-11.pdf"
    assert written.read_bytes() == (folder / written.name).read_bytes()


def test_json_and_csv_go_to_standard_output(data: Path) -> None:
    found = json.loads(report("stock", "--month", "2026-11", "--json").output)
    assert [len(table["rows"]) for table in found["tables"]] == [15, 15]
    assert report("stock", "--month", "2026-11", "--format", "csv").output.startswith("Laporan persediaan")


def test_a_file_that_is_there_is_not_written_over_but_the_same_paper_is(data: Path, tmp_path: Path) -> None:
    there = tmp_path / "letter.pdf"
    there.write_bytes(b"mine")
    refused = report("stock", "--to", there)
    assert (refused.exit_code, there.read_bytes()) == (2, b"mine")
    assert "is there already" in refused.output
    for _ in range(2):
        assert report("stock", "--date", "2026-11-03", "--to", tmp_path / "stick").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--date", "2026-11-01", "--month", "2026-11"),
        ("--until", "2026-11-01"),
        ("--from", "2026-11-02", "--until", "2026-11-01"),
        ("--stick", "--print"),
        ("--print", "--format", "csv"),
        ("--month", "2026-13"),
    ],
)
def test_what_contradicts_itself_is_refused(data: Path, words: tuple[str, ...]) -> None:
    assert report("stock", *words).exit_code == 2


def test_no_stick_and_two_sticks(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kiosk.cli.report.mounted", lambda patterns: [])
    assert report("stock", "--stick").exit_code == 4
    two = [Place(str(tmp_path), "A", 1), Place(str(tmp_path / "stick"), "B", 1)]
    monkeypatch.setattr("kiosk.cli.report.mounted", lambda patterns: two)
    refused = report("stock", "--stick")
    assert (refused.exit_code, f"--to {tmp_path}" in refused.output) == (2, True)


def test_a_stick_that_was_pulled_says_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path, content: bytes) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("kiosk.cli.report.replace_file", gone)
    refused = report("stock", "--stick")
    assert (refused.exit_code, "nothing is lost" in refused.output) == (4, True)


def program(directory: Path, script: str) -> None:
    directory.mkdir()
    path = directory / "lp"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_office_printer_gets_the_pdf(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        tmp_path / "bin", f'echo "$@" > {tmp_path}/words; cat > {tmp_path}/got; echo "request id is HP-7 (1 file(s))"'
    )
    (tmp_path / "bin" / "lpstat").write_text("#!/bin/sh\necho 'printer HP is idle.'\n")
    (tmp_path / "bin" / "lpstat").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done = report("stock", "--month", "2026-11", "--print", "--printer", "HP")
    assert (done.exit_code, done.output) == (0, "request id is HP-7 (1 file(s))\n")
    assert "-o media=A4 -d HP -" in (tmp_path / "words").read_text()
    report("stock", "--month", "2026-11", "--stick")
    [written] = (tmp_path / "stick").iterdir()
    assert (tmp_path / "got").read_bytes() == written.read_bytes()


def test_a_printer_that_refuses_or_is_not_there_says_so(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = report("stock", "--print")
    assert (refused.exit_code, "CUPS is not installed" in refused.output) == (4, True)
    program(tmp_path / "bin", 'echo "lp: Error - no default destination available." >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    refused = report("stock", "--print")
    assert (refused.exit_code, "no default destination" in refused.output) == (4, True)


def test_the_page_names_every_paper() -> None:
    named = re.findall(r"^### `(.+)`$", page("reports.md"), re.MULTILINE)
    assert sorted(named) == sorted([*CATALOGUE, *NAMED, *EVENTS])
