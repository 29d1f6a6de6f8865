"""The queue: what is asked, in which order, and what a second run leaves alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.desk import answers, claims
from landbridge.desk.rules import ReviewRules
from landbridge.errors import NotFound
from landbridge.identity import decisions
from landbridge.store.engine import Store
from tests.desk.conftest import Ask, kept, number, pair, rows

RULES = ReviewRules()


def opportunity(store: Store, key: str, **payload: Any) -> None:
    """An open deal as the CRM tells of it."""
    values = {"key": key, "payload": json.dumps({"IsClosed": False, "IsDeleted": False, **payload})}
    with store.begin() as connection:
        record = connection.scalar(
            sa.text("""INSERT INTO record (account, stream, key, version, digest, payload, run_id)
                VALUES ('crm', 'Opportunity', :key, 1, 'd', :payload, 'r') RETURNING record_id"""),
            values,
        )
        connection.execute(
            sa.text("""INSERT INTO record_head (account, stream, key, record_id, version, digest)
                VALUES ('crm', 'Opportunity', :key, :record, 1, 'd')"""),
            {"key": key, "record": record},
        )


def test_the_better_lead_is_asked_about_first(store: Store, ask: Ask) -> None:
    ask(3, 9, 5)
    assert [number(q) for q in claims.waiting(store, "ada", 10)] == [9, 5, 3]
    (first, *_) = claims.waiting(store, "ada", 1)
    assert (first.value, first.score, first.deals, first.reason) == (9.0, 9, 0.0, "perhaps the same")


def test_money_outweighs_points_and_closed_deals_weigh_nothing(store: Store, ask: Ask) -> None:
    ask(3, 9, 5)
    opportunity(store, "1", ContactId="0003a", Amount=700.5)
    opportunity(store, "2", ContactId="0003b", Amount=100)
    opportunity(store, "3", ContactId="0005a", Amount=9000, IsClosed=True)
    opportunity(store, "4", ContactId="0005a", Amount="a lot")
    opportunity(store, "5", ContactId="0009a", Amount=5, IsDeleted=True)
    entry = kept(store)
    assert (entry.taken, entry.changed, entry.unchanged) == (3, 1, 2)
    (first, *others) = claims.waiting(store, "ada", 10)
    assert (number(first), first.deals, first.value) == (3, 800.5, 800.5)
    assert [number(q) for q in others] == [9, 5]


def test_a_second_run_writes_nothing(store: Store, ask: Ask) -> None:
    ask(1, 2, 3)
    before = rows(store, "SELECT xmin::text, * FROM question ORDER BY left_id")
    entry = kept(store)
    assert (entry.taken, entry.new, entry.changed, entry.unchanged) == (3, 0, 0, 3)
    assert rows(store, "SELECT xmin::text, * FROM question ORDER BY left_id") == before


def test_what_is_asked_no_longer_goes_and_what_reviewers_did_stays(store: Store, ask: Ask) -> None:
    ask(1, 2, 3)
    claims.claim(store, RULES, "ada", pair(2))
    answers.put_off(store, RULES, "bob", pair(3), "asks his colleague")
    rows(store, "DELETE FROM match WHERE left_id = :left RETURNING 1", left=pair(1)[0])
    kept(store)
    assert rows(store, "SELECT left_id, state, claimed_by FROM question ORDER BY 1") == [
        (pair(2)[0], "open", "ada"),
        (pair(3)[0], "later", None),
    ]


def test_what_is_decided_elsewhere_leaves_the_queue_and_comes_back_when_withdrawn(store: Store, ask: Ask) -> None:
    ask(1, 2)
    decisions.decide(store, *pair(2), "different", actor="cli", reason="two sisters")
    assert [number(q) for q in claims.waiting(store, "ada", 10)] == [1], "at once"
    kept(store)
    assert rows(store, "SELECT state FROM question WHERE left_id = :left", left=pair(2)[0]) == [], "for it is settled"
    decisions.withdraw(store, *pair(2), actor="cli", reason="one after all")
    kept(store)
    assert [number(q) for q in claims.waiting(store, "ada", 10)] == [2, 1]


def test_a_same_that_waits_for_resolving_is_not_asked_again(store: Store, ask: Ask) -> None:
    ask(1, 2)
    decisions.decide(store, *pair(2), "same", actor="cli", reason="one")
    kept(store)
    assert rows(store, "SELECT state FROM question WHERE left_id = :left", left=pair(2)[0]) == [("answered",)]
    decisions.withdraw(store, *pair(2), actor="cli", reason="not sure")
    kept(store)
    assert rows(store, "SELECT state FROM question WHERE left_id = :left", left=pair(2)[0]) == [("open",)]


def test_a_page_after_a_question_that_is_gone_is_no_first_page(store: Store, ask: Ask) -> None:
    ask(1, 2, 3)
    assert [number(each) for each in claims.waiting(store, "ada", 5, after=pair(3))] == [2, 1]
    with pytest.raises(NotFound, match="not asked any more"):
        claims.waiting(store, "ada", 5, after=pair(9))
