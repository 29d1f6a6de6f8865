"""What a fixture wrote, laid into the next test's database as it was: a few statements, where making it takes a run.

Each worker makes it itself, the first time that it needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from landbridge.store.engine import Store

Answer = TypeVar("Answer")

_TABLES = """
SELECT format('%I', c.relname), string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND attgenerated = ''
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname ORDER BY 1
"""
_SEQUENCES = "SELECT format('%I', sequencename), last_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass
class Photograph:
    """All rows of a database, and how far it has counted."""

    answer: Any
    rows: dict[str, bytes] = field(default_factory=dict)
    counted: list[tuple[str, int | None]] = field(default_factory=list)


_kept: dict[str, Photograph] = {}


def once(name: str, store: Store, write: Callable[[], Answer]) -> Answer:
    """What `write` writes into the fresh database of `store`, and what it answers: written the first time, afterwards
    laid down as it was then. What it leaves elsewhere than in the database is there the first time only."""
    if name not in _kept:
        photograph = Photograph(write())
        with psycopg.connect(store.uri) as connection:
            _take(connection, photograph)
        _kept[name] = photograph
    else:
        with psycopg.connect(store.uri) as connection:
            _lay(connection, _kept[name])
    answer: Answer = _kept[name].answer
    return answer


def _take(connection: psycopg.Connection[Any], photograph: Photograph) -> None:
    for table, columns in connection.execute(_TABLES).fetchall():
        target = f"{table} ({columns})"
        with connection.cursor().copy(f"COPY {target} TO STDOUT (FORMAT binary)".encode()) as read:
            photograph.rows[target] = b"".join(bytes(part) for part in read)
    photograph.counted = [(str(name), last) for name, last in connection.execute(_SEQUENCES)]


def _lay(connection: psycopg.Connection[Any], photograph: Photograph) -> None:
    connection.execute("SET session_replication_role = replica")  # no trigger has anything to add
    for target, rows in photograph.rows.items():
        if len(rows) > _EMPTY:
            connection.execute(f"DELETE FROM {target.partition(' ')[0]}".encode())
            with connection.cursor().copy(f"COPY {target} FROM STDIN (FORMAT binary)".encode()) as written:
                written.write(rows)
    for name, last in photograph.counted:
        if last is not None:
            connection.execute("SELECT setval(%s, %s)", (name, last))


_EMPTY = 21
"""Bytes of PostgreSQL's binary format before the first row and after the last one."""
