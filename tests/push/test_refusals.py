"""What the CRM refuses, by kind: who acts next, and that nobody else waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Receipt, Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_write import write
from landbridge.errors import SourceChanged, SourceUnavailable
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead, put_leads
from tests.push.org import Org, by_file


def quarantine(store: Store) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        query = sa.text("SELECT subject, expectation, reason, state FROM quarantine ORDER BY subject")
        return [tuple(row) for row in connection.execute(query)]


# --- a record that brings its call down


def leads(store: Store, count: int, **fields: Any) -> None:
    with a_run(store) as run:
        numbered = {f"p-{number}": {"last_name": f"Name {number}"} | fields for number in range(count)}
        put_leads(store, run, numbered)


def test_a_record_that_nobody_answers_for_holds_up_nobody(store: Store, crm: Crm, policy: Policy) -> None:
    """The CRM breaks down over one record: the others get through in one run, and the one is told in the end."""
    leads(store, 450)

    def breaks_down(writes: list[Write]) -> list[Receipt]:
        if any(each.match_value == "p-123" for each in writes):
            return [Receipt(each.ref, "unknown") for each in writes]
        return [crm._take(each) for each in writes]

    connector = replace(crm.connector(), write=lambda access, writes: iter(breaks_down(list(writes))))
    with pytest.raises(SourceUnavailable, match="1 changes did not get through"), a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, connector, access(), policy)
    assert len(crm.rows["Lead"]) == 449
    with a_run(store) as run:
        push(run, connector, access(), policy)
    assert books(run, "push") == {"taken": 1, "refused": 1}
    assert [(row[0], row[1], row[3]) for row in quarantine(store)] == [("p-123", "UNANSWERED", "held")]


def test_a_crm_that_is_down_is_not_asked_for_every_record(store: Store, crm: Crm, policy: Policy) -> None:
    leads(store, 700)
    asked: list[int] = []

    def down(access: object, writes: list[Write]) -> Iterator[Receipt]:
        asked.append(len(writes))
        return iter([Receipt(each.ref, "unknown") for each in writes])

    with pytest.raises(SourceUnavailable), a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, replace(crm.connector(), write=down), access(), policy)
    assert len(asked) == 15, "three a round"


@pytest.mark.parametrize("filing", [False, True])
def test_a_value_that_the_crms_reader_chokes_on_is_found_among_its_call(
    store: Store, org: Org, policy: Policy, filing: bool
) -> None:
    """A nested value where a field is no relationship: the stand-in, like the vendor, cannot read that record."""
    with a_run(store) as run:
        for number in range(50):
            put_lead(store, run, f"choke{filing}-{number}", last_name="x", score=number)
        make_plan(run, policy, ACCOUNT)
    with store.begin() as connection:
        poison = """UPDATE change SET after = after || '{"Landbridge_Score__c": "many"}' WHERE match_value = :which"""
        connection.execute(sa.text(poison), {"which": f"choke{filing}-17"})
    with a_run(store) as run:
        push(run, CONNECTOR, org.access, by_file(policy) if filing else policy)
    assert books(run, "push") == {"taken": 50, "new": 49, "refused": 1}
    ((subject, code, reason, state),) = quarantine(store)
    assert (subject, code, state) == (f"choke{filing}-17", "JSON_PARSER_ERROR", "held")
    assert "many" in reason, "the CRM's own words"


@pytest.mark.parametrize("poisoned", [6, 30])
def test_poison_that_stands_alone_in_its_call_is_settled_in_one_run(
    store: Store, org: Org, policy: Policy, poisoned: int
) -> None:
    """Each of them is refused alone, and none is taken: and yet it is the records, and not the call."""
    with a_run(store) as run:
        for number in range(poisoned):
            put_lead(store, run, f"alone{poisoned}-{number}", last_name="x", score=number)
        make_plan(run, policy, ACCOUNT)
    with store.begin() as connection:
        connection.execute(sa.text("""UPDATE change SET after = after || '{"Landbridge_Score__c": "many"}'"""))
    with a_run(store) as run:
        push(run, CONNECTOR, org.access, policy)
    assert books(run, "push") == {"taken": poisoned, "refused": poisoned}
    assert {row[1] for row in quarantine(store)} == {"JSON_PARSER_ERROR"}


def test_a_call_that_is_wrong_itself_puts_nobody_into_quarantine(store: Store, org: Org, policy: Policy) -> None:
    with a_run(store) as run:
        for number in range(60):
            put_lead(store, run, f"wrong-{number}", last_name="x", score=number)
        make_plan(run, policy, ACCOUNT)
    with store.begin() as connection:
        connection.execute(sa.text("""UPDATE change SET after = after || '{"Landbridge_Score__c": "many"}'"""))
    with pytest.raises(SourceChanged), a_run(store) as run:
        push(run, CONNECTOR, org.access, policy)
    assert quarantine(store) == []


# --- duplicates


def duplicate(
    store: Store, org: Org, policy: Policy, word: Any, prefix: str, *, filing: bool = False
) -> tuple[Run, str]:
    """A lead of ours, as somebody's lead in the CRM is already. Answers the run, and that lead's id."""
    mail = f"{prefix}{filing}@dup.example"
    values = {"LastName": "Berg", "Company": "B", "Email": mail}
    (made,) = write(org.access, [Write("r", "Lead", "Legacy_Id__c", f"{prefix}{filing}", values)])
    assert made.id
    rules = by_file(policy) if filing else policy
    rules = replace(rules, sending=replace(rules.sending, duplicates=word))
    with a_run(store) as run:
        put_lead(store, run, f"{prefix}{filing}-1", last_name="Berg", email=mail, title="Mate")
        put_lead(store, run, f"{prefix}{filing}-2", last_name="Holm", email=f"other{mail}")
        make_plan(run, rules, ACCOUNT)
        with org.switched(duplicate_rule="block"):
            push(run, CONNECTOR, org.access, rules)
    return run, made.id


@pytest.mark.parametrize("filing", [False, True])
def test_ask_names_the_records_that_are_there(store: Store, org: Org, policy: Policy, filing: bool) -> None:
    run, there = duplicate(store, org, policy, "ask", "ask", filing=filing)
    assert books(run, "push") == {"taken": 2, "new": 1, "refused": 1}
    ((subject, code, reason, state),) = quarantine(store)
    assert (subject, code, state) == (f"ask{filing}-1", "DUPLICATES_DETECTED", "held")
    assert reason.endswith(f"Like: Lead {there}.")
    assert {change["refusal"] for change in changes(store)} == {None, "duplicate"}


@pytest.mark.parametrize("filing", [False, True])
def test_skip_drops_ours_and_plans_it_no_more(store: Store, org: Org, policy: Policy, filing: bool) -> None:
    run, _ = duplicate(store, org, policy, "skip", "skip", filing=filing)
    assert books(run, "push") == {"taken": 2, "new": 1, "refused": 1}
    assert [row[3] for row in quarantine(store)] == ["dropped"]
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    assert books(run, "plan") == {"taken": 2, "unchanged": 1, "held": 1}


@pytest.mark.parametrize("filing", [False, True])
def test_adopt_makes_the_one_that_is_there_ours_and_touches_nothing_else(
    store: Store, org: Org, policy: Policy, filing: bool
) -> None:
    run, there = duplicate(store, org, policy, "adopt", "adopt", filing=filing)
    assert books(run, "push") == {"taken": 2, "new": 1, "changed": 1}
    (row,) = [row for row in org.rows("adopt").values() if row["Id"] == there]
    assert (row[EXTERNAL], row["Title"]) == (f"adopt{filing}-1", None), "its fields are the next plan's to merge"
    assert quarantine(store) == []


def test_a_record_that_is_somebody_elses_is_not_adopted(store: Store, org: Org, policy: Policy) -> None:
    values = {"LastName": "Berg", "Company": "B", "Email": "else@dup.example"}
    (made,) = write(org.access, [Write("r", "Lead", EXTERNAL, "somebody-else", values)])
    assert made.id
    rules = replace(policy, sending=replace(policy.sending, duplicates="adopt"))
    with a_run(store) as run:
        put_lead(store, run, "else-1", last_name="Berg", email="else@dup.example")
        make_plan(run, rules, ACCOUNT)
        with org.switched(duplicate_rule="block"):
            push(run, CONNECTOR, org.access, rules)
    assert books(run, "push") == {"taken": 1, "unchanged": 1}
    assert [row["Id"] for row in org.rows("somebody-else").values()] == [made.id]
