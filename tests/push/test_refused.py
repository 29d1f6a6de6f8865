"""What the CRM refused waits for a person, who lets it be tried again or is done with it."""

from __future__ import annotations

import pytest

from connectors.base import Receipt, Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_write import write
from landbridge.errors import GateClosed, NotFound
from landbridge.push import refused
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.plans import listed, shown
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, put_lead, sync
from tests.push.org import Org
from tests.push.test_actions import plan_by_hand


def refusal(store: Store, org: Org, policy: Policy, who: str) -> refused.Refused:
    """A lead that a duplicate rule of the org keeps out."""
    mail = f"{who}@refused.example"
    values = {"LastName": "Berg", "Company": "B", "Email": mail}
    list(write(org.access, [Write("r", "Lead", "Legacy_Id__c", who, values)]))
    with a_run(store) as run:
        put_lead(store, run, who, last_name="Berg", email=mail)
        make_plan(run, policy, ACCOUNT)
        with org.switched(duplicate_rule="block"):
            push(run, CONNECTOR, org.access, policy)
    (told,) = refused.standing(store, ACCOUNT)
    return told


def test_a_release_sends_it_again_when_the_crm_was_mended(store: Store, org: Org, policy: Policy) -> None:
    told = refusal(store, org, policy, "release-1")
    assert (told.identity_id, told.object, told.crm_id, told.code) == ("release-1", "Lead", None, "DUPLICATES_DETECTED")
    assert told.refusal == "duplicate" and "Like: Lead 00Q" in told.message
    assert told.after and told.after["LastName"] == "Berg"
    with a_run(store) as run:
        assert make_plan(run, policy, ACCOUNT) is None, "not again with the same values"
    with pytest.raises(GateClosed, match="nobody said why"):
        refused.settle(store, told.number, "released", actor="kim", reason=" ")
    assert refused.settle(store, told.number, "released", actor="kim", reason="rule is off") == "release-1"
    assert refused.standing(store, ACCOUNT) == []
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, policy)
    assert books(run, "push") == {"taken": 1, "new": 1}
    assert "quarantine.released" in [event.kind for event in audit.newest(store, 20)]


def test_a_drop_is_done_with_it(store: Store, org: Org, policy: Policy) -> None:
    told = refusal(store, org, policy, "drop-1")
    refused.settle(store, told.number, "dropped", actor="kim", reason="she is there already")
    assert refused.standing(store, ACCOUNT) == []
    with a_run(store) as run:
        assert make_plan(run, policy, ACCOUNT) is None
    with pytest.raises(NotFound):
        refused.settle(store, told.number, "released", actor="kim", reason="after all")


def test_plans_are_listed_and_shown_whole_or_in_part(store: Store, org: Org, policy: Policy) -> None:
    with a_run(store) as run:
        for number in range(5):
            put_lead(store, run, f"listed-{number}", last_name=f"Name {number}")
        plan_id = make_plan(run, policy, ACCOUNT)
    (line,) = listed(store, ACCOUNT)
    assert (line.plan_id, line.state, line.changes, line.open) == (plan_id, "planned", 5, 5)
    whole = shown(store, policy, ACCOUNT)
    assert whole is not None and whole.totals.creates == 5 and whole.api_calls > 0
    first = shown(store, policy, ACCOUNT, plan_id, limit=2)
    assert first is not None and len(list(first.records())) == 2
    rest = shown(store, policy, ACCOUNT, plan_id, after=max(first.records()))
    assert rest is not None and [*first.rows, *rest.rows] == whole.rows
    with a_run(store) as run:
        push(run, CONNECTOR, org.access, policy)
    (line,) = listed(store, ACCOUNT)
    assert (line.state, line.changes, line.open) == ("done", 5, 0)
    assert shown(store, policy, ACCOUNT) is None


# --- what came through beside it


def no_lead(write: Write) -> Receipt | None:
    """A validation rule of the org keeps every update of a Lead out."""
    if write.object != "Lead":
        return None
    return Receipt(write.ref, "refused", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="no captains")


@pytest.fixture
def captain(store: Store, crm: Crm, policy: Policy, line: Line) -> str:
    """A lead whose new title the CRM refused, while a task for the same person came through. Answers its Id."""
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg", title="Mate")
    line()
    (crm_id,) = crm.rows["Lead"]
    task = {"object": "Task", "action": "create", "match_field": EXTERNAL, "match_value": "t1"}
    crm.answer = no_lead
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg", title="Captain")
        sync(store, run, crm)
        make_plan(run, policy, ACCOUNT)
        plan_by_hand(store, run, task | {"after": {"Subject": "Call her"}}, kind="push")
        push(run, crm.connector(), access(), policy)
    assert books(run, "push") == {"taken": 2, "new": 1, "refused": 1}
    return crm_id


def test_a_refusal_stays_though_the_persons_task_came_through(store: Store, crm: Crm, line: Line, captain: str) -> None:
    (told,) = refused.standing(store, ACCOUNT)
    assert (told.object, told.crm_id, told.message) == ("Lead", captain, "no captains")
    crm.calls.clear()
    line()
    assert "write" not in crm.calls, "not again with the same values"


def test_a_refusal_goes_when_its_own_record_came_through(store: Store, crm: Crm, line: Line, captain: str) -> None:
    crm.answer = lambda write: None
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg", title="First mate")
    line()
    assert crm.rows["Lead"][captain]["Title"] == "First mate"
    assert refused.standing(store, ACCOUNT) == []


def test_a_refused_creation_is_answered_by_the_record_that_stands_for_the_person(
    store: Store, crm: Crm, line: Line
) -> None:
    """Somebody made the lead by hand, and it was found to be theirs: there is nothing left to be made."""
    crm.answer = no_lead
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg", title="Mate")
    line()
    assert len(refused.standing(store, ACCOUNT)) == 1
    crm.answer = lambda write: None
    by_hand = crm.put("Lead", LastName="Berg", Company="B")
    line({by_hand: "anna"})
    assert crm.rows["Lead"][by_hand]["Title"] == "Mate"
    assert refused.standing(store, ACCOUNT) == []
