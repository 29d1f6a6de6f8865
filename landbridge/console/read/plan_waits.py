"""What stands around a plan: the kill switch, the plans before it and beside it, what the CRM refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.console.web.veil import Veil
from landbridge.push.claimed import BY_STATE
from landbridge.store import tables
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Halted:
    """The kill switch, while it is thrown."""

    actor: str
    reason: str
    at: datetime


def halted(store: Store, account: str, veil: Veil) -> Halted | None:
    """Who halted all writing, while it is."""
    halt = tables.halt
    query = sa.select(halt.c.actor, halt.c.reason, halt.c.at).where(
        halt.c.account == account, halt.c.released_at.is_(None)
    )
    with store.begin() as connection:
        row = connection.execute(query).first()
    return Halted(row.actor, veil.said(row.reason) or "", row.at) if row else None


@dataclass(frozen=True)
class Line:
    """A plan in the history. `states`: its changes by state."""

    plan_id: str
    kind: str
    subject: str | None
    state: str
    at: datetime
    approved_by: str | None
    reason: str | None
    dropped_by: str | None
    dropped_why: str | None
    states: Mapping[str, int]

    def of(self, *states: str) -> int:
        return sum(self.states.get(state, 0) for state in states)


def every(store: Store, account: str, filters: Mapping[str, str], veil: Veil, *, oldest: bool) -> Iterator[Line]:
    """All of them, a batch at a time: for export."""
    given = dict(filters)
    while batch := history(store, account, given, 200, 0, veil, oldest=oldest):
        yield from batch
        given["beyond"] = batch[-1].plan_id


def history(
    store: Store,
    account: str,
    filters: Mapping[str, str],
    limit: int,
    offset: int,
    veil: Veil,
    *,
    oldest: bool = False,
) -> list[Line]:
    """Plans, the newest or the oldest first, each with its changes by state: kept where it ended, counted by index
    where it is open; `beyond`: a plan, and only those that follow it."""
    asked = {"account": account, "limit": limit, "offset": offset}
    given = {name: filters.get(name) for name in ("state", "kind", "beyond")}
    way = {"way": "ASC", "than": ">"} if oldest else {"way": "DESC", "than": "<"}
    query = _HISTORY.format(by_state=BY_STATE.format(plan="p.plan_id"), **way)
    with store.begin() as connection:
        rows = connection.execute(sa.text(query), asked | given).mappings().all()
    said = [{name: veil.said(row[name]) for name in ("reason", "dropped_why")} for row in rows]
    return [Line(**{**row, **words, "states": row["states"] or {}}) for row, words in zip(rows, said, strict=True)]


_HISTORY = """
SELECT p.plan_id, p.kind, p.subject, p.state, p.at, p.approved_by, p.reason, p.dropped_by, p.dropped_why,
    coalesce(p.counts, (
        SELECT jsonb_object_agg(state, changes) FROM ({by_state}) s)) AS states
FROM (SELECT * FROM plan WHERE account = :account
        AND (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
        AND (CAST(:beyond AS text) IS NULL
             OR (at, plan_id) {than} (SELECT b.at, b.plan_id FROM plan b WHERE b.plan_id = :beyond))
      ORDER BY at {way}, plan_id {way} LIMIT :limit OFFSET :offset) p
ORDER BY p.at {way}, p.plan_id {way}
"""


def others_open(store: Store, account: str, plan_id: str) -> list[tuple[str, str]]:
    """The other plans that wait or are under way."""
    plan = tables.plan
    query = sa.select(plan.c.plan_id, plan.c.state).where(
        plan.c.account == account, plan.c.state.in_(("planned", "approved")), plan.c.plan_id != plan_id
    )
    with store.begin() as connection:
        return [(row.plan_id, row.state) for row in connection.execute(query.order_by(plan.c.at.desc()).limit(10))]


@dataclass(frozen=True)
class Refusals:
    """What the CRM said no to, by its own code. `kind`: who acts next."""

    code: str
    kind: str | None
    changes: int
    example: str


def refusals(store: Store, plan_id: str, veil: Veil) -> list[Refusals]:
    """The plan's refusals by code; they are as many as people can mend."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_REFUSALS), {"plan_id": plan_id}).all()
    return [Refusals(row.code, row.refusal, row.changes, veil(row.message)) for row in rows]


_REFUSALS = """
SELECT coalesce(code, '') AS code, max(refusal) AS refusal, count(*) AS changes, max(message) AS message FROM (
    SELECT code, refusal, message FROM change WHERE plan_id = :plan_id AND state = 'refused' LIMIT 10000) r
GROUP BY 1 ORDER BY count(*) DESC, 1
"""
