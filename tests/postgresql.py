"""A PostgreSQL of the tests' own: one cluster on a unix socket, of which nothing is left behind."""

from __future__ import annotations

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path

import psycopg
import pytest

from kiosk.hub.store import Store

USER = "keping"
_LONGEST_PLACE = 80
"""The path of a socket has 107 bytes at most."""
_HASTY = {"fsync": "off", "full_page_writes": "off"}
"""Nothing here outlives the test, or the power cut that a durability test would need."""


def programs() -> Path | None:
    """Where the newest initdb and postgres are; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def _owner() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class Cluster:
    """Runs from construction to `remove`. `durable`: commits are synced, as on a real one."""

    def __init__(self, *, durable: bool = False) -> None:
        bin_directory = programs()
        assert bin_directory is not None, "no PostgreSQL (Debian: apt-get install postgresql)"
        self._bin = bin_directory
        self._place = Path(tempfile.mkdtemp(prefix="kp"))
        if len(str(self._place)) > _LONGEST_PLACE:
            self._place.rmdir()
            self._place = Path(tempfile.mkdtemp(prefix="kp", dir="/tmp"))
        self._owner = _owner()
        if self._owner:
            shutil.chown(self._place, self._owner)
        self._data = self._place / "data"
        self._numbers = count(1)
        self._run("initdb", "--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale", "C", "-D", self._data)
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(self._place), "max_connections": "100",
            "shared_buffers": "64MB", **({} if durable else _HASTY),
        }  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def _run(self, program: str, *arguments: object) -> None:
        words = [str(self._bin / program), *map(str, arguments)]
        subprocess.run(words, user=self._owner, cwd=self._place, stdout=subprocess.DEVNULL, check=True)

    def start(self) -> None:
        """Returns when it takes connections, its recovery done. <= 60 s"""
        with (self._place / "log").open("ab") as log:
            # Should this process be killed, it goes at once too.
            words = ["setpriv", "--pdeathsig", "QUIT", str(self._bin / "postgres"), "-D", str(self._data)]
            self._server = subprocess.Popen(words, user=self._owner, cwd=self._place, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, (self._place / "log").read_text()

    def _answers(self) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(0.02)
            raise AssertionError((self._place / "log").read_text())
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL to the postmaster; its children see that and end by themselves, which is waited for. <= 10 s"""
        tasks = Path(f"/proc/{self._server.pid}/task").glob("*/children")
        watched = [os.pidfd_open(int(child)) for task in tasks for child in task.read_text().split()]
        try:
            self._server.kill()
            self._server.wait(10)
            for each in watched:
                assert select.select([each], [], [], 10)[0], "a process of PostgreSQL outlives its postmaster"
        finally:
            for each in watched:
                os.close(each)

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return self._server.pid

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={self._place}"

    def empty(self, source: str = "template1") -> str:
        """The URL of a new data base without tables, or with those of `source`, which nobody may be using."""
        name = f"d{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        return self.url(name)

    @cached_property
    def _migrated(self) -> str:
        url = self.empty()
        Store.open(self._place, url).close()
        return url.partition("?")[0].rpartition("/")[2]

    def database(self) -> str:
        """The URL of a new data base with the centre's tables of today."""
        return self.empty(self._migrated)

    def remove(self) -> None:
        """Stop it if it runs, and take its directory away. <= 60 s"""
        try:
            if self._server.poll() is None:
                self._server.send_signal(signal.SIGQUIT)  # at once: nothing in it is wanted any more
                self._server.wait(60)
        finally:
            shutil.rmtree(self._place)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for all tests of this process."""
    if programs() is None:
        pytest.skip("needs PostgreSQL: packaging/setup.sh")
    running = Cluster()
    yield running
    running.remove()


def engine_url(request: pytest.FixtureRequest) -> str:
    """What Store.open takes for a new data base of the kind that `request.param` names."""
    return request.getfixturevalue("cluster").database() if request.param == "postgresql" else ""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return engine_url(request)
