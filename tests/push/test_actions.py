"""What else can be done to a CRM record than filling a Lead: deleting it, emptying a field, hanging something on it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Receipt, Write
from landbridge.push.apply import push
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead


def plan_by_hand(store: Store, run: Run, *planned: dict[str, Any], kind: str = "revert") -> None:
    """An approved plan of these changes."""
    plan_id = f"plan-{run.run_id}"
    with store.begin() as connection:
        made = {"plan_id": plan_id, "run_id": run.run_id, "account": ACCOUNT, "policy": "p", "state": "approved"}
        connection.execute(sa.insert(tables.plan).values(made | {"kind": kind}))
        common = {"plan_id": plan_id, "account": ACCOUNT, "state": "approved", "lead_digest": "", "after": {}}
        for each in planned:
            connection.execute(sa.insert(tables.change).values(common | {"identity_id": "anna"} | each))


def pushed(store: Store) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        query = sa.text("SELECT identity_id, object, crm_id, fields FROM pushed ORDER BY crm_id")
        return [tuple(row) for row in connection.execute(query)]


@pytest.fixture
def anna(store: Store, crm: Crm, line: Line) -> str:
    """The CRM id of a lead that we made."""
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg", title="Mate")
    line()
    (crm_id,) = crm.rows["Lead"]
    return crm_id


def deletion(crm_id: str, **before: Any) -> dict[str, Any]:
    return {"object": "Lead", "action": "delete", "match_field": "Id", "match_value": crm_id, "before": before}


def go(store: Store, crm: Crm, policy: Policy, *planned: dict[str, Any]) -> dict[str, int]:
    with a_run(store) as run:
        plan_by_hand(store, run, *planned)
        push(run, crm.connector(), access(), policy)
    return books(run, "push")


def test_a_deletion_takes_the_record_and_what_we_knew_of_it(store: Store, crm: Crm, policy: Policy, anna: str) -> None:
    assert go(store, crm, policy, deletion(anna, LastName="Berg", Title="Mate")) == {"taken": 1, "changed": 1}
    assert crm.rows["Lead"] == {}
    assert pushed(store) == []
    assert changes(store)[-1]["crm_id"] == anna


def test_a_record_that_somebody_edited_is_not_deleted(store: Store, crm: Crm, policy: Policy, anna: str) -> None:
    crm.rows["Lead"][anna]["Title"] = "Captain"
    assert go(store, crm, policy, deletion(anna, LastName="Berg", Title="Mate")) == {"taken": 1, "unchanged": 1}
    assert crm.rows["Lead"][anna]["Title"] == "Captain"
    assert len(pushed(store)) == 1


class Died(BaseException):
    """As if the process had been killed here."""


@pytest.mark.parametrize(("arrived", "counted"), [(True, "changed"), (False, "held")])
def test_a_deletion_that_nobody_heard_of_is_looked_up(
    store: Store, crm: Crm, policy: Policy, anna: str, arrived: bool, counted: str
) -> None:
    def unheard(write: Write) -> Receipt:
        if arrived:
            crm.rows["Lead"].pop(anna)
        raise Died

    crm.answer = unheard
    with pytest.raises(Died):
        go(store, crm, policy, deletion(anna, LastName="Berg"))
    crm.answer = lambda write: None
    with a_run(store) as run:
        settle(run, crm.connector(), access())
    assert books(run, "settle") == {"taken": 1, counted: 1}
    with a_run(store) as run:
        push(run, crm.connector(), access(), policy)
    assert crm.rows["Lead"] == {} and pushed(store) == []


def test_a_field_is_emptied(store: Store, crm: Crm, policy: Policy, anna: str) -> None:
    emptied = {"object": "Lead", "action": "update", "match_field": "Id", "match_value": anna}
    values = {"before": {"Title": "Mate"}, "after": {"Title": None}}
    assert go(store, crm, policy, emptied | values) == {"taken": 1, "changed": 1}
    assert crm.rows["Lead"][anna]["Title"] is None
    assert pushed(store)[0][3]["Title"] is None


def test_what_hangs_on_a_record_goes_after_it_and_is_not_taken_for_it(
    store: Store, crm: Crm, policy: Policy, anna: str
) -> None:
    hung = {"action": "create", "match_field": EXTERNAL, "after": {"Subject": "Call her"}}
    new = {"object": "Lead", "match_value": "berta", "identity_id": "berta", "after": {"LastName": "Holm"}}
    with a_run(store) as run:
        put_lead(store, run, "berta", last_name="Holm")
    before = pushed(store)
    crm.writes.clear()
    told = go(
        store, crm, policy, hung | {"object": "Task", "match_value": "anna-task"},
        hung | {"object": "CampaignMember", "match_value": "anna-member"}, hung | new,
    )  # fmt: skip
    assert told == {"taken": 3, "new": 3}
    assert [write.object for write in crm.writes] == ["Lead", "CampaignMember", "Task"]
    assert [row for row in pushed(store) if row[0] == "anna"] == before
    assert {row[1] for row in pushed(store)} == {"Lead"}
