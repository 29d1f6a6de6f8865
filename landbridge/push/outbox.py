"""The outbox: changes that are approved and not yet confirmed, and what may become of them.

    planned -> approved -> sending -> done
                  ^           |-----> refused     the CRM said no for good: quarantine
                  |           |-----> approved    the CRM said not now
                  |           `-----> unknown     no answer came
                  `---- look-up ---------'        or done, or superseded: landbridge.push.settle

A change is approved when its plan is: a hundred thousand rows need not be written again for that. The word stands in
the change itself once it has been sent and came back.

Before it is sent a change may be superseded at any time: by the next plan, or by landbridge.push.fresh.

A change is marked 'sending' and committed before the call. Whoever finds it so later knows that the call may or may
not have reached the CRM, and looks there. One that a bulk job carries is 'sending' too, but by a claim of the job
(landbridge.push.claimed), and is not looked up: the job is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from connectors.base import Write
from landbridge.push import claimed, halt
from landbridge.push.outdated import outdated
from landbridge.push.withdrawn import withdrawn
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail.runs import Run

BATCH = 200
"""What sObject Collections take in one call."""

STOPPING = frozenset({"REQUEST_LIMIT_EXCEEDED", "INVALID_SESSION_ID"})
"""Refusals of the call, whatever its rows: nothing more is sent now."""

ATTEMPTS = 10
"""After so many a passing refusal counts as one for good."""

OPEN = ("planned", "approved", "sending", "unknown")

_change = tables.change


def approved(account: str) -> sa.ColumnElement[bool]:
    """What waits to be sent, and may be. Of a plan that was dropped something may come back that was under way."""
    plan = tables.plan
    mine = plan.c.account == account, plan.c.state == "approved", plan.c.dropped_by.is_(None)
    plans = sa.select(plan.c.plan_id).where(*mine)
    return sa.and_(_change.c.account == account, claimed.waits(), _change.c.plan_id.in_(plans))


@dataclass(frozen=True)
class Ready:
    """What a round may send: what is approved, was not sent in this round yet, and was not refused in this run for
    want of rights, which no repeat will mend."""

    account: str
    run_id: str
    began: datetime

    @property
    def which(self) -> sa.ColumnElement[bool]:
        no_rights = sa.and_(_change.c.refusal.is_not_distinct_from("stop"), _change.c.sent_run_id == self.run_id)
        due = sa.or_(_change.c.sent_at.is_(None), _change.c.sent_at < self.began)
        return sa.and_(approved(self.account), due, sa.not_(no_rights))


def refused_for_rights(run: Run, account: str) -> dict[str, int]:
    """The codes by which the CRM told this run that our login may not, each with its number of changes."""
    mine = (_change.c.account == account, _change.c.sent_run_id == run.run_id)
    which = (_change.c.state == "approved", _change.c.refusal == "stop", *mine)
    query = sa.select(_change.c.code, sa.func.count()).where(*which).group_by(_change.c.code).order_by(_change.c.code)
    with run.store.begin() as connection:
        return {str(code): int(number) for code, number in connection.execute(query)}


def new_round(run: Run, account: str) -> Ready:
    """What may be sent from now on, by the database's clock."""
    with run.store.begin() as connection:
        return Ready(account, run.run_id, connection.scalars(sa.select(sa.func.clock_timestamp())).one())


def unheard(account: str) -> sa.ColumnElement[bool]:
    """What is to be looked up: sent, and of no bulk job that could be asked."""
    return sa.and_(_change.c.account == account, _change.c.state.in_(("sending", "unknown")))


@dataclass(frozen=True)
class Outgoing:
    """One change as it stands in the outbox."""

    change_id: int
    identity_id: str
    object: str
    action: str
    match_field: str
    match_value: str
    before: dict[str, Any]
    after: dict[str, Any]
    attempts: int

    def write(self) -> Write:
        """As the connector takes it: the field that finds the record is not among the values."""
        values = {field: value for field, value in self.after.items() if field != self.match_field}
        gone = self.action == "delete"
        return Write(str(self.change_id), self.object, self.match_field, self.match_value, values, gone)

    @property
    def parent(self) -> str:
        """What the CRM locks together with the record."""
        return str(self.after.get("AccountId") or self.after.get("Company") or "")

    @property
    def shown(self) -> list[str]:
        """The fields by which it can be told what became of it. A parent named by its external id is no such field."""
        looked_at = self.before if self.action == "delete" else self.after
        return [field for field, value in looked_at.items() if not isinstance(value, dict)]


@dataclass(frozen=True)
class Group:
    """Changes that may stand in one call."""

    action: str
    object: str
    match_field: str


_COLUMNS = [_change.c[name] for name in Outgoing.__dataclass_fields__]
_GROUP = [_change.c[name] for name in Group.__dataclass_fields__]


def count(store: Store, account: str) -> int:
    """How many changes are open: not confirmed, refused or superseded."""
    return _count(store, account, _change.c.state.in_(OPEN))


def count_unsettled(store: Store, account: str) -> int:
    """How many changes may have reached the CRM, without our knowing."""
    return _count(store, account, claimed.unsettled())


def _count(store: Store, account: str, which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(_change).where(_change.c.account == account, which)
    with store.begin() as connection:
        return connection.scalar(query) or 0


@dataclass(frozen=True)
class Standing:
    """How an account's outbox stands. `plans`: those that had an open change when it was first looked at."""

    plans: tuple[str, ...]
    open: int
    superseded: int


def standing(store: Store, account: str, plans: Sequence[str] | None = None) -> Standing:
    """How many changes of these plans, by default of all that have an open one, are open, and how many superseded.

    Nothing else than superseding takes a change out of the outbox behind a push's back. One that lost a held field is
    not among them: its rest took its place, and is counted as what it comes to; nor is a rest that gave it back.
    """
    with store.begin() as connection:
        plans = list(connection.scalars(sa.text(_HAVING_OPEN), {"account": account})) if plans is None else plans
        named = {"account": account, "plans": list(plans)}
        told = {row.state: int(row.changes) for row in connection.execute(sa.text(_STANDING), named)}
        replaced = connection.scalar(sa.text(_REPLACED), named) or 0
    return Standing(tuple(plans), sum(told.get(state, 0) for state in OPEN), told.get("superseded", 0) - replaced)


_HAVING_OPEN = """
SELECT p.plan_id FROM plan p
CROSS JOIN LATERAL (SELECT FROM change c WHERE c.plan_id = p.plan_id
                    AND c.state IN ('planned', 'approved', 'sending', 'unknown') LIMIT 1) c
WHERE p.account = :account ORDER BY p.plan_id
"""
# A plan that has ended was counted when it did.
_STANDING = """
SELECT state, sum(n)::bigint AS changes FROM (
    SELECT s.key AS state, s.value::bigint AS n FROM plan p, LATERAL jsonb_each_text(p.counts) s
    WHERE p.plan_id = ANY(:plans) AND p.state IN ('done', 'superseded')
    UNION ALL
    SELECT c.state, count(*) FROM change c WHERE c.plan_id IN (
        SELECT plan_id FROM plan WHERE plan_id = ANY(:plans) AND (state IN ('planned', 'approved') OR counts IS NULL))
    GROUP BY c.state) counted
GROUP BY state
"""
_REPLACED = """
SELECT count(*) FROM change c
WHERE c.account = :account AND c.plan_id = ANY(:plans)
  AND c.state = 'superseded' AND c.held_by IS NOT NULL
  AND EXISTS (SELECT FROM change r WHERE r.identity_id = c.identity_id AND r.plan_id = c.plan_id
              AND r.object = c.object AND r.match_value = c.match_value AND r.change_id <> c.change_id
              AND (r.change_id > c.change_id OR r.state <> 'superseded'))
"""


def anything(store: Store, which: sa.ColumnElement[bool]) -> bool:
    """Whether there is anything to be seen to."""
    with store.begin() as connection:
        return connection.execute(sa.select(_change.c.change_id).where(which).limit(1)).first() is not None


def groups(store: Store, which: sa.ColumnElement[bool]) -> list[Group]:
    """What is to be seen to, in the order in which it goes: see ORDER and PARENTS."""
    query = sa.select(*_GROUP).distinct().where(which)
    with store.begin() as connection:
        found = [Group(*row) for row in connection.execute(query)]
    return sorted(found, key=_turn)


ORDER = ("update", "delete", "create")
"""Taking over a record, or deleting one, may free an external id for a create."""

PARENTS = ("Account", "Contact", "Lead", "Campaign")
"""What other records refer to is there before them; and of what goes, the others go first."""


def _turn(group: Group) -> tuple[int, int, str, str]:
    place = PARENTS.index(group.object) if group.object in PARENTS else len(PARENTS)
    return ORDER.index(group.action), -place if group.action == "delete" else place, group.object, group.match_field


def batches(store: Store, group: Group, which: sa.ColumnElement[bool]) -> Iterator[list[Outgoing]]:
    """The group's changes, in batches of BATCH, each change at most once, however it fares.

    Within a batch they stand by parent, so that the CRM locks one company after the other.
    """
    after = 0
    while batch := _batch(store, group, which, after):
        after = batch[-1].change_id
        yield from _cut(sorted(batch, key=lambda each: (each.attempts, each.parent, each.change_id)))


def _cut(batch: list[Outgoing]) -> Iterator[list[Outgoing]]:
    """Smaller calls the more often a change went unanswered, down to one: a record that brings each of its calls down
    comes to stand alone, and holds up nobody."""
    for attempts, alike in groupby(batch, key=lambda each: each.attempts):
        size = max(BATCH // 5 ** max(attempts - 1, 0), 1)
        changes = list(alike)
        for start in range(0, len(changes), size):
            yield changes[start : start + size]


def _batch(store: Store, group: Group, which: sa.ColumnElement[bool], after: int) -> list[Outgoing]:
    alike = (column == getattr(group, column.name) for column in _GROUP)
    where = (which, _change.c.change_id > after)
    query = sa.select(*_COLUMNS).where(*where, *alike).order_by(_change.c.change_id).limit(BATCH)
    with store.begin() as connection:
        return [Outgoing(*row) for row in connection.execute(query)]


def claim(run: Run, account: str, batch: Sequence[Outgoing]) -> list[Outgoing]:
    """Mark changes as 'sending' and commit: from here on they may have reached the CRM. Answers those it marked.

    The others may not be sent any more: since they were read, or while they were under way before, somebody held them,
    or halted all writing, or what they were planned for does not hold any more, such as that she agreed.
    """
    sending = {
        "state": "sending",
        "sent_run_id": run.run_id,
        "sent_at": sa.func.now(),
        "attempts": _change.c.attempts + 1,
        "job_id": None,
    }
    mine = _change.c.change_id.in_([each.change_id for each in batch])
    meant = sa.text(f"NOT {outdated('change', few=True)} AND NOT {withdrawn('change')}")
    marking = sa.update(_change).where(mine, approved(account), meant, sa.not_(halt.stands(account)))
    with run.store.begin() as connection:
        marked = set(connection.scalars(marking.values(sending).returning(_change.c.change_id)))
    return [each for each in batch if each.change_id in marked]


_CLOSE = """
UPDATE plan p SET state = CASE p.state WHEN 'planned' THEN 'superseded' ELSE 'done' END, counts = (
    SELECT coalesce(jsonb_object_agg(state, n), '{}')
    FROM (SELECT state, count(*) AS n FROM change c WHERE c.plan_id = p.plan_id GROUP BY state) s)
WHERE p.account = :account AND p.state IN ('planned', 'approved')
  AND NOT EXISTS (SELECT FROM change c WHERE c.plan_id = p.plan_id
                  AND c.state IN ('planned', 'approved', 'sending', 'unknown'))
"""


def close_plans(connection: sa.Connection, account: str) -> None:
    """End the plans that have no open change left, and keep what became of their changes."""
    connection.execute(sa.text(_CLOSE), {"account": account})
