"""What the CRM should look like where several of its records turned out to be one person: docs/decisions/0023.

Salesforce merges by SOAP and Apex only, so we do what a merge does as changes that people can see, hold and take back:
the master, which is the record that we keep current, gets what it lacks and what is ours of the others, and they are
marked with its Id or deleted. Two that turn out to be two again lose the mark, and what we filled in.

The stage "mirror" in a run's books: taken = records beside those that we keep current; changed = to be made one, or
noted; unchanged = done already; held = asked, answered with no, or held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from landbridge.push.activities.queries import PLANNED
from landbridge.push.mirror.queries import ANSWERS, CHANGES, JUDGED, MADE, MEMBERS, QUESTIONS, STATES, TASKS
from landbridge.store import bulk

if TYPE_CHECKING:
    from landbridge.push.mirror.rules import Merged
    from landbridge.push.policy import Policy
    from landbridge.trail.balance import Entry
    from landbridge.trail.runs import Run

_CHANGES = pa.schema([(name, pa.string()) for name in PLANNED])
_QUESTIONS = pa.schema([(name, pa.string()) for name in ("identity_id", "crm_id", "records")])


@dataclass(frozen=True)
class Mirrored:
    """`changes`: rows of changes, some of records that have one already; `questions`: identity_id, crm_id, records (the
    two, in words) that somebody is to answer."""

    changes: pa.Table
    questions: pa.Table


NONE = Mirrored(_CHANGES.empty_table(), _QUESTIONS.empty_table())


@dataclass(frozen=True)
class People:
    """What planning knows: known.read, known.beside, known.strayed, holds.read."""

    known: pa.Table
    other: pa.Table
    strayed: pa.Table
    hold: pa.Table


def find(run: Run, policy: Policy, account: str, people: People) -> Mirrored:
    """What is to be changed and asked, for everybody at once."""
    rules = policy.merged
    if rules is None:
        return NONE
    with run.books.stage("mirror", account) as entry, duckdb.connect() as connection:
        _load(connection, run, account, people)
        asked = {"way": rules.way, "others": rules.others, "field": rules.field}
        connection.execute(JUDGED, asked)
        _count(connection, entry)
        questions = connection.sql(QUESTIONS).to_arrow_table().cast(_QUESTIONS)
        return Mirrored(_changes(connection, policy, rules, account), questions)


def _load(connection: duckdb.DuckDBPyConnection, run: Run, account: str, people: People) -> None:
    for name, table in vars(people).items():
        connection.register(f"{name}_arrived", table)
        connection.execute(f"CREATE TABLE {name} AS FROM {name}_arrived")
    with run.store.bulk() as store:
        for name, query in {"member": MEMBERS, "task": TASKS, "made": MADE}.items():
            connection.register(name, bulk.get(store, query, (account,)))
        connection.register("answer", bulk.get(store, ANSWERS))


def _count(connection: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    entry.taken, entry.held, entry.changed = connection.sql(STATES).fetchall()[0]
    entry.unchanged = entry.taken - entry.held - entry.changed


def _changes(connection: duckdb.DuckDBPyConnection, policy: Policy, rules: Merged, account: str) -> pa.Table:
    asked = {"field": rules.field, "fill": list(rules.fill), "account": account, "external": policy.external_id}
    found = []
    for query in CHANGES:
        named = {name: value for name, value in asked.items() if f"${name}" in query}
        found.append(connection.sql(query, params=named).to_arrow_table().cast(_CHANGES))
    return pa.concat_tables(found)
