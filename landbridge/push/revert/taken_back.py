"""What a change that takes back another leaves behind once the CRM confirmed it, in the transaction that notes it.

The next plan must not write the same again: a hold of kind 'revert' stands for each field with the value that was
taken back, and for a record that we made and took away, whatever we want of it. Taking back a revert lets go of what
it held. A field that says again what the CRM said before us is no longer ours.
"""

from __future__ import annotations

_DONE = "SELECT change_id FROM settled WHERE state = 'done'"

_LIVING = f"""
WITH RECURSIVE way(change_id, identity_id, redirect_to) AS (
    SELECT c.change_id, i.identity_id, i.redirect_to FROM change c JOIN identity i USING (identity_id)
    WHERE c.change_id IN ({_DONE}) AND c.reverts IS NOT NULL
    UNION ALL
    SELECT way.change_id, i.identity_id, i.redirect_to FROM way JOIN identity i ON i.identity_id = way.redirect_to),
back AS (
    SELECT c.*, way.identity_id AS who, p.kind = 'revert' AS again
    FROM change c JOIN way USING (change_id) JOIN change u ON u.change_id = c.reverts
    JOIN plan p ON p.plan_id = u.plan_id
    WHERE way.redirect_to IS NULL)
"""

_GIVEN_BACK = f"""
UPDATE pushed p SET fields = p.fields - own.keys, base = p.base - own.keys
FROM (SELECT c.account, c.object, c.crm_id, array_agg(o.key) AS keys FROM change c, jsonb_each(c.origin) o
      WHERE c.change_id IN ({_DONE}) AND c.reverts IS NOT NULL AND (o.value->>'own')::boolean GROUP BY 1, 2, 3) own
WHERE p.account = own.account AND p.object = own.object AND p.crm_id = own.crm_id
"""

_LET_GO = f"""
{_LIVING}
UPDATE hold h SET released_at = now(), released_by = 'landbridge', released_why = 'taken back in its turn' FROM back b
WHERE b.again AND h.kind = 'revert' AND h.released_at IS NULL AND h.account = b.account AND h.object = b.object
  AND h.identity_id = b.who AND (h.field IS NULL OR b.after ? h.field)
"""

_HOLD_BACK = f"""
{_LIVING}
INSERT INTO hold (account, identity_id, object, field, value, kind, actor, reason)
SELECT b.account, b.who, b.object, held.field, held.value, 'revert', coalesce(p.approved_by, 'landbridge'),
       b.plan_id || ': ' || coalesce(nullif(p.reason, ''), 'taken back')
FROM back b JOIN plan p USING (plan_id), LATERAL (
    SELECT NULL AS field, NULL::jsonb AS value WHERE b.action = 'delete' AND b.object IN ('Lead', 'Contact')
    UNION ALL
    SELECT o.key, o.value -> 'wanted' FROM jsonb_each(b.origin) o
    WHERE b.action = 'update' AND o.value ? 'wanted'  -- JSON's null: that we wanted it empty
    UNION ALL
    SELECT e.key, e.value -> 'last' FROM jsonb_each(b.conflicts) e  -- somebody edited it, and ours is not to come back
    WHERE b.action = 'update' AND e.value ->> 'kept' = 'theirs' AND jsonb_typeof(e.value -> 'last') <> 'null') held
WHERE NOT b.again AND NOT EXISTS (
    SELECT FROM hold h
    WHERE h.account = b.account AND h.identity_id = b.who AND h.kind = 'revert' AND h.object = b.object
      AND h.released_at IS NULL AND h.field IS NOT DISTINCT FROM held.field AND h.value IS NOT DISTINCT FROM held.value)
"""

# Two records that were made one, and are two again by somebody's word, are not made one again.
_APART = f"""
{_LIVING}
INSERT INTO quarantine (stage, subject, expectation, reason, run_id, state, settled_at, settled_by, settled_why)
SELECT 'push', b.who, 'MERGED ' || b.crm_id, 'taken back', p.run_id, 'dropped', now(),
       coalesce(p.approved_by, 'landbridge'), b.plan_id || ': ' || coalesce(nullif(p.reason, ''), 'taken back')
FROM back b JOIN plan p USING (plan_id) JOIN change u ON u.change_id = b.reverts
WHERE b.action = 'create' AND u.action = 'delete' AND u.origin ? 'merged_into' AND b.crm_id IS NOT NULL
"""

NOTED = (_GIVEN_BACK, _LET_GO, _HOLD_BACK, _APART)
"""To be executed beside the table `settled` of landbridge.push.note."""
