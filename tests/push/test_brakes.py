"""What keeps changes from the CRM: the kill switch, an org that nobody has met, and calls that are kept for others."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Access, Connector, SourceUnavailable, Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_client import Client
from landbridge.errors import AccessRefused, GateClosed, NotFound
from landbridge.push import budget, halt
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.budget import Budget
from landbridge.push.gate import waiting
from landbridge.push.outbox import Group
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.sending import PLAIN
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, Crm, a_run, access, books, changes, put_lead, put_leads, sync
from tests.push.org import Org, by_file, insist


def leads(store: Store, count: int, prefix: str = "p") -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"{prefix}-{number}": {"last_name": f"Name {number}"} for number in range(count)})


def states(store: Store) -> dict[str, int]:
    with store.begin() as connection:
        rows = connection.execute(sa.text("SELECT state, count(*) FROM change GROUP BY state")).all()
    return {row[0]: int(row[1]) for row in rows}


# --- the kill switch


def test_while_halted_nothing_is_sent_and_after_it_all_is(store: Store, crm: Crm, line: Line) -> None:
    leads(store, 3)
    assert halt.halt(store, ACCOUNT, actor="ines", reason="wrong titles")
    assert not halt.halt(store, ACCOUNT, actor="otto", reason="me too"), "the first one's word stands"
    with pytest.raises(GateClosed, match=r"halted by ines: wrong titles\.") as caught:
        line()
    assert "--resume" in caught.value.do and crm.writes == []
    halt.resume(store, ACCOUNT, actor="ines", reason="mended")
    assert books(line(), "push") == {"taken": 3, "new": 3}
    with pytest.raises(NotFound):
        halt.resume(store, ACCOUNT, actor="ines", reason="again")
    kinds = [event.kind for event in audit.newest(store, 50)]
    assert {"push.halted", "push.resumed"} <= set(kinds)


def test_a_halt_in_the_middle_stops_before_the_next_call(store: Store, crm: Crm, line: Line) -> None:
    leads(store, 450)
    crm.after_call = lambda: halt.halt(store, ACCOUNT, actor="ines", reason="stop") and None
    with pytest.raises(GateClosed):
        line()
    assert states(store) == {"done": 200, "planned": 250}
    halt.resume(store, ACCOUNT, actor="ines", reason="go on")
    crm.after_call = lambda: None
    assert books(line(), "push") == {"taken": 250, "new": 250}


def test_a_halt_breaks_off_a_bulk_job_inside_the_crm(store: Store, org: Org, policy: Policy) -> None:
    leads(store, 40, "halt")

    def halt_soon() -> None:
        while not any("batches" in name for name in org.calls()):
            time.sleep(0.02)
        halt.halt(store, ACCOUNT, actor="ines", reason="stop")

    with org.switched(bulk_chunk=10, bulk_seconds_per_chunk=1.0):
        other = threading.Thread(target=halt_soon)
        other.start()
        with pytest.raises(GateClosed), a_run(store) as run:
            make_plan(run, policy, ACCOUNT)
            push(run, CONNECTOR, org.access, by_file(policy))
        other.join()
    arrived = len(org.rows("halt-"))
    assert arrived < 40 and states(store).get("done", 0) == arrived, "what was written is noted, the rest waits"
    halt.resume(store, ACCOUNT, actor="ines", reason="go on")
    insist(store, org, by_file(policy))
    assert len(org.rows("halt-")) == 40 and states(store) == {"done": 40}


def test_a_halt_breaks_off_both_jobs_inside_the_crm(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the CRM has of the second is ended before the results of the first are asked for."""
    leads(store, 60, "both")
    seen: list[str] = []

    def job(self: Client, method: str, name: str, *asked: Any, **how: Any) -> Any:
        if (asked and asked[0] == {"state": "Aborted"}) or name.endswith("/successfulResults"):
            seen.append(f"{method} {name.rsplit('/', maxsplit=1)[-1]}" if method == "GET" else "abort")
        answer = real(self, method, name, *asked, **how)
        if asked and asked[0] == {"state": "UploadComplete"}:
            begun.append(name)
            if len(begun) == 2:
                halt.halt(store, ACCOUNT, actor="ines", reason="stop")
        return answer

    real, begun = Client.job, list[str]()
    monkeypatch.setattr(Client, "job", job)
    with org.switched(bulk_chunk=5, bulk_seconds_per_chunk=2.0), pytest.raises(GateClosed), a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, by_file(policy, file_rows=30))
    assert seen[:3] == ["abort", "abort", "GET successfulResults"]
    arrived = len(org.rows("both-"))
    assert arrived < 60 and states(store).get("done", 0) == arrived


def test_a_halt_between_a_file_and_its_beginning_lets_nothing_of_it_be_written(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads(store, 5, "begun")
    real = Client.job

    def job(self: Client, method: str, *asked: Any, **how: Any) -> Any:
        answer = real(self, method, *asked, **how)
        if method == "PUT":
            halt.halt(store, ACCOUNT, actor="ines", reason="stop")
        return answer

    monkeypatch.setattr(Client, "job", job)
    with pytest.raises(GateClosed), a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, by_file(policy))
    assert org.rows("begun-") == {} and states(store) == {"planned": 5}


# --- first contact


def leading_to(crm: Crm, org_id: str) -> Connector:
    return replace(crm.connector(), org=lambda access: org_id)


def go(store: Store, connector: Connector, policy: Policy, **options: Any) -> dict[str, int]:
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, connector, access(**options), policy)
    return books(run, "push")


def test_first_contact_is_a_dry_run_however_small(store: Store, crm: Crm, policy: Policy) -> None:
    leads(store, 1)
    with pytest.raises(GateClosed, match="leads to org 00D1, which we never wrote to"):
        go(store, leading_to(crm, "00D1"), policy, first_load="ask")
    assert crm.writes == []
    approve(store, waiting(store, ACCOUNT).plans[0].plan_id, actor="ines", reason="looked")
    assert go(store, leading_to(crm, "00D1"), policy, first_load="ask") == {"taken": 1, "new": 1}
    leads(store, 1, "next")
    assert go(store, leading_to(crm, "00D1"), policy, first_load="ask") == {"taken": 1, "new": 1}, "it is known now"


def test_another_org_behind_the_account_is_a_first_contact_again(store: Store, crm: Crm, policy: Policy) -> None:
    leads(store, 2)
    assert go(store, leading_to(crm, "00D1"), policy) == {"taken": 2, "new": 2}
    leads(store, 3, "more")
    with a_run(store) as run:
        plan_id = make_plan(run, policy, ACCOUNT)
    assert plan_id
    approve(store, plan_id, actor="ines", reason="for the old one")
    crm.writes.clear()
    for _ in range(2):
        with pytest.raises(GateClosed, match="leads to org 00D2 now, and what we wrote so far went to 00D1"):
            go(store, leading_to(crm, "00D2"), policy)
    assert crm.writes == []
    approve(store, plan_id, actor="ines", reason="for this one")
    told = go(store, leading_to(crm, "00D2"), policy)
    assert told == {"taken": 5, "new": 3, "changed": 2}, "what the other org had is offered to this one"


def test_what_we_knew_of_the_other_org_is_not_looked_for_in_this_one(
    store: Store, crm: Crm, policy: Policy, line: Line
) -> None:
    leads(store, 2)
    go(store, leading_to(crm, "00D1"), policy)
    with a_run(store) as run:
        sync(store, run, crm)
        cursor = {"account": ACCOUNT, "stream": "Lead", "checkpoint": {"at": "2026-01-01"}, "run_id": run.run_id}
        with store.begin() as connection:
            connection.execute(sa.insert(tables.cursor).values(cursor))
    crm.rows["Lead"].clear()
    with a_run(store) as run:
        for number in range(2):
            put_lead(store, run, f"p-{number}", last_name=f"Name {number}", title="Captain")
    with pytest.raises(GateClosed, match="leads to org 00D2 now"):
        go(store, leading_to(crm, "00D2"), policy)
    with store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM cursor")) == 0, "the next reading is a full one"
        left = "SELECT DISTINCT payload::jsonb->>'IsDeleted' FROM record_head JOIN record USING (record_id)"
        assert connection.scalars(sa.text(left)).all() == ["true"]
        connection.execute(sa.text("UPDATE profile SET gone = true"))  # as mapping takes that
    with a_run(store) as run:
        plan_id = make_plan(run, policy, ACCOUNT)
    assert books(run, "plan") == {"taken": 2, "new": 2}
    assert plan_id
    approve(store, plan_id, actor="ines", reason="the new org")
    assert go(store, leading_to(crm, "00D2"), policy) == {"taken": 2, "new": 2}
    assert [row["Title"] for row in crm.rows["Lead"].values()] == ["Captain", "Captain"]
    assert books(line(), "plan") == {"taken": 2, "unchanged": 2}


def test_what_was_under_way_is_left_behind_with_the_other_org(store: Store, crm: Crm, policy: Policy) -> None:
    leads(store, 2)

    def die(write: Write) -> None:
        raise KeyboardInterrupt

    crm.answer = die
    with pytest.raises(KeyboardInterrupt):
        go(store, leading_to(crm, "00D1"), policy)
    crm.answer = lambda write: None
    with pytest.raises(GateClosed, match="00D2"):
        go(store, leading_to(crm, "00D2"), policy)
    assert states(store)["superseded"] == 2


# --- the budget


def metered(org: Org, store: Store, **options: Any) -> Access:
    meter = Budget(lambda: store, ACCOUNT, options)
    meter.EVERY_CALLS = 1  # type: ignore[misc]
    return replace(org.access, meter=meter, options={**org.access.options, **options})


def test_every_answer_tells_how_the_day_stands(store: Store, org: Org) -> None:
    CONNECTOR.check(metered(org, store))
    first = budget.left(store, ACCOUNT, {})
    CONNECTOR.check(metered(org, store))
    second = budget.left(store, ACCOUNT, {"api_reserve": 500})
    assert first and second
    assert second.used == first.used + 1
    assert first.reserve == round(0.2 * first.most) and second.reserve == 500


def test_a_plan_that_would_eat_the_reserve_does_not_start(store: Store, org: Org, policy: Policy) -> None:
    leads(store, 450, "dear")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    most = 10_000_000
    told = metered(org, store, api_reserve=most - 1)
    writes = org.writes()
    with pytest.raises(SourceUnavailable, match="needs about 8 API calls") as caught, a_run(store) as run:
        push(run, CONNECTOR, told, policy)
    assert caught.value.retry_after == 3600 and "api_reserve" in caught.value.do
    assert org.writes() == writes and states(store) == {"planned": 450}
    with a_run(store) as run:
        push(run, CONNECTOR, metered(org, store), policy)
    assert books(run, "push") == {"taken": 450, "new": 450}


def test_reading_leaves_the_reserve_alone_too(store: Store, org: Org) -> None:
    told = metered(org, store)
    rows = sum(len(page.rows) for page in CONNECTOR.read(told, "Lead", None))
    assert rows
    left = budget.left(store, ACCOUNT, {})
    assert left is not None
    scarce = metered(org, store, api_reserve=left.most - left.used - 2)
    pages = CONNECTOR.read(replace(scarce, options={**scarce.options, "page_rows": 1}), "Lead", None)
    seen = []
    with pytest.raises(SourceUnavailable, match="is not read") as caught:
        seen.extend(pages)
    assert caught.value.retry_after == 3600 and len(seen) < rows
    with pytest.raises(SourceUnavailable, match="is not read"):
        next(iter(CONNECTOR.read(metered(org, store, api_reserve=left.most), "Lead", None)))


def test_a_spent_day_is_a_wait_and_refuses_no_row(store: Store, org: Org, policy: Policy) -> None:
    leads(store, 5, "spent")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    with org.switched(daily_api_requests=1):
        with pytest.raises(SourceUnavailable) as caught, a_run(store) as run:
            push(run, CONNECTOR, metered(org, store), policy)
        assert caught.value.retry_after == 3600
    assert states(store) == {"planned": 5}
    assert all(change["refusal"] is None for change in changes(store))


@pytest.mark.parametrize("wrong", [-1, "much", True, float("inf")])
def test_a_reserve_that_is_none_is_told(store: Store, org: Org, wrong: Any) -> None:
    CONNECTOR.check(metered(org, store))
    with pytest.raises(AccessRefused, match="api_reserve"):
        budget.left(store, ACCOUNT, {"api_reserve": wrong})


def test_what_a_plan_costs_is_told_before_it_runs() -> None:
    create, update = Group("create", "Lead", "Ext__c"), Group("update", "Lead", "Id")
    assert budget.cost({}, PLAIN) == 0
    assert budget.cost({create: 201}, PLAIN) == 5 + 2
    assert budget.cost({create: 201, update: 1}, PLAIN) == 5 + 2 + 2
    assert budget.cost({create: 100_000}, PLAIN) == 5 + 5 * 14
    assert budget.cost({create: 100_000}, PLAIN, bulk=False) == 5 + 500
