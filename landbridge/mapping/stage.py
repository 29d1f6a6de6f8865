"""Map: records that no mapping in force has seen yet become profiles and touchpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from landbridge.ahead import ahead
from landbridge.mapping.apply import Mapped
from landbridge.mapping.load import Mapping
from landbridge.mapping.pending import Batch, Pending
from landbridge.store import bulk
from landbridge.store.profiles import PROFILE_SCHEMA, TOUCHPOINT_SCHEMA
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor


def map_records(run: Run, mapping: Mapping, account: str, streams: Sequence[str], region: str | None = None) -> None:
    """Map every newest version that was not mapped yet, or was by another content of the mapping.

    Each batch commits whole; while it is stored, the next is mapped and the one after that is read. A record that
    yields nothing usable is held in quarantine, and the rest goes on.
    Books: taken = versions to map; new = objects mapped for the first time; changed = mapped again; unchanged = of a
    stream that the mapping leaves unused by name, or in the CRM and showing nothing but what we wrote there.
    """
    with run.books.stage("map", account) as entry, run.store.bulk() as reading, run.store.bulk() as writing:
        for stream in streams:
            keeper = _Keeper(run, writing, mapping, account, stream)
            pending = Pending(reading, mapping, account, stream, region)
            for batch in ahead(map(pending.mapped, ahead(pending.versions()))):
                keeper.keep(batch)
                _count(entry, batch)


def _count(entry: Entry, batch: Batch) -> None:
    """Each record once, by what became of it."""
    made = batch.news.filter(pc.is_in(batch.news["record_id"], _made(batch.mapped)))
    first = pc.sum(made["first"]).as_py() or 0
    entry.taken += batch.read
    entry.new += first
    entry.changed += made.num_rows - first
    entry.unchanged += batch.read - batch.news.num_rows + len(batch.mapped.unused)
    entry.held += batch.mapped.rejected.num_rows


def _made(mapped: Mapped) -> pa.ChunkedArray:
    """The records that became a profile, a touchpoint or both."""
    return pa.chunked_array([*mapped.profiles["record_id"].chunks, *mapped.touchpoints["record_id"].chunks], pa.int64())


class _Keeper:
    """Keeps what the mapping made of one stream, a batch a transaction."""

    def __init__(self, run: Run, connection: Connection, mapping: Mapping, account: str, stream: str) -> None:
        self.run = run
        self.connection = connection
        self.hash = mapping.content_hash
        self.account = account
        self.stream = stream

    def keep(self, batch: Batch) -> None:
        """Store what became of a batch, and how far it goes, in one transaction."""
        with self.connection.cursor() as cursor:
            bulk.put(cursor, "pending", batch.news.select(["record_id", "key"]))
            known = not pc.all(batch.news["first"]).as_py()
            self._keep_made(cursor, "profile", batch.profiles, _PROFILES if known else None)
            self._keep_made(cursor, "touchpoint", batch.touchpoints, _TOUCHPOINTS if known else None)
            if known:
                cursor.execute(_VANISHED_PROFILES, (self.account, self.stream, self.run.run_id))
                cursor.execute(_VANISHED_TOUCHPOINTS, (self.account, self.stream))
            self._quarantine(cursor, batch.mapped)
            self._drift(cursor, batch.mapped)
            cursor.execute(_MARK, (self.account, self.stream, self.hash, batch.upto))
        self.connection.commit()

    def _keep_made(self, cursor: Cursor, name: str, made: pa.Table, upsert: str | None) -> None:
        """Store profiles or touchpoints: straight into their table where nothing of theirs is there yet."""
        for column, value in (("mapping", self.hash), ("run_id", self.run.run_id)):
            made = made.append_column(column, pa.repeat(value, made.num_rows))
        if upsert is None:
            cursor.adbc_ingest(name, made, mode="append")
        else:
            bulk.put(cursor, f"incoming_{name}", made)
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
