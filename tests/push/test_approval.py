"""A plan of unusual size leaves when somebody has said so, and not before."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from landbridge.errors import GateClosed, NotFound
from landbridge.push.approval import approve
from landbridge.push.gate import AUTOMATIC, Load, Waiting, waiting
from landbridge.push.plan import make_plan
from landbridge.push.policy import Limit, Policy
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, Crm, a_run, put_lead, put_leads

LIMIT = Limit(share=0.2, changes=100, first_load="ask")


@pytest.mark.parametrize(
    ("changes", "size", "first", "passes"),
    [
        (100, 0, True, True),
        (101, 0, True, False),
        (101, 100_000, True, False),
        (101, 505, False, True),
        (101, 504, False, False),
        (100, 1, False, True),
    ],
)
def test_the_limit(changes: int, size: int, first: bool, passes: bool) -> None:
    load = Load((Waiting("p", changes),), 0, size, first)
    assert (load.stopped(LIMIT) == ()) is passes


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(0, 300), st.integers(0, 3000))
def test_many_small_plans_are_as_large_as_one(sizes: list[int], under_way: int, crm_size: int) -> None:
    many = Load(tuple(Waiting(str(n), size) for n, size in enumerate(sizes)), under_way, crm_size, False)
    one = Load((Waiting("all", sum(sizes)),), under_way, crm_size, False)
    assert bool(many.stopped(LIMIT)) is bool(one.stopped(LIMIT))
    assert many.stopped(LIMIT) in ((), many.plans)


def test_a_protected_field_and_a_revert_wait_whatever_their_size() -> None:
    plans = (Waiting("small", 1), Waiting("guarded", 1, protected=1), Waiting("back", 1, revert=True))
    assert [plan.plan_id for plan in Load(plans, 0, 0, False).stopped(LIMIT)] == ["guarded", "back"]


def test_a_large_first_load_waits_for_a_person(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"p{number}": {"last_name": "Someone"} for number in range(101)})
    with pytest.raises(GateClosed, match="101 changes, where the CRM holds 0 records, and nothing was ever") as caught:
        line(first_load="ask")
    assert crm.calls == []
    (plan,) = waiting(store, ACCOUNT).plans
    assert plan.plan_id in caught.value.do
    with pytest.raises(GateClosed):
        line(first_load="ask")
    assert [each.plan_id for each in waiting(store, ACCOUNT).plans] == [plan.plan_id], "the same plan still waits"
    assert approve(store, plan.plan_id, actor="kim", reason="looked at it") == 101
    line(first_load="ask")
    assert len(crm.rows["Lead"]) == 101
    with store.begin() as connection:
        kept = connection.execute(sa.text("SELECT approved_by, reason, state FROM plan")).one()
        events = connection.execute(sa.text("SELECT actor FROM audit_event WHERE kind = 'plan.approved'")).scalars()
        assert (tuple(kept), list(events)) == (("kim", "looked at it", "done"), ["kim"])


def test_nothing_else_slips_through_while_a_plan_waits(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"p{number}": {"last_name": "Someone"} for number in range(101)})
    with pytest.raises(GateClosed):
        line(first_load="ask")
    with a_run(store) as run:
        put_lead(store, run, "late", last_name="Someone")
    with pytest.raises(GateClosed):
        line(first_load="ask")
    assert crm.calls == []


@pytest.mark.parametrize(
    ("actor", "reason", "lacks"),
    [
        ("somebody", "looked", "a name"),
        ("kim", " ", "a reason"),
        ("", "", "a name and a reason"),
        ("kim", AUTOMATIC, "a reason of its own"),
    ],
)
def test_an_approval_wants_a_name_and_a_reason(
    store: Store, crm: Crm, policy: Policy, actor: str, reason: str, lacks: str
) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Berg")
        plan_id = make_plan(run, policy, ACCOUNT)
    assert plan_id
    with pytest.raises(GateClosed, match=f"an approval wants {lacks}\\.") as caught:
        approve(store, plan_id, actor=actor, reason=reason)
    assert "--as NAME --reason" in caught.value.do
    assert [plan.plan_id for plan in waiting(store, ACCOUNT).plans] == [plan_id], "it still waits"


def test_only_a_waiting_plan_can_be_approved(store: Store) -> None:
    with pytest.raises(NotFound, match="No plan 'plan-x' waits"):
        approve(store, "plan-x", actor="kim", reason="")
