"""Somebody who is to be forgotten: nothing of them is written any more, and the CRM's records go or are blanked.

Only what concerns the CRM is done here. The changes keep no before-image, so that nothing of the person stays with
them; so they are not taken back either, nor is what was written for that person earlier.

The stage "erased" in a run's books: taken = records of theirs; changed = to go or to be blanked; unchanged = blank
already; held = somebody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from landbridge.errors import GateClosed
from landbridge.push import known, looked, outbox
from landbridge.push.claimed import WAITS
from landbridge.push.known import FORGOTTEN, FORGOTTEN_NAMES
from landbridge.push.policy import WRITTEN, Policy
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.lineage import identity_of

if TYPE_CHECKING:
    from landbridge.trail.runs import Run


def erase(store: Store, account: str, what: str, *, actor: str, reason: str) -> str:
    """Say that a customer is to be forgotten, by any of their ids; answers which it is.

    What was planned for them is superseded at once, and the next plan says what becomes of the CRM's records. Raises
    NotFound when there is no such customer, GateClosed where no name or reason is given.
    """
    if not (actor.strip() and reason.strip()):
        raise GateClosed("Nobody was erased: it wants a name and a reason.", do='Add --as NAME --reason "…".')
    with store.begin() as connection:
        identity_id = identity_of(connection, what)[0]
        row = {"identity_id": identity_id, "actor": actor, "reason": reason, "account": account}
        if connection.execute(sa.text(_MARK), row).rowcount:
            looked.keep(connection, list(connection.scalars(sa.text(_PLANS), row)))
            dropped = connection.execute(sa.text(_SUPERSEDE), row).rowcount
            outbox.close_plans(connection, account)
            audit.record(connection, audit.Event("customer.erased", actor, identity_id, {"changes": dropped}))
    return identity_id


def plan(connection: sa.Connection, run: Run, policy: Policy, account: str) -> None:
    """Lay what is to go or to be blanked into the temporary table `wanted`, and ask what is to be asked."""
    if not connection.scalar(sa.text("SELECT EXISTS (SELECT FROM erasure)")):
        return
    with run.books.stage("erased", account) as entry:
        connection.execute(sa.text(_RECORDS), {"account": account, **_asked(policy)})
        counts = connection.execute(sa.text(_COUNTED)).one()
        entry.taken, entry.changed, entry.unchanged, entry.held = counts
        connection.execute(sa.text(_WANTED))
        connection.execute(sa.text(_ASK), {"run_id": run.run_id})


def _asked(policy: Policy) -> dict[str, Any]:
    rules = policy.erased
    texts = [name for rule in policy.objects.values() for name, each in rule.fields.items() if each.type in WRITTEN]
    fields = [field for field in dict.fromkeys((*texts, *rules.fields)) if field not in rules.words]
    return {"way": rules.way, "fields": fields, "names": list(rules.words), "words": list(rules.words.values())}


_MARK = """
INSERT INTO erasure (identity_id, actor, reason) VALUES (:identity_id, :actor, :reason)
ON CONFLICT (identity_id) DO NOTHING
"""
_PLANS = f"""
SELECT DISTINCT c.plan_id FROM change c
WHERE c.account = :account AND {WAITS} AND c.identity_id IN ({FORGOTTEN_NAMES})
"""
_SUPERSEDE = f"""
UPDATE change c SET state = 'superseded', settled_at = now()
WHERE c.account = :account AND {WAITS} AND c.identity_id IN ({FORGOTTEN_NAMES})
"""

# A converted lead cannot be changed any more, only deleted.
_RECORDS = f"""
CREATE TEMP TABLE erased ON COMMIT DROP AS
{known.records().replace("$1", ":account")},
theirs AS (
    SELECT o.identity_id, o.object, o.crm_id,
           coalesce(seen.payload, '{{}}') || coalesce(written.since, '{{}}') AS present,
           CASE WHEN CAST(:way AS text) = 'blank' AND NOT coalesce((seen.payload->>'IsConverted')::boolean, false)
                THEN 'blank' WHEN CAST(:way AS text) = 'ask' AND q.state IS DISTINCT FROM 'released' THEN 'ask'
                ELSE 'delete' END AS way
    FROM owned o LEFT JOIN seen USING (object, crm_id) LEFT JOIN written USING (object, crm_id)
    LEFT JOIN LATERAL (
        SELECT state FROM quarantine WHERE stage = 'push' AND subject = o.identity_id
          AND expectation = 'ERASED ' || o.crm_id AND (state = 'held' OR settled_by IS NOT NULL)
        ORDER BY quarantine_id DESC LIMIT 1) q ON true
    WHERE o.identity_id IN ({FORGOTTEN}) AND NOT o.gone
      AND NOT coalesce((seen.payload->>'IsDeleted')::boolean, false)
      AND NOT EXISTS (SELECT FROM removed r WHERE r.object = o.object AND r.crm_id = o.crm_id
                      AND (seen.at IS NULL OR r.at > seen.at))
)
SELECT identity_id, object, crm_id, way, CASE WHEN way = 'blank' THEN (
    SELECT coalesce(jsonb_object_agg(f.field, f.word), '{{}}')
    FROM (SELECT field, NULL AS word FROM unnest(CAST(:fields AS text[])) AS x(field)
          UNION ALL SELECT * FROM unnest(CAST(:names AS text[]), CAST(:words AS text[]))) f
    WHERE present ? f.field AND coalesce(present ->> f.field, '') <> coalesce(f.word, '')) ELSE '{{}}' END AS after
FROM theirs
"""

_BLANK = "(way = 'blank' AND after = '{}')"

_COUNTED = f"""
SELECT count(*), count(*) FILTER (WHERE way <> 'ask' AND NOT {_BLANK}), count(*) FILTER (WHERE {_BLANK}),
       count(*) FILTER (WHERE way = 'ask')
FROM erased
"""

_WANTED = f"""
INSERT INTO wanted (identity_id, object, action, match_field, match_value, before, after, origin, conflicts,
                    lead_digest)
SELECT identity_id, object, CASE way WHEN 'blank' THEN 'update' ELSE 'delete' END, 'Id', crm_id, '{{}}', after,
       CASE way WHEN 'blank' THEN (
           SELECT jsonb_object_agg(k, jsonb_build_object('why', 'to be forgotten', 'beside', true, 'erased', true))
           FROM jsonb_object_keys(after) k)
       ELSE jsonb_build_object('why', 'to be forgotten', 'erased', true) END, '{{}}', ''
FROM erased WHERE way <> 'ask' AND NOT {_BLANK}
"""

_ASK = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', identity_id, 'ERASED ' || crm_id,
       object || ' ' || crm_id || ' is of somebody who is to be forgotten. Delete it?', :run_id
FROM erased WHERE way = 'ask' AND NOT EXISTS (
    SELECT FROM quarantine q WHERE q.stage = 'push' AND q.subject = erased.identity_id
      AND q.expectation = 'ERASED ' || erased.crm_id AND (q.state = 'held' OR q.settled_by IS NOT NULL))
"""

NOTED = (
    """
DELETE FROM pushed p USING came c
WHERE c.erased AND p.account = c.account AND p.object = c.object AND p.crm_id = c.crm_id
""",
)
"""To be executed beside the table `came` of landbridge.push.note: what was blanked is not known as ours any more."""
