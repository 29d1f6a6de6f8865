"""Reverting: a plan that takes back what was written, from the before-images, newest first for each record.

An update gives back what stood there before it, emptiness too; a record that we made goes; one that we took away is
made again. What a person did since is a conflict and stays, unless somebody says otherwise: a field that has neither
our value nor the one before it, a record of ours that somebody edited or converted. The plan waits for a named person
like any other that is too large, and goes through the same outbox; docs/decisions/0017 says why. Of a run that was
broken off in the middle the rest, which still waits, leaves its plan at once and is held, until the revert is dropped.

The stage "revert" in a run's books: taken = CRM records that were written; new, changed = planned; unchanged = as it
was already; held = left alone.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.leads.fields import OPT_OUTS
from landbridge.push import outbox
from landbridge.push.policy import Policy
from landbridge.push.revert.statements import (
    BREAK_OFF,
    CHOOSE,
    HOLD_REST,
    INSERT,
    LEFT,
    LET_REST_GO,
    NOT_SENT,
    RECORDS,
    STEPS,
    SUPERSEDE,
)
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.store.numbers import number
from landbridge.trail import audit
from landbridge.trail.balance import Entry
from landbridge.trail.lineage import identity_of
from landbridge.trail.runs import Run


@dataclass(frozen=True)
class Left:
    """What is left alone. `field` is None where it is the whole record."""

    object: str
    crm_id: str
    identity: str
    field: str | None
    ours: Any
    theirs: Any
    why: str


@dataclass(frozen=True)
class Reverting:
    """The plan that takes back, None when there is nothing to do; and what it leaves alone. `waiting`: how many changes
    of the same plans had not left yet, and do not leave any more."""

    plan_id: str | None
    changes: int
    left: list[Left]
    waiting: int = 0


@dataclass(frozen=True)
class Subject:
    """What is to be taken back: of a run, a plan, an identity, or one change."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def subject(store: Store, account: str, what: str) -> Subject:
    """What somebody means. Raises NotFound when nothing was written to the CRM by it."""
    with store.begin() as connection:
        found = _named(connection, what)
        written = connection.scalar(sa.text(CHOOSE[found.kind].count), {"account": account, "what": found.name})
    if not written:
        raise NotFound(
            f"'{what}' wrote nothing to {account}.", do="`landbridge runs` lists runs, `explain` a customer."
        )
    return found


def _named(connection: sa.Connection, what: str) -> Subject:
    if number(what) is not None:
        return Subject("change", what)
    if what.startswith("plan-"):
        return Subject("plan", what)
    run = tables.run.c.run_id
    ids = list(connection.scalars(sa.select(run).where(run.startswith(what, autoescape=True)).limit(2)))
    if len(ids) == 1:
        return Subject("run", ids[0])
    if ids:
        raise NotFound(f"More than one run begins with '{what}'.", do="`landbridge runs` lists them.")
    return Subject("identity", identity_of(connection, what)[0])


Describe = Callable[[str], Mapping[str, Mapping[str, Any]]]
"""A CRM object's fields by name, as the CRM describes them."""


def revert(
    run: Run,
    policy: Policy,
    account: str,
    about: Subject,
    *,
    over_edits: bool = False,
    describe: Describe = lambda name: {},
) -> Reverting:
    """Plan to take it back. `over_edits`: also what a person edited since. `describe` says what a record that is made
    again can be given.

    The CRM should have been read just now: what it holds is compared with what we wrote.
    """
    with run.store.only_one(f"push {account}"), run.books.stage("revert", account) as entry, run.store.begin() as c:
        c.execute(sa.text(CHOOSE[about.kind].rows), {"account": account, "what": about.name})
        for step in STEPS:
            c.execute(sa.text(step), {"account": account, "over": over_edits})
        _count(c, entry)
        left = [Left(*row) for row in c.execute(sa.text(LEFT))]
        never = _never_given(c, describe) if entry.new else {}
        plan_id = f"plan-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        if not entry.new + entry.changed:
            return Reverting(None, 0, left, 0)
        waiting = _break_off(c, run, account, about, plan_id)
        _plan(c, run, policy, account, about, never, plan_id)
        return Reverting(plan_id, entry.new + entry.changed, left, waiting)


def _break_off(connection: sa.Connection, run: Run, account: str, about: Subject, plan_id: str) -> int:
    """Take out of its plan what has not left yet of a run or plan that is taken back, and hold it, as what was written
    will be: nobody wants the rest of it."""
    if about.kind not in ("run", "plan"):
        return 0
    held = {"account": account, "actor": run.actor, "reason": f"{plan_id}: {NOT_SENT}"}
    connection.execute(sa.text(HOLD_REST), held | {"refusals": list(OPT_OUTS)})
    waiting = connection.execute(sa.text(BREAK_OFF), {"account": account}).rowcount
    if waiting:
        outbox.close_plans(connection, account)
        audit.record(connection, run.event("change.superseded", account, changes=waiting))
    return waiting


def let_rest_go(connection: sa.Connection, account: str, plan_id: str, *, actor: str, why: str) -> None:
    """Hold no longer what a revert, which is dropped, kept from leaving."""
    asked = {"account": account, "actor": actor, "why": why, "reason": f"{plan_id}: {NOT_SENT}"}
    connection.execute(sa.text(LET_REST_GO), asked)


def _count(connection: sa.Connection, entry: Entry) -> None:
    row = connection.execute(sa.text(RECORDS)).one()
    entry.taken, entry.new, entry.changed, entry.held = row.taken, row.new, row.changed, row.held
    entry.unchanged = entry.taken - entry.new - entry.changed - entry.held


def _never_given(connection: sa.Connection, describe: Describe) -> dict[str, list[str]]:
    """What cannot be written into a new record, of each object of which one is made again."""
    objects = connection.scalars(sa.text("SELECT DISTINCT object FROM verdict WHERE verdict = 'create'")).all()
    return {
        each: [name for name, field in describe(each).items() if not field.get("createable", True)] for each in objects
    }


def _plan(
    connection: sa.Connection,
    run: Run,
    policy: Policy,
    account: str,
    about: Subject,
    never: Mapping[str, list[str]],
    plan_id: str,
) -> None:
    connection.execute(sa.text(SUPERSEDE), {"account": account})
    outbox.close_plans(connection, account)
    row = {
        "plan_id": plan_id,
        "run_id": run.run_id,
        "account": account,
        "policy": policy.content_hash,
        "kind": "revert",
    }
    connection.execute(sa.insert(tables.plan).values(row | {"subject": about.name}))
    asked = {"plan_id": plan_id, "account": account, "external": policy.external_id, "never": json.dumps(never)}
    count = connection.execute(sa.text(INSERT), asked | {"why": f"as it was before {about}"}).rowcount
    audit.record(connection, run.event("revert.planned", plan_id, changes=count, of=about.name))
