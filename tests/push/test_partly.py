"""Half a plan: what is held stays with its reason, the rest goes as it was approved, and a release brings it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import NotFound, TakenAlready
from landbridge.push import approval, holds, looked, partly, sorting
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.selection import Selection
from landbridge.store.engine import Store
from tests.push.crm import ACCOUNT, Crm, a_run, access, changes, put_lead, sync

KIM = {"actor": "kim", "reason": "not now"}


@pytest.fixture
def plan_id(store: Store, crm: Crm, policy: Policy) -> str:
    """Three new leads and an update of one that is there."""
    known = crm.put("Lead", LastName="Ohm")
    with a_run(store) as run:
        sync(store, run, crm, {known: "d"})
        for who in "abc":
            put_lead(store, run, who, last_name=who.upper(), title="Captain", email=f"{who}@fjord.example", score=10)
        put_lead(store, run, "d", last_name="Ohm", title="Mate", score=20)
        made = make_plan(run, policy, ACCOUNT)
    sorting.sort_open(store, ACCOUNT)
    assert made
    return made


def go(store: Store, crm: Crm, policy: Policy) -> dict[str, dict[str, Any]]:
    """Push what is approved; what has arrived, by last name."""
    with a_run(store) as run:
        push(run, crm.connector(), access(first_load="ask"), policy)
    return {row["LastName"]: row for row in crm.rows["Lead"].values()}


def states(store: Store) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for each in changes(store):
        told.setdefault(each["identity_id"], []).append(each["state"])
    return told


def seen(store: Store, plan_id: str) -> str:
    """The plan's mark, as somebody who looks at it has it."""
    with store.begin() as connection:
        return looked.standing(connection, plan_id).mark


def counts(store: Store, plan_id: str) -> dict[tuple[str, str, str], int]:
    with store.begin() as connection:
        rows = connection.execute(sa.text("SELECT * FROM plan_part WHERE plan_id = :p"), {"p": plan_id}).all()
    return {(row.what, row.name, row.detail): row.changes for row in rows}


def test_one_record_and_one_field_are_held_and_exactly_the_rest_arrives(
    store: Store, crm: Crm, policy: Policy, plan_id: str
) -> None:
    of = {each["identity_id"]: str(each["change_id"]) for each in changes(store)}
    holds.place(store, ACCOUNT, holds.about(store, policy, of["a"], None, None), **KIM)
    for who in "bd":
        holds.place(store, ACCOUNT, holds.about(store, policy, of[who], "Title", None), **KIM)
    assert approve(store, plan_id, actor="kim", reason="the rest is right") == 3
    arrived = go(store, crm, policy)
    assert {name: row["Title"] for name, row in arrived.items()} == {"B": None, "C": "Captain", "Ohm": None}
    assert arrived["Ohm"]["Landbridge_Score__c"] == 20, "the rest of that record went with the plan"
    with a_run(store) as run:
        assert make_plan(run, policy, ACCOUNT) is None, "what is held is not planned anew"


def test_a_release_puts_it_back_while_the_plan_waits(store: Store, policy: Policy, plan_id: str) -> None:
    before, counted = states(store), counts(store, plan_id)
    first = partly.hold(store, policy, ACCOUNT, Selection(plan_id, field="Title"), **KIM)
    assert (first.holds, first.changes) == (4, 4)
    assert states(store)["d"] == ["superseded", "planned"]
    assert counts(store, plan_id)["kind", "Lead", "create"] == 3, "the rest of each stands in the plan"
    titles = sum(n for (what, _, of), n in counts(store, plan_id).items() if (what, of) == ("field", "Title"))
    assert titles == 4, "told as held"
    assert holds.release(store, ACCOUNT, f"b{first.first}", actor="kim", reason="after all").holds == 4
    assert {who: told[0] for who, told in states(store).items()} == {who: told[0] for who, told in before.items()}
    now = counts(store, plan_id)
    assert {part: now[part] for part in counted} == counted


def test_a_release_brings_nothing_under_an_approval_that_did_not_know_it(
    store: Store, crm: Crm, policy: Policy, plan_id: str
) -> None:
    held = partly.hold(store, policy, ACCOUNT, Selection(plan_id, search="a"), **KIM)
    approve(store, plan_id, actor="kim", reason="the rest is right")
    holds.release(store, ACCOUNT, f"b{held.first}", actor="bo", reason="after all")
    assert "A" not in go(store, crm, policy)


def test_all_but_what_is_selected_is_held(store: Store, crm: Crm, policy: Policy, plan_id: str) -> None:
    changes, placed = partly.approve_only(
        store, policy, ACCOUNT, Selection(plan_id, action="update"), seen=seen(store, plan_id), **KIM
    )
    assert (changes, placed.changes) == (1, 3)
    assert set(go(store, crm, policy)) == {"Ohm"}


def test_nothing_is_held_when_nothing_of_it_can_be_approved(store: Store, policy: Policy, plan_id: str) -> None:
    for nothing in (Selection(plan_id, reason="no such reason"), Selection(plan_id, state="held"),
                    Selection(plan_id, state="nonsense")):  # fmt: skip
        with pytest.raises(NotFound, match="Nothing of that waits"):
            partly.approve_only(store, policy, ACCOUNT, nothing, seen=seen(store, plan_id), **KIM)
    assert holds.standing(store, ACCOUNT) == []
    assert states(store) == {who: ["planned"] for who in "abcd"}


def test_an_approval_is_of_what_was_seen(store: Store, policy: Policy, plan_id: str) -> None:
    """Somebody holds, somebody lets go: as many changes as before, and not the same."""
    held = partly.hold(store, policy, ACCOUNT, Selection(plan_id, search="a"), actor="bo", reason="never")
    before = seen(store, plan_id)
    partly.hold(store, policy, ACCOUNT, Selection(plan_id, search="b"), actor="bo", reason="nor her")
    holds.release(store, ACCOUNT, f"b{held.first}", actor="bo", reason="or yes")
    with pytest.raises(TakenAlready, match="not as you saw it"):
        approve(store, plan_id, seen=before, **KIM)
    with pytest.raises(TakenAlready):
        partly.approve_only(store, policy, ACCOUNT, Selection(plan_id, action="update"), seen=before, **KIM)
    assert states(store)["a"] == ["planned"] and len(holds.standing(store, ACCOUNT)) == 1
    assert approve(store, plan_id, seen=seen(store, plan_id), **KIM) == 3


def test_a_release_comes_before_an_approval_or_after_it_and_never_into_it(
    store: Store, policy: Policy, plan_id: str
) -> None:
    held = partly.hold(store, policy, ACCOUNT, Selection(plan_id, search="a"), **KIM)
    with ThreadPoolExecutor(1) as bo:
        with store.begin() as connection:
            looked.see_unchanged(connection, plan_id, looked.standing(connection, plan_id).mark)
            release = bo.submit(holds.release, store, ACCOUNT, f"b{held.first}", actor="bo", reason="after all")
            with pytest.raises(TimeoutError):
                release.result(timeout=0.5)
            assert approval.approve_within(connection, plan_id, **KIM) == 3
        assert release.result(timeout=30) == holds.Released(holds=1, changes=0), "the plan left without it"
    assert states(store)["a"] == ["superseded"]


def test_a_record_that_cannot_be_made_without_the_field_waits_whole(store: Store, policy: Policy, plan_id: str) -> None:
    partly.hold(store, policy, ACCOUNT, Selection(plan_id, field="LastName"), **KIM)
    assert states(store) == {who: ["superseded"] for who in "abc"} | {"d": ["planned"]}


def test_holding_twice_is_once_and_two_holds_keep_what_either_keeps(store: Store, policy: Policy, plan_id: str) -> None:
    title = partly.hold(store, policy, ACCOUNT, Selection(plan_id, field="Title"), **KIM)
    assert partly.hold(store, policy, ACCOUNT, Selection(plan_id, field="Title"), **KIM).holds == 0
    holds.place(store, ACCOUNT, holds.about(store, policy, "b", None, None), **KIM)
    holds.release(store, ACCOUNT, f"b{title.first}", actor="kim", reason="after all")
    assert states(store)["b"] == ["superseded", "superseded"], "the other hold still stands"
    assert states(store)["c"] == ["planned", "superseded"]


def test_what_every_change_was_taken_out_of_waits_again(store: Store, policy: Policy, plan_id: str) -> None:
    placed = partly.hold(store, policy, ACCOUNT, Selection(plan_id), **KIM)
    assert placed.changes == 4
    holds.release(store, ACCOUNT, f"b{placed.first}", actor="kim", reason="typo")
    with store.begin() as connection:
        assert connection.scalar(sa.text("SELECT counts FROM plan")) is None, "counted anew: it is open again"
    assert approve(store, plan_id, actor="kim", reason="all of it") == 4
