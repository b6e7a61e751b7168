"""What must not be in the tree: loose ends, nets that catch everything, sleeps in tests, traces of a machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, files

HERE = Path(__file__)
BROAD = frozenset({"Exception", "BaseException"})

# Where an error of any kind is caught. Each line says why beside the `except`.
MAY_CATCH_ALL = [
    "kiosk/station.py: BaseException",
    "kiosk/worker/loop.py: Exception",
]

LOOSE_ENDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|xfail)\b|\bmock\b")
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users|opt)/[\w.]"  # somebody's own folders
    # Where packages come from is the machine's to say.
    r"|\bfile://(?!/run/keping)|--index-url|--extra-index-url|--find-links"
    r"|\bpypi\.|pythonhosted|/simple\b"
)


def code(*folders: str) -> list[Path]:
    return [path for folder in folders for path in files(".py", under=folder) if path != HERE]


def broad_catches(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each handler that catches everything, `suppress` included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            names = ast.walk(node.type) if node.type else iter([ast.Name("BaseException")])
        elif isinstance(node, ast.Call) and "suppress" in ast.unparse(node.func):
            names = (part for arg in node.args for part in ast.walk(arg))
        else:
            continue
        for part in names:
            if isinstance(part, ast.Name) and part.id in BROAD:
                yield node.lineno, part.id


def test_only_the_listed_places_catch_everything_and_say_why() -> None:
    found = []
    for path in code("kiosk", "drivers", "tests", "benchmarks"):
        source = path.read_text(encoding="utf-8")
        for line, name in broad_catches(source):
            found.append(f"{path.relative_to(ROOT).as_posix()}: {name}")
            assert re.search(r":  # \w+", source.splitlines()[line - 1]), f"{found[-1]}: no reason beside it"
    assert sorted(found) == MAY_CATCH_ALL


def test_no_loose_ends() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*code("kiosk", "drivers", "tests"), *files(".md", ".yaml", ".toml", ".sh"), ROOT / "Makefile"]
        for match in LOOSE_ENDS.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def sleeps(source: str) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep")
        for node in ast.walk(ast.parse(source))
    )


def test_no_test_sleeps() -> None:
    assert {path for path in code("tests") if sleeps(path.read_text(encoding="utf-8"))} == set()


def committed_text() -> Iterator[Path]:
    yield from files(".py", ".md", ".yaml", ".toml", ".sh", ".txt", ".json", ".jsonl", ".html", ".css", ".js")
    yield from (ROOT / name for name in ("Makefile", "LICENSE", ".gitignore", ".ci/run"))


def traces(text: str) -> list[str]:
    return [match[0] for match in MACHINE.finditer(text)]


def test_nothing_tells_of_the_machine_it_was_made_on() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): traces(path.read_text(encoding="utf-8"))
        for path in committed_text() if path != HERE
    }  # fmt: skip
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize(
    "text", ["see /home/maria/x", "open('/root/main')", "--index-url https://pypi.example", "file:///opt/wheels"]
)
def test_a_trace_would_be_found(text: str) -> None:
    assert traces(text)
    assert not traces("/dev/ttyUSB0, /etc/keping, /var/lib/keping, network/home/x, --no-emit-index-url")


def test_a_broad_catch_would_be_found() -> None:
    nets = "try:\n    x()\nexcept (OSError, Exception):\n    y()\nwith contextlib.suppress(BaseException):\n    z()\n"
    assert list(broad_catches(nets)) == [(3, "Exception"), (5, "BaseException")]
    assert list(broad_catches("try:\n    x()\nexcept:\n    y()\n")) == [(3, "BaseException")]
    assert list(broad_catches("try:\n    x()\nexcept ValueError:\n    y()\n")) == []


def test_a_loose_end_and_a_sleep_would_be_found() -> None:
    assert LOOSE_ENDS.search("x = 1  # TODO later")
    assert LOOSE_ENDS.search("from unittest import mock")
    assert sleeps("import time\ntime.sleep(1)")
    assert not sleeps("clock.sleep(1)")
