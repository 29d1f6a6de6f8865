"""A plan as rows that people and machines can read: what would change where, from what to what, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.store import tables
from landbridge.store.engine import Store

_change, _plan = tables.change, tables.plan


@dataclass(frozen=True)
class Row:
    """One field of one CRM record. `kind`: set (it is empty now), replace, keep (somebody's edit stays)."""

    change_id: int
    action: str
    state: str
    object: str
    record: str
    identity: str
    field: str
    kind: str
    before: Any
    after: Any
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As --json and --csv print it."""
        return asdict(self)


@dataclass(frozen=True)
class Totals:
    """A plan in numbers. `fields`: CRM fields that would be written; `conflicts`: those that somebody edited."""

    plan_id: str
    state: str
    creates: int
    updates: int
    unchanged: int
    fields: int
    conflicts: int


def totals(store: Store, plan_id: str) -> Totals:
    """The plan's numbers, without what was superseded since. Raises NotFound."""
    with store.begin() as connection:
        row = connection.execute(sa.text(_TOTALS), {"plan_id": plan_id}).first()
    if row is None:
        raise NotFound(f"There is no plan '{plan_id}'.", do="`landbridge plan` makes one, and names it.")
    return Totals(**row._mapping)


_TOTALS = """
SELECT p.plan_id, p.state, count(*) FILTER (WHERE c.action = 'create') AS creates,
       count(*) FILTER (WHERE c.action = 'update') AS updates, p.unchanged,
       coalesce(sum((SELECT count(*) FROM jsonb_object_keys(c.after))), 0)::bigint AS fields,
       coalesce(sum((SELECT count(*) FROM jsonb_object_keys(c.conflicts))), 0)::bigint AS conflicts
FROM plan p LEFT JOIN change c ON c.plan_id = p.plan_id AND c.state <> 'superseded'
WHERE p.plan_id = :plan_id GROUP BY p.plan_id, p.state, p.unchanged
"""


def render(store: Store, plan_id: str, limit: int | None = None) -> Iterator[Row]:
    """The plan's rows, record by record, at most `limit` records. What was superseded since is left out."""
    query = (
        sa.select(_change)
        .where(_change.c.plan_id == plan_id, _change.c.state != "superseded")
        .order_by(_change.c.change_id)
        .limit(limit)
    )
    with store.begin() as connection:
        for change in connection.execution_options(yield_per=1000).execute(query):
            yield from _rows(change)


def _rows(change: sa.Row[Any]) -> Iterator[Row]:
    record = change.match_value if change.match_field == "Id" else "new"
    shared = (change.change_id, change.action, change.state, change.object, record, change.identity_id)
    for field, after in sorted(change.after.items()):
        before = change.before.get(field)
        kind = "set" if before is None else "replace"
        yield Row(*shared, field, kind, before, after, _reason(field, change))
    for field, conflict in sorted(change.conflicts.items()):
        if conflict["kept"] == "theirs":
            why = "somebody edited it in the CRM; the edit stays"
            yield Row(*shared, field, "keep", conflict["theirs"], conflict["ours"], why)


def _reason(field: str, change: sa.Row[Any]) -> str:
    origin = change.origin.get(field, {})
    why = f"{origin.get('field')} from {origin['profile']}" if origin.get("profile") else str(origin.get("field"))
    why += f" ({origin['rule']})" if origin.get("rule") else ""
    edited = "; replaces somebody's edit, as the policy says" if field in change.conflicts else ""
    return why + edited
