"""The migrations make exactly the tables that tables.py describes."""

from __future__ import annotations

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


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    upgrade(store)
    upgrade(store)
