"""Making derived rows anew where what they are made from has changed: find out which, then batch by batch.

A stage creates the temporary table `fresh` (identity_id, inputs: a digest of all that the row is made from). What
differs from the inputs noted with the row is made again. Each batch commits by itself; a run that dies leaves a
shorter rest for the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from landbridge.store import bulk
from landbridge.trail.balance import Entry

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_postgresql.dbapi import Connection

SIZE = 50_000
"""Identities made in one transaction."""


def stale(connection: Connection, table: str, fresh: str, parameters: tuple[Any, ...], entry: Entry) -> Iterator[int]:
    """Note all that there is in the books as taken, and yield the number of each batch that must be made again.

    The batch then is the temporary table `batch` (identity_id, inputs).
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.fresh, pg_temp.stale, pg_temp.batch")
        cursor.execute(f"CREATE TEMP TABLE fresh AS {fresh}", parameters)
        cursor.execute(_STALE.format(table=table, size=SIZE))
        entry.taken = bulk.run(cursor, "SELECT count(*) FROM fresh")
        entry.unchanged = entry.taken - bulk.run(cursor, "SELECT count(*) FROM stale")
        batches = bulk.run(cursor, "SELECT coalesce(max(part), 0) FROM stale")
        for part in range(1, batches + 1):
            cursor.execute("DROP TABLE IF EXISTS pg_temp.batch")
            cursor.execute(f"CREATE TEMP TABLE batch AS SELECT identity_id, inputs FROM stale WHERE part = {part}")
            yield part


def keep(connection: Connection, table: str, made: pa.Table, values: str, entry: Entry, run_id: str) -> None:
    """Write a batch of made rows (identity_id, digest and the rest) and commit. `values`: column = expression, ...

    A row that says the same as before keeps the run that it came from.
    """
    columns, expressions = zip(*(each.split(" = ", 1) for each in values.split("; ")), strict=True)
    statement = _KEEP.format(
        table=table,
        columns=", ".join(columns),
        expressions=", ".join(expressions),
        updates=", ".join(f"{name} = excluded.{name}" for name in columns),
    )
    with connection.cursor() as cursor:
        bulk.put(cursor, "made", made)
        new = bulk.run(cursor, _COUNT.format(table=table, condition="old.identity_id IS NULL"))
        changed = bulk.run(cursor, _COUNT.format(table=table, condition="old.digest <> made.digest"))
        cursor.execute(statement, (run_id,))
    connection.commit()
    entry.new += new
    entry.changed += changed
    entry.unchanged += made.num_rows - new - changed


_STALE = """
CREATE TEMP TABLE stale AS
SELECT identity_id, fresh.inputs, (row_number() OVER (ORDER BY identity_id) - 1) / {size} + 1 AS part
FROM fresh LEFT JOIN {table} old USING (identity_id) WHERE old.inputs IS DISTINCT FROM fresh.inputs
"""

_COUNT = "SELECT count(*) FROM made LEFT JOIN {table} old USING (identity_id) WHERE {condition}"

_KEEP = """
INSERT INTO {table} (identity_id, inputs, digest, {columns}, run_id)
SELECT identity_id, batch.inputs, digest, {expressions}, $1 FROM made JOIN batch USING (identity_id)
ON CONFLICT (identity_id) DO UPDATE SET inputs = excluded.inputs, {updates}, digest = excluded.digest,
    run_id = CASE WHEN {table}.digest = excluded.digest THEN {table}.run_id ELSE excluded.run_id END,
    at = CASE WHEN {table}.digest = excluded.digest THEN {table}.at ELSE excluded.at END
"""
