"""What a medium may hold when the power goes: a model of POSIX, and a recorder that feeds it from real calls.

The program under test works on real files. Before each call that gives an order (fsync, fdatasync, rename) and at
each mark of the test, the recorder compares files and model, and so learns what was written, created, shortened or
deleted since. Of that, until it is synced:

* each 512-byte sector of a file holds any of its versions; a sector is never torn itself;
* a file's size is any that it had, or any sector's end on the way: grown before its data came, or not yet;
* each creation, deletion and rename in a directory is there or is not; a rename is both names at once.

fsync and fdatasync of a file settle its content and size but not its name; fsync of a directory settles its names.
"""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SECTOR = 512

Tree = dict[str, bytes | None]
"""Relative path -> content, None for a directory."""


@dataclass(eq=False)
class Node:
    """A file: its contents after each unsynced change, the durable one first. Or a directory: names and changes."""

    is_directory: bool
    versions: list[bytes] = field(default_factory=lambda: [b""])
    names: dict[str, Node] = field(default_factory=dict)
    durable_names: dict[str, Node] = field(default_factory=dict)
    changes: list[tuple[str, str, Node]] = field(default_factory=list)
    """(old name or "", new name or "", node), in their order."""

    def settle(self) -> None:
        self.versions = self.versions[-1:]
        self.durable_names = dict(self.names)
        self.changes = []

    def change(self, old: str, new: str, node: Node) -> None:
        _rename(self.names, old, new, node)
        self.changes.append((old, new, node))


def _rename(names: dict[str, Node], old: str, new: str, node: Node) -> None:
    if old and names.get(old) is not node:
        return  # a change of a name that never came to be
    names.pop(old, None)
    if new:
        names[new] = node


class Disk:
    """The model of one directory tree. `load` it with a durable state, then let it `follow` the real files."""

    def __init__(self, root: Path) -> None:
        self._path = root
        self._root = Node(is_directory=True)
        self.follow()
        for node in self._nodes():
            node.settle()

    def follow(self) -> None:
        """Learn what the program did to the files since the last time."""
        self._compare(self._root, self._path)

    def _compare(self, node: Node, path: Path) -> None:
        with os.scandir(path) as listing:
            there = {entry.name: entry.is_dir() for entry in listing}
        for name in sorted(node.names.keys() - there.keys()):
            node.change(name, "", node.names[name])
        for name, is_directory in sorted(there.items()):
            if name not in node.names:
                node.change("", name, Node(is_directory))
            child = node.names[name]
            if child.is_directory:
                self._compare(child, path / name)
            elif (content := (path / name).read_bytes()) != child.versions[-1]:
                child.versions.append(content)

    def rename(self, old: Path, new: Path) -> None:
        assert old.parent == new.parent, "a rename between directories is not modelled"
        directory = self.at(old.parent)
        directory.change(old.name, new.name, directory.names[old.name])

    def at(self, path: Path) -> Node:
        node = self._root
        for part in path.relative_to(self._path).parts:
            node = node.names[part]
        return node

    def _nodes(self) -> Iterator[Node]:
        """Every node that some crash can leave reachable."""
        found = {self._root: None}
        queue = [self._root]
        for node in queue:
            for child in [*node.durable_names.values(), *(changed for _, _, changed in node.changes)]:
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return iter(found)

    def crashes(self, limit: int, rng: random.Random) -> Iterator[Tree]:
        """The trees that a crash now may leave: all of them, or where there are more than `limit`, the extremes
        (everything old or new but for one choice) and a sample."""
        nodes = list(self._nodes())
        choices = [choice for node in nodes for choice in _choices(node)]
        for picked in _pick([len(options) for _, _, options in choices], limit, rng):
            chosen: dict[tuple[Node, object], Any] = {
                (node, what): options[at] for (node, what, options), at in zip(choices, picked, strict=True)
            }
            tree: Tree = {}
            _collect(self._root, "", chosen, tree)
            yield tree


def contents(versions: list[bytes]) -> Iterator[bytes]:
    """Everything that one file may hold after the last of `versions` was written over the first, and not synced."""
    node = Node(is_directory=False, versions=versions)
    choices = list(_choices(node))
    for values in itertools.product(*(options for _, _, options in choices)):
        yield _content(node, {(node, what): value for (_, what, _), value in zip(choices, values, strict=True)})


def _choices(node: Node) -> Iterator[tuple[Node, object, list[Any]]]:
    """What is undecided about a node: ("change", n), ("sector", n) or "size", and its possible values."""
    if node.is_directory:
        yield from ((node, ("change", number), [False, True]) for number in range(len(node.changes)))
        return
    sizes = [len(node.versions[0])]
    for version in node.versions[1:]:
        ends = range((sizes[-1] // SECTOR + 1) * SECTOR, len(version), SECTOR)
        sizes += [*ends, len(version)]
    if len(set(sizes)) > 1:
        yield node, "size", list(dict.fromkeys(sizes))
    for number in range(-(-max(sizes) // SECTOR)):
        values = list(dict.fromkeys(_sector(version, number) for version in node.versions))
        if len(values) > 1:
            yield node, ("sector", number), values


def _sector(content: bytes, number: int) -> bytes:
    return content[number * SECTOR : (number + 1) * SECTOR].ljust(SECTOR, b"\0")


def _pick(counts: list[int], limit: int, rng: random.Random) -> Iterable[tuple[int, ...]]:
    if math.prod(counts) <= limit:
        return itertools.product(*(range(count) for count in counts))
    old, new = [0] * len(counts), [count - 1 for count in counts]
    picked = [tuple(old), tuple(new)]
    for place, count in enumerate(counts):
        for start in (old, new):
            picked += [(*start[:place], value, *start[place + 1 :]) for value in range(count)]
    picked = picked[:2] + rng.sample(picked[2:], min(limit // 2, len(picked) - 2))
    picked += [tuple(rng.randrange(count) for count in counts) for _ in range(limit - len(picked))]
    return dict.fromkeys(picked)


def _collect(directory: Node, prefix: str, chosen: dict[tuple[Node, object], Any], tree: Tree) -> None:
    names = dict(directory.durable_names)
    for number, (old, new, node) in enumerate(directory.changes):
        if chosen[directory, ("change", number)]:
            _rename(names, old, new, node)
    for name, node in names.items():
        if node.is_directory:
            tree[prefix + name] = None
            _collect(node, f"{prefix}{name}/", chosen, tree)
        else:
            tree[prefix + name] = _content(node, chosen)


def _content(node: Node, chosen: dict[tuple[Node, object], Any]) -> bytes:
    newest = node.versions[-1]
    size: int = chosen.get((node, "size"), len(newest))
    sectors = (
        chosen.get((node, ("sector", number))) or _sector(newest, number) for number in range(-(-size // SECTOR))
    )
    return b"".join(sectors)[:size]


def write_tree(tree: Tree, root: Path) -> None:
    """Lay a tree out below `root`, which is made."""
    root.mkdir(parents=True)
    for name, content in sorted(tree.items()):
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)


@dataclass(frozen=True)
class Crash:
    """A tree that a crash may leave, and how much had been acknowledged at that instant."""

    tree: Tree
    acked: int


class Recorder:
    """Stands between the program and the kernel's syncs. `crashes` collects every state met, each once.

    `ignore`: syncs that the program asks for and does not get, to see that the check can fail: `fdatasync`, `fsync`
    (of a file), `directory`.
    """

    def __init__(self, root: Path, limit: int = 64, seed: int = 1, ignore: str = "") -> None:
        self._root = root
        self._disk = Disk(root)
        self._limit = limit
        self._rng = random.Random(seed)
        self._ignore = ignore
        self._found: dict[tuple[object, ...], Crash] = {}
        self.acked = 0

    @property
    def crashes(self) -> list[Crash]:
        return list(self._found.values())

    def acknowledge(self, seq: int) -> None:
        """From now on somebody relies on `seq`."""
        self.acked = seq
        self.may_crash()

    def may_crash(self) -> None:
        """Keep the states of this instant. Those of an earlier one since the last sync are among them."""
        self._disk.follow()
        for tree in self._disk.crashes(self._limit, self._rng):
            self._found.setdefault(
                (self.acked, *sorted(tree.items(), key=lambda item: item[0])), Crash(tree, self.acked)
            )

    def attach(self, patch: pytest.MonkeyPatch) -> Recorder:
        """Take the place of os.fsync, os.fdatasync, os.rename and os.replace until the patch is undone."""
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, self._syncing(name, getattr(os, name)))
        for name in ("rename", "replace"):
            patch.setattr(os, name, self._renaming(getattr(os, name)))
        return self

    def _syncing(self, name: str, real: Callable[[int], None]) -> Callable[[Any], None]:
        def sync(file: Any) -> None:
            descriptor = file if isinstance(file, int) else file.fileno()
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115  # also of a renamed file
            if path.is_relative_to(self._root):
                if self._ignore == ("directory" if path.is_dir() else name):
                    return
                self.may_crash()
                self._disk.at(path).settle()
            real(descriptor)

        return sync

    def _renaming(self, real: Callable[..., None]) -> Callable[..., None]:
        def rename(old: Any, new: Any, **options: Any) -> None:
            source, target = Path(old), Path(new)
            if source.is_relative_to(self._root):
                self._disk.follow()
                self._disk.rename(source, target)
            real(old, new, **options)

        return rename
