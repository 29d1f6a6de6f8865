"""Held, dropped or to be forgotten while it was under way: what comes back unwritten does not leave a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa

from connectors.base import Receipt, Write
from connectors.salesforce_bulk import BULK
from landbridge.push import approval, fresh, holds, outbox
from landbridge.push.apply import push
from landbridge.push.bulk import claims
from landbridge.push.bulk.claims import Cut
from landbridge.push.holds import About
from landbridge.push.mirror import erasing
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from tests.push.crm import ACCOUNT, Crm, a_run, access, books, changes, put_leads
from tests.push.test_claimed import CREATES, Approved, approved  # noqa: F401

NAMES = ("one", "two", "three", "four")


def hold(store: Store, plan_id: str) -> None:
    for name in NAMES:
        holds.place(store, ACCOUNT, About(name), actor="kim", reason="wait")


def hold_everybody(store: Store, plan_id: str) -> None:
    holds.place(store, ACCOUNT, About(None, "Lead"), actor="kim", reason="wait")


def drop(store: Store, plan_id: str) -> None:
    approval.drop(store, plan_id, actor="kim", reason="not now")


def erase(store: Store, plan_id: str) -> None:
    for name in NAMES:
        erasing.erase(store, ACCOUNT, name, actor="kim", reason="she asked")


Act = Callable[[Store, str], None]
ACTS = pytest.mark.parametrize("act", [hold, hold_everybody, drop, erase])


def hold_field(store: Store, field: str, *needed: str) -> None:
    for name in NAMES:
        holds.place(store, ACCOUNT, About(name, None, field, None, needed), actor="kim", reason="wait")


def states(store: Store) -> Counter[str]:
    return Counter(change["state"] for change in changes(store))


def leave_now(way: Approved) -> tuple[int, int]:
    """How many would leave of what waits now, by file and by calls. They are given back."""
    ready, job = outbox.new_round(way.run, ACCOUNT), uuid4().hex
    claims.named(way.way, claims.intend(way.way, CREATES), job)
    by_file = claims.claim(way.way, BULK, CREATES, Cut(ready, 0, way.way.sending.rows(1)), job)
    claims.give_back(way.way, by_file)
    batch = [each for planned in outbox.batches(way.store, CREATES, ready.which) for each in planned]
    by_calls = outbox.claim(way.run, ACCOUNT, batch)
    with way.store.begin() as connection:
        connection.execute(sa.text("UPDATE change SET state = 'planned', sent_at = NULL WHERE state = 'sending'"))
    return by_file.sent, len(by_calls)


@ACTS
def test_what_a_job_gives_back_is_neither_claimed_nor_sent(approved: Approved, act: Act) -> None:  # noqa: F811
    store, job = approved.store, approved.claim()
    assert job.sent == 3
    act(store, approved.plan_id)
    claims.give_back(approved.way, job)
    assert states(store) == {"planned": 3, "superseded": 1}
    assert leave_now(approved) == (0, 0)
    fresh.drop_withdrawn(approved.way, approved.policy)
    assert states(store) == {"superseded": 4}
    assert {bool(each["held_by"]) for each in changes(store)} == {act in (hold, hold_everybody)}


def test_of_what_a_job_gives_back_the_rest_goes_without_the_held_field(approved: Approved) -> None:  # noqa: F811
    store, job = approved.store, approved.claim()
    hold_field(store, "City")
    claims.give_back(approved.way, job)
    assert leave_now(approved) == (1, 1), "of the one that waited the rest took its place at once"
    fresh.drop_withdrawn(approved.way, approved.policy)
    assert states(store) == {"planned": 4, "superseded": 4}
    assert not any("City" in each["after"] for each in changes(store) if each["state"] == "planned")
    assert leave_now(approved) == (3, 4)


def pushed(store: Store, crm: Crm, policy: Policy, act: Callable[[], None]) -> dict[str, int]:
    """Push four leads, each refused once with a passing code, while somebody acts. Answers the books."""
    seen: set[str] = set()

    def busy(write: Write) -> Receipt | None:
        if not seen:
            act()
        if write.match_value in seen:
            return None
        seen.add(write.match_value)
        return Receipt(write.ref, "refused", code="UNABLE_TO_LOCK_ROW", message="busy")

    crm.answer = busy
    with a_run(store) as run:
        push(run, crm.connector(), access(), policy)
    return books(run, "push")


@pytest.fixture
def plan_id(store: Store, policy: Policy) -> str:
    with a_run(store) as run:
        put_leads(store, run, {name: {"last_name": name, "city": "Oslo"} for name in NAMES})
        made = make_plan(run, policy, ACCOUNT)
    assert made is not None
    return made


@pytest.mark.parametrize("act", [hold, drop, erase])
def test_what_the_crm_put_off_is_not_sent_again(store: Store, crm: Crm, policy: Policy, plan_id: str, act: Act) -> None:
    told = pushed(store, crm, policy, lambda: act(store, plan_id))
    assert (told, crm.writes, crm.calls.count("write")) == ({"taken": 4, "unchanged": 4}, [], 1)
    assert states(store) == {"superseded": 4}
    with store.begin() as connection:
        assert connection.scalars(sa.text("SELECT state FROM plan")).all() == ["done"]
    if act is hold:
        let_go_and_go(store, crm, policy)


def let_go_and_go(store: Store, crm: Crm, policy: Policy) -> None:
    """Who lets go gets it with the next plan."""
    for name in NAMES:
        holds.release(store, ACCOUNT, name, actor="kim", reason="she called")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, crm.connector(), access(), policy)
    assert books(run, "push") == {"taken": 4, "new": 4}


def test_what_the_crm_put_off_goes_without_the_held_field(store: Store, crm: Crm, policy: Policy, plan_id: str) -> None:
    told = pushed(store, crm, policy, lambda: hold_field(store, "City"))
    assert told == {"taken": 4, "new": 4}
    assert len(crm.writes) == 4 and not any("City" in write.values for write in crm.writes)


def test_what_cannot_be_made_without_the_held_field_stays(store: Store, crm: Crm, policy: Policy, plan_id: str) -> None:
    told = pushed(store, crm, policy, lambda: hold_field(store, "LastName", "Lead"))
    assert (told, crm.writes) == ({"taken": 4, "unchanged": 4}, [])


_KNEW_OF_IT = """
UPDATE hold SET at = at - interval '1 hour';
INSERT INTO plan (plan_id, run_id, account, state, policy, at)
SELECT 'plan-old', run_id, account, 'approved', policy, at - interval '1 day' FROM plan
"""


def test_a_hold_that_stood_when_the_plan_was_made_keeps_nothing_of_it(approved: Approved) -> None:  # noqa: F811
    """What a plan has in spite of it, such as what is erased, leaves, whatever older plan waits still."""
    with approved.store.begin() as connection:
        connection.execute(sa.text("UPDATE change SET state = 'sending'"))
    hold(approved.store, approved.plan_id)
    with approved.store.begin() as connection:
        connection.execute(sa.text(_KNEW_OF_IT))
        connection.execute(sa.text("UPDATE change SET state = 'planned'"))
    fresh.drop_withdrawn(approved.way, approved.policy)
    assert leave_now(approved) == (3, 4)
