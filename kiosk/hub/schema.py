"""The centre's tables. Plain SQL that SQLite and PostgreSQL both run; times are UTC ms since 1970.

`frames` is what the stations proved; `stock`, `leases.state` and `alarms` are projections of it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()


def _station() -> Column[str]:
    return Column("station", String(64), ForeignKey("stations.id"), primary_key=True)


stations = Table(
    "stations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("code_digest", String(64), nullable=False),
    Column("enrolled_at", BigInteger),
    Column("last_contact", BigInteger),
    Column("lost_at", BigInteger),
    Column("incarnation", String(64), nullable=False, default=""),
    Column("successor_allowed", Boolean, nullable=False, default=False),
    Column("called_for", String(43)),  # which of the centre's keys the station named last
)

station_keys = Table(
    "station_keys",
    metadata,
    _station(),
    Column("curve", String(16), primary_key=True),
    Column("thumbprint", String(43), primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("endorsement", Text),  # by the key before it; none of those that a code bound
)

# Keys that open nothing any more. Of a journal that was superseded, and they tell who still has the old disk; or
# `replaced_by` a later key of the same journal, and they tell of a copy of the disk.
retired_keys = Table(
    "retired_keys",
    metadata,
    _station(),
    Column("thumbprint", String(43), primary_key=True),
    Column("retired_at", BigInteger, nullable=False),
    Column("replaced_by", String(43)),
)

# `incarnation` continues `predecessor`, which ends at `seq`, for ever.
successions = Table(
    "successions",
    metadata,
    _station(),
    Column("incarnation", String(64), primary_key=True),
    Column("predecessor", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Request tokens that have been used, kept until they expire.
tokens = Table(
    "tokens",
    metadata,
    _station(),
    Column("token_id", String(64), primary_key=True),
    Column("expires_s", BigInteger, nullable=False),
)

# One row a lease. The cursor counts within the station, so that it is given out under that station's lock:
# a global sequence could show a later number before an earlier one is committed.
leases = Table(
    "leases",
    metadata,
    _station(),
    Column("cursor", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(32), nullable=False),
    Column("sku", String(16), nullable=False),
    Column("jws", Text, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, arrived, printed, issued, revoked
    Column("chip_uid", String(32)),
    Column("changed_at", BigInteger, nullable=False),
    Column("withdrawal", Text),  # signed; given out under a cursor of its own, in place of the record
    Column("withdrawal_cursor", BigInteger),
)

LIVE = text("state <> 'revoked'")
"""A lease by which a record may be printed, or was: at most one a record, whichever hub gives it."""
Index("one_live_lease", leases.c.ref, unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
# Written out: SQLite takes an index of some rows only for a condition that it can read.
TO_PRINT = text("state in ('waiting', 'arrived')")
Index("lease_to_print", leases.c.station, sqlite_where=TO_PRINT, postgresql_where=TO_PRINT)
Index("lease_by_chip", leases.c.chip_uid)
Index("lease_by_ref", leases.c.station, leases.c.ref)
Index("withdrawal_by_cursor", leases.c.station, leases.c.withdrawal_cursor)

journals = Table(
    "journals",
    metadata,
    _station(),
    Column("incarnation", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),
    Column("predecessor", String(64), nullable=False),
    Column("checkpoint_seq", BigInteger, nullable=False),
    Column("checkpoint_head", String(64), nullable=False),
    Column("checkpoint", Text, nullable=False),
)

frames = Table(
    "frames",
    metadata,
    _station(),
    Column("incarnation", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("head", String(64), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

stock = Table(
    "stock",
    metadata,
    _station(),
    Column("sku", String(64), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)

# The same alarm again raises `times`, not a new row: a station that retries cannot fill the disk.
alarms = Table(
    "alarms",
    metadata,
    _station(),
    Column("kind", String(32), primary_key=True),
    Column("detail", String(300), primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("cleared_by", String(64)),
    Column("cleared_reason", String(300)),
)

# What came into an account and went out of it, by the hour (since 1970, UTC) of the station's own time.
flows = Table(
    "flows",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    _station(),
    Column("sku", String(64), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("came", BigInteger, nullable=False),
    Column("went", BigInteger, nullable=False),
)

# Blanks that are unused, by the lot with which they came.
lots = Table(
    "lots",
    metadata,
    _station(),
    Column("sku", String(64), primary_key=True),
    Column("lot", String(64), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)

# What one office booked as lent or borrowed; `head` is of the frame that says so. kiosk.hub.lending pairs them.
loans = Table(
    "loans",
    metadata,
    _station(),
    Column("head", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("way", String(16), nullable=False),
    Column("document", String(200), nullable=False),
    Column("office", String(200), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reversed", Boolean, nullable=False),
)

# Frames that are in the chain and could not be read: `frames` holds them, no projection does.
set_aside = Table(
    "set_aside",
    metadata,
    _station(),
    Column("incarnation", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String(300), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# The records whose state such a frame may change: they may be printed, though their lease does not say so.
set_aside_refs = Table(
    "set_aside_refs",
    metadata,
    _station(),
    Column("incarnation", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(32), primary_key=True),
)
