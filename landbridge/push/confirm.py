"""Confirm: tell our own writes from news, in what the CRM shows of its records now.

A record that comes back showing only what we wrote is our echo, and no evidence: docs/decisions/0005 says why.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.trail.runs import Run

STAMPS = (
    "attributes",
    "Name",
    "SystemModstamp",
    "LastModifiedDate",
    "LastModifiedById",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "IsUnreadByOwner",
)
"""Fields that the CRM itself sets with any write (Salesforce Object Reference, "System Fields"), or derives: Name."""


def confirm(run: Run, account: str) -> None:
    """Recognise the echoes among an account's profiles that identities have not seen yet.

    Books: taken = CRM records that were not yet seen as they are; new = created by us; changed = there before, and
    different only by what we wrote; unchanged = news, left for resolving.
    """
    with run.books.stage("confirm", account) as entry, run.store.begin() as connection:
        named = {"account": account, "run_id": run.run_id, "stamps": list(STAMPS)}
        entry.taken = int(connection.scalar(sa.text(_UNSEEN), named) or 0)
        entry.new = connection.execute(sa.text(_OURS), named).rowcount
        connection.execute(sa.text(_SETTLE_OURS), named)
        entry.changed = connection.execute(sa.text(_SETTLE_ECHOES), named).rowcount
        entry.unchanged = int(connection.scalar(sa.text(_UNSEEN), named) or 0)


_UNSEEN = """
SELECT count(*) FROM profile p
WHERE p.account = :account AND NOT p.gone AND p.resolved_digest IS DISTINCT FROM p.digest
  AND NOT EXISTS (SELECT FROM link k WHERE k.profile_id = p.profile_id AND k.how = 'pushed')
"""

# A record that one of our writes created: it belongs to whom it was created for, wherever that identity lives now.
_OURS = """
WITH RECURSIVE living(identity_id, now_id) AS (
    SELECT identity_id, identity_id FROM identity WHERE redirect_to IS NULL
    UNION ALL
    SELECT i.identity_id, living.now_id FROM identity i JOIN living ON i.redirect_to = living.identity_id
)
INSERT INTO link (profile_id, identity_id, how, model, run_id)
SELECT p.profile_id, living.now_id, 'pushed', 'none', :run_id
FROM profile p
JOIN pushed s ON s.account = p.account AND s.object = p.stream AND s.crm_id = p.key
JOIN living ON living.identity_id = s.identity_id
WHERE p.account = :account AND NOT p.gone
  AND NOT EXISTS (SELECT FROM link k WHERE k.profile_id = p.profile_id)
  AND EXISTS (SELECT FROM change c WHERE c.account = s.account AND c.object = s.object AND c.crm_id = s.crm_id
              AND c.created)
"""

_SETTLE_OURS = """
UPDATE profile p SET resolved_digest = p.digest, resolved_record_id = p.record_id FROM link k
WHERE p.account = :account AND k.profile_id = p.profile_id AND k.how = 'pushed'
  AND p.resolved_digest IS DISTINCT FROM p.digest
"""

# A record that was there before: every field is as in the version that identities have seen, or as we wrote it.
_SETTLE_ECHOES = """
UPDATE profile p SET resolved_digest = p.digest, resolved_record_id = p.record_id
FROM pushed s, record now_r, record seen_r
WHERE p.account = :account AND NOT p.gone AND p.resolved_digest IS DISTINCT FROM p.digest
  AND s.account = p.account AND s.object = p.stream AND s.crm_id = p.key
  AND now_r.record_id = p.record_id AND seen_r.record_id = p.resolved_record_id
  AND pg_input_is_valid(now_r.payload, 'jsonb') AND pg_input_is_valid(seen_r.payload, 'jsonb')
  AND NOT EXISTS (
    SELECT FROM jsonb_each(now_r.payload::jsonb) field
    WHERE field.key <> ALL(:stamps)
      AND field.value IS DISTINCT FROM seen_r.payload::jsonb -> field.key
      AND field.value IS DISTINCT FROM s.fields -> field.key)
"""
