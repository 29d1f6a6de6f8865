"""What people and the policy say about a plan: it may leave, or it shall not. The gate: landbridge.push.gate."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.push import claimed, looked, outbox
from landbridge.push.gate import AUTOMATIC, NOTHING_SENT, Gate
from landbridge.push.revert.planning import let_rest_go
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import Run

_change, _plan = tables.change, tables.plan


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
    which = _change.c.plan_id == plan_id, _change.c.state == "planned"
    approved = _approve(connection, plan_id, actor, reason)
    changes = connection.scalar(sa.select(sa.func.count()).select_from(_change).where(*which)) if approved else 0
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

    What has left already stays; what is under way and comes back unwritten does not leave again. What a push would
    write is planned anew the next time, unless somebody holds it. Raises NotFound when nothing of it is open.
    """
    mine = _change.c.plan_id == plan_id
    still_open = sa.exists().where(mine, _change.c.state.in_(outbox.OPEN))
    taken_out = sa.update(_change).where(mine, claimed.waits()).values(state="superseded", settled_at=sa.func.now())
    with store.begin() as connection:
        looked.keep(connection, [plan_id])
        account = connection.scalar(sa.select(_plan.c.account).where(_plan.c.plan_id == plan_id))
        if account is None or not connection.scalar(sa.select(still_open)):
            raise NotFound(
                f"Nothing of plan '{plan_id}' waits.", do="`landbridge plan` shows the one that does, if any."
            )
        changes = connection.execute(taken_out).rowcount
        named = {"dropped_by": actor, "dropped_why": reason}
        connection.execute(sa.update(_plan).where(_plan.c.plan_id == plan_id).values(named))
        outbox.close_plans(connection, account)
        let_rest_go(connection, account, plan_id, actor=actor, why=reason)
        audit.record(connection, audit.Event("plan.dropped", actor, plan_id, {"changes": changes}))
    return changes


def open_gate(run: Run, gate: Gate) -> None:
    """Approve what the policy lets through unseen. Raises GateClosed when a plan must be looked at first."""
    load = gate.load()
    if stopped := load.stopped(gate.limit):
        raise GateClosed(
            f"{NOTHING_SENT}: {replace(load, plans=stopped)}.",
            do=f"Look at it: `landbridge plan`. Then `landbridge push --approve {stopped[0].plan_id} --reason WHY`.",
        )
    with run.store.begin() as connection:
        for plan in load.plans:
            _approve(connection, plan.plan_id, run.actor, AUTOMATIC)
            audit.record(connection, run.event("plan.approved", plan.plan_id, how="automatic", changes=plan.changes))


def _approve(connection: sa.Connection, plan_id: str, actor: str, reason: str) -> bool:
    """Approve the plan, and with it all its changes: see landbridge.push.outbox. Answers whether it waited for that."""
    named = {"state": "approved", "approved_by": actor, "approved_at": sa.func.now(), "reason": reason}
    waits = _plan.c.plan_id == plan_id, _plan.c.state == "planned"
    return bool(connection.execute(sa.update(_plan).where(*waits).values(named)).rowcount)
