"""A real cupsd on a free port of loopback, out of a directory of its own, with one queue."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from tests.print_services import HERE, RawPrinter, begun, free_port, killed, listens, program, wait_for

ONCE = Path(__file__).parents[1] / "packaging" / "system" / "usr" / "lib" / "cups" / "backend" / "once"
SERVER_BIN = Path("/usr/lib/cups")


class Cupsd:
    """A real cupsd with one queue `card`, whose device is behind `once` unless another is named.

    `queue`: further lines of its own. `settings`: further lines of cupsd.conf; those of Debian's default stand beside
    them where they matter.
    """

    def __init__(self, printer: RawPrinter, *, device: str = "once:/socket", policy: str = "abort-job",
                 settings: str = "PreserveJobFiles No", queue: str = "JobSheets none none") -> None:  # fmt: skip
        if os.geteuid() != 0:
            pytest.skip("cupsd is started by root alone")
        self._binary = program("cupsd")
        self.place = Path(tempfile.mkdtemp(prefix="kc"))
        self.place.chmod(0o755)
        self.port = free_port()
        self.url = f"ipp://{HERE}:{self.port}/printers/card"
        self._make_folders()
        place = self.place
        self._write("cups-files.conf", FILES.format(place=place))
        self._write("cupsd.conf", SERVER.format(here=HERE, port=self.port, settings=settings))
        self._write(
            "printers.conf", QUEUE.format(device=f"{device}://{HERE}:{printer.port}", policy=policy, more=queue)
        )
        (place / "etc" / "ppd" / "card.ppd").write_text(PPD)
        self.start()

    def _make_folders(self) -> None:
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


FILES = """User lp
Group lp
SystemGroup root
ServerRoot {place}/etc
ServerBin {place}/bin
RequestRoot {place}/spool
TempDir {place}/spool/tmp
CacheDir {place}/cache
StateDir {place}/run
AccessLog {place}/log/access
ErrorLog {place}/log/error
PageLog {place}/log/page
"""
SERVER = """Listen {here}:{port}
LogLevel debug
Browsing No
DefaultAuthType None
WebInterface No
{settings}
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
QUEUE = """<Printer card>
Info card
DeviceURI {device}
State Idle
Accepting Yes
Shared No
{more}
OpPolicy default
ErrorPolicy {policy}
</Printer>
"""
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
