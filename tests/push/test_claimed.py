"""What a bulk job carries is being sent, though the change itself says so to nobody: all who ask, ask its claim too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import pytest
import sqlalchemy as sa

from connectors.salesforce_bulk import BULK
from landbridge.console.read import plan_waits, plans, runs
from landbridge.console.web.veil import OPEN
from landbridge.push import approval, fresh, holds, looked, outbox, refused
from landbridge.push.bulk import claims
from landbridge.push.bulk.claims import Claimed, Cut
from landbridge.push.dispatch import Dispatch
from landbridge.push.holds import About
from landbridge.push.mirror import erasing
from landbridge.push.note import Outcome, note
from landbridge.push.outbox import Group
from landbridge.push.plan import make_plan
from landbridge.push.plans import shown
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, changes, put_lead, put_leads

CREATES = Group("create", "Lead", EXTERNAL)


@dataclass
class Approved:
    """An approved plan that makes leads 'one' to 'four', and a run that sends them in files of three."""

    store: Store
    way: Dispatch
    policy: Policy
    plan_id: str

    @property
    def run(self) -> Run:
        return self.way.run

    def claim(self) -> Claimed:
        claims.named(self.way, claims.intend(self.way, CREATES), "750A")
        ready = outbox.new_round(self.run, ACCOUNT)
        return claims.claim(self.way, BULK, CREATES, Cut(ready, 0, 3), "750A")

    def states(self) -> dict[str, str]:
        return {row.identity: row.state for row in shown(self.store, self.policy, ACCOUNT, self.plan_id).rows}  # type: ignore[union-attr]


@pytest.fixture
def approved(store: Store, crm: Crm, policy: Policy) -> Approved:
    with a_run(store) as run:
        put_leads(store, run, {name: {"last_name": name, "city": "Oslo"} for name in ("one", "two", "three", "four")})
        plan_id = make_plan(run, policy, ACCOUNT)
        assert plan_id is not None
        approval.approve(store, plan_id, actor="ines", reason="seen")
        with run.books.stage("push", ACCOUNT) as entry:
            sending = replace(policy.sending, bulk_from=1, file_rows=3)
            return Approved(store, Dispatch(run, crm.connector(), access(), sending, entry), policy, plan_id)


def standing(store: Store) -> dict[str, str]:
    return {change["identity_id"]: change["state"] for change in changes(store)}


def test_people_are_told_that_it_is_being_sent(approved: Approved) -> None:
    store, job = approved.store, approved.claim()
    assert job.sent == 3
    told = approved.states()
    assert sorted(told.values()) == ["planned", "sending", "sending", "sending"]
    assert plans.head(store, approved.plan_id, OPEN).states == {"planned": 1, "sending": 3}
    (line,) = plan_waits.history(store, ACCOUNT, {}, 10, 0, OPEN)
    assert line.states == {"planned": 1, "sending": 3}
    sent = {"plan_id": approved.plan_id, "object": "Lead", "action": "create", "state": "sending", "changes": 3}
    assert runs.pushed(store, approved.run.run_id) == [sent]
    assert sum(holds.under_way(store, ACCOUNT, About(name, None, None)) for name in told) == 3
    assert (outbox.count(store, ACCOUNT), outbox.count_unsettled(store, ACCOUNT)) == (4, 3)


def hold(approved: Approved) -> None:
    for name in ("one", "two", "three", "four"):
        holds.place(approved.store, ACCOUNT, About(name, None, None), actor="kim", reason="wait")


def drop(approved: Approved) -> None:
    approval.drop(approved.store, approved.plan_id, actor="kim", reason="not now")


def erase(approved: Approved) -> None:
    for name in ("one", "two", "three", "four"):
        erasing.erase(approved.store, ACCOUNT, name, actor="kim", reason="she asked")


def outdate(approved: Approved) -> None:
    for name in ("one", "two", "three", "four"):
        put_lead(approved.store, approved.run, name, last_name=name, city="Rome")
    fresh.drop_outdated(approved.way)


def plan_anew(approved: Approved) -> None:
    for name in ("one", "two", "three", "four"):
        put_lead(approved.store, approved.run, name, last_name=name, city="Rome")
    make_plan(approved.run, approved.policy, ACCOUNT)


@pytest.mark.parametrize("act", [hold, drop, erase, outdate, plan_anew])
def test_nobody_takes_out_what_is_being_sent(approved: Approved, act: Callable[[Approved], None]) -> None:
    approved.claim()
    (waiting,) = [name for name, state in approved.states().items() if state == "planned"]
    act(approved)
    first = {change["identity_id"]: change["state"] for change in reversed(changes(approved.store))}
    assert first.pop(waiting) == "superseded"
    assert first == dict.fromkeys(first, "planned") and outbox.count_unsettled(approved.store, ACCOUNT) == 3


def begun(act: Callable[[], object], store: Store) -> threading.Thread:
    """A thread that acts, once it has ended or waits for somebody's lock."""
    thread = threading.Thread(target=act)
    thread.start()
    waits = sa.text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    while thread.is_alive():
        with store.begin() as connection:
            if connection.scalar(waits):
                break
    return thread


def test_what_somebody_is_just_taking_out_is_not_claimed(approved: Approved) -> None:
    jobs: list[Claimed] = []
    with approved.store.begin() as connection:
        looked.keep(connection, [approved.plan_id])
        connection.execute(sa.text("UPDATE change SET state = 'superseded' WHERE identity_id <> 'four'"))
        thread = begun(lambda: jobs.append(approved.claim()), approved.store)
    thread.join()
    assert [job.sent for job in jobs] == [1]


@pytest.mark.parametrize("act", [hold, drop, erase])
def test_what_is_just_being_claimed_is_not_taken_out(approved: Approved, act: Callable[[Approved], None]) -> None:
    with approved.store.begin() as connection:
        looked.keep(connection, [approved.plan_id])
        carried = "INSERT INTO claim SELECT change_id, account, '750B' FROM change WHERE identity_id <> 'four'"
        connection.execute(sa.text(carried))
        thread = begun(lambda: act(approved), approved.store)
    thread.join()
    told = standing(approved.store)
    assert told.pop("four") == "superseded" and set(told.values()) == {"planned"}


def test_a_job_that_nobody_knows_leaves_its_changes_to_be_looked_up(approved: Approved) -> None:
    claims.lost(approved.way, approved.claim())
    lost = [change for change in changes(approved.store) if change["state"] == "unknown"]
    assert {(each["job_id"], each["attempts"], each["sent_run_id"]) for each in lost} == {
        ("750A", 1, approved.run.run_id)
    }
    assert len(lost) == 3 and all(each["sent_at"] for each in lost)
    with approved.store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM claim")) == 0


def outcomes(approved: Approved, state: Literal["done", "refused", "approved"]) -> list[Outcome]:
    """As somebody heard of all of them, a while ago."""
    ready = outbox.new_round(approved.run, ACCOUNT)
    batch = next(outbox.batches(approved.store, CREATES, ready.which))
    return [Outcome(each, state, f"00Q{each.change_id:015d}", True, "NO", "no", "repair") for each in batch]


def test_who_notes_too_late_sets_nothing_back(approved: Approved) -> None:
    store, way = approved.store, approved.way
    first, late = outcomes(approved, "done"), outcomes(approved, "refused") + outcomes(approved, "approved")
    note(way, first)
    before = changes(store)
    for each in late:
        note(way, [each])
    assert changes(store) == before and {each["state"] for each in before} == {"done"}
    assert (way.entry.new, way.entry.refused, refused.standing(store, ACCOUNT)) == (4, 0, [])


def test_only_the_job_that_carries_a_change_says_what_became_of_it(approved: Approved) -> None:
    store, late = approved.store, outcomes(approved, "refused")
    job = approved.claim()
    note(approved.way, late)
    claims.lost(approved.way, replace(job, job_id="750B"))
    assert sorted(standing(store).values()) == ["planned", "planned", "planned", "refused"]
    assert outbox.count_unsettled(store, ACCOUNT) == 3
    claims.lost(approved.way, job)
    assert sorted(standing(store).values()) == ["refused", "unknown", "unknown", "unknown"]
