"""Extract and land: read pages from a system and keep each, together with the cursor behind it.

A page's records and its cursor commit in one transaction (promise 1). A version that is already the newest of its
object is not written again (promise 2). Rows that cannot be records are held with their bytes; their page goes on.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.base import Access, Checkpoint, Connector, Page, SourceChanged, SourceUnavailable
from landbridge.landing.rows import Broken, sort
from landbridge.store import bulk, tables
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection as ArrowConnection


@dataclass(frozen=True)
class Patience:
    """How long a run bears with a system: tries in a row without getting on, and the longest single wait."""

    tries: int = 6
    longest: float = 30.0
    first: float = 0.2

    def wait(self, tries: int, asked: float | None) -> float | None:
        """Seconds to wait after so many tries in vain; None to give up and leave it to the flow's next attempt."""
        if tries >= self.tries or (asked is not None and asked > self.longest):
            return None
        return min(self.longest, max(asked or 0.0, self.first * 2.0 ** (tries - 1)))


def land(run: Run, connector: Connector, access: Access, patience: Patience | None = None) -> None:
    """Read every stream of one account from its cursor to its present end.

    Raises what the connector raises (SourceUnavailable only after `patience`); pages landed until then stay.
    """
    with run.books.stage("land", access.account) as entry, run.store.bulk() as connection:
        _make_landing_table(connection)
        lander = _Lander(run, connector, access.account, connection, entry)
        for stream in connector.streams:
            _read(lander, connector, access, stream.name, patience or Patience())


def _read(lander: _Lander, connector: Connector, access: Access, stream: str, patience: Patience) -> None:
    """Read one stream to its end, beginning again from the cursor when the system fails for a while.

    Only a cursor that moves counts as getting on: a page that comes again at every try would keep us here for ever.
    """
    tries = 0
    while True:
        try:
            for page in connector.read(access, stream, _cursor(lander.run, access.account, stream)):
                if lander.keep(page, stream):
                    tries = 0
            return
        except SourceUnavailable as error:
            tries += 1
            wait = patience.wait(tries, error.retry_after)
            if wait is None:
                raise
            time.sleep(wait)


def _cursor(run: Run, account: str, stream: str) -> Checkpoint | None:
    kept = tables.cursor
    query = sa.select(kept.c.checkpoint).where(kept.c.account == account, kept.c.stream == stream)
    with run.store.begin() as connection:
        checkpoint: Checkpoint | None = connection.scalar(query)
    return checkpoint


class _Lander:
    """Keeps pages of one account over one connection, and counts where their rows came to rest."""

    def __init__(self, run: Run, connector: Connector, account: str, connection: ArrowConnection, entry: Entry) -> None:
        self.run = run
        self.connector = connector
        self.account = account
        self.connection = connection
        self.entry = entry

    def keep(self, page: Page, reading: str) -> bool:
        """Land one page and the checkpoint of the stream that is being read, in one transaction.

        Answers whether the cursor moved.
        """
        checkpoint = _as_json(page.checkpoint, self.account)
        rows = sort(page.rows, self.connector.stream(page.stream).key)
        with self.connection.cursor() as cursor:
            kept = (0, 0, 0)
            if rows.keys:
                cursor.adbc_ingest("landing", rows.table(), mode="append", temporary=True)
                cursor.execute(_KEEP, (self.account, page.stream, self.run.run_id))
                kept = cursor.fetchall()[0]
            for broken in rows.broken:
                self._hold(cursor, page.stream, broken)
            moved = bulk.run(cursor, _CURSOR, (self.account, reading, checkpoint, self.run.run_id))
        self.connection.commit()
        self._count(len(page.rows), *kept, len(rows.broken))
        return moved > 0

    def _hold(self, cursor: object, stream: str, broken: Broken) -> None:
        subject = f"{self.account}/{stream}/{broken.subject}"
        cursor.execute(_HOLD, (subject, broken.reason, broken.encoded, self.run.run_id))  # type: ignore[attr-defined]

    def _count(self, taken: int, new: int, changed: int, unchanged: int, held: int) -> None:
        self.entry.taken += taken
        self.entry.new += new
        self.entry.changed += changed
        self.entry.unchanged += unchanged
        self.entry.held += held


def _as_json(checkpoint: Checkpoint | None, account: str) -> str:
    """The checkpoint as the database takes it. Raises SourceChanged: no system of sound mind pages by such text."""
    try:
        text = json.dumps(checkpoint, ensure_ascii=False, allow_nan=False)
        text.encode()  # refuses half an emoji
    except ValueError as error:
        raise SourceChanged(f"{account} gave a place to go on from that cannot be kept.") from error
    if "\\u0000" in text:
        raise SourceChanged(f"{account} gave a place to go on from that holds a NUL.")
    return text


def _make_landing_table(connection: ArrowConnection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE landing (ordinal bigint, key text, payload text, digest text) ON COMMIT DELETE ROWS"
        )
    connection.commit()


# The books count what was kept, not what should have been.
# A version is kept when it differs from the one before it: in this page, else from the newest kept so far. Heads are
# looked up one by one (LIMIT keeps the planner from joining): a page must cost the same however many there are.
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
