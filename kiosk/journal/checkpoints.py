"""DATA/checkpoints: the station's signed word on its journal, kept beside it (docs/journal-format.md).

Made after the frame is durable, so a power cut never leaves a word without its frame. Each file carries the public
key, and genesis the thumbprint of the first; where the station changed its key, `signers` has the chain from there:
an auditor needs nothing else. Whoever has the station's key as well can make new ones; against them only those count
that are held outside.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, parse_line
from kiosk.crypto.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import SIGNING, KeyFormatError, OKPKey, import_okp, public_jwk, thumbprint
from kiosk.durable import make_directory, replace_file
from kiosk.errors import DamagedData
from kiosk.journal import signers
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
    files = _files(directory, genesis)
    if not files:
        return []
    since = {str(genesis["key"]): 0}
    try:
        since, _ = signers.read(directory, genesis)
    except DamagedData as exc:
        log.warning("checkpoints of later keys can't be used: %s", exc)
    for path in reversed(files):
        try:
            return [_anchor(path, genesis, since)[0]]
        except DamagedData as exc:
            log.warning("a checkpoint can't be used: %s", exc)
    return []


def every(directory: Path, genesis: Mapping[str, Any]) -> list[Anchor]:
    """All words of the station on this journal, oldest first: checkpoints, and changes of its key.

    DamagedData as `newest`; for a damaged file as well, and for a word of a key that another had replaced by then.
    """
    _files(directory, genesis)
    return of_journal(directory, genesis)


def of_journal(directory: Path, genesis: Mapping[str, Any]) -> list[Anchor]:
    """As `every`, where those of the journals before and after it lie as well."""
    since, changes = signers.read(directory, genesis)
    found: list[Anchor] = []
    order, rank = list(since), 0
    for path in _signed(directory, genesis):
        anchor, key = _anchor(path, genesis, since)
        if order.index(key) < rank:
            raise DamagedData(f"{path}: signed by a key that another had replaced by then")
        rank = order.index(key)
        found.append(anchor)
    told = directory / genesis["incarnation"] / signers.FILE
    found += [
        Anchor(each.said.position.seq, each.said.position.head, f"{told}, signed by this station") for each in changes
    ]
    return sorted(found)


def _files(directory: Path, genesis: Mapping[str, Any]) -> list[Path]:
    if not directory.is_dir():
        return []
    others = [each for each in directory.glob("*") if each.name != genesis["incarnation"]]
    if others and genesis["predecessor"] is None:
        raise DamagedData(
            f"{others[0]}: the checkpoints are another journal's, and this one continues none; nothing was changed, "
            "bring the true one back"
        )
    return _signed(directory, genesis)


def _signed(directory: Path, genesis: Mapping[str, Any]) -> list[Path]:
    return sorted((directory / genesis["incarnation"]).glob("[0-9]*.json"))


def _anchor(path: Path, genesis: Mapping[str, Any], since: Mapping[str, int]) -> tuple[Anchor, str]:
    """And the thumbprint of the key that signed it. `since`: those of this journal, as signers.read has them."""
    try:
        content = json.loads(path.read_bytes())
        key = import_okp(content["key"], SIGNING)
        position = verify_checkpoint(str(content["checkpoint"]), [key]).position
    except (OSError, ValueError, TypeError, LookupError, KeyFormatError, SignatureError) as exc:
        raise DamagedData(f"{path}: not a checkpoint: {exc}") from exc
    told = (position.station, position.incarnation, f"{position.seq:012d}.json")
    signer = thumbprint(key)
    if (
        told != (genesis["station"], genesis["incarnation"], path.name)
        or since.get(signer, position.seq + 1) > position.seq
    ):
        raise DamagedData(f"{path}: a checkpoint, but not of this station's key, this journal or this name")
    return Anchor(position.seq, position.head, f"{path}, signed by this station"), signer
