"""The gate: a plan leaves when it is small enough for the policy, or when a named person has approved it.

What waits holds back everything of its account: a plan of unusual size is the sign of a wrong rule, and small plans
made by the same wrong rule must not slip through beside it. A plan that changes a protected field or deletes
a record waits whatever its size, and so does one that takes back what was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from connectors.base import Access
from landbridge.errors import GateClosed, NotFound
from landbridge.push import looked, outbox
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


NOTHING_SENT = "Nothing was sent"
"""How every sentence of a closed gate begins: a run that ends with it waits for somebody, and nothing is broken."""

AUTOMATIC = "within the policy's limit"
"""The reason that stands where nobody approved."""


@dataclass(frozen=True)
class Waiting:
    """A plan that nobody has approved. `changes`: those that still wait; `protected`: those of them that would change
    a protected field; `deletes`: those that would delete a record; `revert`: it takes back what was written."""

    plan_id: str
    changes: int
    protected: int = 0
    deletes: int = 0
    revert: bool = False

    def __str__(self) -> str:
        if self.revert:
            return f"{self.plan_id} takes back {self.changes:,} changes"
        guarded = f", {self.protected:,} of them of a protected field" if self.protected else ""
        gone = f", {self.deletes:,} of them deletions" if self.deletes else ""
        return f"{self.plan_id}: {self.changes:,} changes{guarded}{gone}"


@dataclass(frozen=True)
class Load:
    """All that is open and that no person approved, in one sum: many small plans made by one wrong rule are as large
    as one. `under_way`: changes that the policy let through and that have not arrived yet."""

    plans: tuple[Waiting, ...]
    under_way: int
    crm_size: int
    first_load: bool

    @property
    def changes(self) -> int:
        """How many."""
        return self.under_way + sum(plan.changes for plan in self.plans)

    def stopped(self, limit: Limit) -> tuple[Waiting, ...]:
        """The plans that somebody must look at first: all of them when they are too many together."""
        if not self._passes(limit):
            return self.plans
        return tuple(plan for plan in self.plans if plan.protected or plan.deletes or plan.revert)

    def _passes(self, limit: Limit) -> bool:
        if self.changes <= limit.changes:
            return True
        if self.first_load:
            return limit.first_load == "approve"
        return self.changes <= limit.share * self.crm_size

    def __str__(self) -> str:
        first = ", and nothing was ever written there before" if self.first_load else ""
        plans = "; ".join(map(str, self.plans))
        return f"{plans}, where the CRM holds {self.crm_size:,} records{first}"


def waiting(store: Store, account: str, protected: Mapping[str, Sequence[str]] | None = None) -> Load:
    """The account's plans that nobody has approved, oldest first. `protected`: field names by CRM object."""
    asked = {"account": account, "automatic": AUTOMATIC}
    guarded = [{"object": name, "fields": list(fields)} for name, fields in (protected or {}).items()]
    with store.begin() as connection:
        plans = connection.execute(sa.text(_WAITING), asked | {"guarded": json.dumps(guarded)}).all()
        under_way = connection.scalar(sa.text(_UNDER_WAY), asked) or 0
        size = connection.scalar(sa.text(_CRM_SIZE), {"account": account}) or 0
        first = not connection.scalar(sa.select(sa.exists().where(tables.pushed.c.account == account)))
    return Load(tuple(Waiting(*row) for row in plans), under_way, size, first)


# A record that we create has nothing yet that could be protected.
_WAITING = """
SELECT p.plan_id, count(*), count(*) FILTER (WHERE EXISTS (
           SELECT FROM jsonb_to_recordset(CAST(:guarded AS jsonb)) AS g(object text, fields jsonb),
                       jsonb_array_elements_text(g.fields) AS f
           WHERE g.object = c.object AND c.action = 'update' AND c.after ? f)),
       count(*) FILTER (WHERE c.action = 'delete'), p.kind = 'revert'
FROM plan p JOIN change c USING (plan_id)
WHERE p.account = :account AND p.state = 'planned' AND c.state = 'planned'
GROUP BY p.plan_id, p.kind, p.at ORDER BY p.at, p.plan_id
"""

_UNDER_WAY = """
SELECT count(*) FROM plan p JOIN change c USING (plan_id)
WHERE p.account = :account AND p.state = 'approved' AND p.reason = :automatic
  AND c.state IN ('planned', 'approved', 'sending', 'unknown')
"""


def approve(store: Store, plan_id: str, *, actor: str, reason: str, seen: str | None = None) -> int:
    """Let a plan leave, in somebody's name. Answers its number of changes. `seen`: the mark of what they looked at.

    Raises NotFound when it does not wait, TakenAlready when it is not what was seen (see landbridge.push.looked), and
    GateClosed where it is not said who approves and why.
    """
    with store.begin() as connection:
        if seen is not None:
            looked.see_unchanged(connection, plan_id, seen)
        return approve_within(connection, plan_id, actor=actor, reason=reason)


def approve_within(connection: sa.Connection, plan_id: str, *, actor: str, reason: str) -> int:
    """The same, within the transaction that made the plan what it is to be. Raises NotFound, GateClosed."""
    looked.keep(connection, [plan_id])
    changes = _approve(connection, plan_id, actor, reason)
    if not changes:
        raise NotFound(
            f"No plan '{plan_id}' waits for approval.", do="`landbridge plan` shows the one that waits, if any."
        )
    _answered_for(plan_id, actor, reason)
    audit.record(connection, audit.Event("plan.approved", actor, plan_id, {"how": "person", "changes": changes}))
    return changes


NOBODY = "somebody"
"""The name of whoever gives none."""


def _answered_for(plan_id: str, actor: str, reason: str) -> None:
    asked = {"a name": actor.strip() not in ("", NOBODY), "a reason": bool(reason.strip())}
    lacks = [word for word, said in asked.items() if not said]
    if lacks or reason.strip() == AUTOMATIC:
        raise GateClosed(
            f"{plan_id} was not approved: an approval wants {' and '.join(lacks) or 'a reason of its own'}.",
            do=f'Say both: `landbridge push --approve {plan_id} --as NAME --reason "…"`.',
        )


def drop(store: Store, plan_id: str, *, actor: str, reason: str) -> int:
    """Say that a plan shall not leave, in somebody's name; answers how many of its changes that takes out.

    What has left already stays. What a push would write is planned anew the next time, unless somebody holds it. Raises
    NotFound when nothing of it waits.
    """
    which = _change.c.plan_id == plan_id, _change.c.state.in_(("planned", "approved"))
    taken_out = sa.update(_change).where(*which).values(state="superseded", settled_at=sa.func.now())
    with store.begin() as connection:
        looked.keep(connection, [plan_id])
        account = connection.scalar(sa.select(_plan.c.account).where(_plan.c.plan_id == plan_id))
        changes = connection.execute(taken_out).rowcount
        if account is None or not changes:
            raise NotFound(
                f"Nothing of plan '{plan_id}' waits.", do="`landbridge plan` shows the one that does, if any."
            )
        named = {"dropped_by": actor, "dropped_why": reason}
        connection.execute(sa.update(_plan).where(_plan.c.plan_id == plan_id).values(named))
        outbox.close_plans(connection, account)
        audit.record(connection, audit.Event("plan.dropped", actor, plan_id, {"changes": changes}))
    return changes


def open_gate(run: Run, policy: Policy, access: Access) -> None:
    """Approve what the policy lets through unseen. Raises GateClosed when a plan must be looked at first."""
    limit = policy.limit
    if access.options.get("first_load") in ("ask", "approve"):
        limit = limit.model_copy(update={"first_load": access.options["first_load"]})
    load = waiting(run.store, access.account, policy.protected())
    if stopped := load.stopped(limit):
        raise GateClosed(
            f"{NOTHING_SENT}: {replace(load, plans=stopped)}.",
            do=f"Look at it: `landbridge plan`. Then `landbridge push --approve {stopped[0].plan_id} --reason WHY`.",
        )
    with run.store.begin() as connection:
        for plan in load.plans:
            _approve(connection, plan.plan_id, run.actor, AUTOMATIC)
            audit.record(connection, run.event("plan.approved", plan.plan_id, how="automatic", changes=plan.changes))


def _approve(connection: sa.Connection, plan_id: str, actor: str, reason: str) -> int:
    """Approve the plan, and with it all its changes: see landbridge.push.outbox."""
    named = {"state": "approved", "approved_by": actor, "approved_at": sa.func.now(), "reason": reason}
    waits = _plan.c.plan_id == plan_id, _plan.c.state == "planned"
    if not connection.execute(sa.update(_plan).where(*waits).values(named)).rowcount:
        return 0
    which = _change.c.plan_id == plan_id, _change.c.state == "planned"
    return connection.scalar(sa.select(sa.func.count()).where(*which)) or 0
