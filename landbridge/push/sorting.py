"""A plan sorted by what its changes have in common, so that people can look at a hundred thousand of them.

A part is a reason, a field for a reason, or a kind of change (object and action); each change is kept with its parts.
Sorting costs some seconds for 100,000 changes, once; every page of the plan is then found by index.

A reason is kept as a short key, which `words_of` says in words:

    only_value@hubspot   the rule that chose the value, and the system that it is from
    kept:edited          the CRM's value stays, and why
    over:edited          ours replaces somebody's edit, and why the policy says so
    =…                   a reason in words already, as a revert has it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from landbridge.push import words
from landbridge.store.engine import Store

LONGEST = 300
"""Characters of a reason's key."""

FEW = 1000
"""Changes of a part that are kept with it by number. A part with more is met soon by whoever reads on from anywhere."""


def sort_open(store: Store, account: str) -> None:
    """Sort what is open and not sorted yet, and count anew: to be done after planning. A second call writes nothing
    but the counts that changed."""
    with store.begin() as connection:
        for plan_id in list(connection.scalars(sa.text(_OPEN), {"account": account})):
            sort_plan(connection, plan_id)
            connection.execute(sa.text(_COUNT_ANEW), {"plan_id": plan_id})


def sort_plan(connection: sa.Connection, plan_id: str) -> None:
    """Sort those changes of a plan that are not sorted yet. Two at once sort them once."""
    asked = {"plan_id": plan_id, "few": FEW}
    if connection.scalar(sa.text(_UNSORTED), asked):
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('sort ' || :plan_id, 0))"), asked)
        for statement in (*_ROOM, _TOLD, "ANALYZE told", _PARTS, _ENTRIES, "DROP TABLE told"):
            connection.execute(sa.text(statement), asked)


def sorted_already(connection: sa.Connection, plan_id: str) -> bool:
    """Whether the plan is sorted. Its changes are all at once, and what takes one's place is with it: so one that is
    tells of all, and nobody has to ask each of a hundred thousand."""
    return bool(connection.scalar(sa.text(_SORTED), {"plan_id": plan_id}))


def count_out(connection: sa.Connection, change_ids: list[int], by: int = -1) -> None:
    """Changes left their plan, or (`by` 1) came back to it."""
    connection.execute(sa.text(_COUNT_OUT), {"ids": change_ids, "by": by})


def keys_of(origin: Mapping[str, Any], conflict: Mapping[str, Any] | None) -> set[str]:
    """The keys of a field's reasons, as the statements below make them."""
    keys = set()
    if conflict:
        keys.add(("over:" if conflict["kept"] == "ours" else "kept:") + str(conflict.get("why") or "edited"))
    if origin.get("why") is not None:
        keys.add(f"={origin['why']}"[:LONGEST])
    elif origin.get("field") == "default":
        keys.add("default")
    elif origin:
        system = str(origin["profile"]).partition("/")[0] if origin.get("profile") is not None else None
        keys.add("@".join(part for part in (str(origin.get("rule") or ""), system) if part is not None)[:LONGEST])
    return keys


def words_of(reason: str) -> str:
    """A reason's key in words."""
    if reason.startswith("="):
        return reason[1:]
    sort, colon, why = reason.partition(":")
    if colon and sort == "kept":
        return words.left_alone({"why": why})
    if colon and sort == "over":
        return words.REPLACES.get(why, words.REPLACES["edited"])
    rule, _, system = reason.partition("@")
    return words.in_sum("default" if rule == "default" else "", rule or None, system or None)


_OPEN = "SELECT plan_id FROM plan WHERE account = :account AND state IN ('planned', 'approved')"

_NEW = """c.plan_id = :plan_id
  AND NOT EXISTS (SELECT FROM plan_entry e WHERE e.plan_id = c.plan_id AND e.change_id = c.change_id)"""

_SORTED = """
SELECT EXISTS (SELECT FROM plan_entry WHERE plan_id = :plan_id)
    OR NOT EXISTS (SELECT FROM change WHERE plan_id = :plan_id)
"""

_UNSORTED = f"SELECT EXISTS (SELECT FROM change c WHERE {_NEW})"

_REASON = f"""left(CASE WHEN o.value ? 'why' THEN '=' || (o.value ->> 'why')
    WHEN o.value ->> 'field' = 'default' THEN 'default'
    ELSE concat_ws('@', coalesce(o.value ->> 'rule', ''), split_part(o.value ->> 'profile', '/', 1)) END, {LONGEST})"""

_ROOM = ("SET LOCAL work_mem = '128MB'", "SET LOCAL jit = off")

_TOLD = f"""
CREATE TEMP TABLE told ON COMMIT DROP AS
WITH fresh AS MATERIALIZED (
    SELECT change_id, object, action, origin, conflicts FROM change c WHERE {_NEW}),
field AS MATERIALIZED (
    SELECT change_id, o.key AS field, {_REASON} AS reason FROM fresh, jsonb_each(origin) o
    WHERE jsonb_typeof(o.value) = 'object'
    UNION ALL
    SELECT change_id, k.key, CASE k.value ->> 'kept' WHEN 'ours' THEN 'over:' ELSE 'kept:' END
        || coalesce(k.value ->> 'why', 'edited') FROM fresh, jsonb_each(conflicts) k)
SELECT change_id, 'kind' AS what, object AS name, action AS detail FROM fresh
UNION ALL
SELECT change_id, 'field', reason, field FROM field
UNION ALL
SELECT DISTINCT change_id, 'reason', reason, '' FROM field
UNION ALL
SELECT change_id, 'reason', left('=' || (origin ->> 'why'), {LONGEST}), '' FROM fresh
WHERE action = 'delete' AND origin ->> 'why' IS NOT NULL
"""

_PARTS = """
WITH counted AS MATERIALIZED (SELECT what, name, detail, count(*) AS changes FROM told GROUP BY what, name, detail)
INSERT INTO plan_part AS p (plan_id, part, what, name, detail, changes, few)
SELECT :plan_id, (SELECT coalesce(max(part), 0) FROM plan_part WHERE plan_id = :plan_id)
           + row_number() OVER (ORDER BY what, name, detail), what, name, detail, changes, few
FROM counted LEFT JOIN (
    SELECT what, name, detail, array_agg(change_id ORDER BY change_id) AS few
    FROM counted JOIN told USING (what, name, detail) WHERE changes <= :few GROUP BY what, name, detail) f
USING (what, name, detail)
ON CONFLICT (plan_id, what, name, detail) DO UPDATE SET changes = p.changes + excluded.changes,
    few = CASE WHEN cardinality(p.few || excluded.few) <= :few THEN p.few || excluded.few END
"""

_ENTRIES = """
INSERT INTO plan_entry (plan_id, change_id, parts)
SELECT :plan_id, t.change_id, array_agg(p.part)
FROM told t JOIN (SELECT * FROM plan_part WHERE plan_id = :plan_id) p USING (what, name, detail) GROUP BY t.change_id
"""

_COUNT_ANEW = """
UPDATE plan_part p SET changes = coalesce(n.changes, 0)
FROM plan_part k LEFT JOIN (
    SELECT part, count(*) AS changes FROM plan_entry e JOIN change c USING (change_id), unnest(e.parts) AS part
    WHERE e.plan_id = :plan_id AND c.state <> 'superseded' GROUP BY part) n USING (part)
WHERE k.plan_id = :plan_id AND p.plan_id = k.plan_id AND p.part = k.part AND p.changes <> coalesce(n.changes, 0)
"""

_COUNT_OUT = """
UPDATE plan_part p SET changes = p.changes + :by * n.changes
FROM (SELECT plan_id, part, count(*) AS changes FROM plan_entry, unnest(parts) AS part
      WHERE change_id = ANY(:ids) GROUP BY plan_id, part) n
WHERE (p.plan_id, p.part) = (n.plan_id, n.part)
"""
