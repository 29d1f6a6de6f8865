"""Taking out of open plans what somebody holds, and putting it back when they let go.

A change of which a field is held leaves its plan, and another without that field takes its place there, in the same
state: the rest of the record goes with the plan, and nothing that was planned is rewritten. Where the rest would be
nothing, or the record cannot be made without the field, the whole change leaves.

Who lets go gets the change back in its plan, as long as that waits for approval. What was approved without it stays
without it: then the next plan brings it.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.push import looked, outbox, sorting
from landbridge.push.claimed import WAITS

MEANT = """
CREATE TEMP TABLE meant (change_id bigint, hold_id bigint, field text, whole boolean) ON COMMIT DROP
"""
"""What is to leave its plan: filled by the caller. `whole`: the record cannot be made without the field."""


def take_out(connection: sa.Connection, account: str) -> int:
    """Take what stands in `meant` out of its plan; answers how many changes that concerns. Drops the table."""
    looked.keep(connection, list(connection.scalars(sa.text(_FROM))))
    connection.execute(sa.text(_OUT))
    ids = list(connection.scalars(sa.text(_SUPERSEDE)))
    twins = connection.execute(sa.text(_REST)).all()
    sorting.count_out(connection, ids)
    for plan_id in {twin.plan_id for twin in twins}:
        if connection.scalar(sa.text(_SORTED), {"plan_id": plan_id}):
            sorting.sort_plan(connection, plan_id)
    outbox.close_plans(connection, account)
    connection.execute(sa.text("DROP TABLE meant, leaving"))
    return len(ids)


def put_back(connection: sa.Connection, hold_ids: list[int]) -> int:
    """Put back what these holds, now released, had taken out of plans that wait. Answers how many changes."""
    looked.keep(connection, list(connection.scalars(sa.text(_FORMER), {"holds": hold_ids})))
    back = connection.execute(sa.text(_BACK), {"holds": hold_ids}).all()
    if not back:
        return 0
    ids = [row.change_id for row in back]
    rest = list(connection.scalars(sa.text(_WITHOUT_REST), {"ids": ids}))
    connection.execute(sa.text(_STAND_AGAIN), {"ids": ids})
    connection.execute(sa.text(_WAIT_AGAIN), {"plans": list({row.plan_id for row in back})})
    sorting.count_out(connection, rest)
    sorting.count_out(connection, ids, by=1)
    return len(ids)


_FROM = "SELECT DISTINCT c.plan_id FROM meant m JOIN change c USING (change_id)"
_FORMER = "SELECT DISTINCT plan_id FROM change WHERE held_by = ANY(:holds) AND state = 'superseded'"

_OUT = f"""
CREATE TEMP TABLE leaving ON COMMIT DROP AS
SELECT c.change_id, c.state, min(m.hold_id) AS hold_id, array_agg(m.field) AS fields,
       bool_or(m.field IS NULL OR m.whole) OR c.action = 'delete' OR c.object NOT IN ('Lead', 'Contact')
       OR jsonb_path_exists(c.origin, '$.*.beside')
       OR (c.after - array_remove(array_agg(m.field), NULL) - c.match_field) = '{{}}' AS whole
FROM meant m JOIN change c USING (change_id) WHERE {WAITS}
GROUP BY c.change_id
"""

_SUPERSEDE = """
UPDATE change c SET state = 'superseded', settled_at = now(), held_by = l.hold_id FROM leaving l
WHERE c.change_id = l.change_id AND c.state IN ('planned', 'approved') RETURNING c.change_id
"""

_REST = """
INSERT INTO change (plan_id, identity_id, account, object, action, match_field, match_value, before, after, origin,
                    conflicts, lead_digest, state, attempts, reverts)
SELECT plan_id, identity_id, account, object, action, match_field, match_value, before - l.fields, after - l.fields,
       origin - l.fields, conflicts - l.fields || (
           SELECT coalesce(jsonb_object_agg(f, jsonb_build_object('ours', after -> f, 'theirs', before -> f,
                                                                  'last', NULL, 'kept', 'theirs', 'why', 'held')), '{}')
           FROM unnest(l.fields) f WHERE after ? f),
       lead_digest, l.state, attempts, reverts
FROM leaving l JOIN change c USING (change_id) WHERE NOT l.whole AND c.held_by = l.hold_id
RETURNING plan_id, change_id
"""

_SORTED = "SELECT EXISTS (SELECT FROM plan_entry WHERE plan_id = :plan_id)"

# What another hold still keeps stays out, and so does what a later plan wants otherwise by now.
_BACK = """
SELECT DISTINCT ON (c.account, c.object, c.match_value) c.change_id, c.plan_id
FROM change c JOIN plan p USING (plan_id)
WHERE c.held_by = ANY(:holds) AND c.state = 'superseded'
  AND (p.state = 'planned' OR p.state = 'superseded' AND p.dropped_by IS NULL)
  AND NOT EXISTS (
    SELECT FROM hold h WHERE h.account = c.account AND h.released_at IS NULL
      AND (h.identity_id IS NULL OR h.identity_id = c.identity_id) AND (h.object IS NULL OR h.object = c.object)
      AND (h.field IS NULL OR c.after ? h.field))
  AND NOT EXISTS (
    SELECT FROM change o WHERE o.account = c.account AND o.state IN ('planned', 'approved', 'sending', 'unknown')
      AND (o.object = c.object AND o.match_value = c.match_value
           OR c.action = 'create' AND o.action = 'create' AND o.identity_id = c.identity_id
              AND c.object IN ('Lead', 'Contact') AND o.object IN ('Lead', 'Contact'))
      AND (o.plan_id <> c.plan_id OR o.state <> 'planned'))
ORDER BY c.account, c.object, c.match_value, c.change_id
"""

_WITHOUT_REST = """
UPDATE change r SET state = 'superseded', settled_at = now(), held_by = c.held_by FROM change c
WHERE c.change_id = ANY(:ids) AND r.account = c.account AND r.object = c.object AND r.match_value = c.match_value
  AND r.plan_id = c.plan_id AND r.change_id <> c.change_id AND r.state = 'planned'
RETURNING r.change_id
"""

_STAND_AGAIN = """
UPDATE change SET state = 'planned', settled_at = NULL, held_by = NULL WHERE change_id = ANY(:ids)
"""

_WAIT_AGAIN = "UPDATE plan SET state = 'planned', counts = NULL WHERE plan_id = ANY(:plans) AND state = 'superseded'"
