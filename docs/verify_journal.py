"""Checks a journal by journal-format.md alone: python verify_journal.py DATA/journal [SEQ HEAD]

For an auditor: written from that page with nothing but Python's standard library, so that program and page can't be
wrong in the same way. Compares with DATA/checkpoints too (positions, and whose key is named: the standard library has
no Ed25519 to check signatures with), and with SEQ and HEAD, a position kept outside (16 digits of HEAD are enough).
Prints frames, head and accounts; or FILE:LINE: REASON, and exits with 1.
"""

import base64
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
         "step", "job-resolved", "job-ended", "test-card", "test-ended", "handed-over", "reprint",
         "call-back", "call-back-closed", "gap-closed", "shift-opened", "shift-counted", "shift-closed",
         "people", "equipment", "clock", "released", "looked-up", "limit-lifted", "office-figures",
         "blanks-requested", "blanks-granted", "queue-jump", "record-held",
         "record-freed", "erased"]  # fmt: skip
OUTSIDE = ("supplier", "other-office", "count-adjustment")


def check(good, reason):
    if not good:
        raise ValueError(reason)


def record_of(line, seq, head):
    """The record of the line after frame `seq`, and its hash."""
    parts = LINE.fullmatch(line)
    check(parts, "not a frame")
    check(zlib.crc32(parts[3]) == int(parts[1]), "checksum differs")
    chained = hashlib.sha256(bytes.fromhex(head) + parts[3]).hexdigest()
    check(chained == parts[2].decode(), "hash chain broken")
    record = json.loads(parts[3])
    check(list(record) == list(KEYS), "record keys are wrong")
    check([type(value) for value in record.values()] == list(KEYS.values()), "record fields are wrong")
    check(record["s"] == seq + 1, f"sequence {record['s']}, expected {seq + 1}")
    check(record["v"] == 1 and record["k"] in KINDS, f"{record['k']!r}, version {record['v']}: upgrade first")
    return record, chained


def book(places, moves):
    for sku, lot, source, target, quantity in moves:
        check(quantity >= 1 and source != target, "an impossible movement")
        places[sku, lot, source] -= quantity
        places[sku, lot, target] += quantity
        check(source in OUTSIDE or places[sku, lot, source] >= 0, f"{source} falls below zero")


class Journal:
    """What is known after the lines that were taken. `anchors`: {seq: hash} that are still to be met."""

    def __init__(self, checkpoints, anchors):
        self.checkpoints, self.anchors, self.places, self.ends = checkpoints, anchors, Counter(), {}
        self.seq, self.head, self.time, self.sealed = 0, "00" * 32, 0, {}

    def take(self, line, name, ends):
        """One line of the segment `name`, whose frames before it end at `ends`."""
        record, head = record_of(line, self.seq, self.head)
        kind, body, seq = record["k"], record["d"], self.seq + 1
        check((kind == "genesis") == (seq == 1), "genesis is the first frame and no other")
        check((kind == "segment") == (len(ends) == 1 and seq > 1), "a seal begins a segment and is nowhere else")
        if seq == 1:
            for sku, lot, account, quantity in body.get("opening", []):
                self.places[sku, lot, account] += quantity
            self.anchors = {**positions(self.checkpoints / body["incarnation"], body["key"]), **self.anchors}
        check(kind != "segment" or body["previous"] == self.sealed, "seal of something else")
        check(kind != "recovered" or body["offset"] in self.ends[body["segment"]], "a cut within a frame")
        check(record["t"] >= self.time, "time went back")
        check(head.startswith(self.anchors.pop(seq, head)), f"frame {seq} is not the one kept outside")
        book(self.places, body.get("moves", []))
        ends.append(ends[-1] + len(line))
        self.seq, self.head, self.time = seq, head, record["t"]
        self.sealed = {"file": name, "bytes": ends[-1], "head": head}


def thumbprint(jwk):
    told = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()).decode().rstrip("=")


def opened(token, key):
    """The claims of a token that names `key` (a JWK) as its signer."""
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    check(header["kid"] == thumbprint(key), "names another key")
    return claims


def positions(directory, first):
    """{seq: hash} of the checkpoints there, by the key with the thumbprint `first` and those after it."""
    found, since, changes = {}, {first: 0}, directory / "keys.jsonl"
    for line in changes.read_text().splitlines() if changes.exists() else ():
        told = json.loads(line)
        claims = opened(told["endorsement"], told["key"])
        check(thumbprint(told["key"]) == list(since)[-1], "keys.jsonl: not endorsed by the key before it")
        found[claims["seq"]], since[thumbprint(claims["signing_key"])] = claims["head"], claims["seq"]
    rank = 0
    for path in sorted(directory.glob("*.json")):
        told = json.loads(path.read_bytes())
        claims, signer = opened(told["checkpoint"], told["key"]), thumbprint(told["key"])
        order = list(since).index(signer) if signer in since else -1
        check(order >= rank and claims["seq"] >= since[signer], f"{path.name}: not by the station's key of then")
        rank, found[claims["seq"]] = order, claims["head"]
    return found


def content_of(path):
    """Without the zeros at the end. Zeros within are a frame being written: whole when it is read again."""
    hole = -1
    while True:
        content = path.read_bytes().rstrip(b"\0")
        before, hole = hole, content.find(b"\0")
        if hole in (-1, before):
            return content


def verify(directory, anchor=None):
    directory, rest, place = Path(directory), b"", str(directory)
    journal = Journal(directory.parent / "checkpoints", dict([anchor] if anchor else []))
    try:
        for path in (paths := sorted(directory.glob("seg-*"))):
            place = f"{path}:1"
            check(path.name == f"seg-{journal.seq + 1:012d}.jsonl", f"does not follow frame {journal.seq}")
            check(not rest, "the segment before it ends in a torn frame")
            *lines, rest = (path.read_bytes() if path != paths[-1] else content_of(path)).split(b"\n")
            ends = journal.ends[path.name] = [0]
            for number, line in enumerate(lines, start=1):
                place = f"{path}:{number}"
                journal.take(line + b"\n", path.name, ends)
        check(journal.seq and not journal.anchors, f"ends at frame {journal.seq}: set back, or not all of it")
    except (ValueError, KeyError, TypeError) as reason:
        raise ValueError(f"{place}: {reason}") from reason
    accounts = Counter()
    for (sku, _, account), quantity in journal.places.items():
        accounts[f"{sku}/{account}"] += quantity
    held = {name: quantity for name, quantity in sorted(accounts.items()) if quantity}
    return {"frames": journal.seq, "head": journal.head, "accounts": held, "unfinished": len(rest)}


if __name__ == "__main__":
    try:
        outcome = verify(sys.argv[1], (int(sys.argv[2]), sys.argv[3]) if len(sys.argv) > 2 else None)
    except ValueError as refusal:
        sys.exit(str(refusal))
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in outcome.items()))
