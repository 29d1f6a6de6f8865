"""Map: records that no mapping in force has seen yet become profiles and touchpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.mapping.apply import Mapped, apply
from landbridge.mapping.load import Mapping
from landbridge.store import bulk
from landbridge.store.profiles import PERSON_FIELDS, PROFILE_SCHEMA, TOUCHPOINT_SCHEMA
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

BATCH = 50_000
"""Records mapped in one transaction."""

STAMPS = (
    "attributes Name SystemModstamp LastModifiedDate LastModifiedById LastActivityDate LastViewedDate "
    "LastReferencedDate IsUnreadByOwner"
)
"""Fields that the CRM sets by itself with any write (Salesforce Object Reference, "System Fields"); Name is derived."""


def map_records(run: Run, mapping: Mapping, account: str, streams: Sequence[str], region: str | None = None) -> None:
    """Map every newest version that was not mapped yet, or was by another content of the mapping.

    Each batch commits whole. A record that yields nothing usable is held in quarantine, and the rest goes on.
    Books: taken = versions to map; new = objects mapped for the first time; changed = mapped again; unchanged = of a
    stream that the mapping leaves unused by name, or in the CRM and showing nothing but what we wrote there.
    """
    with run.books.stage("map", account) as entry, run.store.bulk() as connection:
        for stream in streams:
            keeper = _Keeper(run, connection, mapping, account, stream)
            while (pending := keeper.pending()).num_rows:
                news = pending.filter(pc.invert(pending["echo"]))
                mapped = apply(mapping, stream, news.drop_columns(["first", "echo"]), account, region)
                keeper.keep(pending, news, mapped)
                entry.taken += pending.num_rows
                entry.unchanged += pending.num_rows - news.num_rows
                _count(entry, news, mapped)


def _count(entry: Entry, news: pa.Table, mapped: Mapped) -> None:
    """Each record once, by what became of it."""
    made = news.filter(pc.is_in(news["record_id"], _made(mapped)))
    first = pc.sum(made["first"]).as_py() or 0
    entry.new += first
    entry.changed += made.num_rows - first
    entry.unchanged += len(mapped.unused)
    entry.held += mapped.rejected.num_rows


def _made(mapped: Mapped) -> pa.ChunkedArray:
    """The records that became a profile, a touchpoint or both."""
    return pa.chunked_array([*mapped.profiles["record_id"].chunks, *mapped.touchpoints["record_id"].chunks], pa.int64())


class _Keeper:
    """Reads what one stream has pending and keeps what the mapping made of it, a batch a transaction."""

    def __init__(self, run: Run, connection: Connection, mapping: Mapping, account: str, stream: str) -> None:
        self.run = run
        self.connection = connection
        self.hash = mapping.content_hash
        self.account = account
        self.stream = stream

    def pending(self) -> pa.Table:
        """The next versions to map, oldest first: record_id, key, payload, landed_at, first (never mapped), echo.

        In the CRM, `payload` is the record with our own writes taken back; echo: then it says nothing new.
        """
        return bulk.get(self.connection, _PENDING, (self.account, self.stream, self.hash, STAMPS))

    def keep(self, pending: pa.Table, news: pa.Table, mapped: Mapped) -> None:
        """Store what became of the news in a batch, and how far the batch goes, in one transaction."""
        with self.connection.cursor() as cursor:
            bulk.put(cursor, "pending", news.select(["record_id", "key"]))
            known = not pc.all(news["first"]).as_py()
            self._keep_made(cursor, "profile", mapped.profiles, _PERSON, _PROFILES if known else None)
            self._keep_made(cursor, "touchpoint", mapped.touchpoints, _TOLD, _TOUCHPOINTS if known else None)
            if known:
                cursor.execute(_VANISHED_PROFILES, (self.account, self.stream, self.run.run_id))
                cursor.execute(_VANISHED_TOUCHPOINTS, (self.account, self.stream))
            self._quarantine(cursor, mapped)
            self._drift(cursor, mapped)
            cursor.execute(_MARK, (self.account, self.stream, self.hash, pc.max(pending["record_id"]).as_py()))
        self.connection.commit()

    def _keep_made(self, cursor: Cursor, name: str, made: pa.Table, told: Sequence[str], upsert: str | None) -> None:
        """Store profiles or touchpoints: straight into their table where nothing of theirs is there yet."""
        complete = with_digest(made, told)
        for column, value in (("mapping", self.hash), ("run_id", self.run.run_id)):
            complete = complete.append_column(column, pa.repeat(value, complete.num_rows))
        if upsert is None:
            cursor.adbc_ingest(name, complete, mode="append")
        else:
            bulk.put(cursor, f"incoming_{name}", complete)
            cursor.execute(upsert)

    def _quarantine(self, cursor: Cursor, mapped: Mapped) -> None:
        prefix = f"{self.account}/{self.stream}/"
        bulk.put(cursor, "rejected", mapped.rejected)
        bulk.put(cursor, "noted", mapped.notes)
        cursor.execute(_RELEASE, (prefix,))
        cursor.execute(_HOLD, (prefix, self.run.run_id))
        cursor.execute(_FORGET_NOTES)
        cursor.execute(_NOTE, (prefix, self.run.run_id))

    def _drift(self, cursor: Cursor, mapped: Mapped) -> None:
        cursor.execute(
            "DELETE FROM drift WHERE account = $1 AND stream = $2 AND mapping <> $3",
            (self.account, self.stream, self.hash),
        )
        for found in mapped.drift:
            told = (self.account, self.stream, found.path, found.example_type, self.hash, self.run.run_id)
            cursor.execute(_DRIFT, told)


def with_digest(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """The table with a column `digest`: one hash over the named columns, so that equal rows have equal ones."""
    parts = ", ".join(f"coalesce({_as_text(table, name)}, chr(30))" for name in columns)
    query = f"SELECT *, md5(concat_ws(chr(31), {parts})) AS digest FROM incoming"
    with duckdb.connect() as connection:
        connection.register("incoming", table)
        return connection.sql(query).to_arrow_table()


def _as_text(table: pa.Table, name: str) -> str:
    listed = pa.types.is_list(table.schema.field(name).type)
    return f'array_to_string("{name}", chr(29))' if listed else f'CAST("{name}" AS VARCHAR)'


# What we wrote to a CRM record comes back with its next version, and is no evidence (docs/decisions/0005): a record
# that we created is never mapped; of another, our writes are taken back before it is. Each look-up goes by its whole
# key (LIMIT keeps the planner from joining without knowing the tables), and CASE keeps JSON unparsed that nobody asks.
_PENDING = f"""
SELECT r.record_id, r.key, coalesce(own.payload::text, r.payload) AS payload,
       r.at AS landed_at, r.version = 1 AND r.record_id > coalesce(c.ever, 0) AS first,
       coalesce(s.created OR own.payload - wanted.stamps = seen.payload - wanted.stamps, false) AS echo
FROM (SELECT $1::text AS account, $2::text AS stream, string_to_array($4::text, ' ') AS stamps) wanted
LEFT JOIN map_cursor c USING (account, stream)
JOIN record r USING (account, stream)
JOIN LATERAL (
    SELECT FROM record_head h WHERE h.account = r.account AND h.stream = r.stream AND h.key = r.key
    AND h.record_id = r.record_id LIMIT 1) newest ON true
LEFT JOIN LATERAL (
    SELECT p.fields, p.base, p.created FROM pushed p
    WHERE p.account = r.account AND p.object = r.stream AND p.crm_id = r.key LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.fields IS NOT NULL AND pg_input_is_valid(r.payload, 'jsonb')
                THEN crm_own(r.payload, s.fields, s.base) END) own(payload) ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN pg_input_is_valid(v.payload, 'jsonb') THEN crm_own(v.payload, s.fields, s.base) END
    FROM profile p JOIN record v USING (record_id)
    WHERE s.fields IS NOT NULL AND p.profile_id = r.account || '/' || r.stream || '/' || r.key AND p.mapping = $3
    LIMIT 1) seen(payload) ON true
WHERE r.record_id > CASE WHEN c.mapping = $3 THEN c.upto ELSE 0 END AND r.payload IS NOT NULL
ORDER BY r.record_id LIMIT {BATCH}
"""

_PERSON = (*PERSON_FIELDS, "region_hint", "gone")
_TOLD = tuple(name for name in TOUCHPOINT_SCHEMA.names if name not in ("record_id", "account", "stream"))
"""What makes a profile, and a touchpoint, another one than before."""


def _upsert(table: str, key: str, columns: Sequence[str], **instead: str) -> str:
    """A row of `incoming_{table}` replaces that of its key; `instead`: what a column gets other than the new value."""
    names = (*columns, "digest", "mapping", "run_id")
    updates = ", ".join(f"{name} = {instead.get(name, f'excluded.{name}')}" for name in names if name != key)
    listed = ", ".join(names)
    rows = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM incoming_{table}"
    return f"{rows} ON CONFLICT ({key}) DO UPDATE SET {updates}"


# A deleted object often comes as little more than its id. What the person refused before still holds (promise 8).
_CONSENT = "CASE WHEN excluded.gone THEN coalesce(excluded.consent, profile.consent) ELSE excluded.consent END"
_PROFILES = _upsert("profile", "profile_id", PROFILE_SCHEMA.names, consent=_CONSENT)
_TOUCHPOINTS = _upsert("touchpoint", "touchpoint_id", TOUCHPOINT_SCHEMA.names)

# An object whose newest version no longer tells of a person: its profile is gone, its history stays.
_VANISHED_PROFILES = """
UPDATE profile SET gone = true, digest = 'gone', run_id = $3 FROM pending
WHERE profile.profile_id = $1 || '/' || $2 || '/' || pending.key AND NOT profile.gone
  AND NOT EXISTS (SELECT FROM incoming_profile i WHERE i.profile_id = profile.profile_id)
"""

_VANISHED_TOUCHPOINTS = """
DELETE FROM touchpoint t USING record older, pending p
WHERE t.account = $1 AND t.stream = $2 AND older.record_id = t.record_id AND older.key = p.key
  AND NOT EXISTS (SELECT FROM incoming_touchpoint i WHERE i.touchpoint_id = t.touchpoint_id)
"""

_RELEASE = """
UPDATE quarantine SET state = 'released', settled_at = now() FROM pending
WHERE stage = 'map' AND state = 'held' AND subject = $1 || pending.key
  AND NOT EXISTS (SELECT FROM rejected WHERE rejected.record_id = pending.record_id)
"""

_HOLD = """
INSERT INTO quarantine (stage, subject, expectation, field, reason, record_id, run_id)
SELECT 'map', $1 || pending.key, 'record_maps', field, reason, record_id, $2
FROM rejected JOIN pending USING (record_id)
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO NOTHING
"""

# One value of a record was not usable: the record goes on without it, and the note says what was dropped.
_FORGET_NOTES = """
DELETE FROM quarantine USING pending
WHERE stage = 'map' AND expectation = 'value_is_usable' AND quarantine.record_id = pending.record_id
"""

_NOTE = """
INSERT INTO quarantine (stage, subject, expectation, field, reason, record_id, run_id, state, settled_at)
SELECT 'map', $1 || pending.key, 'value_is_usable', field, reason, record_id, $2, 'dropped', now()
FROM noted JOIN pending USING (record_id)
"""

_DRIFT = """
INSERT INTO drift (account, stream, path, type, mapping, first_run_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account, stream, path) DO NOTHING
"""

_MARK = """
INSERT INTO map_cursor (account, stream, mapping, upto, ever) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (account, stream) DO UPDATE
SET mapping = excluded.mapping, upto = excluded.upto, ever = greatest(map_cursor.ever, excluded.upto)
"""
