"""The view: live state in TinyDB, rebuilt from the journal, never the truth.

TinyDB's stock storage rewrites its one file in place on each insert; here the tables live in memory, each
change touches one document, and a snapshot at every seal makes the next opening short. The three overridden
methods are private in TinyDB 4.9.0, which is therefore pinned; tests hold the behaviour that they rely on.

Queries are TinyDB's own. What is different, and why:

| TinyDB 4.9.0 | here |
|---|---|
| insert, update, upsert, remove, truncate | ReadOnlyView: only an event changes anything |
| document ids are integers, given out again after a removal and a new start | keys of the events, never used twice |
| `Document.doc_id` an int | a str: the key |
| a nested value of a result is the stored one, or the query cache's | each result is a copy, nested values too |
| `search` answers from a cache of 10 queries | no cache: `clear_cache` does nothing |
| `len` and `get(doc_id=...)` read the whole storage | one look-up in memory |

Keys of `finished` and `entries` are places in a ring of the last ones: those do come round.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NoReturn

from tinydb import TinyDB
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from kiosk.core.accounts import Account
from kiosk.core.change import Change
from kiosk.core.gap import age
from kiosk.core.projection import SHAPE
from kiosk.durable import replace_file

log = logging.getLogger(__name__)

Tables = dict[str, dict[str, dict[str, Any]]]

INDEXED = {"records": "state"}
"""Of these tables thousands may be in the view; by this field the few that are asked for are found among them."""


class ReadOnlyView(TypeError):
    """Only `View.apply` changes the view: commit an event instead."""


class _Copy(Document):
    """A private copy of a stored document: changing a result changes nothing else."""

    def __init__(self, value: Mapping[str, Any], doc_id: str) -> None:
        super().__init__(deepcopy(dict(value)), doc_id)  # type: ignore[arg-type]


class ViewTable(Table):
    """Reads straight from memory: get by id is O(1), search O(n). Writing through it is refused."""

    document_class = _Copy  # type: ignore[assignment]
    document_id_class = str  # type: ignore[assignment]

    def __init__(self, storage: Any, name: str) -> None:
        super().__init__(storage, name, cache_size=0)

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        tables: Tables = self._storage.read() or {}
        return tables.get(self.name, {})  # type: ignore[return-value]

    def _update_table(self, updater: Callable[..., None]) -> NoReturn:
        raise ReadOnlyView("the view follows the journal; commit an event instead")

    def _get_next_id(self) -> NoReturn:
        raise ReadOnlyView("keys come from events")


class View:
    """Not thread-safe: the caller holds the lock. `seq`: the last frame that is in it."""

    def __init__(self, tables: Tables | None = None, seq: int = 0) -> None:
        self._tables: Tables = tables if tables is not None else {}
        self.seq = seq
        self._database = TinyDB(storage=MemoryStorage)
        self._database.storage.write(self._tables)
        self._index: dict[tuple[str, Any], dict[str, dict[str, Any]]] = {}
        for table in INDEXED:
            for key, document in self._tables.get(table, {}).items():
                self._enter(table, key, document)

    def read(self, table: str, key: str) -> dict[str, Any] | None:
        """The stored document itself, for projection, which copies before it changes anything."""
        rows = self._tables.get(table)
        return rows.get(key) if rows else None

    def table(self, name: str) -> ViewTable:
        """TinyDB queries over one table; results are copies."""
        return ViewTable(self._database.storage, name)

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """A copy of one document."""
        found = self.table(table).get(doc_id=key)  # type: ignore[call-overload]
        return None if found is None else dict(found)

    def count(self, table: str, **wanted: Any) -> int:
        """How many documents have these values."""
        return len(self.rows(table, **wanted))

    def select(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Copies of the documents that have these values; the others, mostly history, are not copied."""
        return [deepcopy(row) for row in self._matching(table, wanted)]

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """The stored documents that have these values, for looking only: none of thousands is copied to pick one."""
        return list(self._matching(table, wanted))

    def _matching(self, table: str, wanted: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        indexed = INDEXED.get(table, "")
        if indexed in wanted:
            rest = {name: value for name, value in wanted.items() if name != indexed}
            documents = self._index.get((table, wanted[indexed]), {}).values()
        else:
            rest, documents = dict(wanted), self._tables.get(table, {}).values()
        if not rest:
            return documents
        return (row for row in documents if all(row[name] == value for name, value in rest.items()))

    def places(self, sku: str, account: str) -> dict[str, int]:
        """Lot -> quantity of one SKU in one account, oldest lot first; empty places are left out."""
        rows = self._tables.get("balances", {}).values()
        held = {row["lot"]: row["quantity"] for row in rows if (row["sku"], row["account"]) == (sku, account)}
        lots = self._tables.get("lots", {})
        return {lot: held[lot] for lot in sorted(held, key=lambda lot: lots[f"{sku}/{lot}"]["seq"])}

    def balances(self) -> dict[str, dict[str, int]]:
        """SKU -> account -> quantity over all lots; empty accounts are left out."""
        totals: dict[str, dict[str, int]] = {}
        for row in self._tables.get("balances", {}).values():
            accounts = totals.setdefault(row["sku"], {})
            accounts[row["account"]] = accounts.get(row["account"], 0) + row["quantity"]
        return {
            sku: {name: accounts[name] for name in Account if accounts.get(name)}
            for sku, accounts in sorted(totals.items())
        }

    def apply(self, seq: int, changes: Iterable[Change]) -> None:
        for name, key, document in changes:
            table = self._tables.get(name)
            if table is None:
                table = self._tables[name] = {}
            indexed = name in INDEXED
            if indexed and key in table:
                self._leave(name, key, table[key])
            if document is None:
                table.pop(key, None)
                continue
            table[key] = document
            if indexed:
                self._enter(name, key, document)
        self.seq = seq

    def _enter(self, table: str, key: str, document: dict[str, Any]) -> None:
        self._index.setdefault((table, document[INDEXED[table]]), {})[key] = document

    def _leave(self, table: str, key: str, document: dict[str, Any]) -> None:
        del self._index[table, document[INDEXED[table]]][key]

    def age(self, by: int) -> None:
        """The journal is continued in another, which counts from 1: each frame that is named here lies before it."""
        for table, rows in self._tables.items():
            for document in rows.values():
                age(table, document, by)

    def dump(self) -> bytes:
        """The whole state, byte for byte the same for the same frames."""
        tables = {name: table for name, table in self._tables.items() if table}
        state = {"seq": self.seq, "shape": SHAPE, "tables": tables}
        return json.dumps(state, sort_keys=True, ensure_ascii=False).encode()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.dump()).hexdigest()


def keep_snapshot(path: Path, view: View) -> str | None:
    """The digest of what was written, None if the medium refuses. Two fsyncs."""
    content = view.dump()
    try:
        replace_file(path, content)
    except OSError as exc:
        log.warning("no snapshot, the next start replays the whole journal: %s", exc)
        return None
    return hashlib.sha256(content).hexdigest()


def load_snapshot(path: Path, digest: str) -> View | None:
    """The snapshot if it is there, has this digest and the shape of this release, else None: then replay."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != digest:
        return None
    state = json.loads(content)
    if state.get("shape") != SHAPE:
        return None
    return View(state["tables"], state["seq"])
