"""The migrations make exactly the tables that tables.py describes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from landbridge.store.engine import Store
from landbridge.store.schema import HEAD, upgrade
from landbridge.store.tables import metadata


def test_migrations_and_tables_agree(store: Store) -> None:
    with store.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_pairs_are_ordered_alike_in_a_database_of_any_language(store: Store) -> None:
    """Where it sorts as people do, 'salesforce/Lead/00Qa' stands before '...00QB'; Python and DuckDB disagree."""
    with store.begin() as connection:
        told = connection.execute(
            sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname ~ '^ck_.*_ordered$'")
        ).scalars()
        assert list(told) == ['CHECK ((left_id < (right_id COLLATE "C")))'] * 3


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    upgrade(store)
    upgrade(store)
