"""What the CRM's own duplicate rules find, by the policy's word: ask, adopt, or skip.

To adopt is to make the one record that is there ours: it gets our external id and nothing else, so that the next plan
merges with it field by field like with any record of the person's. It is done where there is one such record, of the
kind that we meant to create, and nobody else's as far as we know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from landbridge.push.dispatch import Dispatch
from landbridge.trail import audit

if TYPE_CHECKING:
    from landbridge.push.note import Outcome

_ADOPT = """
UPDATE change c
SET action = 'update', match_field = 'Id', match_value = :crm_id, state = 'approved', code = NULL, message = NULL,
    refusal = NULL, attempts = 0, before = jsonb_build_object(c.match_field, NULL),
    after = jsonb_build_object(c.match_field, c.match_value)
WHERE c.change_id = :change_id AND c.action = 'create' AND c.match_field <> 'Id'
  AND NOT EXISTS (SELECT FROM pushed p WHERE p.account = c.account AND p.object = c.object AND p.crm_id = :crm_id
                  AND p.identity_id <> c.identity_id)
  AND NOT EXISTS (SELECT FROM link k WHERE k.profile_id = c.account || '/' || c.object || '/' || :crm_id
                  AND k.identity_id <> c.identity_id)
  AND NOT EXISTS (SELECT FROM change d WHERE d.account = c.account AND d.object = c.object AND d.match_value = :crm_id
                  AND d.state IN ('planned', 'approved', 'sending', 'unknown'))
"""

DROP = """
UPDATE quarantine q SET state = 'dropped', settled_at = now(), settled_why = 'duplicates: skip'
FROM settled s JOIN change c USING (change_id)
WHERE s.state = 'refused' AND s.refusal = 'duplicate' AND q.stage = 'push' AND q.subject = c.identity_id
  AND q.expectation = s.code AND q.state = 'held'
"""
"""Skipped: written down, and nobody is asked."""


def adopted(connection: sa.Connection, way: Dispatch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Make updates of those creations that are to adopt what is there. Answers the other outcomes."""
    if way.sending.duplicates != "adopt":
        return list(outcomes)
    return [each for each in outcomes if not (each.refusal == "duplicate" and _adopt(connection, way, each))]


def _adopt(connection: sa.Connection, way: Dispatch, outcome: Outcome) -> bool:
    if len(outcome.matches) != 1 or outcome.matches[0][0] != outcome.change.object:
        return False
    crm_id = outcome.matches[0][1]
    named = {"change_id": outcome.change.change_id, "crm_id": crm_id}
    if not connection.execute(sa.text(_ADOPT), named).rowcount:
        return False
    event = way.run.event("change.adopted", str(outcome.change.change_id), crm_id=crm_id)
    audit.record(connection, event)
    return True
