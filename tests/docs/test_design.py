"""docs/design.md names the threads of a station and the files of DATA as they are, both ways."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from tests.docs.pages import ROOT, files, page, table
from tests.office import Office, office

__all__ = ["office"]

ELSEWHERE = ("kiosk/rig/", "kiosk/hub/", "drivers/sim/")
"""Not of a station: rehearsals, the centre, simulated devices."""
NAMED_BY = frozenset({"Thread", "ThreadPoolExecutor", "Serving", "Caller", "__init__"})
DRAFT = re.compile(r"\.[\w.]+\.[0-9a-f]{8}")
PAGE = page("design.md")


def sources() -> Iterator[Path]:
    for path in (*files(".py", under="kiosk"), *files(".py", under="drivers")):
        if not path.relative_to(ROOT).as_posix().startswith(ELSEWHERE):
            yield path


def thread_names(source: str) -> Iterator[str]:
    """The words that are given to what begins a thread: `name=`, a pool's prefix, or an argument of a server."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in NAMED_BY:
            words = [each.value for each in node.keywords if each.arg in ("name", "thread_name_prefix")]
            if ast.unparse(node.func) in ("Serving", "Caller"):
                words += [each for each in node.args if not isinstance(each, ast.Call)]
            yield from (
                each.value for each in words if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def in_first_column(text: str, heading: str) -> list[str]:
    """What stands in code marks there; a table that follows no heading of its own is the first after it."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("|")]
    return [word for row in rows[2:] for word in re.findall(r"`([^`]+)`", row)]


def patterns() -> list[str]:
    """Of the files of DATA; a folder stands for what is in it."""
    names = in_first_column(PAGE, "Files under DATA")
    return [re.sub(r"<\w+>", "*", name) + ("*" if name.endswith("/") else "") for name in names]


def unnamed(data: Path, known: list[str]) -> set[str]:
    """Files of a station's folder that no pattern has."""
    here = {path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()}
    return {
        name
        for name in here
        if not DRAFT.fullmatch(Path(name).name) and not any(fnmatch(name, pattern) for pattern in known)
    }


def test_the_threads_of_the_page_are_those_of_the_code() -> None:
    begun = {name for path in sources() for name in thread_names(path.read_text(encoding="utf-8"))}
    assert set(in_first_column(PAGE, "Processes and what they own")) == begun
    assert list(thread_names('threading.Thread(target=x, name="new")')) == ["new"]


def test_what_a_station_writes_is_in_the_table_of_files(office: Office) -> None:
    office.print_one()
    office.restart()
    assert unnamed(office.data, patterns()) == set()
    assert "keys/vault.key" in unnamed(office.data, [each for each in patterns() if each != "keys/vault.key"])
    assert {each.name for each in threading.enumerate()} >= {"worker", "control", "janitor", "audit"}


def opened_in_data(source: str) -> set[str]:
    """`folder/name` of each `data / "folder" / "name"`."""
    found = re.findall(r'\bdata / "([^"]+)"(?: / "([^"]+)")?', source)
    return {"/".join(filter(None, parts)) for parts in found}


def test_what_the_code_opens_in_data_is_in_the_table_of_files() -> None:
    opened = set().union(*(opened_in_data(path.read_text(encoding="utf-8")) for path in sources()))
    known = patterns()
    missing = {
        name for name in opened if not any(fnmatch(name, each) or each.startswith(f"{name}/") for each in known)
    }
    assert missing == set()
    assert opened >= {"sync/clock.json", "cache", "LOCK"}


def test_what_the_table_of_files_names_is_written_by_the_code() -> None:
    literal = {
        node.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    parts = {part for name in in_first_column(PAGE, "Files under DATA") for part in name.strip("/").split("/")}
    plain = {part for part in parts if not re.search(r"[<*]", part)}
    assert {part for part in plain if not any(part in each for each in literal)} == set()
    assert len(plain) > 20
    assert len(table(PAGE, "Files under DATA")) > 10
