"""A sync that fails, a medium that is full: nothing more is accepted, and what was told is there after a restart."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.journal import scan
from tests.crash.loopdisk import MIB, missing, mounted
from tests.crash.test_killed import ROOT, acknowledged, committer, lost

BIG = 8 * MIB


def strace(data: Path, count: int, *options: str) -> tuple[bytes, str]:
    """Run a committer under strace; what it told, and the trace. Skips where tracing is not allowed."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("needs strace")
    trace = data.with_suffix(".trace")
    traced = [program, "-f", "-qq", "-o", str(trace), *options]
    words = [sys.executable, "-m", "tests.crash.committer", str(data), str(BIG), "none", str(count)]
    done = subprocess.run([*traced, *words], cwd=ROOT, capture_output=True, check=False)
    if b"ptrace" in done.stderr or b"Operation not permitted" in done.stderr:
        pytest.skip("needs ptrace")
    assert done.returncode == 0, done.stderr
    return done.stdout, trace.read_text()


@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_a_failed_write_or_sync_ends_all_commits(tmp_path: Path, call: str) -> None:
    """The sixth fails once (EIO), later ones would succeed: fsync is never tried again."""
    told, _ = strace(tmp_path / "data", 12, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when=6")
    lines = told.decode().splitlines()
    number = acknowledged(told)
    assert 2 <= number < 8
    refused = [line for line in lines if line.startswith("! ")]
    assert lines == ["open 1", *(str(n) for n in range(2, number + 1)), *refused, "end"]
    assert len(refused) == 12 - (number - 1)
    assert "Input/output error" in refused[0]
    assert all("until a restart" in line for line in refused[1:])
    assert lost(tmp_path / "data", number) == 0
    assert sum(1 for _ in scan(tmp_path / "data" / "journal")) <= number + 1


def test_one_fdatasync_a_commit_and_no_other_sync(tmp_path: Path) -> None:
    told, trace = strace(tmp_path / "data", 40, "-e", "trace=fdatasync,fsync,sync,msync,sync_file_range,write")
    assert acknowledged(told) == 41
    during = trace[trace.index('write(1, "open') : trace.index('write(1, "end')]
    commits, last, closing = during.partition('write(1, "41')
    assert last
    assert re.findall(r"(\w*sync\w*)\(", commits) == ["fdatasync"] * 40
    assert re.findall(r"(\w*sync\w*)\(", closing) == ["fsync"]  # the room is cut off


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_medium(tmp_path: Path) -> None:
    """Some commits, then refusals only; with room again, everything told is there and it goes on."""
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=256k", "none") as point:
        with committer(point / "data", "none", 1_000) as process:
            assert process.stdout is not None
            told = process.stdout.read()
        number = acknowledged(told)
        assert 100 < number < 1_000
        kinds = "".join("!" if line.startswith(b"!") else "." for line in told.splitlines()[1:-1])
        assert re.fullmatch(r"\.+!+", kinds)
        subprocess.run(["mount", "-o", "remount,size=4m", point], check=True)
        assert lost(point / "data", number) == 0
        with committer(point / "data", "none", 5) as process:
            assert process.stdout is not None
            assert acknowledged(process.stdout.read()) > number


@pytest.mark.skipif(missing() is not None, reason=f"no loop device: {missing()}")
def test_what_a_loop_disk_needs_is_told_when_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert missing() == "needs root"
