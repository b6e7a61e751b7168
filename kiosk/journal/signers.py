"""DATA/checkpoints/<incarnation>/keys.jsonl: how the key that genesis names gave way to those after it.

One line a change: {"endorsement": signed by the key that went, "key": that key, public}. With it an auditor checks
checkpoints of any age by nothing but DATA.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kiosk.crypto.endorsement import Endorsement, verify_endorsement
from kiosk.crypto.jose import SignatureError
from kiosk.crypto.keys import SIGNING, OKPKey, import_public, public_jwk, thumbprint
from kiosk.durable import make_directory, replace_file
from kiosk.errors import DamagedData

FILE = "keys.jsonl"


class Change(NamedTuple):
    """`key` signed `token`, which says `said`."""

    key: OKPKey
    token: str
    said: Endorsement

    @property
    def line(self) -> bytes:
        content = {"endorsement": self.token, "key": public_jwk(self.key)}
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def changes(directory: Path, incarnation: str) -> list[Change]:
    """In their order, each signature checked; none if no key was ever changed. DamagedData names the line."""
    path = directory / incarnation / FILE
    found: list[Change] = []
    try:
        for line in path.read_bytes().splitlines() if path.exists() else ():
            content = json.loads(line)
            key, token = import_public(content["key"], SIGNING), str(content["endorsement"])
            found.append(Change(key, token, verify_endorsement(token, [key])))
    except (ValueError, TypeError, LookupError, SignatureError) as exc:
        raise DamagedData(f"{path}:{len(found) + 1}: not an endorsement: {exc}") from exc
    return found


def keep(directory: Path, change: Change) -> None:
    """Note it. Durable on return; three fsyncs. OSError if the medium refuses, DamagedData as `changes`.

    One that the same key signed before goes: its successor never came into use.
    """
    incarnation = change.said.position.incarnation
    others = [each for each in changes(directory, incarnation) if thumbprint(each.key) != thumbprint(change.key)]
    make_directory(directory / incarnation)
    replace_file(directory / incarnation / FILE, b"".join(each.line for each in (*others, change)))


def read(directory: Path, genesis: Mapping[str, Any]) -> tuple[dict[str, int], list[Change]]:
    """The keys of a journal by thumbprint, in their order, with the frame from which each one's word counts.

    And the changes between them. DamagedData as `changes`, and where a key was brought in by another than the last.
    """
    since = {str(genesis["key"]): 0}
    found = changes(directory, str(genesis["incarnation"]))
    for number, change in enumerate(found, start=1):
        where = change.said.position
        known = (where.station, where.incarnation) == (genesis["station"], genesis["incarnation"])
        if not known or thumbprint(change.key) != list(since)[-1]:
            path = directory / str(genesis["incarnation"]) / FILE
            raise DamagedData(
                f"{path}:{number}: an endorsement, but not of this journal, or not by the key before it"
            )
        since[thumbprint(change.said.successors.signing)] = where.seq
    return since, found
