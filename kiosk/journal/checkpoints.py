"""DATA/checkpoints: the station's signed word on its journal, kept beside it (docs/journal-format.md).

Made after the frame is durable, so a power cut never leaves a word without its frame. Each file carries the public
key, and genesis the thumbprint of that: an auditor needs nothing else. Whoever has the station's key as well can make
new ones; against them only those count that are held outside.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, parse_line
from kiosk.crypto.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import SIGNING, KeyFormatError, OKPKey, import_okp, public_jwk, thumbprint
from kiosk.durable import make_directory, replace_file
from kiosk.errors import DamagedData
from kiosk.journal.anchors import Anchor
from kiosk.journal.segments import damaged, segment_path

log = logging.getLogger(__name__)


def keep(directory: Path, checkpoint: Checkpoint, key: OKPKey) -> str:
    """Sign and store it; returns the token. Three fsyncs. OSError if the medium refuses."""
    token = sign_checkpoint(checkpoint, key)
    path = directory / checkpoint.position.incarnation / f"{checkpoint.position.seq:012d}.json"
    make_directory(path.parent)
    content = {"checkpoint": token, "key": public_jwk(key)}
    replace_file(path, json.dumps(content, separators=(",", ":")).encode() + b"\n")
    return token


def genesis_of(journal: Path) -> Frame:
    """Frame 1. DamagedData if it is not there."""
    path = segment_path(journal, 1)
    try:
        with path.open("rb") as file:
            return parse_line(file.readline(), ZERO_HEAD, 1)
    except FileNotFoundError as exc:
        raise DamagedData(f"{path}: the first segment is missing; nothing was changed") from exc
    except FrameError as exc:
        raise damaged(path, 1, str(exc)) from exc


def newest(directory: Path, genesis: Mapping[str, Any]) -> list[Anchor]:
    """The newest good checkpoint of this journal, if there is one. A damaged file proves nothing and is passed over.

    DamagedData if the checkpoints are another journal's, and this one doesn't continue it.
    """
    for path in reversed(_files(directory, genesis)):
        try:
            return [_anchor(path, genesis)]
        except DamagedData as exc:
            log.warning("a checkpoint can't be used: %s", exc)
    return []


def every(directory: Path, genesis: Mapping[str, Any]) -> Iterator[Anchor]:
    """All checkpoints of this journal, oldest first. DamagedData as `newest`, and for a damaged file as well."""
    return (_anchor(path, genesis) for path in _files(directory, genesis))


def of_journal(directory: Path, genesis: Mapping[str, Any]) -> Iterator[Anchor]:
    """As `every`, where those of the journals before and after it lie as well."""
    return (_anchor(path, genesis) for path in sorted((directory / genesis["incarnation"]).glob("[0-9]*.json")))


def _files(directory: Path, genesis: Mapping[str, Any]) -> list[Path]:
    if not directory.is_dir():
        return []
    others = [each for each in directory.glob("*") if each.name != genesis["incarnation"]]
    if others and genesis["predecessor"] is None:
        raise DamagedData(
            f"{others[0]}: the checkpoints are another journal's, and this one continues none; nothing was changed, "
            "bring the true one back"
        )
    return sorted((directory / genesis["incarnation"]).glob("[0-9]*.json"))


def _anchor(path: Path, genesis: Mapping[str, Any]) -> Anchor:
    try:
        content = json.loads(path.read_bytes())
        key = import_okp(content["key"], SIGNING)
        position = verify_checkpoint(str(content["checkpoint"]), [key]).position
    except (OSError, ValueError, TypeError, LookupError, KeyFormatError, SignatureError) as exc:
        raise DamagedData(f"{path}: not a checkpoint: {exc}") from exc
    told = (thumbprint(key), position.station, position.incarnation, f"{position.seq:012d}.json")
    if told != (genesis["key"], genesis["station"], genesis["incarnation"], path.name):
        raise DamagedData(f"{path}: a checkpoint, but not of this station's key, this journal or this name")
    return Anchor(position.seq, position.head, f"{path}, signed by this station")
