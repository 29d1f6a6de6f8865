"""CSV that a CRM gave, copied into the database as it stands: text, a column a column, in pieces."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from landbridge.errors import SourceChanged

_PIECE = 1024 * 1024


def header(file: Path) -> list[str]:
    """The names in the first line, in lower case; none when the file is empty."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        return [name.lower() for name in next(csv.reader(opened), [])]


def empty(file: Path) -> bool:
    """Whether nothing follows the first line."""
    with file.open("rb") as opened:
        opened.readline()
        return not opened.readline().strip()


def columns(names: list[str]) -> dict[str, str]:
    """The column of the temporary table that holds what the file calls so."""
    return {name: f"c{place}" for place, name in enumerate(names)}


def make(connection: sa.Connection, table: str, names: list[str]) -> None:
    """A temporary table for files with such a header, gone with the transaction."""
    listed = ", ".join(f"{column} text" for column in columns(names).values())
    connection.execute(sa.text(f"CREATE TEMP TABLE {table} ({listed}) ON COMMIT DROP"))


def take_in(connection: sa.Connection, table: str, file: Path) -> None:
    """Copy the file's rows. What PostgreSQL's text cannot hold is left out or shown as unreadable.

    Raises SourceChanged for a file whose rows are not as its header says; without the cause, which quotes them.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    into = f"COPY {table} FROM STDIN (FORMAT csv, HEADER true)"
    try:
        with file.open("rb") as opened, driver.cursor() as cursor, cursor.copy(into) as copy:
            while piece := opened.read(_PIECE):
                copy.write(text.decode(piece).replace("\0", ""))
            copy.write(text.decode(b"", True))
    except psycopg.DataError:
        raise SourceChanged("A file from the CRM's bulk interface has rows that are not as its header says.") from None


@contextmanager
def by_hash(connection: sa.Connection) -> Iterator[None]:
    """Have a file's rows joined with its changes by hashing. The database thinks them few, for it counted neither since
    they were marked, and would look through all of the one for each of the other: minutes for 20,000.

    Where the block raises, the setting goes with the transaction."""
    connection.execute(sa.text("SET LOCAL enable_nestloop = off"))
    yield
    connection.execute(sa.text("SET LOCAL enable_nestloop = on"))
