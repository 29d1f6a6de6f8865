"""One Store a process: transactions through SQLAlchemy for truth, Arrow through ADBC for bulk."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from landbridge.errors import AlreadyRunning, StoreUnavailable
from landbridge.store import quiet

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection as ArrowConnection


class Store:
    """A database of ours. `uri` is a libpq URI; nothing connects before the first use."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @cached_property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine. Statements run in transactions that commit at the end of `begin()`."""
        url = _postgresql(self.uri)
        options = f"{url.query.get('options', '')} -c timezone=UTC".strip()  # times come back as we tell them
        wanted = {"connect_timeout": 10, "options": options}
        return sa.create_engine(url, pool_pre_ping=True, connect_args=wanted, hide_parameters=True)

    @cached_property
    def _arrow(self) -> ArrowConnection:
        """What each connection of the column road is cloned from, so that the server is asked for its types once.

        Asking takes 35 ms of its processor and ours, a clone 3 ms. It stays open, outside any transaction.
        """
        import adbc_driver_postgresql.dbapi as adbc

        return adbc.connect(self.uri, autocommit=True)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction: commits at the end, rolls back when the block raises. Raises StoreUnavailable, and the
        driver's errors without the values that they quote."""
        try:
            with self._connect() as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                raise _unavailable(self.engine.url, error) from error
            quiet.hush(error)
            raise
        except Exception as error:
            quiet.hush(error)
            raise

    @contextmanager
    def bulk(self) -> Iterator[ArrowConnection]:
        """One transaction of the column road: Arrow in and out by COPY. Commits at the end, rolls back on error."""
        import adbc_driver_manager

        try:
            connection = self._arrow.adbc_clone()
        except adbc_driver_manager.Error as error:
            raise _unavailable(self.engine.url, error) from error
        try:
            _for_bulk(connection)
            yield connection
            connection.commit()
        except BaseException as error:
            connection.rollback()
            if isinstance(error, adbc_driver_manager.Error):
                quiet.hush_columns(error)
            raise
        finally:
            connection.close()

    @contextmanager
    def only_one(self, name: str, *, wait: float = 0) -> Iterator[None]:
        """Hold the advisory lock `name` for the block; the server frees it if we die.

        Raises AlreadyRunning when another holds it still after `wait` seconds, StoreUnavailable also where the lock was
        lost with its connection before the block ended.
        """
        with self._connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            key = sa.select(sa.func.hashtextextended(name, 0)).scalar_subquery()
            deadline = time.monotonic() + wait
            while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
                if time.monotonic() < deadline:
                    time.sleep(0.2)
                    continue
                raise AlreadyRunning(f"Another run is at work on {name}.", do="Wait until it ends, then run again.")
            freed = sa.select(sa.func.pg_advisory_unlock(key))
            try:
                yield
            except BaseException:
                with contextlib.suppress(DBAPIError):  # what the block raised is what is to be told
                    connection.execute(freed)
                raise
            try:
                connection.execute(freed)
            except DBAPIError as error:
                raise _unavailable(self.engine.url, error) from error

    def tidy(self, *tables: str) -> None:
        """Clear away what a whole rewrite of tables left, and count them anew. Not inside a transaction.

        Waiting for the server to do so by itself would cost every statement until then; an embedded one that stops
        with us might never come to it.
        """
        with self._connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"VACUUM (ANALYZE) {', '.join(tables)}"))

    def _connect(self) -> sa.Connection:
        try:
            return self.engine.connect()
        except (DBAPIError, OSError) as error:
            raise _unavailable(self.engine.url, error) from error

    def close(self) -> None:
        """Give back every connection."""
        if "engine" in self.__dict__:
            self.engine.dispose()
        if arrow := self.__dict__.pop("_arrow", None):
            arrow.close()


def _postgresql(uri: str) -> sa.URL:
    """The URI as SQLAlchemy reads it. Raises StoreUnavailable, without the URI: it may hold a password."""
    try:
        if uri.startswith(("postgresql://", "postgres://")):
            return sa.make_url(uri).set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError):
        pass  # told below, without the URI
    raise StoreUnavailable(
        "The database URL cannot be read.",
        do="Write `database:` (or LANDBRIDGE_DATABASE) as postgresql://user:password@host:5432/name.",
    )


def _for_bulk(connection: ArrowConnection) -> None:
    """Room to sort a batch in memory, and no compiling of statements that run for milliseconds.

    Nor do we wait for the disk at each commit: a batch and its cursor stand or fall together, and what a crash of the
    whole machine takes from the log's last moment is read and made again.
    """
    with connection.cursor() as cursor:
        for setting in ("work_mem = '128MB'", "jit = off", "synchronous_commit = off"):
            cursor.execute(f"SET {setting}")
    connection.commit()


def _unavailable(url: sa.URL, error: Any) -> StoreUnavailable:
    reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
    shown = url.set(drivername="postgresql").difference_update_query(["password", "sslpassword"])
    return StoreUnavailable(
        f"The database {shown.render_as_string(hide_password=True)} does not answer: {reason}",
        do="Check `database:` in landbridge.yaml (or LANDBRIDGE_DATABASE), and that the server runs.",
    )
