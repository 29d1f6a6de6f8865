"""What mirrors, laid together with what is wanted anyhow: a CRM record has one change in a plan, whatever it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa
import sqlalchemy as sa

from landbridge.push.mirror.queries import ASKED
from landbridge.trail import audit

if TYPE_CHECKING:
    from landbridge.push.mirror.finding import Mirrored
    from landbridge.push.policy import Policy
    from landbridge.trail.runs import Run

Copy = Callable[[sa.Connection, str, pa.Table], None]
"""Copies a table's rows into a temporary table of that name."""


def combine(connection: sa.Connection, run: Run, policy: Policy, account: str, mirrored: Mirrored, copy: Copy) -> None:
    """Lay what mirrors into the temporary table `wanted`, and ask what is to be asked."""
    if mirrored.changes.num_rows:
        connection.execute(sa.text("CREATE TEMP TABLE mirrored (LIKE wanted) ON COMMIT DROP"))
        copy(connection, "mirrored", mirrored.changes)
        for statement in (_LAID, _FOLDED, _GOES, _TOGETHER, _TAKEN, _REST):
            connection.execute(sa.text(statement))
    if policy.merged is not None:
        fields = [*(policy.objects["Lead"].fields if "Lead" in policy.objects else ()), *policy.merged.fill, "OwnerId"]
        connection.execute(sa.text(_RESTORED), {"account": account, "fields": fields})
    _ask(connection, run, account, mirrored.questions)


def _ask(connection: sa.Connection, run: Run, account: str, questions: pa.Table) -> None:
    """Ask each question once, and withdraw those that nobody need answer any more."""
    asked = {name: questions[name].to_pylist() for name in questions.column_names}
    new = connection.execute(sa.text(_ASK), {**asked, "run_id": run.run_id}).rowcount
    idle = connection.execute(sa.text(_WITHDRAW), {name: asked[name] for name in ("identity_id", "crm_id")}).rowcount
    if new or idle:
        audit.record(connection, run.event("mirror.asked", account, asked=new, withdrawn=idle))


# One over another, as JSON's || lays two: an aggregate of the session's own.
_LAID = "CREATE OR REPLACE AGGREGATE pg_temp.laid(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}')"

_FOLDED = """
CREATE TEMP TABLE folded ON COMMIT DROP AS
SELECT min(identity_id) AS identity_id, object, action, match_field, match_value, min(lead_digest) AS lead_digest,
       pg_temp.laid(before ORDER BY ctid) AS before, pg_temp.laid(after ORDER BY ctid) AS after,
       pg_temp.laid(origin ORDER BY ctid) AS origin
FROM mirrored GROUP BY object, action, match_field, match_value
"""
_SAME = "f.object = w.object AND f.match_value = w.match_value"
_GOES = f"DELETE FROM wanted w USING folded f WHERE {_SAME} AND f.action = 'delete'"
_TOGETHER = f"""
UPDATE wanted w SET before = f.before || w.before, after = f.after || w.after, origin = f.origin || w.origin
FROM folded f WHERE {_SAME} AND f.action = 'update' AND w.action = 'update'
"""
_TAKEN = f"DELETE FROM folded f USING wanted w WHERE {_SAME}"
_REST = """
INSERT INTO wanted (identity_id, object, action, match_field, match_value, before, after, origin, conflicts,
                    lead_digest)
SELECT identity_id, object, action, match_field, match_value, before, after, origin, '{}', lead_digest FROM folded
"""

# A lead that went into another, whose person is two again: the new one gets what the former held.
_RESTORED = """
UPDATE wanted w
SET after = d.given || (w.after - d.better), origin = d.origin || (w.origin - d.better)
FROM (
    SELECT w.identity_id, w.object, g.given, g.origin, ARRAY(
               SELECT o.key FROM jsonb_each(w.origin) o
               WHERE o.value ->> 'field' = 'default' AND g.given ? o.key) AS better
    FROM wanted w
    JOIN LATERAL (
        SELECT jsonb_object_agg(e.key, e.value) AS given, jsonb_object_agg(e.key, jsonb_build_object(
                   'why', 'as it was before two records were made one')) AS origin
        FROM (SELECT c.before FROM link k JOIN change c
                ON k.profile_id = c.account || '/' || c.object || '/' || c.crm_id
              WHERE k.identity_id = w.identity_id AND c.account = :account AND c.object = w.object
                AND c.action = 'delete' AND c.state = 'done' AND c.origin ? 'merged_into'
              ORDER BY c.change_id DESC LIMIT 1) d, jsonb_each(d.before) e
        WHERE e.key = ANY(:fields) AND jsonb_typeof(e.value) <> 'null') g ON g.given IS NOT NULL
    WHERE w.action = 'create' AND EXISTS (
        SELECT FROM change c WHERE c.account = :account AND c.action = 'delete' AND c.origin ? 'merged_into')) d
WHERE w.action = 'create' AND w.identity_id = d.identity_id AND w.object = d.object
"""

_ASK = f"""
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', identity_id, '{ASKED}' || crm_id, records || ' are one person. Make them one?', :run_id
FROM unnest(CAST(:identity_id AS text[]), CAST(:crm_id AS text[]), CAST(:records AS text[]))
     AS q(identity_id, crm_id, records)
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO NOTHING
"""

_WITHDRAW = f"""
UPDATE quarantine SET state = 'dropped', settled_at = now(), settled_why = 'no longer two records of one person'
WHERE stage = 'push' AND state = 'held' AND starts_with(expectation, '{ASKED}')
  AND (subject, expectation) NOT IN (
      SELECT identity_id, '{ASKED}' || crm_id
      FROM unnest(CAST(:identity_id AS text[]), CAST(:crm_id AS text[])) AS q(identity_id, crm_id))
"""
