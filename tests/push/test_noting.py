"""Files are noted beside each other, and told one after the other."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce import CONNECTOR
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.sending import PLAIN, STEP
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, a_run, books, put_leads
from tests.push.org import Org, by_file
from tests.push.test_bulk import jobs, leads

_MARKED = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
               AND query LIKE '%WITH carried%')
    OR EXISTS (SELECT FROM bulk_job WHERE state = 'settled')
"""
"""The second file's changes are marked, and it waits for its turn; or some file was noted to the end."""


def states_when_the_second_is_marked(store: Store, pushing: Future[None]) -> set[str]:
    until = time.monotonic() + 120
    while time.monotonic() < until and not pushing.done():
        with store.begin() as connection:
            if connection.scalar(sa.text(_MARKED)):
                return {job["state"] for job in jobs(store)}
    raise AssertionError("the second file was not noted beside the first")


def test_a_file_that_is_noted_sooner_is_told_in_its_turn(store: Store, org: Org, policy: Policy) -> None:
    filing = by_file(policy, least=2, file_rows=3)
    leads(store, "Turn", 9)

    def go(run: Run) -> None:
        push(run, CONNECTOR, org.access, filing)

    with a_run(store) as run, ThreadPoolExecutor(1) as thread:
        make_plan(run, filing, ACCOUNT)
        with store.begin() as connection:
            keep = "SELECT FROM change WHERE change_id = (SELECT min(change_id) FROM change) FOR UPDATE"
            connection.execute(sa.text(keep))  # the first file cannot be marked
            pushing = thread.submit(go, run)
            states = states_when_the_second_is_marked(store, pushing)
        pushing.result()
    assert states == {"uploaded"}, "none was noted before the first"
    told = "SELECT detail->>'job' FROM audit_event WHERE kind = 'bulk.settled' ORDER BY seq"
    with store.begin() as connection:
        assert list(connection.scalars(sa.text(told))) == [job["job_id"] for job in jobs(store)]
    assert {job["state"] for job in jobs(store)} == {"settled"} and len(jobs(store)) == 3
    assert books(run, "push") == {"taken": 9, "new": 9}


def test_rows_of_a_file_have_fields_of_their_own(store: Store, org: Org, policy: Policy) -> None:
    own = {"Own-1": {"city": "Oslo"}, "Own-2": {"title": "Mate"}, "Own-3": {"city": "Rome", "phone": "+47 221"}}
    with a_run(store) as run:
        put_leads(store, run, {name: {"last_name": name} | fields for name, fields in own.items()})
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, by_file(policy))
    rows = org.rows("Own-")
    told = {name: [row[field] or "" for field in ("City", "Title", "Phone")] for name, row in rows.items()}
    assert told == {"own-1": ["Oslo", "", ""], "own-2": ["", "Mate", ""], "own-3": ["Rome", "", "+47 221"]}
    assert len(jobs(store)) == 1


@given(changes=st.integers(0, 2_000_000), most=st.integers(1_000, 200_000))
def test_files_grow_step_by_step_and_hold_everything(changes: int, most: int) -> None:
    sending = replace(PLAIN, file_rows=most)
    sizes = [sending.rows(number + 1) for number in range(sending.files(changes))]
    assert sum(sizes[:-1]) < max(changes, 1) and sum(sizes) >= changes
    assert all(0 < size <= most for size in sizes)
    assert all(0 <= later - sooner <= STEP for sooner, later in zip([0, *sizes], sizes, strict=False))
