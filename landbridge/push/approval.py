"""The gate: a plan leaves when it is small enough for the policy, or when a named person has approved it.

One large plan that waits holds back everything of its account: a plan of unusual size is the sign of a wrong rule,
and small plans made by the same wrong rule must not slip through beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from connectors.base import Access
from landbridge.errors import GateClosed, NotFound
from landbridge.push.policy import Limit, Policy
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import Run

_change, _plan = tables.change, tables.plan

_CRM_SIZE = """
SELECT count(*) FROM (
    SELECT stream, key FROM record_head WHERE account = :account AND stream IN ('Lead', 'Contact')
    UNION SELECT object, crm_id FROM pushed WHERE account = :account
) records
"""


@dataclass(frozen=True)
class Waiting:
    """A plan that nobody has approved, and what it is measured against."""

    plan_id: str
    changes: int
    crm_size: int
    first_load: bool

    def passes(self, limit: Limit) -> bool:
        """Whether it may leave unseen."""
        if self.changes <= limit.changes:
            return True
        if self.first_load:
            return limit.first_load == "approve"
        return self.changes <= limit.share * self.crm_size

    def __str__(self) -> str:
        first = ", and nothing was ever written there before" if self.first_load else ""
        return f"{self.plan_id}: {self.changes} changes, where the CRM holds {self.crm_size} records{first}"


def waiting(store: Store, account: str) -> list[Waiting]:
    """The account's plans that nobody has approved, oldest first."""
    query = (
        sa.select(_plan.c.plan_id, sa.func.count())
        .join(_change, _change.c.plan_id == _plan.c.plan_id)
        .where(_plan.c.account == account, _plan.c.state == "planned", _change.c.state == "planned")
        .group_by(_plan.c.plan_id, _plan.c.at)
        .order_by(_plan.c.at)
    )
    with store.begin() as connection:
        plans = connection.execute(query).all()
        size = connection.scalar(sa.text(_CRM_SIZE), {"account": account}) or 0
        first = not connection.scalar(sa.select(sa.exists().where(tables.pushed.c.account == account)))
    return [Waiting(plan_id, changes, size, first) for plan_id, changes in plans]


def approve(store: Store, plan_id: str, *, actor: str, reason: str) -> int:
    """Let a plan leave, in somebody's name. Answers its number of changes. Raises NotFound when it does not wait."""
    with store.begin() as connection:
        changes = _approve(connection, plan_id, actor, reason)
        if not changes:
            raise NotFound(
                f"No plan '{plan_id}' waits for approval.", do="`landbridge plan` shows the one that waits, if any."
            )
        event = audit.Event("plan.approved", actor, plan_id, {"how": "person", "changes": changes})
        audit.record(connection, event)
    return changes


def open_gate(run: Run, policy: Policy, access: Access) -> None:
    """Approve what the policy lets through unseen. Raises GateClosed when a plan must be looked at first."""
    limit = policy.limit
    if access.options.get("first_load") in ("ask", "approve"):
        limit = limit.model_copy(update={"first_load": access.options["first_load"]})
    plans = waiting(run.store, access.account)
    held = [plan for plan in plans if not plan.passes(limit)]
    if held:
        raise GateClosed(
            f"Nothing was sent: {'; '.join(str(plan) for plan in held)}.",
            do=f"Look at it with `landbridge plan`, then `landbridge push --approve {held[0].plan_id}`.",
        )
    with run.store.begin() as connection:
        for plan in plans:
            _approve(connection, plan.plan_id, run.actor, "within the policy's limit")
            audit.record(connection, run.event("plan.approved", plan.plan_id, how="automatic", changes=plan.changes))


def _approve(connection: sa.Connection, plan_id: str, actor: str, reason: str) -> int:
    named = {"state": "approved", "approved_by": actor, "approved_at": sa.func.now(), "reason": reason}
    connection.execute(sa.update(_plan).where(_plan.c.plan_id == plan_id, _plan.c.state == "planned").values(named))
    query = sa.update(_change).where(_change.c.plan_id == plan_id, _change.c.state == "planned")
    return connection.execute(query.values(state="approved")).rowcount
