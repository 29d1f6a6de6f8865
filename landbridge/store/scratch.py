"""A scratch database beside the real one, with a copy of what is asked for: where stages may try what they would do."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg
import sqlalchemy as sa

from landbridge.errors import AccessRefused
from landbridge.store.engine import Store
from landbridge.store.schema import upgrade
from landbridge.store.tables import metadata

PREFIX = "landbridge_scratch_"
OLD = 24 * 3600
"""Seconds after which a scratch database belongs to nobody any more: its process was killed."""


@contextmanager
def scratch(store: Store, rows: Mapping[str, str]) -> Iterator[Store]:
    """A store over a fresh database of the same server, dropped at the end whatever happens.

    `rows`: table -> SQL condition that says which of its rows are copied ("true" for all); other tables are empty.
    Raises AccessRefused when the server does not let us make a database.
    """
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(3)}"
    _create(store, name)
    copy = Store(urlsplit(store.uri)._replace(path=f"/{name}").geturl())
    try:
        upgrade(copy)
        _fill(store, copy, rows)
        yield copy
    finally:
        copy.close()
        _administer(store, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _create(store: Store, name: str) -> None:
    try:
        for left in _left_behind(store):
            _administer(store, f"DROP DATABASE IF EXISTS {left} WITH (FORCE)")
        _administer(store, f"CREATE DATABASE {name}")
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise AccessRefused(
            f"No scratch database can be made on this server: {reason}.",
            do="Let our database user make some (ALTER ROLE … CREATEDB).",
        ) from error


def _left_behind(store: Store) -> list[str]:
    query = sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix) ORDER BY 1")
    with store.begin() as connection:
        names = [str(name) for name in connection.execute(query, {"prefix": PREFIX}).scalars()]
    return [name for name in names if _age(name) > OLD]


def _age(name: str) -> float:
    made = name.removeprefix(PREFIX).partition("_")[0]
    return time.time() - int(made) if made.isdecimal() else 0.0


def _administer(store: Store, statement: str) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))


def _fill(store: Store, copy: Store, rows: Mapping[str, str]) -> None:
    """Copy binary, as it stands, from one snapshot; then let the numbers go on where the real ones are."""
    with store.begin() as source, copy.begin() as target:
        source.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        for table in metadata.sorted_tables:
            if table.name in rows:
                _copy(source, target, table, rows[table.name])
        target.execute(sa.text("ANALYZE"))


def _copy(source: sa.Connection, target: sa.Connection, table: sa.Table, where: str) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    out = f'COPY (SELECT {columns} FROM "{table.name}" WHERE {where}) TO STDOUT (FORMAT binary)'
    into = f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT binary)'
    with (
        _driver(source).cursor().copy(out.encode()) as given,
        _driver(target).cursor().copy(into.encode()) as taken,
    ):
        for block in given:
            taken.write(block)
    for column in table.columns:
        if column.identity is not None:
            target.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "
                    f'1 + coalesce(max("{column.name}"), 0), false) FROM "{table.name}"'
                )
            )


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
