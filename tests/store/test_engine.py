"""One door to the database: what is told when it does not answer, and locks that end with their block."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import StoreUnavailable
from landbridge.store.engine import Store

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
