"""Part of a plan: what people hold of it at once, so that the other part can be approved."""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.push import approval, looked, sorting, taking_out
from landbridge.push.claimed import WAITS
from landbridge.push.policy import Policy
from landbridge.push.selection import Selection, found
from landbridge.store.engine import Store
from landbridge.trail import audit


@dataclass(frozen=True)
class Placed:
    """Holds that were placed in one act: `first` of them (0 where there is none), how many, and how many changes left
    their plan."""

    first: int
    holds: int
    changes: int


def hold(store: Store, policy: Policy, account: str, chosen: Selection, *, actor: str, reason: str) -> Placed:
    """Hold what is selected of a plan, in somebody's name: the fields where fields are pointed at, else the records."""
    with store.begin() as connection:
        _kept(connection, chosen)
        _choose(connection, policy, account, chosen, rest=False)
        return _place(connection, account, chosen.plan_id, actor, reason)


def approve_only(
    store: Store, policy: Policy, account: str, chosen: Selection, *, actor: str, reason: str, seen: str
) -> tuple[int, Placed]:
    """Hold every record that is not selected and approve the others whole, in one act: it happens together or not at
    all. Answers how many changes are approved, and the holds. `seen`: the mark of the plan that was looked at.

    Raises NotFound when nothing that is selected waits, TakenAlready when the plan is not what was seen.
    """
    with store.begin() as connection:
        _kept(connection, chosen)
        looked.see_unchanged(connection, chosen.plan_id, seen)
        if not _anything(connection, chosen):
            raise NotFound("Nothing of that waits any more.", do="Look at the plan again: somebody may hold it.")
        _choose(connection, policy, account, chosen, rest=True)
        placed = _place(connection, account, chosen.plan_id, actor, f"not in: {reason}")
        changes = approval.approve_within(connection, chosen.plan_id, actor=actor, reason=reason)
    return changes, placed


def _kept(connection: sa.Connection, chosen: Selection) -> None:
    """The plan, sorted, and nobody else's until this is done."""
    looked.keep(connection, [chosen.plan_id])
    if not sorting.sorted_already(connection, chosen.plan_id):
        sorting.sort_plan(connection, chosen.plan_id)


def _anything(connection: sa.Connection, chosen: Selection) -> bool:
    way = found(connection, chosen)
    return way is not None and bool(connection.scalar(sa.text(_ANY.format(where=way.where)), way.values))


def _place(connection: sa.Connection, account: str, plan_id: str, actor: str, reason: str) -> Placed:
    """Hold what stands in the table `chosen`."""
    row = {"account": account, "actor": actor, "reason": reason}
    made = connection.execute(sa.text(_PLACE), row).one()
    if not made.holds:
        return Placed(0, 0, 0)
    batch = {"first": made.first, "last": made.last}
    connection.execute(sa.text("UPDATE hold SET batch = :first WHERE hold_id BETWEEN :first AND :last"), batch)
    connection.execute(sa.text(taking_out.MEANT))
    connection.execute(sa.text(_MEANT), {"first": made.first})
    taken = taking_out.take_out(connection, account)
    told = {"hold": made.first, "holds": made.holds, "changes": taken}
    audit.record(connection, audit.Event("hold.placed", actor, plan_id, told))
    connection.execute(sa.text("DROP TABLE chosen"))
    return Placed(made.first, made.holds, taken)


def _choose(connection: sa.Connection, policy: Policy, account: str, chosen: Selection, *, rest: bool) -> None:
    """Make the table `chosen`: change and field (null: the record). With `rest` every record that is not selected."""
    way = found(connection, chosen)
    where, values = (way.where, dict(way.values)) if way else ("false", {})
    fields = chosen.of_fields and not rest
    values |= {
        "plan": chosen.plan_id,
        "account": account,
        "reason": chosen.reason,
        "one": chosen.field,
        "needed": json.dumps(policy.needed()),
    }
    picked = f"SELECT e.change_id FROM plan_entry e JOIN change c USING (change_id) WHERE {where}"
    connection.execute(sa.text((_FIELDS if fields else _REST if rest else _RECORDS).format(picked=picked)), values)


_ANY = """
SELECT EXISTS (SELECT FROM plan_entry e JOIN change c USING (change_id) WHERE {where} AND c.state = 'planned')
"""

_RECORDS = f"""
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT c.change_id, CAST(NULL AS text) AS field, false AS whole FROM change c
WHERE c.account = :account AND {WAITS} AND c.change_id IN ({{picked}})
"""

_REST = f"""
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT c.change_id, CAST(NULL AS text) AS field, false AS whole FROM change c
WHERE c.account = :account AND c.plan_id = :plan AND {WAITS}
  AND c.change_id NOT IN ({{picked}})
"""

# The fields of a change that have the reason: those of the plan's parts.
_FIELDS = f"""
CREATE TEMP TABLE chosen ON COMMIT DROP AS
SELECT c.change_id, p.detail AS field,
       c.action = 'create' AND coalesce(CAST(:needed AS jsonb) -> c.object ? p.detail, false) AS whole
FROM change c JOIN plan_entry e ON e.plan_id = c.plan_id AND e.change_id = c.change_id
JOIN plan_part p ON p.plan_id = e.plan_id AND p.part = ANY(e.parts) AND p.what = 'field'
WHERE c.account = :account AND {WAITS} AND c.change_id IN ({{picked}}) AND c.after ? p.detail
  AND (CAST(:reason AS text) IS NULL OR p.name = :reason) AND (CAST(:one AS text) IS NULL OR p.detail = :one)
"""

_PLACE = """
WITH made AS (
    INSERT INTO hold (account, identity_id, profile_id, object, field, kind, actor, reason)
    SELECT DISTINCT c.account, c.identity_id,
           CASE WHEN c.match_field = 'Id' THEN c.account || '/' || c.object || '/' || c.match_value END,
           c.object, t.field, 'person', :actor, :reason
    FROM chosen t JOIN change c USING (change_id)
    RETURNING hold_id)
SELECT coalesce(min(hold_id), 0) AS first, coalesce(max(hold_id), 0) AS last, count(*) AS holds FROM made
"""

_MEANT = """
INSERT INTO meant
SELECT c.change_id, h.hold_id, t.field, t.whole FROM chosen t JOIN change c USING (change_id)
JOIN hold h ON h.account = c.account AND h.identity_id = c.identity_id AND h.object = c.object AND h.batch = :first
    AND h.field IS NOT DISTINCT FROM t.field
"""
