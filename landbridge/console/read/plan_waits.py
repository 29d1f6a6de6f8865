"""Why a plan waits, in words; and which others there are. Bounded: nothing here counts a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.console.read.plans import Head
from landbridge.console.web.veil import Veil
from landbridge.push.policy import Policy
from landbridge.store import tables
from landbridge.store.engine import Store

_org = tables.crm_org


def why_it_waits(store: Store, plan: Head, policy: Policy, first_load: str) -> list[str]:
    """The reasons for which a person must look at it; none where the next push lets it through unseen."""
    if plan.kind == "revert":
        return ["It takes back what was written: nobody's work goes without a person's word."]
    with store.begin() as connection:
        met = connection.execute(
            sa.select(_org.c.approved_by, _org.c.former_id).filter_by(account=plan.account)
        ).first()
        guarded = connection.execute(sa.text(_GUARDED), _protected(plan, policy)).all()
    why = [f"{row.changes:,} changes are of {row.field}, which is protected." for row in guarded]
    if met is None or met.approved_by is None:
        if met and met.former_id:
            return [*why, f"{plan.account} leads to another org than before: its first plan wants a person's word."]
        if first_load != "approve":
            return [*why, f"Nothing was ever written to {plan.account} before: the first plan wants a person's word."]
    if plan.open <= policy.limit.changes:
        return why
    least = f"{policy.limit.changes:,} changes and {policy.limit.share:.0%} of the CRM's records"
    return [*why, f"A plan of more than {least} is the sign of a wrong rule until somebody has looked."]


def _protected(plan: Head, policy: Policy) -> Mapping[str, object]:
    names = sorted({name for fields in policy.protected().values() for name in fields})
    return {"plan_id": plan.plan_id, "names": names}


_GUARDED = """
SELECT detail AS field, sum(changes)::bigint AS changes FROM plan_part
WHERE plan_id = :plan_id AND what = 'field' AND detail = ANY(:names) AND changes > 0 AND name NOT LIKE 'kept:%'
GROUP BY detail ORDER BY detail
"""


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


def history(store: Store, account: str, filters: Mapping[str, str], limit: int, offset: int, veil: Veil) -> list[Line]:
    """Plans, the newest first, each with its changes by state, counted by index."""
    asked = {"account": account, "limit": limit, "offset": offset}
    given = {name: filters.get(name) for name in ("state", "kind")}
    with store.begin() as connection:
        rows = connection.execute(sa.text(_HISTORY), asked | given).mappings().all()
    said = [{name: veil.said(row[name]) for name in ("reason", "dropped_why")} for row in rows]
    return [Line(**{**row, **words, "states": row["states"] or {}}) for row, words in zip(rows, said, strict=True)]


_HISTORY = """
SELECT p.plan_id, p.kind, p.subject, p.state, p.at, p.approved_by, p.reason, p.dropped_by, p.dropped_why, (
    SELECT jsonb_object_agg(state, n) FROM (
        SELECT state, count(*) AS n FROM change c WHERE c.plan_id = p.plan_id GROUP BY state) s) AS states
FROM (SELECT * FROM plan WHERE account = :account
        AND (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      ORDER BY at DESC, plan_id DESC LIMIT :limit OFFSET :offset) p
ORDER BY p.at DESC, p.plan_id DESC
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
