"""One door to the database: what is told when it does not answer, and locks that end with their block."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import adbc_driver_manager
import pytest
import sqlalchemy as sa

from landbridge.errors import StoreUnavailable
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail.runs import running

NOWHERE = "postgresql://reader:geheim@127.0.0.1:1/nothing"


@pytest.mark.parametrize("way", [Store.begin, Store.bulk, lambda store: store.only_one("publish")])
def test_a_database_that_does_not_answer_is_told_without_its_password(
    way: Callable[[Store], AbstractContextManager[Any]],
) -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/nothing does not answer") as told, way(Store(NOWHERE)):
        pytest.fail("there is no such database")
    assert "geheim" not in f"{told.value} {told.value.do}"


def test_a_lock_ends_with_its_block_however_that_ends(store: Store) -> None:
    with pytest.raises(RuntimeError), store.only_one("publish"):
        raise RuntimeError
    other = Store(store.uri)
    with other.only_one("publish"):
        pass
    other.close()


_CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def _cut_off(store: Store) -> None:
    """End the connection that holds the lock, as a restart of the server does."""
    with store.begin() as connection:
        assert connection.scalar(sa.text(_CUT_OFF))


def test_a_lock_that_was_lost_is_told_as_ours_and_hides_no_other_error(store: Store) -> None:
    with pytest.raises(StoreUnavailable), store.only_one("publish"):
        _cut_off(store)
    with pytest.raises(ZeroDivisionError), store.only_one("publish"):
        _cut_off(store)
        _ = 1 / 0
    with store.only_one("publish"):
        pass


def _one(store: Store) -> Any:
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def test_the_column_road_is_open_again_after_sessions_ended(store: Store) -> None:
    assert _one(store) == (1,)
    with store.begin() as connection:
        ours = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.scalar(sa.text(f"SELECT count(pg_terminate_backend(pid)) {ours}")) > 0
    assert _one(store) == (1,)
    store.close()
    assert _one(store) == (1,)


ANNA = "anna@fjord.example"
ROOM = """
CREATE TABLE customer (email text CONSTRAINT pk_customer PRIMARY KEY, name text NOT NULL,
                       CONSTRAINT short CHECK (length(name) < 5));
CREATE FUNCTION refuse(text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN RAISE 'it only grows' USING DETAIL = $1; END $$
"""
SAID = "CAST({said} AS text)"
BROKEN = {
    f"INSERT INTO customer SELECT {SAID}, 'x' FROM generate_series(1, 2)": "constraint pk_customer",
    f"INSERT INTO customer SELECT {SAID}, NULL": "column name",
    f"INSERT INTO customer SELECT 'x', {SAID}": "constraint short",
    f"SELECT CAST({SAID} AS int)": "SQLSTATE 22P02",
    f"SELECT refuse({SAID})": "it only grows",
}


def _by_rows(store: Store, statement: str) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql(statement.format(said="%s"), (ANNA,))


def _by_columns(store: Store, statement: str) -> None:
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute(statement.format(said="$1"), (ANNA,))


@pytest.mark.parametrize("way", [_by_rows, _by_columns])
def test_what_breaks_a_rule_of_the_database_is_told_without_its_values(
    store: Store, way: Callable[[Store, str], None]
) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql(ROOM)
    for statement, names in BROKEN.items():
        with pytest.raises((sa.exc.DBAPIError, adbc_driver_manager.Error)) as broken:
            way(store, statement)
        told = "".join(traceback.format_exception(broken.value))
        assert "anna" not in told, statement
        assert way is _by_columns or names in told


def test_a_run_that_broke_a_rule_keeps_none_of_its_values(store: Store) -> None:
    with (
        pytest.raises(sa.exc.IntegrityError),
        running(store, "line", actor="tester") as run,
        store.begin() as connection,
    ):
        connection.execute(sa.text(_TWICE), {"said": ANNA, "run": run.run_id})
    with store.begin() as connection:
        assert connection.scalars(sa.select(tables.run.c.error)).all() == ["IntegrityError"]


_TWICE = "INSERT INTO identity (identity_id, founder, run_id) SELECT :said, '', :run FROM generate_series(1, 2)"
