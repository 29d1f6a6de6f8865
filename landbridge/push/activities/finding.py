"""The right place for what happened: a task for the owner of a contact's open deal, a place in a campaign.

A touchpoint becomes each of them once: its id, or the campaign's and the person's, is the external id. Only people
whose lead may leave have activities, and none that the CRM itself told us of. Ages count back from the newest
touchpoint, so the same touchpoints give the same activities on any day.

A deal is a contact's when it names the contact, when the contact has a part in it, or when it is with the contact's
company: in this order, the newest first. What people wrote goes into subject and description as text, bounded.

The stage "activities" in a run's books: taken = touchpoints that could become one; new = planned; unchanged = there
already; held = too many for the person or the plan, no such campaign or deal, or held by somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.push.activities.queries import (
    AS_OF,
    CAMPAIGNS,
    DEALS,
    DONE,
    MEMBERS,
    MEMBERSHIPS,
    PLANNED,
    TASKS,
    TOUCHED,
)
from landbridge.store import bulk

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection
    from duckdb import DuckDBPyConnection

    from landbridge.push.activities.rules import MemberRule, TaskRule
    from landbridge.push.policy import Policy
    from landbridge.trail.balance import Entry
    from landbridge.trail.runs import Run

NONE = pa.schema([(name, pa.string()) for name in PLANNED]).empty_table()


def find(run: Run, policy: Policy, account: str, leads: pa.Table, changes: pa.Table, holds: pa.Table) -> pa.Table:
    """The activities that are missing in the CRM, as rows of changes. `leads`: known.read; `changes`: those planned."""
    rules = policy.activities
    if not rules.objects:
        return NONE
    with run.books.stage("activities", account) as entry, run.store.bulk() as store, duckdb.connect() as connection:
        for name, table in {"known": leads, "planned": changes, "hold": holds}.items():
            connection.register(name, table)
        as_of = bulk.get(store, AS_OF)["as_of"][0].as_py()
        connection.register("done", bulk.get(store, DONE, (account,)))
        made = [NONE]
        if rules.tasks:
            connection.register("deal", bulk.get(store, DEALS, (account,)))
            connection.register("touched", _touched(store, rules.tasks, account, as_of))
            given: dict[str, object] = {"external": policy.external_id, "zone": rules.tasks.time_zone}
            made.append(_made(connection, TASKS, given, rules.tasks, entry))
        if rules.campaign_members:
            connection.register("campaign", bulk.get(store, CAMPAIGNS, (account,)))
            connection.register("member", bulk.get(store, MEMBERSHIPS, (account,)))
            connection.register("touched", _touched(store, rules.campaign_members, account, as_of))
            asked: dict[str, object] = {
                "external": policy.external_id,
                "responded": list(rules.campaign_members.responded),
            }
            made.append(_made(connection, MEMBERS, asked, rules.campaign_members, entry))
        return pa.concat_tables(made)


def _touched(store: Connection, rule: TaskRule | MemberRule, account: str, as_of: str) -> pa.Table:
    return bulk.get(store, TOUCHED.format(days=rule.within_days), (account, "\x1f".join(rule.touchpoints), as_of))


def _made(
    connection: DuckDBPyConnection, query: str, asked: dict[str, object], rule: TaskRule | MemberRule, entry: Entry
) -> pa.Table:
    limits = {"most": rule.most, "most_in_all": rule.most_in_all}
    found = connection.sql(query, params=asked | limits).to_arrow_table()
    states = found["state"].to_pylist()
    entry.taken += len(states)
    entry.new += states.count("new")
    entry.unchanged += states.count("there")
    entry.held += states.count("held")
    return found.filter(pc.equal(found["state"], "new")).select(list(PLANNED)).cast(NONE.schema)
