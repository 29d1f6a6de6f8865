"""What a stream has pending: versions that no mapping in force has seen, read and mapped a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from landbridge.mapping.apply import Mapped, apply
from landbridge.mapping.load import Mapping
from landbridge.mapping.macros import engine
from landbridge.store import bulk
from landbridge.store.profiles import PERSON_FIELDS, TOUCHPOINT_SCHEMA

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

BATCH = 25_000
"""Records mapped in one transaction."""

STAMPS = (
    "attributes Name SystemModstamp LastModifiedDate LastModifiedById LastActivityDate LastViewedDate "
    "LastReferencedDate IsUnreadByOwner"
)
"""Fields that the CRM sets by itself with any write (Salesforce Object Reference, "System Fields"); Name is derived."""

_PERSON = (*PERSON_FIELDS, "region_hint", "created_at", "gone")
_TOLD = tuple(name for name in TOUCHPOINT_SCHEMA.names if name not in ("record_id", "account", "stream"))
"""What makes a profile, and a touchpoint, another one than before."""


@dataclass(frozen=True)
class Batch:
    """Pending versions and what the mapping made of them.

    `news` (record_id, key, first) are those that say something new; `read` counts all, our own echoes too; `upto` is
    the last record_id. `profiles` and `touchpoints` carry their digest.
    """

    news: pa.Table
    read: int
    upto: int
    mapped: Mapped
    profiles: pa.Table
    touchpoints: pa.Table


class Pending:
    """Reads and maps what one stream has pending, over a connection of its own."""

    def __init__(self, connection: Connection, mapping: Mapping, account: str, stream: str, region: str | None) -> None:
        self.connection = connection
        self.mapping = mapping
        self.account = account
        self.stream = stream
        self.region = region
        [place] = bulk.get(connection, _PLACE, (account, stream, mapping.content_hash)).to_pylist()
        self.begin: int = place["upto"]
        self.ever: int = place["ever"]
        self.pushed: bool = place["pushed"]

    def versions(self) -> Iterator[pa.Table]:
        """What is pending, oldest version first, in tables of BATCH rows."""
        upto = self.begin
        while (versions := self._read(upto)).num_rows:
            upto = _last(versions)
            yield versions

    def mapped(self, versions: pa.Table) -> Batch:
        """What the mapping makes of these versions."""
        news = versions.filter(pc.invert(versions["echo"]))
        mapped = apply(self.mapping, self.stream, news.select(_RECORDS), self.account, self.region)
        return Batch(
            news.select(["record_id", "key", "first"]),
            versions.num_rows,
            _last(versions),
            mapped,
            with_digest(mapped.profiles, _PERSON),
            with_digest(mapped.touchpoints, _TOLD),
        )

    def _read(self, record_id: int) -> pa.Table:
        """record_id, key, payload, landed_at, first (never mapped), echo (in the CRM, and nothing but our writes)."""
        place = (self.account, self.stream, record_id, self.ever)
        if not self.pushed:
            return bulk.get(self.connection, _PLAIN, place)
        return bulk.get(self.connection, _OWN, (*place, self.mapping.content_hash, STAMPS))


def _last(versions: pa.Table) -> int:
    last: int = pc.max(versions["record_id"]).as_py()
    return last


_RECORDS = ["record_id", "key", "payload", "landed_at"]


def with_digest(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """The table with a column `digest`: one hash over the named columns, so that equal rows have equal ones."""
    parts = ", ".join(f"coalesce({_as_text(table, name)}, chr(30))" for name in columns)
    query = f"SELECT *, md5(concat_ws(chr(31), {parts})) AS digest FROM incoming"
    with engine() as connection:
        connection.register("incoming", table)
        return connection.sql(query).to_arrow_table()


def _as_text(table: pa.Table, name: str) -> str:
    listed = pa.types.is_list(table.schema.field(name).type)
    return f'array_to_string("{name}", chr(29))' if listed else f'CAST("{name}" AS VARCHAR)'


_PLACE = """
SELECT coalesce(max(upto) FILTER (WHERE mapping = $3), 0) AS upto, coalesce(max(ever), 0) AS ever,
       EXISTS (SELECT FROM change WHERE account = $1 AND crm_id IS NOT NULL) AS pushed
FROM map_cursor WHERE account = $1 AND stream = $2
"""

# Each look-up goes by its whole key; LIMIT keeps the planner from joining without knowing the tables.
_PENDING = """
SELECT r.record_id, r.key, {payload} AS payload, r.at AS landed_at, r.version = 1 AND r.record_id > $4 AS first,
       {echo} AS echo
FROM record r
JOIN LATERAL (
    SELECT FROM record_head h WHERE h.account = r.account AND h.stream = r.stream AND h.key = r.key
    AND h.record_id = r.record_id LIMIT 1) newest ON true
{own}
WHERE r.account = $1 AND r.stream = $2 AND r.record_id > $3 AND r.payload IS NOT NULL
ORDER BY r.record_id LIMIT {size}
"""

_PLAIN = _PENDING.format(payload="r.payload", echo="false", own="", size=BATCH)

# What we wrote to a CRM record comes back with its next version, and is no evidence (docs/decisions/0005): a record
# that we created is never mapped, nor its deletion; of another, our writes are taken back before it is. CASE keeps
# JSON unparsed that nobody asks.
_OWN = _PENDING.format(
    payload="coalesce(own.payload::text, r.payload)",
    echo="made.by_us OR coalesce(own.payload - stamps.names = seen.payload - stamps.names, false)",
    own="""
CROSS JOIN (SELECT string_to_array($6::text, ' ') AS names) stamps
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM change c WHERE c.account = r.account AND c.object = r.stream AND c.crm_id = r.key
                   AND c.created)) made(by_us)
LEFT JOIN LATERAL (
    SELECT p.fields, p.base FROM pushed p
    WHERE p.account = r.account AND p.object = r.stream AND p.crm_id = r.key LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.fields IS NOT NULL AND pg_input_is_valid(r.payload, 'jsonb')
                THEN crm_own(r.payload, s.fields, s.base) END) own(payload) ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN pg_input_is_valid(v.payload, 'jsonb') THEN crm_own(v.payload, s.fields, s.base) END
    FROM profile p JOIN record v USING (record_id)
    WHERE s.fields IS NOT NULL AND p.profile_id = r.account || '/' || r.stream || '/' || r.key AND p.mapping = $5
    LIMIT 1) seen(payload) ON true""",
    size=BATCH,
)
