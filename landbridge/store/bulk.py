"""Arrow tables as temporary tables of a bulk transaction, so that plain SQL can do the set-based rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor


def put(cursor: Cursor, name: str, table: pa.Table) -> None:
    """Make (or replace) the temporary table `name` of this connection from an Arrow table, by COPY."""
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.adbc_ingest(name, table, mode="create", temporary=True)


def get(connection: Connection, query: str, parameters: tuple[Any, ...] = ()) -> pa.Table:
    """The rows of a query as an Arrow table."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetch_arrow_table()


def run(cursor: Cursor, statement: str, parameters: tuple[Any, ...] = ()) -> int:
    """Execute a statement that answers one number, as `WITH done AS (... RETURNING 1) SELECT count(*) FROM done`."""
    cursor.execute(statement, parameters)
    return int(cursor.fetchall()[0][0])
