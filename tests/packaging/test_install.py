"""`keping install`: what is written, what is left alone, and what each unit and rule promises."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import install as command
from kiosk.cli import main
from kiosk.config import load_config
from kiosk.errors import KepingError, Rejected, UsageError
from kiosk.install import CONFIG, MARK, PROGRAM, UNITS, Installation, Step

SYSTEM = Path(__file__).parents[2] / "packaging" / "system"
FILES = {str(path.relative_to(SYSTEM)) for path in SYSTEM.rglob("*") if path.is_file()}
KEPING = "/usr/local/lib/keping/bin/keping"


class Box:
    """A file system that was never installed to, and the commands that it would have been given."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ran: list[str] = []
        self.broken: Callable[[Sequence[str]], bool] = lambda words: False

    def there(self, program: str = KEPING, *, live: bool = False) -> Installation:
        return Installation(self.root, program, self._run, live=live)

    def _run(self, words: Sequence[str]) -> None:
        if self.broken(words):
            raise KepingError(words[0])
        self.ran.append(" ".join(words).replace(str(self.root), "ROOT"))

    def install(self, *, live: bool = False) -> list[str]:
        return done(self.there(live=live).install())

    def uninstall(self, *, live: bool = False) -> list[str]:
        return done(self.there(live=live).uninstall())

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()
        }


def done(steps: list[Step]) -> list[str]:
    for step in steps:
        if step.act:
            step.act()
    return [step.said for step in steps]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_everything_is_written_once_and_names_the_program(box: Box) -> None:
    box.install()
    assert set(box.files()) == FILES | {str(CONFIG)}
    assert not [name for name, content in box.files().items() if PROGRAM.encode() in content]
    assert KEPING.encode() in box.files()["usr/local/bin/keping"]
    assert load_config(box.root / CONFIG) == load_config(SYSTEM.parents[1] / "config.yaml")
    assert box.ran == [
        "systemd-sysusers --root=ROOT keping.conf", "systemd-tmpfiles --root=ROOT --create keping.conf",
        "systemctl --root=ROOT enable keping.service keping-screen.service",
    ]  # fmt: skip


def test_modes_do_not_depend_on_who_installs(box: Box) -> None:
    before = os.umask(0o077)
    try:
        box.install()
    finally:
        os.umask(before)
    for name in FILES:
        wanted = {"usr/local/bin/keping": 0o755, "usr/lib/cups/backend/once": 0o744}.get(name, 0o644)
        assert (box.root / name).stat().st_mode & 0o777 == wanted, name
        assert {
            folder.stat().st_mode & 0o777 for folder in (box.root / name).parents if box.root in folder.parents
        } == {0o755}, name


def test_nothing_is_done_before_a_step_is_carried_out(box: Box) -> None:
    said = [step.said for step in box.there().install()]
    assert len(said) == len(FILES) + 4
    assert (box.files(), box.ran) == ({}, [])


def test_again_it_changes_nothing_and_repairs_what_was_changed(box: Box) -> None:
    box.install()
    before = box.files()
    assert {line.split()[0] for line in box.install()} == {"same", "keep", "run"}
    unit = box.root / "etc/systemd/system/keping.service"
    unit.write_text(f"# {MARK}\nan older one", encoding="utf-8")
    (box.root / "usr/local/bin/keping").chmod(0o600)
    replaced = [line for line in box.install() if line.startswith("replace")]
    assert replaced == ["replace /etc/systemd/system/keping.service", "replace /usr/local/bin/keping"]
    assert box.files() == before


def test_a_configuration_that_is_there_is_kept(box: Box) -> None:
    (box.root / CONFIG).parent.mkdir(parents=True)
    (box.root / CONFIG).write_text("station: {id: kupang-07}\n", encoding="utf-8")
    assert "keep    /etc/keping/config.yaml" in box.install()
    assert (box.root / CONFIG).read_text(encoding="utf-8") == "station: {id: kupang-07}\n"


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_somebody_else_wrote_is_left_alone_and_nothing_is_begun(box: Box, kind: str) -> None:
    there = box.root / "etc/udev/rules.d/70-keping.rules"
    there.parent.mkdir(parents=True)
    if kind == "file":
        there.write_text("# by hand\n", encoding="utf-8")
    elif kind == "link":
        there.symlink_to(SYSTEM / "etc/udev/rules.d/70-keping.rules")
    else:
        there.mkdir()
    before = box.files()
    with pytest.raises(Rejected, match=r"not written by keping.*/etc/udev/rules.d/70-keping.rules"):
        box.there().install()
    box.uninstall()
    assert (box.files(), box.ran) == (before, [])


def test_one_that_was_broken_off_is_finished_by_the_next(box: Box) -> None:
    box.broken = lambda words: words[0] == "systemd-tmpfiles"
    with pytest.raises(KepingError):
        box.install()
    (box.root / "etc/pam.d/.keping-screen.keping").write_text("half of", encoding="utf-8")
    (box.root / "etc/pam.d/keping-screen").unlink()
    box.broken = lambda words: False
    box.install()
    assert set(box.files()) == FILES | {str(CONFIG)}
    assert box.ran[-1].startswith("systemctl")


def test_uninstall_takes_its_files_and_nothing_that_is_stored(box: Box) -> None:
    box.install()
    kept = [CONFIG, Path("var/lib/keping/journal/seg-1.jsonl"), Path("etc/systemd/system/keping.service.d/ours.conf"),
            Path("etc/udev/rules.d/99-other.rules")]  # fmt: skip
    for path in kept[1:]:
        (box.root / path).parent.mkdir(parents=True, exist_ok=True)
        (box.root / path).write_text("theirs", encoding="utf-8")
    said = box.uninstall()
    assert set(box.files()) == {str(path) for path in kept}
    assert said[-2:] == ["keep    /var/lib/keping: journal, vault, keys", "keep    /etc/keping/config.yaml"]
    disabled = "systemctl disable --root=ROOT keping-screen.service keping.service"
    assert box.ran.index(disabled) == len(box.ran) - 1
    assert box.uninstall() == said[-2:]
    box.install()
    assert set(box.files()) == FILES | {str(path) for path in kept}


def test_the_daemons_of_a_running_system_are_told_and_nothing_is_started(box: Box) -> None:
    box.install(live=True)
    told = box.ran[3:]
    assert told == [
        "systemctl daemon-reload", "systemctl try-restart pcscd.socket", "systemctl try-restart polkit.service",
        "udevadm control --reload", "udevadm trigger --subsystem-match=tty --subsystem-match=usbmisc",
    ]  # fmt: skip
    del box.ran[:]
    box.install(live=True)
    assert box.ran[3:] == [each for each in told if "pcscd" not in each], "a chip may be written during an upgrade"
    del box.ran[:]
    box.uninstall(live=True)
    assert box.ran[0] == "systemctl disable --now keping-screen.service keping.service"
    assert box.ran[1:] == told


@pytest.mark.parametrize("program", ["home/ani/bin/keping", "root/keping", "tmp/k", "usr/a b/keping", "%h/k"])
def test_a_program_that_a_service_could_not_run_is_refused(box: Box, program: str) -> None:
    with pytest.raises(UsageError):
        box.there(f"/{program}")


def test_the_shell_says_all_and_does_nothing_in_a_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "program", lambda root: KEPING)
    monkeypatch.setattr(command, "carry_out", lambda words: pytest.fail(f"{words} was carried out"))
    shown = CliRunner().invoke(main, ["install", "--dry-run", "--root", str(tmp_path)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.output.splitlines()] == ["write"] * (len(FILES) + 1) + ["run"] * 3
    as_json = CliRunner().invoke(main, ["--json", "install", "--dry-run", "--root", str(tmp_path)])
    assert json.loads(as_json.output) == shown.output.splitlines()
    assert list(tmp_path.iterdir()) == []


def test_who_is_not_root_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    shown = CliRunner().invoke(main, ["install", "--root", str(tmp_path)])
    assert (shown.exit_code, shown.output) == (
        1,
        "keping: only root may install; --dry-run says what would be done\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_or_is_missing_is_named() -> None:
    with pytest.raises(KepingError, match="no-such-command is missing"):
        command.carry_out(["no-such-command"])
    with pytest.raises(KepingError, match=r"ls .*nowhere"):
        command.carry_out(["ls", "/nowhere"])


# What units and rules promise.


def unit(name: str) -> configparser.SectionProxy:
    """[Service]; of a key that is there twice the lines together."""

    class Lines(dict[str, object]):
        def __setitem__(self, key: str, value: object) -> None:
            if isinstance(value, list) and key in self:
                value = [*self[key], *value]  # type: ignore[misc]
            super().__setitem__(key, value)

    parser = configparser.RawConfigParser(strict=False, dict_type=Lines, delimiters="=")  # type: ignore[arg-type]
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((SYSTEM / "etc/systemd/system" / name).read_text(encoding="utf-8").replace("\\\n", " "))
    return parser["Service"]


def test_every_file_says_whose_it_is() -> None:
    for name in FILES:
        assert MARK in (SYSTEM / name).read_text(encoding="utf-8"), name


def test_the_station_is_somebody_and_may_little() -> None:
    station = unit("keping.service")
    wanted = {
        "User": "keping", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "UMask": "0077",
        "CapabilityBoundingSet": "", "StateDirectory": "keping", "StateDirectoryMode": "0700",
        "DevicePolicy": "closed",
        "Restart": "always", "TimeoutStopSec": "150", "LimitCORE": "0",
    }  # fmt: skip
    assert {key: station[key] for key in wanted} == wanted
    assert {line.split()[0] for line in station["DeviceAllow"].splitlines()} == {
        "char-ttyUSB", "char-ttyACM", "char-ttyS", "char-usb"
    }  # fmt: skip


def test_an_adapter_that_is_plugged_in_days_later_may_be_opened() -> None:
    """systemd looks into /proc/devices when the unit starts: a kind whose module is not loaded then is denied."""
    text = (SYSTEM / "etc/systemd/system/keping.service").read_text(encoding="utf-8")
    for verb in ("Wants", "After"):
        [line] = [line for line in text.splitlines() if line.startswith(f"{verb}=")]
        assert {f"modprobe@{name}.service" for name in ("usbserial", "cdc_acm", "usblp")} <= set(
            line.partition("=")[2].split()
        ), verb
    users = (SYSTEM / "etc/sysusers.d/keping.conf").read_text(encoding="utf-8")
    assert re.search(r"^m keping +dialout$", users, re.MULTILINE), "a port on the board, ttyS0, is that group's"


def test_the_browser_reaches_no_reader() -> None:
    socket = (SYSTEM / "etc/systemd/system/pcscd.socket.d/keping.conf").read_text(encoding="utf-8")
    assert {"SocketGroup=keping", "SocketMode=0660"} <= set(socket.splitlines())
    assert "/run/pcscd" in unit("keping-screen.service")["InaccessiblePaths"]


def test_the_screen_is_somebody_else_and_keeps_nothing() -> None:
    screen = unit("keping-screen.service")
    assert screen["User"] not in ("root", unit("keping.service")["User"])
    assert screen["Restart"] == "always"
    assert "/var/lib/keping" in screen["InaccessiblePaths"]
    words = screen["ExecStart"].split()
    assert f"--user-data-dir=/run/{screen['RuntimeDirectory']}/profile" in words
    assert {"--kiosk", "--hide-crash-restore-bubble", "--noerrdialogs", "--no-first-run"} <= set(words)
    page = "file:///run/keping-screen/waiting.html"
    # With --app a full screen on a file ends Debian 12's Chromium under cage; seen under its systemd, without a GPU.
    assert words[words.index("--kiosk") + 1] == page
    assert "XDG_RUNTIME_DIR=/run/keping-screen" in words, "ProtectHome hides the one that PAM makes"
    assert words.index("/usr/bin/timeout") < words.index("/usr/bin/cage"), "PAM's process is no child of cage's"
    assert screen["ExecStartPre"].endswith(f">{page.partition('//')[2]}'")
    policy = json.loads((SYSTEM / "etc/chromium/policies/managed/keping.json").read_text(encoding="utf-8"))
    assert policy["URLBlocklist"] == ["*"]
    assert policy["URLAllowlist"] == ["http://127.0.0.1", page]


def test_pcscd_lets_the_station_in_and_nobody_else() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to carry out the rule")
    rule = (SYSTEM / "etc/polkit-1/rules.d/50-keping.rules").read_text(encoding="utf-8")
    asked = [
        ["org.debian.pcsc-lite.access_pcsc", "keping"], ["org.debian.pcsc-lite.access_card", "keping"],
        ["org.debian.pcsc-lite.access_card", "keping-screen"], ["org.freedesktop.login1.power-off", "keping"],
    ]  # fmt: skip
    frame = (
        "let rule; const polkit = {addRule: (f) => rule = f, Result: {YES: 'yes'}};" + rule +
        f"console.log(JSON.stringify({json.dumps(asked)}.map(([id, user]) => rule({{id}}, {{user}}) ?? null)))"
    )  # fmt: skip
    said = subprocess.run([node, "-e", frame], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == ["yes", "yes", None, None]


@pytest.mark.parametrize(
    ("words", "called"), [(["doctor"], "setpriv --reuid=keping --regid=keping --init-groups -- PROGRAM doctor"),
                          (["install", "--dry-run"], "PROGRAM install --dry-run"), ([], "setpriv")],
)  # fmt: skip
def test_root_acts_as_the_station(box: Box, words: list[str], called: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    folder = box.root / "bin"
    folder.mkdir()
    program = folder / "program"
    for name, shown in (("setpriv", "setpriv"), ("program", "PROGRAM")):
        (folder / name).write_text(f'#!/bin/sh\necho {shown} "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    script = (SYSTEM / "usr/local/bin/keping").read_text(encoding="utf-8").replace(PROGRAM, str(program))
    (folder / "keping").write_text(script, encoding="utf-8")
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    said = subprocess.run(["sh", str(folder / "keping"), *words], env=environment, capture_output=True, text=True,
                          check=True).stdout  # fmt: skip
    assert said.replace(str(program), "PROGRAM").startswith(called)


def test_units_are_verified_by_systemd(box: Box) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    box.install()
    units = [box.root / "etc/systemd/system" / name for name in UNITS]
    for path in units:
        text = path.read_text(encoding="utf-8").replace(KEPING, "/bin/true").replace("/usr/bin/cage", "/bin/true")
        path.write_text(text, encoding="utf-8")
    words = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if "keping" in line] == []


def test_a_configuration_that_is_wrong_leaves_no_black_screen(tmp_path: Path) -> None:
    """The unit's first command would fail, and again each time."""
    pages: list[str] = []
    for text in ("web: {port: 8480}\n", "web: {prot: 1}\n", "web: [\n", None):
        path = tmp_path / "config.yaml"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
        shown = CliRunner().invoke(main, ["--config", str(path), "waiting-page"])
        assert (shown.exit_code, shown.stderr == "") == (0, not pages)
        pages.append(shown.stdout)
    assert len(set(pages)) == 1
    assert "http://127.0.0.1:8480" in pages[0]


@pytest.mark.parametrize(("name", "most"), [("keping.service", 2.0), ("keping-screen.service", 5.0)])
def test_a_unit_leaves_no_more_open_than_it_needs(name: str, most: float) -> None:
    """0 is shut, 10 is open; the browser's own sandbox and the seat need what the screen leaves."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    words.append(str(SYSTEM / "etc/systemd/system" / name))
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    found = re.search(rf"exposure level for {name}: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= most
