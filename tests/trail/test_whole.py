"""A profile that gets lost between two stages is missed at the end."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from landbridge.errors import BooksUnbalanced
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import running
from landbridge.trail.whole import account_for_all

SETTING = """
INSERT INTO run (run_id, flow, state, ended_at) VALUES ('r', 'line', 'done', now());
INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
SELECT 'a/s/' || n, 'a', 's', n, n, 'm', 'd', 'r' FROM generate_series(1, 3) n;
INSERT INTO identity (identity_id, founder, run_id) SELECT 'i' || n, 'p' || n, 'r' FROM generate_series(1, 2) n;
INSERT INTO link (profile_id, identity_id, how, model, run_id)
VALUES ('a/s/1', 'i1', 'evidence', 'm', 'r'), ('a/s/2', 'i1', 'evidence', 'm', 'r'),
       ('a/s/3', 'i2', 'single', 'm', 'r');
INSERT INTO golden (identity_id, fields, origin, profiles, rules, inputs, digest, run_id)
SELECT identity_id, '{}', '{}', '{}', 'r', 'i', 'd', 'r' FROM identity;
INSERT INTO lead (identity_id, fields, origin, inputs, digest, checked_digest, valid, run_id)
SELECT identity_id, '{}', '{}', 'i', 'd', 'd', identity_id = 'i1', 'r' FROM identity
"""


def execute(store: Store, statements: str) -> None:
    with store.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(sa.text(statement))


def closed(store: Store) -> Entry:
    with running(store, "line", actor="tester") as run:
        account_for_all(run)
    return run.books.entries[0]


def test_everybody_is_in_a_lead_that_may_leave_or_is_held(store: Store) -> None:
    execute(store, SETTING)
    entry = closed(store)
    assert (entry.taken, entry.unchanged, entry.held) == (3, 2, 1)


@pytest.mark.parametrize(
    "loss",
    [
        "DELETE FROM link WHERE profile_id = 'a/s/2'",
        "DELETE FROM golden WHERE identity_id = 'i2'",
        "DELETE FROM lead WHERE identity_id = 'i2'",
        "UPDATE lead SET digest = 'another' WHERE identity_id = 'i1'",
        "UPDATE lead SET valid = NULL WHERE identity_id = 'i1'",
        "UPDATE identity SET redirect_to = 'i2' WHERE identity_id = 'i1'",
    ],
)
def test_whoever_gets_lost_on_the_way_is_missed(store: Store, loss: str) -> None:
    execute(store, SETTING)
    execute(store, loss)
    with pytest.raises(BooksUnbalanced):
        closed(store)


@pytest.mark.parametrize("ended", ["NULL", "now()"])
def test_who_comes_in_meanwhile_is_the_next_runs(store: Store, ended: str) -> None:
    """A sync every minute goes on while somebody publishes."""
    execute(store, SETTING)
    with running(store, "publish", actor="tester") as run:
        execute(
            store,
            f"""INSERT INTO run (run_id, flow, ended_at) VALUES ('meanwhile', 'sync', {ended});
                INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
                VALUES ('a/s/4', 'a', 's', '4', 4, 'm', 'd', 'meanwhile')""",
        )
        account_for_all(run)
    assert run.books.entries[0].taken == 3
    with pytest.raises(BooksUnbalanced):
        execute(store, "UPDATE run SET ended_at = now()")
        closed(store)
