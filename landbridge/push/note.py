"""Noting what became of changes: their state, what we last wrote, the quarantine and the trail, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connectors.base import Receipt
from landbridge.push.outbox import ATTEMPTS, RETRYABLE, STOPPING, Outgoing
from landbridge.trail import audit
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

WORDS = 500
"""How much of the CRM's words is kept."""


@dataclass(frozen=True)
class Outcome:
    """What became of one change."""

    change: Outgoing
    state: Literal["done", "refused", "approved", "unknown", "superseded"]
    crm_id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None


def of_receipt(change: Outgoing, receipt: Receipt | None) -> Outcome:
    """What a receipt means. None, as when the call broke off, means that we do not know."""
    if receipt is None or receipt.outcome == "unknown":
        return Outcome(change, "unknown")
    if receipt.outcome == "done":
        # An earlier attempt whose answer was lost may have created it; nobody else writes our external id.
        created = bool(receipt.created) or (change.action == "create" and change.attempts > 0)
        return Outcome(change, "done", receipt.id or change.match_value, created)
    code, message = receipt.code or "REFUSED", (receipt.message or "")[:WORDS].replace("\0", "")  # PostgreSQL's bane
    passing = code in STOPPING or (code in RETRYABLE and change.attempts + 1 < ATTEMPTS)
    return Outcome(change, "approved" if passing else "refused", None, None, code, message)


def note(run: Run, account: str, outcomes: Sequence[Outcome], entry: Entry) -> None:
    """Write outcomes down, and count those that came to rest."""
    done = [each for each in outcomes if each.state == "done"]
    refused = [each for each in outcomes if each.state == "refused"]
    with run.store.begin() as connection:
        connection.execute(sa.text(_SETTLE), _columns(outcomes))
        for statement in (_GONE, _LEAVE, _TAKE_OVER, _PUSHED, _RELEASE):
            connection.execute(sa.text(statement), _named(run, done))
        connection.execute(sa.text(_QUARANTINE), _named(run, refused))
        audit.record(connection, _event(run, account, outcomes))
    entry.new += sum(1 for each in done if each.created)
    entry.changed += sum(1 for each in done if not each.created)
    entry.refused += len(refused)
    entry.unchanged += sum(1 for each in outcomes if each.state == "superseded")


def _columns(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    return {
        "ids": [each.change.change_id for each in outcomes],
        "states": [each.state for each in outcomes],
        "crm_ids": [each.crm_id for each in outcomes],
        "created": [each.created for each in outcomes],
        "codes": [each.code for each in outcomes],
        "messages": [each.message for each in outcomes],
    }


def _named(run: Run, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"run_id": run.run_id, "ids": [each.change.change_id for each in outcomes]}


def _event(run: Run, account: str, outcomes: Sequence[Outcome]) -> audit.Event:
    """One event a batch: its counts, and a digest that commits to every change and its outcome."""
    lines = [f"{each.change.change_id} {each.state} {each.crm_id}" for each in outcomes]
    counts = Counter[str](each.state for each in outcomes)
    span = {"first": outcomes[0].change.change_id, "last": outcomes[-1].change.change_id}
    return run.event("push.noted", account, **span, **counts, digest=audit.digest(lines))


_SETTLE = """
UPDATE change c SET state = s.state, crm_id = s.crm_id, created = s.created, code = s.code, message = s.message,
       settled_at = CASE WHEN s.state IN ('done', 'refused', 'superseded') THEN now() END
FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:crm_ids AS text[]), CAST(:created AS boolean[]),
            CAST(:codes AS text[]), CAST(:messages AS text[])) AS s(change_id, state, crm_id, created, code, message)
WHERE c.change_id = s.change_id
"""
_GONE = """
DELETE FROM pushed p USING change c
WHERE c.change_id = ANY(:ids) AND c.action = 'delete' AND p.account = c.account AND p.object = c.object
  AND p.crm_id = c.crm_id
"""
# `pushed` tells of the one record that stands for a person. What hangs on it, such as a Task, `change` alone tells.
_STANDS = "c.action <> 'delete' AND c.object IN ('Lead', 'Contact')"
_LEAVE = f"""
DELETE FROM pushed p USING change c
WHERE c.change_id = ANY(:ids) AND {_STANDS} AND p.account = c.account AND p.identity_id = c.identity_id
  AND (p.object, p.crm_id) <> (c.object, c.crm_id)
"""
_TAKE_OVER = f"""
UPDATE pushed p SET identity_id = c.identity_id FROM change c
WHERE c.change_id = ANY(:ids) AND {_STANDS} AND p.account = c.account AND p.object = c.object AND p.crm_id = c.crm_id
  AND p.identity_id <> c.identity_id
"""
# `base` keeps what stood in a field before our writes to it: what is there now, unless that is our own last write.
_PUSHED = f"""
INSERT INTO pushed (identity_id, account, object, crm_id, fields, base, created, change_id, run_id)
SELECT identity_id, account, object, crm_id, after, before, coalesce(created, false), change_id, :run_id
FROM change c WHERE change_id = ANY(:ids) AND {_STANDS}
ON CONFLICT (identity_id, account) DO UPDATE
SET base = pushed.base || coalesce((SELECT jsonb_object_agg(b.key, b.value) FROM jsonb_each(excluded.base) b
                                    WHERE crm_alike(pushed.fields -> b.key, b.value) IS NOT TRUE), '{{}}'),
    fields = pushed.fields || excluded.fields, created = pushed.created OR excluded.created,
    change_id = excluded.change_id, run_id = excluded.run_id, at = now()
"""
_RELEASE = """
UPDATE quarantine q SET state = 'released', settled_at = now() FROM change c
WHERE c.change_id = ANY(:ids) AND q.stage = 'push' AND q.subject = c.identity_id AND q.state = 'held'
"""
_QUARANTINE = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', identity_id, code, coalesce(nullif(message, ''), code), :run_id FROM change
WHERE change_id = ANY(:ids)
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO UPDATE
SET reason = excluded.reason, run_id = excluded.run_id, at = now()
"""
