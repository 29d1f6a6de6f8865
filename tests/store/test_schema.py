"""The migrations make exactly the tables that tables.py describes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from landbridge.store.engine import Store
from landbridge.store.schema import HEAD, migrate, upgrade
from landbridge.store.tables import metadata
from tests.conftest import fresh_database


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


BEFORE = """
INSERT INTO run (run_id, flow) VALUES ('r', 'line');
INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, run_id, digest, created_at) VALUES
    ('b/u/1', 'b', 'u', '1', 1, 'm', 'r', 'd', '2020-01-01'), ('a/u/1', 'a', 'u', '1', 2, 'm', 'r', 'd', '2024-01-01');
INSERT INTO identity (identity_id, run_id) VALUES ('known', 'r'), ('empty', 'r');
INSERT INTO link (profile_id, identity_id, how, model, run_id) VALUES
    ('a/u/1', 'known', 'evidence', '1', 'r'), ('b/u/1', 'known', 'evidence', '1', 'r');
"""


def test_identities_of_the_first_schema_keep_their_ids_and_learn_their_age(server: str) -> None:
    with fresh_database(server, "template0") as uri:
        store = Store(uri)
        migrate(store, "0001")
        with store.begin() as connection:
            connection.execute(sa.text(BEFORE))
        upgrade(store)
        with store.begin() as connection:
            rows = connection.execute(sa.text("SELECT identity_id, founder, founded::date::text FROM identity")).all()
        store.close()
    assert sorted(map(tuple, rows)) == [("empty", "empty", None), ("known", "b/u/1", "2020-01-01")]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT identity_id FROM pushed WHERE left(crm_id, 15) = left('00Q5g00000ABCDE', 15)",
        "SELECT * FROM decision WHERE left_id = 'a' OR right_id = 'a'",
    ],
)
def test_what_a_customer_s_page_asks_has_an_index(store: Store, query: str) -> None:
    with store.begin() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        told = "\n".join(connection.execute(sa.text(f"EXPLAIN {query}")).scalars())
    assert "Seq Scan" not in told, told
