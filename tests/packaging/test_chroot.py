"""A fresh Debian 12 in a folder becomes a station, is upgraded, and is none any more: packaging/chroot-test.sh."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

SCRIPT = ROOT / "packaging" / "chroot-test.sh"
HOUR_S = 3600


def why_not() -> str:
    """Empty if it can be done here."""
    missing = [tool for tool in ("debootstrap", "unshare", "apt-get", "git") if shutil.which(tool) is None]
    if os.geteuid() != 0:
        return "needs root"
    if missing:
        return f"needs {', '.join(missing)}"
    if not (ROOT / ".git").exists():
        return "needs the history: an earlier release is built from it"
    asked = ["apt-get", "indextargets", "--format", "$(CODENAME)", "Created-By: Packages"]
    known = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return "" if "bookworm" in known else "apt of this machine knows no Debian 12"


@pytest.mark.long
@pytest.mark.timeout(HOUR_S)
def test_a_bare_debian_becomes_a_station(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    done = subprocess.run(["sh", SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    shutil.rmtree(tmp_path / "root")  # two GB; its logs stay
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.splitlines()[-1].startswith("== all is well")


def test_it_names_no_place_that_packages_come_from() -> None:
    for name in ("chroot-test.sh", "wheels.sh", "install.sh"):
        text = (ROOT / "packaging" / name).read_text(encoding="utf-8")
        assert "://" not in text, name
