"""Keep a page: its records, what is broken among its rows, and the cursor behind it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from landbridge.landing.pages import Ready
from landbridge.landing.rows import Broken, Sorted, sort
from landbridge.store import bulk
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor


@dataclass(frozen=True)
class Kept:
    """Where the rows of a page that are records came to rest."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class Keeper:
    """Keeps pages of one account over one connection, and counts where their rows came to rest."""

    def __init__(self, run: Run, account: str, connection: Connection, entry: Entry) -> None:
        self.run_id = run.run_id
        self.account = account
        self.connection = connection
        self.entry = entry
        with connection.cursor() as cursor:
            cursor.execute(_LANDING)
        connection.commit()

    def keep(self, page: Ready, reading: str) -> bool:
        """Land one page and the checkpoint of the stream that is being read, in one transaction.

        Answers whether the cursor moved.
        """
        with self.connection.cursor() as cursor:
            kept = self._records(cursor, page.stream, page.rows)
            partly = self._laid_over(cursor, page)
            for broken in page.rows.broken:
                self._hold(cursor, page.stream, broken)
            moved = bulk.run(cursor, _CURSOR, (self.account, reading, page.checkpoint, self.run_id))
        self.connection.commit()
        self._count(page, kept)
        self.entry.taken += len(partly.keys)
        return moved > 0

    def keep_rows(self, cursor: Cursor, stream: str, rows: Sorted) -> None:
        """Land rows of no page, in the caller's transaction, and count them."""
        kept = self._records(cursor, stream, rows)
        self.entry.new += kept.new
        self.entry.changed += kept.changed
        self.entry.unchanged += kept.unchanged

    def _laid_over(self, cursor: Cursor, page: Ready) -> Sorted:
        """Keep what tells only part of an object, laid over its newest version. Answers those that are known."""
        if not page.partly:
            return Sorted()
        cursor.execute(_NEWEST, (self.account, page.stream, list(page.partly)))
        known = [(key, orjson.loads(payload)) for key, payload in cursor.fetchall()]
        rows = sort([payload | page.partly[key] for key, payload in known if isinstance(payload, dict)], page.key)
        cursor.execute("DELETE FROM landing")  # of this page, which has been kept
        self.keep_rows(cursor, page.stream, rows)
        return rows

    def _records(self, cursor: Cursor, stream: str, rows: Sorted) -> Kept:
        """Keep what is news. A page in which nothing is known needs no comparing, and takes the short road."""
        if not rows.keys:
            return Kept()
        cursor.execute(_LOOK, (self.account, stream, rows.keys))
        last, known = cursor.fetchall()[0]
        if known or rows.repeats:
            cursor.adbc_ingest("landing", rows.table(), mode="append", temporary=True)
            cursor.execute(_KEEP, (self.account, stream, self.run_id))
            return Kept(*cursor.fetchall()[0])
        cursor.adbc_ingest("record", rows.first_versions(self.account, stream, self.run_id), mode="append")
        return Kept(new=bulk.run(cursor, _HEADS, (self.account, stream, last)))

    def _hold(self, cursor: Cursor, stream: str, broken: Broken) -> None:
        subject = f"{self.account}/{stream}/{broken.subject}"
        cursor.execute(_HOLD, (subject, broken.reason, broken.encoded, self.run_id))

    def _count(self, page: Ready, kept: Kept) -> None:
        self.entry.taken += page.taken
        self.entry.new += kept.new
        self.entry.changed += kept.changed
        self.entry.unchanged += kept.unchanged
        self.entry.held += len(page.rows.broken)


_LANDING = "CREATE TEMP TABLE landing (ordinal bigint, key text, payload text, digest text) ON COMMIT DELETE ROWS"

# Heads are looked up one by one (LIMIT keeps the planner from joining): a page must cost the same however many there
# are. Every record of this page will have a record_id beyond `last`.
_LOOK = """
SELECT nextval(pg_get_serial_sequence('record', 'record_id')) AS last, EXISTS (
    SELECT FROM unnest($3::text[]) AS page (key) JOIN LATERAL (
        SELECT FROM record_head WHERE account = $1 AND stream = $2 AND key = page.key LIMIT 1) head ON true) AS known
"""

_NEWEST = """
SELECT h.key, r.payload FROM record_head h JOIN record r USING (record_id)
WHERE h.account = $1 AND h.stream = $2 AND h.key = ANY($3) AND r.payload IS NOT NULL
"""

# The books count what was kept, not what should have been. Should somebody else land the same objects meanwhile, in
# spite of the lock on the account, the second head of an object is refused and its page comes again.
_HEADS = """
WITH heads AS (
    INSERT INTO record_head (account, stream, key, record_id, version, digest)
    SELECT account, stream, key, record_id, version, digest FROM record
    WHERE account = $1 AND stream = $2 AND record_id > $3 RETURNING 1
) SELECT count(*) FROM heads
"""

# A version is kept when it differs from the one before it: in this page, else from the newest kept so far.
_KEEP = """
WITH seen AS (
    SELECT l.*, lag(l.digest) OVER (PARTITION BY l.key ORDER BY l.ordinal) AS before, h.digest AS head, h.version
    FROM landing l LEFT JOIN LATERAL (
        SELECT digest, version FROM record_head
        WHERE account = $1 AND stream = $2 AND key = l.key LIMIT 1) h ON true
), news AS (
    SELECT *, coalesce(version, 0) + row_number() OVER (PARTITION BY key ORDER BY ordinal) AS next FROM seen
    WHERE digest IS DISTINCT FROM coalesce(before, head)
), kept AS (
    INSERT INTO record (account, stream, key, version, digest, payload, run_id)
    SELECT $1, $2, key, next, digest, payload, $3 FROM news ORDER BY ordinal
    RETURNING record_id, key, version, digest
), heads AS (
    INSERT INTO record_head (account, stream, key, record_id, version, digest)
    SELECT DISTINCT ON (key) $1, $2, key, record_id, version, digest FROM kept ORDER BY key, version DESC
    ON CONFLICT (account, stream, key) DO UPDATE
    SET record_id = excluded.record_id, version = excluded.version, digest = excluded.digest
)
SELECT count(*) FILTER (WHERE version = 1), count(*) FILTER (WHERE version > 1),
    (SELECT count(*) FROM seen WHERE digest = coalesce(before, head)) FROM kept
"""

_CURSOR = """
WITH moved AS (
    INSERT INTO cursor (account, stream, checkpoint, run_id) VALUES ($1, $2, $3::jsonb, $4)
    ON CONFLICT (account, stream) DO UPDATE SET checkpoint = excluded.checkpoint, run_id = excluded.run_id, at = now()
    WHERE cursor.checkpoint <> excluded.checkpoint RETURNING 1
) SELECT count(*) FROM moved
"""

_HOLD = """
INSERT INTO quarantine (stage, subject, expectation, reason, raw, run_id)
VALUES ('land', $1, 'row_is_a_record', $2, $3, $4)
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO NOTHING
"""
