"""What people see of a plan: each field, from what to what, and why."""

from __future__ import annotations

import pytest

from landbridge.errors import NotFound
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.render import reasons, render, totals
from landbridge.store.engine import Store
from tests.push.crm import ACCOUNT, Crm, a_run, put_lead, sync


def test_a_plan_tells_each_field_and_why(store: Store, crm: Crm, policy: Policy) -> None:
    lead = crm.put("Lead", LastName="Arnesen", FirstName="Anne", Landbridge_Score__c=1.0)
    with a_run(store) as run:
        sync(store, run, crm, {lead: "anna"})
        put_lead(store, run, "anna", last_name="Arnesen", first_name="Anna", city="Bergen", score=40)
        put_lead(store, run, "bo", last_name="Bo")
        plan_id = make_plan(run, policy, ACCOUNT)
    assert plan_id is not None
    rows = [row.as_dict() for row in render(store, plan_id)]
    told = {(row["record"], row["field"]): (row["kind"], row["before"], row["after"], row["reason"]) for row in rows}
    newest = "the newest of several, zendesk/users/anna"
    assert told[lead, "City"] == ("set", None, "Bergen", newest)
    assert told[lead, "FirstName"] == ("keep", "Anne", "Anna", "somebody edited it in the CRM; the edit stays")
    replaces = f"{newest}; replaces somebody's edit, as the policy says"
    assert told[lead, "Landbridge_Score__c"] == ("replace", 1.0, 40, replaces)
    assert told["new", "Company"] == ("set", None, "[not provided]", "what the policy gives where we know nothing")
    assert (lead, "LastName") not in told
    assert {(row["identity"], row["name"]) for row in rows} == {("anna", "Anna Arnesen"), ("bo", "Bo")}
    sums = {why.reason: (why.fields, why.names) for why in reasons(store, plan_id)}
    assert sums["the newest of several, from zendesk"] == (3, ("City", "Landbridge_Score__c", "LastName"))
    assert sums["what the policy gives where we know nothing"] == (1, ("Company",))
    numbers = totals(store, plan_id)
    assert (numbers.creates, numbers.updates, numbers.fields, numbers.conflicts) == (1, 1, 6, 2)
    assert len({row.identity for row in render(store, plan_id, limit=1)}) == 1


def test_an_unknown_plan_is_told_so(store: Store) -> None:
    with pytest.raises(NotFound, match="There is no plan 'plan-x'"):
        totals(store, "plan-x")
