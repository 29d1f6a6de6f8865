"""The same promises through the real connector, over HTTP, against Salesforce's stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.base import Access, Secret, SourceUnavailable
from connectors.salesforce import CONNECTOR
from landbridge.push import org
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, EXTERNAL, a_run, books, put_leads, take_in
from tests.sandbox_process import start_sandbox

Ready = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Ready]:
    with start_sandbox(people=40, options=("--fault-timeout", "2")) as ready:
        yield ready


@pytest.fixture
def access(sandbox: Ready, policy: Policy) -> Access:
    told = dict(sandbox["salesforce"])
    base_url, ca_file = told.pop("base_url"), told.pop("ca", None)
    options = {"fields": policy.to_read(), "first_load": "approve"}
    return Access(ACCOUNT, base_url, {name: Secret(value) for name, value in told.items()}, options, ca_file)


def _rows(access: Access) -> dict[str, dict[str, dict[str, Any]]]:
    pages = {name: CONNECTOR.read(access, name, None) for name in ("Lead", "Contact")}
    return {name: {row["Id"]: row for page in read for row in page.rows} for name, read in pages.items()}


def _line(store: Store, access: Access, policy: Policy) -> Run:
    with a_run(store) as run:
        take_in(store, run, _rows(access))
        settle(run, CONNECTOR, access)
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, access, policy)
    return run


def test_the_shipped_policy_fits_the_org(access: Access, policy: Policy) -> None:
    org.check(policy, CONNECTOR, access)


def _o_neil(number: int) -> dict[str, Any]:
    return {
        "last_name": f"O'Neil {number}",
        "email": f"P{number}@Example.org",
        "score": number % 100,
        "last_touch_at": "2026-11-01T10:00:00Z",
        "email_opt_out": number % 2 == 0,
        "handles": ["x:a", "x:b"],
        "reasons": "+10 one\n+5 two",
    }


def test_leads_arrive_once_and_the_second_run_is_silent(store: Store, access: Access, policy: Policy) -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"once-{number}": _o_neil(number) for number in range(250)})
    assert books(_line(store, access, policy), "push") == {"taken": 250, "new": 250}
    for _ in range(2):
        again = _line(store, access, policy)
        assert books(again, "plan") == {"taken": 250, "unchanged": 250}
        assert books(again, "push") == {}
    rows = [row for row in _rows(access)["Lead"].values() if str(row[EXTERNAL]).startswith("once-")]
    assert len(rows) == 250
    assert {row["HasOptedOutOfEmail"] for row in rows} == {True, False}


@pytest.mark.parametrize("kind", ["timeout", "cut", "server_error", "rate_limit"])
def test_faults_end_in_the_same_org(store: Store, sandbox: Ready, access: Access, policy: Policy, kind: str) -> None:
    with a_run(store) as run:
        put_leads(store, run, {f"{kind}-{number}": {"last_name": f"Name {number}"} for number in range(250)})
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    _order(sandbox, f"{kind}=30%")
    try:
        _insist(store, access, policy)
    finally:
        _order(sandbox, "")
    rows = [row for row in _rows(access)["Lead"].values() if str(row[EXTERNAL]).startswith(f"{kind}-")]
    assert len(rows) == 250
    assert books(_line(store, access, policy), "plan") == {"taken": 250, "unchanged": 250}
    with a_run(store) as run:
        captains = {"title": "Captain"}
        put_leads(store, run, {f"{kind}-{n}": {"last_name": f"Name {n}"} | captains for n in range(250)})
        plan_id = make_plan(run, policy, ACCOUNT)
    approve(store, str(plan_id), actor="kim", reason="they were all promoted")
    _order(sandbox, f"{kind}=20%")
    try:
        _insist(store, access, policy)
    finally:
        _order(sandbox, "")
    rows = [row for row in _rows(access)["Lead"].values() if str(row[EXTERNAL]).startswith(f"{kind}-")]
    assert {row["Title"] for row in rows} == {"Captain"} and len(rows) == 250, "nor do updates get lost"


def _order(sandbox: Ready, faults: str) -> None:
    httpx.post(f"{sandbox['control']}/faults", json={"faults": faults}, timeout=30).raise_for_status()


def _insist(store: Store, access: Access, policy: Policy) -> None:
    """Push until the outbox is empty, as a flow that retries does."""
    for _ in range(30):
        try:
            with a_run(store) as run:
                push(run, CONNECTOR, access, policy)
            return
        except SourceUnavailable:
            continue
    raise AssertionError("the outbox never emptied")
