"""Checks a journal by docs/journal-format.md alone: python journal_verifier.py DATA/journal [SEQ HEAD]

Written from that page with the standard library, so that code and page can't be wrong in the same way. SEQ and HEAD
are a position kept outside. Prints frames, head, accounts and unfinished bytes as JSON, or exits with a reason.
"""

import hashlib
import json
import re
import sys
import zlib
from collections import Counter
from pathlib import Path

LINE = re.compile(rb'\{"c":([0-9]{1,10}),"h":"([0-9a-f]{64})","r":(\{[^\n]*\})\}\n')
KEYS = {"s": int, "v": int, "k": str, "t": int, "b": list, "by": str, "d": dict}
KINDS = ["genesis", "segment", "recovered", "started", "stopped", "stock", "records", "job-created", "job-state",
         "step", "job-resolved", "job-ended", "handed-over", "reprint",
         "call-back", "call-back-closed"]  # fmt: skip
OUTSIDE = ("supplier", "other-office", "count-adjustment")


def check(good, reason):
    if not good:
        raise ValueError(reason)


def record_of(line, seq, head):
    """The record of the line after frame `seq`, and its hash."""
    parts = LINE.fullmatch(line)
    check(parts, f"after frame {seq}: not a frame")
    check(zlib.crc32(parts[3]) == int(parts[1]), f"after frame {seq}: checksum")
    chained = hashlib.sha256(bytes.fromhex(head) + parts[3]).hexdigest()
    check(chained == parts[2].decode(), f"after frame {seq}: chain")
    record = json.loads(parts[3])
    check(list(record) == list(KEYS), f"after frame {seq}: keys")
    check([type(value) for value in record.values()] == list(KEYS.values()), f"after frame {seq}: types")
    check(record["s"] == seq + 1, f"after frame {seq}: sequence")
    check(record["v"] == 1 and record["k"] in KINDS, f"frame {seq + 1}: upgrade the verifier first")
    return record, chained


def book(places, moves, seq):
    for sku, lot, source, target, quantity in moves:
        check(quantity >= 1 and source != target, f"frame {seq}: an impossible movement")
        places[sku, lot, source] -= quantity
        places[sku, lot, target] += quantity
        check(source in OUTSIDE or places[sku, lot, source] >= 0, f"frame {seq}: {source} below zero")


def verify(directory, anchor=None):
    seq, head, time, places, ends, rest, sealed = 0, "00" * 32, 0, Counter(), {}, b"", {}
    for path in sorted(Path(directory).glob("seg-*")):
        check(path.name == f"seg-{seq + 1:012d}.jsonl" and not rest, f"{path.name}: does not follow frame {seq}")
        *lines, rest = path.read_bytes().split(b"\n")
        ends[path.name] = [0]
        for number, line in enumerate(lines):
            record, head = record_of(line + b"\n", seq, head)
            seq, kind, body = seq + 1, record["k"], record["d"]
            check((kind == "genesis") == (seq == 1), f"frame {seq}: genesis is the first frame and no other")
            check((kind == "segment") == (number == 0 and seq > 1), f"frame {seq}: a seal begins a segment")
            check(kind != "segment" or body["previous"] == sealed, f"frame {seq}: seal of something else")
            check(kind != "recovered" or body["offset"] in ends[body["segment"]], f"frame {seq}: cut within a frame")
            check(record["t"] >= time, f"frame {seq}: time went back")
            check(not anchor or seq != anchor[0] or head == anchor[1], f"frame {seq}: not the one kept outside")
            book(places, body.get("moves", []), seq)
            time = record["t"]
            ends[path.name].append(ends[path.name][-1] + len(line) + 1)
        sealed = {"file": path.name, "bytes": ends[path.name][-1], "head": head}
    check(seq >= (anchor[0] if anchor else 1), f"ends at frame {seq}")
    accounts = Counter()
    for (sku, _, account), quantity in places.items():
        accounts[f"{sku}/{account}"] += quantity
    held = {name: quantity for name, quantity in sorted(accounts.items()) if quantity}
    return {"frames": seq, "head": head, "accounts": held, "unfinished": len(rest)}


if __name__ == "__main__":
    outside = (int(sys.argv[2]), sys.argv[3]) if len(sys.argv) > 2 else None
    try:
        sys.stdout.write(json.dumps(verify(sys.argv[1], outside)) + "\n")
    except ValueError as reason:
        sys.exit(f"refused: {reason}")
