"""Errors of the database without the rows that they quote: those are customers', and errors go into logs.

PostgreSQL names the constraint that was broken, and quotes the row that broke it ("Failing row contains …") or the
value that it could not read. What is kept is what IT can act on: the kind of error, table, constraint and column.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    import adbc_driver_manager
    import psycopg

_ABOUT_VALUES = ("22", "23")
"""SQLSTATE classes whose very first sentence may quote a value: what cannot be read, and what breaks a constraint."""


def hush(error: BaseException) -> None:
    """Take the values out of an error of the driver, or of SQLAlchemy about one. Any other error stays as it is."""
    import psycopg

    if isinstance(error, DBAPIError):
        if isinstance(error.orig, psycopg.Error):
            hush(error.orig)
            error.args = (f"({type(error.orig).__name__}) {error.orig}",)
    elif isinstance(error, psycopg.Error) and error.diag.sqlstate:
        error.args = (_told(error),)


def _told(error: psycopg.Error) -> str:
    diag = error.diag
    if not str(diag.sqlstate).startswith(_ABOUT_VALUES):
        return diag.message_primary or type(error).__name__
    return _places(diag.sqlstate, diag.table_name, diag.column_name, diag.constraint_name)


def _places(state: str | None, table: str | None, column: str | None, constraint: str | None) -> str:
    places = {"SQLSTATE": state, "table": table, "column": column, "constraint": constraint}
    return ", ".join(f"{kind} {name}" for kind, name in places.items() if name)


def hush_columns(error: adbc_driver_manager.Error) -> None:
    """The same for the column road's driver, which tells all in one text and gives its parts beside it."""
    if str(error.sqlstate or "").startswith(_ABOUT_VALUES):
        parts: Any = error.details or ()  # named by bytes, whatever their type says
        said = {name: bytes(value).decode() for name, value in parts}
        names = (said.get(b"PG_DIAG_%b_NAME" % place) for place in (b"TABLE", b"COLUMN", b"CONSTRAINT"))
        error.args = (_places(error.sqlstate, *names),)
    else:
        error.args = (re.split(r"\n(?:DETAIL|CONTEXT):", str(error))[0],)
    error.details = []
