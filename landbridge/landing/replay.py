"""Landing again what could not be landed: once the connector is mended, rows that were held become records.

The bytes that were kept are read as the JSON that they were. A row that still is no record stays held.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from landbridge.landing.keep import Keeper
from landbridge.landing.rows import Sorted, sort
from landbridge.store import bulk
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

    from connectors.base import Connector


def land_again(run: Run, connector: Connector, account: str) -> None:
    """Land what is held of an account and can be landed by now; each row and its release commit together, so that it
    happens once however often it is asked for. With nothing held no line of the books is written.

    Books "land again": taken = rows that were held; held = those that still are.
    """
    with run.store.bulk() as connection:
        held = bulk.get(connection, _HELD, (f"{account}/",)).to_pylist()
    if not held:
        return
    with run.books.stage("land again", account) as entry, run.store.bulk() as connection:
        keeper = Keeper(run, account, connection, entry)
        for row in held:
            entry.taken += 1
            if not _landed(keeper, connection, connector, row):
                entry.held += 1


def _landed(keeper: Keeper, connection: Connection, connector: Connector, row: dict[str, Any]) -> bool:
    stream = row["subject"].split("/")[1]
    rows = _rows(connector, stream, row["raw"])
    if rows is None:
        return False
    with connection.cursor() as cursor:
        mine = bulk.run(cursor, _RELEASE, (row["quarantine_id"],))
        if mine:
            keeper.keep_rows(cursor, stream, rows)
        else:
            keeper.entry.unchanged += 1  # somebody else did, meanwhile
    connection.commit()
    return True


def _rows(connector: Connector, stream: str, raw: str | None) -> Sorted | None:
    """The row as it would be kept, None while it cannot be."""
    try:
        row = orjson.loads(base64.b64decode(raw or "", validate=True))
        found = sort([row], connector.stream(stream).key)
    except (ValueError, KeyError):
        return None
    return found if found.keys else None


_HELD = """
SELECT quarantine_id, subject, raw FROM quarantine
WHERE stage = 'land' AND state = 'held' AND starts_with(subject, $1) ORDER BY quarantine_id
"""

_RELEASE = """
WITH released AS (
    UPDATE quarantine SET state = 'released', settled_at = now() WHERE quarantine_id = $1 AND state = 'held'
    RETURNING 1)
SELECT count(*) FROM released
"""
