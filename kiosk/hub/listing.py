"""What a station is given, as lines that are read from the data base while they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from kiosk.crypto import jose
from kiosk.hub import leases
from kiosk.hub.store import Store

ROWS = 8
"""Records in memory at a time. Between two looks nothing is held in the data base, however slow the line is."""
ANSWER_BYTES = 8 << 20
"""An answer ends after about so much: the server keeps it apart from its threads, and a slow station takes none."""


WITHDRAWALS = 1000
"""Lines of an answer without records."""


Renew = Callable[[str, str], str]
"""A signed word and its `typ`, as it is given out now."""
_TYPES = {"record": jose.RECORD, "withdrawal": jose.WITHDRAWAL}


def _as_it_is(token: str, typ: str) -> str:
    return token


def lines(store: Store, station: str, after: int, limit: int, renew: Renew = _as_it_is) -> Iterator[bytes]:
    """At most `limit` lines of docs/openapi.yaml, with 0 the withdrawals alone. The first look is made here."""
    found = _lines(store, station, after, limit, renew)
    first = next(found, b"")
    return chain((first,), found) if first else iter(())


def _lines(store: Store, station: str, after: int, limit: int, renew: Renew) -> Iterator[bytes]:
    left, size = limit or WITHDRAWALS, 0
    while left and size < ANSWER_BYTES:
        wanted = min(ROWS, left)
        with store.snapshot() as connection:
            rows = leases.page(connection, station, after, wanted, records=limit > 0)
        for cursor, kind, token in rows:
            line = f'{{"cursor":"{cursor}","{kind}":"{renew(token, _TYPES[kind])}"}}\n'.encode()
            size += len(line)
            yield line
            after = cursor
        if len(rows) < wanted:
            return
        left -= wanted
