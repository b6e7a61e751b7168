"""What somebody who can write the file can do: change records, then make everything else fit."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.journal.segments import split_lines


def rechained(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Give each record to `change`, then write the journal anew with checksums, hashes and seals that hold."""
    head, sealed = "00" * 32, {}
    for path in sorted(directory.iterdir()):
        written = b""
        for line in split_lines(path.read_bytes())[0]:
            record = json.loads(line)["r"]
            change(record)
            if record["k"] == "segment":
                record["d"]["previous"] = sealed
            if record["k"] == "recovered":
                record["d"]["offset"] = len(written)
            stored = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
            head = hashlib.sha256(bytes.fromhex(head) + stored).hexdigest()
            written += b'{"c":%d,"h":"%s","r":%s}\n' % (zlib.crc32(stored), head.encode(), stored)
        path.write_bytes(written)
        sealed = {"file": path.name, "bytes": len(written), "head": head}
