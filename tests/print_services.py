"""Print services that nobody here has written, each on a free port of loopback, out of a directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patience import BUSY_S

ROOT = Path(__file__).parents[1]
ONCE = ROOT / "packaging" / "cups" / "once"
SERVER_BIN = Path("/usr/lib/cups")
HERE = "127.0.0.1"
_LOOK_S = 0.02


def program(name: str) -> str:
    """Where it is; the test is skipped where it is not."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (packaging/setup.sh)")
    return found


def free_port() -> int:
    with socket.create_server((HERE, 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(true: Callable[[], object], what: str, patience_s: float = BUSY_S) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(_LOOK_S)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HERE, port), 1):
        return True
    return False


def begun(words: list[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """In a session of its own; should this process be killed, it goes too."""
    with log.open("ab") as told:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words], stdout=told, stderr=told, env={**os.environ, **environment},
            start_new_session=True,
        )  # fmt: skip


def killed(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Eveprinter:
    """Debian's `ippeveprinter`. A card is a file in `cards`; it takes as long as a file `busy` is there."""

    def __init__(self) -> None:
        binary, bus = program("ippeveprinter"), program("dbus-daemon")
        self.place = Path(tempfile.mkdtemp(prefix="ke"))
        self.cards_in = self.place / "cards"
        self.cards_in.mkdir()
        self.busy = self.place / "busy"
        command = self.place / "print"
        command.write_text(
            f"#!/bin/sh\nwhile [ -e {self.busy} ]; do sleep 0.05; done\n"
            f'[ -e {self.place}/fails ] && exit 1\ncp "$1" "$(mktemp {self.cards_in}/XXXXXX)"\n'
            f"echo 'ATTR: job-impressions-completed=1' >&2\n"
        )
        command.chmod(0o755)
        # It wants a bus to announce itself on, and goes on when nobody is there.
        address = f"unix:path={self.place}/bus"
        self._bus = begun([bus, "--session", "--nofork", f"--address={address}"], self.place / "bus.log")
        wait_for((self.place / "bus").exists, "the bus")
        self.port = free_port()
        self.url = f"ipp://{HERE}:{self.port}/ipp/print"
        words = [binary, "-r", "off", "-p", str(self.port), "-d", str(self.place / "spool"), "-n", "localhost"]
        words += ["-f", "image/pwg-raster", "-c", str(command), "card"]
        (self.place / "spool").mkdir()
        self._printer = begun(words, self.place / "log", DBUS_SYSTEM_BUS_ADDRESS=address)
        wait_for(lambda: listens(self.port), "ippeveprinter")

    @property
    def cards(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.cards_in.iterdir()) if path.stat().st_size]

    @property
    def spooled(self) -> list[Path]:
        return [path for path in (self.place / "spool").rglob("*") if path.is_file()]

    def close(self) -> None:
        self.busy.unlink(missing_ok=True)
        killed(self._printer)
        killed(self._bus)
        shutil.rmtree(self.place, ignore_errors=True)


class RawPrinter:
    """What a queue of CUPS has behind it: takes bytes on a port. `cards`: what came in full, one a connection.

    `stuck`: it takes the bytes of a card and does not let go, until it is set.
    """

    def __init__(self) -> None:
        self._door = socket.create_server((HERE, 0))
        self.port = self._door.getsockname()[1]
        self.begun: list[bytes] = []
        self.cards: list[bytes] = []
        self.free = threading.Event()
        self.free.set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                with near:
                    self._take(near)

    def _take(self, near: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            while heard := near.recv(65536):
                if not data:
                    self.begun.append(heard[:4])
                data += heard
                self.free.wait()
        if data:
            self.cards.append(data)

    def close(self) -> None:
        self.free.set()
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join()


PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "CARD.PPD"
*Manufacturer: "Test"
*Product: "(Card)"
*ModelName: "Card"
*ShortNickName: "Card"
*NickName: "Card, what it gets it passes on"
*PSVersion: "(3010.000) 550"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*cupsVersion: 2.4
*cupsSNMPSupplies: False
*cupsFilter2: "image/pwg-raster image/pwg-raster 0 -"
*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: CR80
*PageSize CR80/CR80: "<</PageSize[243 153]>>setpagedevice"
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*DefaultPageRegion: CR80
*PageRegion CR80/CR80: "<</PageSize[243 153]>>setpagedevice"
*CloseUI: *PageRegion
*DefaultImageableArea: CR80
*ImageableArea CR80/CR80: "0 0 243 153"
*DefaultPaperDimension: CR80
*PaperDimension CR80/CR80: "243 153"
"""


class Cupsd:
    """A real cupsd with one queue `card`, whose device is behind `once` unless another is named.

    `settings`: further lines of cupsd.conf; those of Debian's default stand beside them where they matter.
    """

    def __init__(self, printer: RawPrinter, *, device: str = "once:/socket", policy: str = "abort-job",
                 settings: str = "PreserveJobFiles No") -> None:  # fmt: skip
        if os.geteuid() != 0:
            pytest.skip("cupsd is started by root alone")
        self._binary = program("cupsd")
        self.place = Path(tempfile.mkdtemp(prefix="kc"))
        self.place.chmod(0o755)
        self.port = free_port()
        self.url = f"ipp://{HERE}:{self.port}/printers/card"
        (self.place / "bin" / "backend").mkdir(parents=True)
        for name in ("etc", "etc/ppd", "spool", "cache", "run", "log", "spool/tmp"):
            (self.place / name).mkdir()
            shutil.chown(self.place / name, "root", "lp")
            (self.place / name).chmod(0o775)
        for folder in SERVER_BIN.iterdir():
            if folder.name != "backend":
                (self.place / "bin" / folder.name).symlink_to(folder)
        for backend in (SERVER_BIN / "backend").iterdir():
            shutil.copy(backend, self.place / "bin" / "backend" / backend.name)
        shutil.copy(ONCE, self.place / "bin" / "backend" / "once")
        (self.place / "bin" / "backend" / "once").chmod(0o744)
        self._write(
            "cups-files.conf",
            f"""
            User lp
            Group lp
            SystemGroup root
            ServerRoot {self.place}/etc
            ServerBin {self.place}/bin
            RequestRoot {self.place}/spool
            TempDir {self.place}/spool/tmp
            CacheDir {self.place}/cache
            StateDir {self.place}/run
            AccessLog {self.place}/log/access
            ErrorLog {self.place}/log/error
            PageLog {self.place}/log/page
            """,
        )
        self._write("cupsd.conf", f"""
            Listen {HERE}:{self.port}
            LogLevel debug
            Browsing No
            DefaultAuthType None
            WebInterface No
            {settings}
            """ + LIMITS)  # fmt: skip
        self._write(
            "printers.conf",
            f"""
            <Printer card>
            Info card
            DeviceURI {device}://{HERE}:{printer.port}
            State Idle
            Accepting Yes
            Shared No
            JobSheets none none
            OpPolicy default
            ErrorPolicy {policy}
            </Printer>
            """,
        )
        (self.place / "etc" / "ppd" / "card.ppd").write_text(PPD)
        self.start()

    def _write(self, name: str, text: str) -> None:
        path = self.place / "etc" / name
        path.write_text("\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n")
        path.chmod(0o640)
        shutil.chown(path, "root", "lp")

    def start(self) -> None:
        """Returns when it answers."""
        words = [
            self._binary,
            "-f",
            "-c",
            str(self.place / "etc/cupsd.conf"),
            "-s",
            str(self.place / "etc/cups-files.conf"),
        ]
        self._server = begun(words, self.place / "log" / "out")
        wait_for(lambda: listens(self.port), "cupsd")

    def kill(self) -> None:
        """SIGKILL to it alone: backends that were started go on, as after a crash of cupsd."""
        self._server.kill()
        self._server.wait()

    def stop(self) -> None:
        """As systemd does: SIGTERM."""
        self._server.terminate()
        self._server.wait()

    @property
    def spooled(self) -> list[str]:
        """Files of jobs: c... tell of one, d... are a document."""
        return sorted(path.name for path in (self.place / "spool").iterdir() if stat.S_ISREG(path.stat().st_mode))

    def told(self, word: str) -> list[str]:
        """Lines of its log."""
        return [line for line in (self.place / "log/error").read_text().splitlines() if word in line]

    def close(self) -> None:
        killed(self._server)
        shutil.rmtree(self.place, ignore_errors=True)


LIMITS = """
    <Location />
    Order allow,deny
    Allow localhost
    </Location>
    <Policy default>
    JobPrivateAccess default
    JobPrivateValues default
    SubscriptionPrivateAccess default
    SubscriptionPrivateValues default
    <Limit Create-Job Print-Job Print-URI Validate-Job>
    Order deny,allow
    </Limit>
    <Limit Send-Document Send-URI Hold-Job Release-Job Restart-Job Purge-Jobs>
    Require user @OWNER @SYSTEM
    Order deny,allow
    </Limit>
    <Limit Pause-Printer Resume-Printer Enable-Printer>
    AuthType Default
    Require user @SYSTEM
    Order deny,allow
    </Limit>
    <Limit Cancel-Job CUPS-Authenticate-Job>
    Require user @OWNER @SYSTEM
    Order deny,allow
    </Limit>
    <Limit All>
    Order deny,allow
    </Limit>
    </Policy>
    """
