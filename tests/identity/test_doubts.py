"""Identities in doubt, found while resolving in a real store, and what becomes of them when somebody answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import DecisionStands, NotFound
from landbridge.identity.decisions import about, decide, withdraw
from landbridge.identity.pairing import CROWDED
from landbridge.identity.review import questions, waiting
from landbridge.quality.doubts import hold_doubtful
from landbridge.store.engine import Store
from landbridge.trail.audit import newest, verify
from landbridge.trail.runs import running
from tests.identity.test_stage import ANNA, ANNA_AGAIN, BERT, links, put, resolved, rows, stuck, until

EVE = {"full_name": "Eve Marlowe", "birth_date": "1980-04-03", "handle": ["x:evemarlowe77"]}
HOME = {"email": ["sunflower77@posteo.example"]}
WORK = {"email": ["purchasing77@brightwell.example"]}


@pytest.fixture
def thin(store: Store) -> Store:
    """Two halves of three profiles each, nameless but for the two that hold them together."""
    for number, said in enumerate((HOME, HOME, {**EVE, **HOME}), 1):
        put(store, f"zendesk/users/{number}", said)
    for number, said in enumerate((WORK, WORK, {**EVE, **WORK}), 1):
        put(store, f"hubspot/contacts/{number}", said)
    return store


def doubts(store: Store) -> list[Any]:
    return rows(store, "SELECT kind, left_id, right_id, profiles FROM doubt ORDER BY 1")


def test_one_link_between_two_halves_is_doubted(thin: Store) -> None:
    resolved(thin)
    assert len(set(links(thin).values())) == 1
    assert doubts(thin) == [("bridge", "hubspot/contacts/3", "zendesk/users/3", 3)]


def test_same_settles_the_doubt_for_good(thin: Store) -> None:
    resolved(thin)
    decide(thin, "zendesk/users/3", "hubspot/contacts/3", "same", actor="ada", reason="she told me")
    resolved(thin)
    assert doubts(thin) == []
    assert len(set(links(thin).values())) == 1


def test_different_parts_the_halves_and_nobody_asks_again(thin: Store) -> None:
    resolved(thin)
    decide(thin, "zendesk/users/3", "hubspot/contacts/3", "different", actor="ada", reason="two people")
    resolved(thin)
    linked = links(thin)
    assert len({linked[f"zendesk/users/{n}"] for n in (1, 2, 3)}) == 1
    assert len(set(linked.values())) == 2
    assert doubts(thin) == []
    assert questions(thin, 10) == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (["crm/Contact/1"], ["crm/Contact/1"], False),
        (["crm/Contact/1"], ["crm/Lead/2"], False),
        (["crm/Contact/1"], ["crm/Contact/1", "crm/Contact/2"], True),
        (["crm/Contact/1", "crm/Contact/2"], ["crm/Contact/1", "crm/Contact/2"], True),
    ],
)
def test_what_two_records_of_one_system_may_name(store: Store, one: list[str], other: list[str], apart: bool) -> None:
    put(store, "zendesk/users/1", {**ANNA, "reference": one})
    put(store, "zendesk/users/2", {**ANNA_AGAIN, "reference": other})
    resolved(store)
    assert doubts(store) == ([("apart", "zendesk/users/1", "zendesk/users/2", 2)] if apart else [])


def test_records_that_name_very_many_are_told_apart_without_laying_all_beside_all(store: Store) -> None:
    for n in range(2):
        put(store, f"zendesk/users/{n}", {**ANNA, "reference": [f"crm/Contact/{n + key}" for key in range(3000)]})
    with store.begin() as connection:  # 9,000,000 rows would not fit: nothing that is laid down for them may grow so
        name = connection.execute(sa.text("SELECT current_database()")).scalar()
        connection.execute(sa.text(f"ALTER DATABASE {name} SET temp_file_limit = '64MB'"))
    resolved(store)
    assert len(doubts(store)) == 1


def test_two_records_of_one_system_that_names_two_of_another(store: Store) -> None:
    put(store, "zendesk/users/1", {**ANNA, "reference": ["crm/Contact/1"]})
    put(store, "zendesk/users/2", {**ANNA_AGAIN, "reference": ["crm/Contact/2"]})
    put(store, "zendesk/users/3", {**BERT, "reference": ["crm/Contact/3", "crm/Lead/3"]})
    resolved(store)
    assert doubts(store) == [("apart", "zendesk/users/1", "zendesk/users/2", 2)]
    decide(store, "zendesk/users/1", "zendesk/users/2", "same", actor="ada", reason="a duplicate")
    resolved(store)
    assert doubts(store) == []


@pytest.mark.parametrize("differing", [(), ("city", "email")], ids=["equal", "each with its town and mailbox"])
def test_more_records_of_one_person_than_a_key_may_pair_are_no_crowd_of_strangers_without_a_word(
    store: Store, differing: tuple[str, ...]
) -> None:
    records = CROWDED + 10
    for number in range(records):
        own = {"city": f"Town {number}", "email": [*HOME["email"], f"e{number}@n{number}.example"]}
        put(store, f"crm/contacts/{number:03}", {**EVE, **HOME, **{field: own[field] for field in differing}})
    resolved(store)
    customers = set(links(store).values())
    assert len(customers) < 10
    assert {kind for kind, *_ in doubts(store)} == {"large"}
    assert waiting(store)["holding"] == len(customers)


def test_of_two_who_decide_at_once_the_first_stands_and_the_second_is_told(thin: Store) -> None:
    """Both have looked and found nothing decided; only one can be first."""
    pair = ("hubspot/contacts/3", "zendesk/users/3")
    with ThreadPoolExecutor(1) as other, thin.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO decision (left_id, right_id, verdict, actor) VALUES (:l, :r, 'same', 'ada')"),
            {"l": pair[0], "r": pair[1]},
        )
        second = other.submit(decide, thin, *pair, "different", actor="bob", reason="two people")
        until(lambda: stuck(thin) == 1)
        connection.commit()
        with pytest.raises(DecisionStands, match="ada decided"):
            second.result()


def test_a_second_run_writes_no_doubt(thin: Store) -> None:
    resolved(thin)
    before = rows(thin, "SELECT *, xmin FROM doubt")
    put(thin, "mail/people/1", BERT)
    resolved(thin)
    assert rows(thin, "SELECT *, xmin FROM doubt") == before


def leads(store: Store) -> None:
    """A checked and valid lead for each identity, as the line makes them."""
    with store.begin() as connection:
        connection.exec_driver_sql(
            """INSERT INTO lead (identity_id, fields, origin, inputs, digest, checked_digest, valid, run_id)
            SELECT DISTINCT identity_id, '{}'::jsonb, '{}'::jsonb, 'i', 'd', 'd', true, run_id FROM link"""
        )


def held(store: Store) -> None:
    with running(store, "plan", actor="tester") as run:
        hold_doubtful(run)


def test_the_lead_stays_back_until_somebody_answers(thin: Store) -> None:
    resolved(thin)
    leads(thin)
    held(thin)
    assert rows(thin, "SELECT valid FROM lead") == [(False,)]
    assert rows(thin, "SELECT stage, expectation, reason, state FROM quarantine") == [
        ("identity", "bridge", "one thin link alone holds 3 of the records to the others", "held")
    ]
    before = rows(thin, "SELECT count(*) FROM audit_event WHERE kind = 'leads.doubted'")
    held(thin)
    assert rows(thin, "SELECT count(*) FROM audit_event WHERE kind = 'leads.doubted'") == before == [(1,)]
    decide(thin, "zendesk/users/3", "hubspot/contacts/3", "same", actor="ada", reason="")
    resolved(thin)
    held(thin)
    assert rows(thin, "SELECT valid FROM lead") == [(True,)]
    assert rows(thin, "SELECT state, settled_at IS NULL FROM quarantine") == [("released", False)]


def test_what_validation_holds_is_not_let_go_by_an_answer(thin: Store) -> None:
    resolved(thin)
    leads(thin)
    held(thin)
    with thin.begin() as connection:
        connection.exec_driver_sql(
            """INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
            SELECT 'validate', identity_id, 'e', 'r', run_id FROM lead"""
        )
    decide(thin, "zendesk/users/3", "hubspot/contacts/3", "same", actor="ada", reason="")
    resolved(thin)
    held(thin)
    assert rows(thin, "SELECT valid FROM lead") == [(False,)]


def test_what_holds_a_lead_is_asked_first(thin: Store) -> None:
    put(thin, "mail/people/1", {"full_name": "Ben Stone", "city": "Leeds", "company": "Acme"})
    put(thin, "mail/people/2", {"full_name": "Ben Stone", "city": "Leeds"})
    resolved(thin)
    asked = questions(thin, 10)
    assert (asked[0].holds, asked[0].moves) == (True, 3)
    assert asked[0].because
    assert waiting(thin)["holding"] == 1
    assert waiting(thin)["questions"] == len(asked)


def test_a_decision_is_kept_with_what_was_seen_and_stands_in_the_trail(thin: Store) -> None:
    resolved(thin)
    made = decide(thin, "zendesk/users/3", "hubspot/contacts/3", "same", actor="ada", reason="she told me")
    assert decide(thin, "hubspot/contacts/3", "zendesk/users/3", "same", actor="bob", reason="again") == made
    kept = rows(thin, "SELECT actor, reason, jsonb_exists(evidence, 'handle'), model IS NULL, applied FROM decision")
    assert kept == [("ada", "she told me", True, False, False)]
    with pytest.raises(DecisionStands, match="that they are one person; that stands"):
        decide(thin, "zendesk/users/3", "hubspot/contacts/3", "different", actor="bob", reason="no")
    withdraw(thin, "zendesk/users/3", "hubspot/contacts/3", actor="bob", reason="a mistake")
    decide(thin, "zendesk/users/3", "hubspot/contacts/3", "different", actor="bob", reason="no")
    assert [one.verdict for one in about(thin, ["zendesk/users/3"])] == ["same", "different"]
    assert rows(thin, "SELECT withdrawn_by, withdrawn_why FROM decision ORDER BY decision_id") == [
        ("bob", "a mistake"),
        (None, None),
    ]
    told = [event.kind for event in newest(thin, 20) if event.kind.startswith("decision")]
    assert told == ["decision.made", "decision.withdrawn", "decision.made"]
    assert verify(thin).intact


def test_a_key_that_is_an_address_can_be_decided_about(store: Store) -> None:
    put(store, "files/rows/p.csv:anna@posteo.example", ANNA)
    put(store, "zendesk/users/1", ANNA_AGAIN)
    decide(store, "files/rows/p.csv:anna@posteo.example", "zendesk/users/1", "different", actor="ada", reason="")
    (event,) = newest(store, 1)
    assert "anna" not in str(event.detail)


@pytest.mark.parametrize("pair", [("zendesk/users/9", "zendesk/users/1"), ("zendesk/users/1", "zendesk/users/1")])
def test_decisions_about_nobody(store: Store, pair: tuple[str, str]) -> None:
    put(store, "zendesk/users/1", ANNA)
    with pytest.raises(NotFound):
        decide(store, *pair, "same", actor="ada", reason="")
    with pytest.raises(NotFound):
        withdraw(store, "zendesk/users/1", "zendesk/users/2", actor="ada", reason="")


def test_what_a_person_said_alone_holds_as_well_as_any_evidence(store: Store) -> None:
    for number in (1, 2):
        put(store, f"zendesk/users/{number}", HOME)
        put(store, f"hubspot/contacts/{number}", WORK)
    resolved(store)
    assert len(set(links(store).values())) == 2
    decide(store, "zendesk/users/1", "hubspot/contacts/1", "same", actor="ada", reason="her two addresses")
    resolved(store)
    assert len(set(links(store).values())) == 1
    assert doubts(store) == []
