"""A pcscd of one's own, with a virtual reader, beside the machine's: for rigs and tests.

pcscd has one fixed home, /run/pcscd. Here it runs in a mount namespace in which a private directory stands in for
/run; the socket in it is seen from outside too, and libpcsclite finds it by PCSCLITE_CSOCK_NAME. The same
namespace hides the machine's USB reader drivers, so a private pcscd never takes a real reader away.

vpcd (vsmartcard) listens on all interfaces: a rig is for a development machine, not for a station.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

READER_NAME = "Station encoder"

_VPCD_LIBRARIES = (
    Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"),  # Debian
    Path("/usr/lib64/pcsc/drivers/serial/libifdvpcd.so"),  # Fedora
)
_TOOLS = ("pcscd", "unshare", "setpriv", "mount")
_START_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 2.0
_LOOK_INTERVAL_S = 0.01
_PORT_ATTEMPTS = 5
_MAX_SOCKET_PATH = 107  # sun_path, less the final NUL

_PRIVATELY = ("setpriv", "--pdeathsig", "KILL", "unshare", "-m")
# $1: the private directory. $2: where pcscd's drivers are.
_ENTER = 'mount --bind "$1/run" /run && mount --bind "$1/drivers" "$2" && exec pcscd --foreground -c "$1/conf"'


class PcscdFailed(RuntimeError):
    """The private pcscd did not come up; the message ends with what it said."""


def unavailable_reason() -> str | None:
    """Why `PrivatePcscd` can't run here, in one line, or None. Blocks for milliseconds."""
    if os.geteuid() != 0:
        return "a private pcscd needs root (mount namespace)"
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if _vpcd_library() is None:
        return "vsmartcard-vpcd is not installed"
    if importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed (pip install keping[pcsc])"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:  # noqa: S607
        return "this machine allows no mount namespaces"
    return None


class PrivatePcscd:
    """One running pcscd with two vpcd slots: `port` the encoder's, `port + 1` the SAM's.

    `with PrivatePcscd() as pcscd:` or `start` and `stop`. `directory`: where its files go (default: a new one in
    the temporary directory, removed by `stop`); ports, socket and environment stay the same over a restart.
    `environment`: what a client process needs *before* its first PC/SC call, for libpcsclite reads it once.
    It dies with the thread that started it (PR_SET_PDEATHSIG): start it from one that lives on.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._temporary = directory is None
        self._directory = directory or Path(tempfile.mkdtemp(prefix="keping-pcscd-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._plugged = True
        self.port = 0

    @property
    def reader_name(self) -> str:
        return f"{READER_NAME} 00 00"

    @property
    def environment(self) -> dict[str, str]:
        return {"PCSCLITE_CSOCK_NAME": str(self._socket)}

    @property
    def pid(self) -> int:
        """Process id of the running pcscd, for kill tests."""
        if self._process is None:
            raise PcscdFailed("pcscd is not running")
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it serves: 0.05 s, at most 5 s. PcscdFailed, with no process left, if not."""
        reason = unavailable_reason()
        if reason is None and len(str(self._socket)) > _MAX_SOCKET_PATH:
            reason = f"{self._socket} is too long for a socket"
        if reason is not None:
            raise PcscdFailed(reason)
        for _ in range(_PORT_ATTEMPTS):
            # Kept over a restart, since clients were told; only a first start may choose again.
            port = self.port or _free_port_pair()
            if self._launch(port):
                self.port = port
                return
        raise PcscdFailed(f"pcscd did not start: {self._log()}")

    def stop(self) -> None:
        """End it, <= 2 s politely and then not, and remove a temporary directory. Idempotent."""
        self._end(signal.SIGTERM)
        if self._temporary:
            shutil.rmtree(self._directory, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL, as a crash would; `start` brings it back on the same ports and socket."""
        self._end(signal.SIGKILL)

    def unplug(self) -> None:
        """Take the reader away. By a restart without it, for vpcd can't come and go; blocks as `stop` and `start`."""
        self._restart(plugged=False)

    def plug(self) -> None:
        """Put it back, under its old name. Blocks as `unplug`."""
        self._restart(plugged=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _socket(self) -> Path:
        return self._directory / "run" / "pcscd" / "pcscd.comm"

    def _restart(self, *, plugged: bool) -> None:
        self._end(signal.SIGTERM)
        self._plugged = plugged
        self.start()

    def _launch(self, port: int) -> bool:
        library = self._write_files(port)
        with (self._directory / "pcscd.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- no argument comes from outside
                [*_PRIVATELY, "sh", "-c", _ENTER, "sh", str(self._directory), str(library.parents[1])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the station, which still needs the reader for its last card
            )
        serves = False
        try:
            serves = self._serves(self._process, port)
        finally:
            if not serves:  # whatever it was, no daemon stays behind
                self._end(signal.SIGKILL)
        return serves

    def _write_files(self, port: int) -> Path:
        library = _vpcd_library()
        assert library is not None, "unavailable_reason was asked"
        shutil.rmtree(self._directory / "run", ignore_errors=True)
        for name in ("run/pcscd", "drivers/serial", "conf"):
            (self._directory / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(library, self._directory / "drivers" / "serial" / library.name)
        reader = (
            f'FRIENDLYNAME "{READER_NAME}"\n'
            f"DEVICENAME /dev/null:0x{port:04X}\n"
            f"LIBPATH {library}\n"
            f"CHANNELID 0x{port:04X}\n"
        )
        (self._directory / "conf" / "vpcd").write_text(reader if self._plugged else "")
        return library

    def _serves(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Wait until the socket is there and both slots listen; False when it ends or does not get there."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        slots = {port, port + 1} if self._plugged else set()
        while time.monotonic() < deadline:
            if self._socket.is_socket() and slots <= _listening(process.pid):
                return True
            try:
                process.wait(_LOOK_INTERVAL_S)
            except subprocess.TimeoutExpired:
                continue
            return False
        return False

    def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(by)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _log(self) -> str:
        log = self._directory / "pcscd.log"
        return log.read_text(errors="replace")[-300:].strip() if log.exists() else "no log"


def _vpcd_library() -> Path | None:
    return next((path for path in _VPCD_LIBRARIES if path.exists()), None)


def _free_port_pair() -> int:
    """A port of which the next is free too. Someone may take them before vpcd does: hence the attempts."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _listening(pid: int) -> set[int]:
    """TCP ports on which process `pid` itself listens: /proc, for a trial connection would be a chip to vpcd."""
    try:
        mine = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # it has just ended, or a descriptor has
        return set()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}
