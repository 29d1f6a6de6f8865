"""What a revert takes away: only what nobody worked on, looked at whole, until the moment it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.push import holds
from landbridge.push.apply import push
from landbridge.push.approval import approve, drop
from landbridge.push.policy import Policy
from landbridge.push.render import render
from landbridge.push.revert.planning import Reverting, revert, subject
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead, sync

ANNA: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Anna", "email": "anna@fjord.example", "score": 40}
WORK = {"Status": "Working", "Description": "called twice, wants an offer"}
Plan = Callable[..., Reverting]


@pytest.fixture
def plan(store: Store, crm: Crm, policy: Policy) -> Plan:
    """Read the CRM back, and plan the revert."""

    def go(what: str, **said: Any) -> Reverting:
        with a_run(store) as run:
            sync(store, run, crm)
            return revert(run, policy, ACCOUNT, subject(store, ACCOUNT, what), **said)

    return go


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def send(store: Store, crm: Crm, policy: Policy, plan_id: str | None) -> dict[str, int]:
    assert plan_id is not None
    approve(store, plan_id, actor="kim", reason="wrong rule")
    with a_run(store) as run:
        push(run, crm.connector(), access(), policy)
    return books(run, "push")


def only(crm: Crm) -> dict[str, Any]:
    (row,) = crm.rows["Lead"].values()
    return row


def test_work_between_plan_and_approval_is_seen_in_any_field(
    store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy
) -> None:
    put(store, anna=ANNA)
    run = line()
    only(crm)["Status"] = "Open"
    planned = plan(run.run_id)
    only(crm).update(WORK)
    assert send(store, crm, policy, planned.plan_id) == {"taken": 1, "unchanged": 1}
    assert only(crm)["Status"] == "Working"


def test_a_save_that_shows_in_the_stamp_alone_is_seen(
    store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy
) -> None:
    put(store, anna=ANNA)
    run = line()
    ours = {"CreatedById": "005US", "LastModifiedById": "005US", "LastModifiedDate": "2026-03-01T00:00:00Z"}
    only(crm).update(ours)
    planned = plan(run.run_id)
    only(crm)["LastModifiedDate"] = "2026-03-02T00:00:00Z"
    assert send(store, crm, policy, planned.plan_id) == {"taken": 1, "unchanged": 1}
    assert [left.why for left in plan(run.run_id).left] == ["edited"]


def test_work_before_we_first_read_it_back_is_anothers(store: Store, crm: Crm, line: Line, plan: Plan) -> None:
    put(store, anna=ANNA)
    run = line()
    only(crm).update(WORK, CreatedById="005US", LastModifiedById="005REP", LastModifiedDate="2026-03-01T00:00:00Z")
    planned = plan(run.run_id)
    assert (planned.plan_id, [left.why for left in planned.left]) == (None, ["edited"])


def test_a_lead_that_somebody_put_into_a_campaign_is_worked_on(store: Store, crm: Crm, line: Line, plan: Plan) -> None:
    put(store, anna=ANNA)
    run = line()
    crm.put("CampaignMember", LeadId=only(crm)["Id"], CampaignId="701")
    assert [left.why for left in plan(run.run_id).left] == ["edited"]


def test_what_was_never_read_back_is_not_taken_away(store: Store, crm: Crm, line: Line, policy: Policy) -> None:
    put(store, anna=ANNA)
    run = line()
    with a_run(store) as planning:
        planned = revert(planning, policy, ACCOUNT, subject(store, ACCOUNT, run.run_id), over_edits=True)
    assert (planned.plan_id, [left.why for left in planned.left]) == (None, ["unread"])


def test_what_goes_is_kept_whole_and_made_again_whole(
    store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy
) -> None:
    put(store, anna={**ANNA, "city": "Oslo"})
    run = line()
    only(crm).update(WORK, City="Bergen", Rating="Hot")
    gone = plan(run.run_id, over_edits=True)
    assert gone.plan_id is not None
    assert {row.reason for row in render(store, gone.plan_id)} == {f"we made it in run {run.run_id}"}
    send(store, crm, policy, gone.plan_id)
    assert crm.rows["Lead"] == {}
    again = plan(gone.plan_id, describe=lambda name: {"Rating": {"createable": False}, "City": {"createable": True}})
    send(store, crm, policy, again.plan_id)
    back = only(crm)
    assert {field: back[field] for field in (*WORK, "City", "LastName")} == {
        **WORK,
        "City": "Bergen",
        "LastName": "Arnesen",
    }
    assert back.get("Rating") is None, "the CRM would refuse it in a new record"
    put(store, anna={**ANNA, "city": "Trondheim", "title": "Captain"})
    line()
    assert (only(crm)["City"], only(crm)["Title"]) == ("Bergen", "Captain"), "her edit is hers in the new one, too"


def test_a_later_run_of_ours_is_taken_back_first(
    store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy
) -> None:
    put(store, anna=ANNA)
    first = line()
    put(store, anna={**ANNA, "phone": "7"})
    second = line()
    planned = plan(first.run_id)
    assert (planned.plan_id, [left.why for left in planned.left]) == (None, ["ours_later"])
    send(store, crm, policy, plan(second.run_id).plan_id)
    send(store, crm, policy, plan(first.run_id).plan_id)
    assert crm.rows["Lead"] == {}
    assert changes(store)[-1]["state"] == "done"


def test_what_somebody_holds_is_not_taken_back(store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy) -> None:
    lead = crm.put("Lead", LastName="Bo", City="Bergen", **{EXTERNAL: "bo"})
    put(store, anna=ANNA, bo={"last_name": "Bo", "title": "Mate", "phone": "7"})
    run = line()
    holds.place(store, ACCOUNT, holds.about(store, policy, "anna", None, None), actor="kim", reason="never touch")
    holds.place(store, ACCOUNT, holds.about(store, policy, "bo", "Phone", None), actor="kim", reason="never touch")
    planned = plan(run.run_id)
    assert {(left.identity, left.field, left.why) for left in planned.left} == {
        ("anna", None, "held"),
        ("bo", "Phone", "held"),
    }
    send(store, crm, policy, planned.plan_id)
    assert len(crm.rows["Lead"]) == 2
    assert (crm.rows["Lead"][lead]["Title"], crm.rows["Lead"][lead]["Phone"]) == (None, "7")


def test_a_hold_after_approval_keeps_a_revert_away(
    store: Store, crm: Crm, line: Line, plan: Plan, policy: Policy
) -> None:
    put(store, anna=ANNA)
    run = line()
    planned = plan(run.run_id)
    assert planned.plan_id is not None
    approve(store, planned.plan_id, actor="kim", reason="wrong rule")
    holds.place(store, ACCOUNT, holds.about(store, policy, "anna", None, None), actor="bo", reason="never touch")
    with a_run(store) as sending:
        push(sending, crm.connector(), access(), policy)
    assert len(crm.rows["Lead"]) == 1


def test_a_revert_typed_by_mistake_is_dropped(store: Store, crm: Crm, line: Line, plan: Plan) -> None:
    put(store, anna=ANNA)
    planned = plan(line().run_id)
    assert planned.plan_id is not None
    put(store, bo={"last_name": "Bo"})
    with pytest.raises(GateClosed):
        line()
    assert drop(store, planned.plan_id, actor="kim", reason="the wrong run") == 1
    assert books(line(), "push") == {"taken": 1, "new": 1}
    assert len(crm.rows["Lead"]) == 2
    with store.begin() as connection:
        kept = connection.execute(
            sa.text("SELECT state, dropped_by, dropped_why FROM plan WHERE kind = 'revert'")
        ).one()
        assert tuple(kept) == ("superseded", "kim", "the wrong run")
    with pytest.raises(NotFound):
        drop(store, planned.plan_id, actor="kim", reason="once more")
