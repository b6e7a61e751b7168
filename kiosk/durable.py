"""Small files that after a power cut hold the old content or the new, never a mixture."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to `path`, mode 0600. Durable on return: file and directory are synced.

    Blocks for two fsyncs. OSError if the medium refuses; then `path` is as it was.
    """
    replace_files([(path, content)])


def replace_files(contents: Sequence[tuple[Path, bytes]]) -> None:
    """As `replace_file` each, the files of one directory in their order. Blocks for a fsync each, and one more.

    OSError if the medium refuses; then each is as it was, or as it should be.
    """
    drafts = [path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path, _ in contents]
    try:
        for draft, (_, content) in zip(drafts, contents, strict=True):
            _write(draft, content)
        for draft, (path, _) in zip(drafts, contents, strict=True):
            draft.replace(path)
    except OSError:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        raise
    for directory in {path.parent for path, _ in contents}:
        sync_directory(directory)


def _write(draft: Path, content: bytes) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def remove_drafts(directory: Path) -> None:
    """Delete what a power cut left of `replace_file` in this directory; only before anything else writes there."""
    for draft in directory.glob(".*." + "[0-9a-f]" * 8):
        draft.unlink()


def make_directory(directory: Path) -> None:
    """Make it, mode 0700, and what is missing above it. Durable on return, also if it was there already: whoever made
    it may have ended before the sync. Blocks for one fsync, or one for each that is new."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in missing or [directory]:
        sync_directory(made.parent)


def sync_directory(directory: Path) -> None:
    """Make a rename or a new name in `directory` durable (fsync(2): the file's own fsync does not)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
