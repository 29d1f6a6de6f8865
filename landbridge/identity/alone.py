"""Whoever says that a profile waits to be resolved again, and whoever says that it does not, take turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor


def alone(cursor: Cursor) -> None:
    """Wait until no other transaction resolves or keeps signatures; until this one ends no other begins to."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('landbridge resolve', 0))")
    cursor.fetchall()
