"""A plan as rows that people and machines can read: what would change where, from what to what, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.push import words
from landbridge.push.claimed import stands
from landbridge.store import tables
from landbridge.store.engine import Store

_change, _plan = tables.change, tables.plan


@dataclass(frozen=True)
class Row:
    """One field of one CRM record. `name`: whom it is about. `kind`: set (it is empty now), replace, clear, remove (the
    record goes), keep (the CRM's value stays, and `after` is what we would have)."""

    change_id: int
    action: str
    state: str
    object: str
    record: str
    name: str
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
    """A plan in numbers. `fields`: CRM fields that would be written; `conflicts`: those that somebody edited, or where
    our value cannot stand; `held`: leads that differ in something that is left alone, when it was last planned."""

    plan_id: str
    kind: str
    subject: str | None
    state: str
    creates: int
    updates: int
    deletes: int
    unchanged: int
    fields: int
    conflicts: int
    held: int


@dataclass(frozen=True)
class Why:
    """A reason that many fields of a plan share: how many, and which."""

    reason: str
    fields: int
    names: tuple[str, ...]


def totals(store: Store, plan_id: str) -> Totals:
    """The plan's numbers, without what was superseded since. Raises NotFound."""
    with store.begin() as connection:
        row = connection.execute(sa.text(_TOTALS), {"plan_id": plan_id}).first()
    if row is None:
        raise NotFound(f"There is no plan '{plan_id}'.", do="`landbridge plan` makes one, and names it.")
    return Totals(**row._mapping)


def reasons(store: Store, plan_id: str) -> list[Why]:
    """Why the plan's fields are written, the most frequent reason first."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_REASONS), {"plan_id": plan_id}).all()
    found: dict[str, Why] = {}
    for row in rows:
        told = row.why or words.in_sum(row.ours, row.rule, row.system)
        before = found.get(told, Why(told, 0, ()))
        found[told] = Why(told, before.fields + row.fields, tuple(dict.fromkeys((*before.names, *row.names))))
    return sorted(found.values(), key=lambda why: (-why.fields, why.reason))


_TOTALS = """
SELECT p.plan_id, p.kind, p.subject, p.state, count(*) FILTER (WHERE c.action = 'create') AS creates,
       count(*) FILTER (WHERE c.action = 'update') AS updates, count(*) FILTER (WHERE c.action = 'delete') AS deletes,
       p.unchanged, coalesce(sum((SELECT count(*) FROM jsonb_object_keys(c.after))), 0)::bigint AS fields,
       coalesce(sum((SELECT count(*) FROM jsonb_object_keys(c.conflicts))), 0)::bigint AS conflicts,
       coalesce((SELECT b.held FROM balance b JOIN run r USING (run_id) WHERE b.stage = 'plan' AND b.subject = p.account
                 ORDER BY r.started_at DESC, b.position DESC LIMIT 1), 0) AS held
FROM plan p LEFT JOIN change c ON c.plan_id = p.plan_id AND c.state <> 'superseded'
WHERE p.plan_id = :plan_id GROUP BY p.plan_id
"""

_LEFT_ALONE = """
SELECT b.held FROM balance b JOIN run r USING (run_id) WHERE b.stage = 'plan' AND b.subject = :account
ORDER BY r.started_at DESC, b.position DESC LIMIT 1
"""


def left_alone(store: Store, account: str) -> int:
    """How many leads differed in something that is left alone, when it was last planned."""
    with store.begin() as connection:
        return connection.scalar(sa.text(_LEFT_ALONE), {"account": account}) or 0


_REASONS = """
SELECT o.value->>'why' AS why, CASE WHEN o.value->>'field' = 'default' THEN 'default' ELSE '' END AS ours,
       o.value->>'rule' AS rule, split_part(o.value->>'profile', '/', 1) AS system, count(*) AS fields,
       array_agg(DISTINCT a.key ORDER BY a.key) AS names
FROM change c, jsonb_object_keys(c.after) AS a(key), LATERAL (SELECT coalesce(c.origin -> a.key, '{}') AS value) o
WHERE c.plan_id = :plan_id AND c.state <> 'superseded' GROUP BY 1, 2, 3, 4
"""


def render(store: Store, plan_id: str, limit: int | None = None, after: int = 0) -> Iterator[Row]:
    """The plan's rows, record by record, at most `limit` records beyond the change `after`, without what was superseded
    since."""
    query = (
        sa.select(_change, stands().label("stands"), tables.lead.c.fields.label("said"))
        .outerjoin(tables.lead, tables.lead.c.identity_id == _change.c.identity_id)
        .where(_change.c.plan_id == plan_id, _change.c.state != "superseded", _change.c.change_id > after)
        .order_by(_change.c.change_id)
        .limit(limit)
    )
    with store.begin() as connection:
        for change in connection.execution_options(yield_per=1000).execute(query):
            yield from _rows(change)


def _rows(change: sa.Row[Any]) -> Iterator[Row]:
    record = change.match_value if change.match_field == "Id" else "new"
    shared = (change.change_id, change.action, change.stands, change.object, record, _name(change), change.identity_id)
    for field, after in sorted(change.after.items()):
        before = change.before.get(field)
        kind = "set" if before is None else "clear" if after is None else "replace"
        why = words.reason(change.origin.get(field, {}), change.conflicts.get(field))
        yield Row(*shared, field, kind, before, after, why)
    if change.action == "delete":
        why = str(change.origin.get("why", "we made it, and nobody has worked on it"))
        for field, before in sorted(change.before.items()):
            if before is not None and field != "LastModifiedDate":
                yield Row(*shared, field, "remove", before, None, why)
    for field, conflict in sorted(change.conflicts.items()):
        if conflict["kept"] == "theirs":
            yield Row(*shared, field, "keep", conflict["theirs"], conflict["ours"], words.left_alone(conflict))


def _name(change: sa.Row[Any]) -> str:
    return name_of_change(change.said, change.before, change.after)


def name_of_change(said: Mapping[str, Any] | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What the person is called: by the lead as it stands, else by what the CRM has or gets."""
    said = said or {}
    parts = [said.get("first_name"), said.get("last_name")]
    known = said.get("full_name") or " ".join(str(part) for part in parts if part) or said.get("email")
    if known:
        return str(known)
    values = {**before, **after}
    crm = [values.get("FirstName"), values.get("LastName")]
    return " ".join(str(part) for part in crm if part) or str(values.get("Email") or values.get("Subject") or "")
