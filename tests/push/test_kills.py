"""Killed a hundred times, at any moment and on both roads, a push ends in the CRM as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_write import write
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.push import victim
from tests.push.crm import ACCOUNT, EXTERNAL, a_run, books, put_leads, take_in
from tests.push.org import Org
from tests.push.test_actions import plan_by_hand

SEED, KILLS, PEOPLE = 20261122, 50, 5
PRELOADED = ["adbc_driver_postgresql.dbapi", "pyarrow.csv", "simple_salesforce", "tests.push.victim"]
SHOWN = ("LastName", "Title", "City", "Company", "Landbridge_Score__c", "IsDeleted")

pytestmark = pytest.mark.slow


def people(store: Store, prefix: str, numbers: range, **fields: Any) -> None:
    with a_run(store) as run:
        numbered = {f"{prefix}{n}": {"last_name": f"Name {n}", "score": n} | fields for n in numbers}
        put_leads(store, run, numbered)


def found(store: Store, org: Org, policy: Policy, prefixes: Sequence[str]) -> None:
    """Twelve leads in the CRM for each of these scenarios."""
    for prefix in prefixes:
        people(store, prefix, range(12), title="Mate", city="Oslo")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, policy)
    for prefix in prefixes:
        with a_run(store) as run:
            take_in(store, run, {"Lead": {row["Id"]: row for row in org.rows(prefix).values()}})


def prepare(store: Store, org: Org, policy: Policy, prefix: str) -> None:
    """Beside its twelve leads, a scenario has eight new ones, ten changed, one to be emptied, one to go; and a rep
    edits one."""
    rows = org.rows(prefix)
    people(store, prefix, range(10), title="Mate", city="Bergen")
    people(store, prefix, range(12, 20), title="Mate", city="Bergen")
    ids = {number: rows[f"{prefix}{number}"]["Id"] for number in range(12)}
    common = {"object": "Lead", "match_field": "Id", "before": {"Title": "Mate"}}
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        empty = {"action": "update", "match_value": ids[10], "after": {"Title": None}, "identity_id": f"{prefix}10"}
        gone = {"action": "delete", "match_value": ids[11], "identity_id": f"{prefix}11"}
        plan_by_hand(store, run, common | empty, common | gone)
    list(write(org.access, [Write("rep", "Lead", "Id", ids[4], {"City": "Rome", "Title": "Boss"})]))


def outcome(org: Org, prefix: str) -> dict[str, tuple[Any, ...]]:
    """What the CRM holds of a scenario, without what differs between two. Fails when a lead is there twice."""
    read = [row for page in CONNECTOR.read(org.access, "Lead", None) for row in page.rows]
    mine = [row for row in read if str(row[EXTERNAL]).startswith(prefix)]
    told = {str(row[EXTERNAL]).removeprefix(prefix): tuple(row[name] for name in SHOWN) for row in mine}
    assert len(told) == len(mine)
    return told


class Deaths:
    """Processes that push and die, forked from one that has everything imported."""

    def __init__(self, store: Store, ready: dict[str, Any], filing: bool) -> None:
        self.words = (store.uri, ready, filing)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)
        self.killed = 0

    def run(self, die_at: int) -> tuple[int | None, int]:
        """Its exit code (-9 where it was killed), and the moments that it lived through."""
        moments = self.context.Value("i", 0)
        process = self.context.Process(target=victim.work, args=(*self.words, die_at, moments))
        process.start()
        process.join(60)
        self.killed += process.exitcode == -9
        return process.exitcode, moments.value


@pytest.mark.timeout(1200)  # a minute or two where nobody else works
@pytest.mark.parametrize("filing", [False, True], ids=["calls", "files"])
def test_fifty_kills_end_as_an_undisturbed_push(
    store: Store, ready: dict[str, Any], org: Org, policy: Policy, filing: bool
) -> None:
    deaths, chance = Deaths(store, ready, filing), random.Random(SEED + filing)
    road = "file" if filing else "call"
    found(store, org, policy, [f"{road}-calm-"])
    prepare(store, org, policy, f"{road}-calm-")
    code, moments = deaths.run(0)
    calm = outcome(org, f"{road}-calm-")
    assert code == 0 and len(calm) == 20 and moments > 60
    assert calm["4"][1:3] == ("Boss", "Rome") and calm["10"][1] is None and calm["11"][-1] is True
    scenario = 0
    while deaths.killed < KILLS:
        if scenario % 5 == 0:  # sixty leads, which wait for nobody's approval
            found(store, org, policy, [f"{road}-{number}-" for number in range(scenario, scenario + 5)])
        prefix, scenario = f"{road}-{scenario}-", scenario + 1
        prepare(store, org, policy, prefix)
        for _ in range(12):
            if deaths.run(chance.randint(1, moments))[0] == 0:
                break
        for _ in range(20):
            if deaths.run(0)[0] == 0:
                break
        assert outcome(org, prefix) == calm, f"after {deaths.killed} kills"
    settled(store)
    writes = org.writes()
    assert deaths.run(0)[0] == 0 and org.writes() == writes
    assert audit.verify(store).intact


def settled(store: Store) -> None:
    """Nothing is open, and what we believe to have written is what we wrote."""
    with store.begin() as connection:
        states = set(connection.execute(sa.text("SELECT DISTINCT state FROM change")).scalars())
        jobs = set(connection.execute(sa.text("SELECT DISTINCT state FROM bulk_job")).scalars())
        sums = "SELECT count(*) FROM balance WHERE taken <> new + changed + unchanged + held + refused AND run_id IN"
        unbalanced = connection.scalar(sa.text(f"{sums} (SELECT run_id FROM run WHERE state = 'done')"))
    assert states == {"done", "superseded"} and jobs <= {"settled", "aborted"} and unbalanced == 0


def test_books_close_after_a_kill(store: Store, ready: dict[str, Any], org: Org, policy: Policy) -> None:
    found(store, org, policy, ["books-"])
    prepare(store, org, policy, "books-")
    deaths = Deaths(store, ready, filing=True)
    deaths.run(70)
    with a_run(store) as run:
        push(run, CONNECTOR, org.access, policy)
    told = books(run, "push")
    assert told["taken"] == sum(count for name, count in told.items() if name != "taken")
