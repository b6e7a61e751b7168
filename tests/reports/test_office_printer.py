"""The office's printer as CUPS answers for it: what is asked first, what is never handed over, what is taken back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.reports import office_printer
from kiosk.reports.office_printer import NotPrinted, OfficePrinter

PDF = b"%PDF-1.4 ORANG SATU"
IDLE = "echo 'printer HP is idle.  enabled since Sat'; echo 'HP accepting requests since Sat'"
PAUSED = "echo 'printer HP disabled since Sat -'; echo '\tPaused'; echo 'HP accepting requests since Sat'"
CLOSED = "echo 'printer HP is idle.  enabled since Sat'; echo 'HP not accepting requests since Sat -'"
DEFAULT = "echo 'system default destination: HP'"
TAKES = "cat > {0}/got; echo 'request id is HP-7 (1 file(s))'"

Cups = Callable[..., None]


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cups:
    """Programs of CUPS that say what they are told to; `log` has what they were asked."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def install(
        state: str = IDLE, default: str = DEFAULT, lp: str = TAKES, queue: str = "", cancel: str = ""
    ) -> None:
        asked = f'case "$*" in -d) {default} ;; *-o*) {queue or ":"} ;; *) {state} ;; esac'
        for name, script in {"lp": lp, "lpstat": asked, "cancel": cancel or ":"}.items():
            path = tmp_path / "bin" / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/log\n{script.format(tmp_path)}\n')
            path.chmod(0o755)

    return install


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def put_out(private: bool = False, printer: str = "") -> str:
    time = Time()
    return OfficePrinter(printer, time.sleep, time).put_out(PDF, "Judul", private=private)


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines()


def test_the_default_queue_is_asked_and_gets_it(cups: Cups, tmp_path: Path) -> None:
    cups()
    assert put_out() == "request id is HP-7 (1 file(s))"
    assert (tmp_path / "got").read_bytes() == PDF
    assert asked(tmp_path) == ["lpstat -d", "lpstat -p HP -a HP", "lp -t Judul -o media=A4 -d HP -"]


@pytest.mark.parametrize(
    ("install", "reason"),
    [
        ({"state": PAUSED}, office_printer.STOPPED),
        ({"state": CLOSED}, office_printer.STOPPED),
        ({"default": "echo 'no system default destination'"}, office_printer.NONE),
        ({"state": "echo 'lpstat: Invalid destination' >&2; exit 1"}, office_printer.NONE),
    ],
)
def test_a_queue_that_stands_still_or_is_not_there_is_handed_nothing(
    cups: Cups, tmp_path: Path, install: dict[str, str], reason: str
) -> None:
    cups(**install)
    with pytest.raises(NotPrinted) as refused:
        put_out()
    assert refused.value.reason == reason
    assert not [line for line in asked(tmp_path) if line.startswith("lp ")]


def test_what_lp_refuses_is_said(cups: Cups) -> None:
    cups(lp="echo 'lp: Error - unsupported format' >&2; exit 1")
    with pytest.raises(NotPrinted, match="unsupported format") as refused:
        put_out()
    assert refused.value.reason == office_printer.REFUSED


def test_a_printer_that_does_not_answer_is_given_up(cups: Cups, monkeypatch: pytest.MonkeyPatch) -> None:
    cups(default="read never")
    monkeypatch.setattr(office_printer, "PATIENCE_S", 0.0)
    with pytest.raises(NotPrinted, match="does not answer") as refused:
        put_out()
    assert refused.value.reason == office_printer.SILENT


def test_without_cups_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPrinted, match="CUPS is not installed") as refused:
        put_out()
    assert refused.value.reason == office_printer.ABSENT


def test_names_leave_the_spool_when_they_are_printed(cups: Cups, tmp_path: Path) -> None:
    """In the queue at two looks, then no more."""
    cups(queue=f"echo x >> {tmp_path}/looks; [ $(wc -l < {tmp_path}/looks) -gt 2 ] || echo 'HP-7 root 1024 Sat'")
    put_out(private=True)
    assert asked(tmp_path)[-2:] == ["lpstat -W not-completed -o", "cancel -x HP-7"]
    assert len((tmp_path / "looks").read_text().split()) == 3


def test_names_that_are_not_printed_are_taken_back(cups: Cups, tmp_path: Path) -> None:
    cups(queue="echo 'HP-7 root 1024 Sat'")
    with pytest.raises(NotPrinted, match="withdrawn") as refused:
        put_out(private=True)
    assert refused.value.reason == office_printer.UNPRINTED
    assert asked(tmp_path)[-1] == "cancel -x HP-7"


def test_another_job_is_not_taken_for_this_one(cups: Cups, tmp_path: Path) -> None:
    cups(queue="echo 'HP-77 root 1024 Sat'")
    put_out(private=True)
    assert asked(tmp_path)[-1] == "cancel -x HP-7"


def test_names_are_not_handed_to_a_cups_that_cannot_take_them_back(
    cups: Cups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cups()
    which = shutil.which
    monkeypatch.setattr(office_printer.shutil, "which", lambda name: None if name == "cancel" else which(name))
    with pytest.raises(NotPrinted):
        OfficePrinter().put_out(PDF, "Judul", private=True)
    assert not (tmp_path / "got").exists()


def test_a_paper_without_names_is_not_waited_for(cups: Cups, tmp_path: Path) -> None:
    cups(queue="echo 'HP-7 root 1024 Sat'")
    put_out()
    assert not [line for line in asked(tmp_path) if line.startswith("cancel")]


def test_names_are_taken_back_when_cups_falls_silent(cups: Cups, tmp_path: Path) -> None:
    cups(queue="echo 'HP-7 root 1024 Sat'")

    def silent(seconds: float) -> None:
        raise NotPrinted("does not answer", office_printer.SILENT)

    with pytest.raises(NotPrinted, match="does not answer"):
        OfficePrinter("", silent).put_out(PDF, "Judul", private=True)
    assert asked(tmp_path)[-1] == "cancel -x HP-7"
