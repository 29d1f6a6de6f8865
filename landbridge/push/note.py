"""Noting what became of changes: their state, what we last wrote, the quarantine and the trail, in one transaction.

Outcomes are put into a temporary table, by a few or by a whole file of them, and set statements do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from connectors.base import Receipt
from landbridge.push import duplicates
from landbridge.push.claimed import CLAIMED
from landbridge.push.dispatch import Dispatch
from landbridge.push.mirror import erasing
from landbridge.push.outbox import ATTEMPTS, Outgoing
from landbridge.push.revert import taken_back
from landbridge.push.sending import Refusal, Sending
from landbridge.trail import audit

WORDS = 500
"""How much of the CRM's words is kept."""

MATCHES = 5
"""How many records that it is like are named."""

SETTLED = """
CREATE TEMP TABLE settled (change_id bigint, state text, crm_id text, created boolean, code text, message text,
                           refusal text) ON COMMIT DROP
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one change."""

    change: Outgoing
    state: Literal["done", "refused", "approved", "unknown", "superseded"]
    crm_id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None
    refusal: Refusal | None = None
    matches: tuple[tuple[str, str], ...] = ()


def of_receipt(change: Outgoing, receipt: Receipt | None, sending: Sending) -> Outcome:
    """What a receipt means. None, as when the call broke off, means that we do not know."""
    if receipt is None or receipt.outcome == "unknown":
        return Outcome(change, "unknown")
    if receipt.outcome == "done":
        # An earlier attempt whose answer was lost may have created it; nobody else writes our external id.
        created = bool(receipt.created) or (change.action == "create" and change.attempts > 0)
        return Outcome(change, "done", receipt.id or change.match_value, created)
    like = f" Like: {', '.join(' '.join(match) for match in receipt.matches[:MATCHES])}." if receipt.matches else ""
    code, said = receipt.code or "REFUSED", (receipt.message or "")[: WORDS - len(like)]
    message = f"{said}{like}".replace("\0", "")  # PostgreSQL's bane
    kind = sending.kind(code)
    passing = kind == "stop" or (kind == "retry" and change.attempts + 1 < ATTEMPTS)
    return Outcome(change, "approved" if passing else "refused", None, None, code, message, kind, receipt.matches)


def note(way: Dispatch, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes down, and count those that came to rest."""
    with way.store.begin() as connection:
        connection.execute(sa.text(SETTLED))
        left = duplicates.adopted(connection, way, outcomes)
        connection.execute(sa.text(_GIVEN), _columns(left))
        counts = write_down(connection, way)
    count(way, counts)


def write_down(
    connection: sa.Connection, way: Dispatch, job_id: str | None = None, in_turn: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Note everything that stands in `settled`. Answers how much came to what, for `count` once that is committed.

    `job_id`: whose results they are, where a bulk job carried the changes. What came to rest since, or is carried by
    another, stays as it is and leaves `settled`: somebody else noted it while we did not hear. `in_turn` is called when
    the changes are marked, which are nobody else's, and before anything is noted that others note, too.
    """
    named = {"run_id": way.run.run_id}
    connection.execute(sa.text(_CAME))
    connection.execute(sa.text(_SETTLE), {"account": way.account, "job_id": job_id})
    in_turn()
    for statement in _needed(connection, way):
        connection.execute(sa.text(statement), named)
    told = connection.execute(sa.text(_TOLD)).one()._mapping
    counts = {str(name): int(number) for name, number in told.items() if name not in ("digest",)}
    span = {name: number for name, number in counts.items() if number}
    audit.record(connection, way.run.event("push.noted", way.account, **span, digest=told["digest"]))
    return counts


def count(way: Dispatch, counts: dict[str, int]) -> None:
    """Enter into the books what was noted."""
    with way.counting:
        way.entry.new += counts["created"]
        way.entry.changed += counts["done"] - counts["created"]
        way.entry.refused += counts["refused"]
        way.entry.unchanged += counts["superseded"]


def _columns(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    return {
        "ids": [each.change.change_id for each in outcomes],
        "states": [each.state for each in outcomes],
        "crm_ids": [each.crm_id for each in outcomes],
        "created": [each.created for each in outcomes],
        "codes": [each.code for each in outcomes],
        "messages": [each.message for each in outcomes],
        "refusals": [each.refusal for each in outcomes],
    }


_GIVEN = """
INSERT INTO settled
SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:crm_ids AS text[]),
    CAST(:created AS boolean[]), CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:refusals AS text[]))
"""
# What came to be, without its values: several statements look at it.
_CAME = """
CREATE TEMP TABLE came (change_id bigint, account text, identity_id text, object text, crm_id text, stands boolean,
                        gone boolean, erased boolean, back boolean) ON COMMIT DROP
"""
# All that was ever sent is kept: only the stretch in which these stand is looked through.
_THERE = """c.change_id BETWEEN (SELECT min(change_id) FROM settled) AND (SELECT max(change_id) FROM settled)"""
# A change is read once here, while it is written: it is long, and there may be tens of thousands. One that a bulk job
# carried learns now that it was sent, and by which run.
_SETTLE = f"""
WITH carried AS (
    DELETE FROM claim k USING settled s
    WHERE k.change_id = s.change_id AND k.account = :account AND k.job_id = CAST(:job_id AS text) RETURNING k.*),
told AS (
    SELECT s.*, k.job_id, k.at AS sent_at, j.run_id AS sent_run_id FROM settled s
    LEFT JOIN carried k USING (change_id) LEFT JOIN bulk_job j USING (account, job_id)),
noted AS (
    UPDATE change c SET state = s.state, crm_id = s.crm_id, created = s.created, code = s.code, message = s.message,
           refusal = s.refusal, settled_at = CASE WHEN s.state IN ('done', 'refused', 'superseded') THEN now() END,
           job_id = coalesce(s.job_id, c.job_id), sent_at = coalesce(s.sent_at, c.sent_at),
           sent_run_id = coalesce(s.sent_run_id, c.sent_run_id), attempts = c.attempts + (s.job_id IS NOT NULL)::int
    FROM told s WHERE c.change_id = s.change_id AND {_THERE}
      AND c.state IN ('planned', 'approved', 'sending', 'unknown')
      AND CASE WHEN CAST(:job_id AS text) IS NULL THEN NOT {CLAIMED} ELSE s.job_id IS NOT NULL END
    RETURNING c.change_id, c.account, c.identity_id, c.object, c.crm_id, c.state,
        c.action <> 'delete' AND c.object IN ('Lead', 'Contact') AND NOT jsonb_path_exists(c.origin, '$.*.beside')
            AS stands,
        c.action = 'delete' AS gone, c.lead_digest = '' AND jsonb_path_exists(c.origin, '$.*.erased') AS erased,
        c.reverts IS NOT NULL AS back),
stale AS (DELETE FROM settled s WHERE NOT EXISTS (SELECT FROM noted n WHERE n.change_id = s.change_id))
INSERT INTO came
SELECT change_id, account, identity_id, object, crm_id, stands, gone, erased, back FROM noted WHERE state = 'done'
"""
# Where a revert gives somebody a record back, the one that stands for them by now goes on doing so.
_BESIDE = """
UPDATE came c SET stands = false
WHERE c.back AND c.stands AND EXISTS (
    SELECT FROM pushed p WHERE p.account = c.account AND p.identity_id = c.identity_id
      AND (p.object, p.crm_id) <> (c.object, c.crm_id))
"""
_GONE = """
DELETE FROM pushed p USING came c
WHERE c.gone AND p.account = c.account AND p.object = c.object AND p.crm_id = c.crm_id
"""
# `pushed` tells of the one record that stands for a person. Of others, and of what hangs on it, `change` alone tells.
_LEAVE = """
DELETE FROM pushed p USING came c
WHERE c.stands AND p.account = c.account AND p.identity_id = c.identity_id
  AND (p.object, p.crm_id) <> (c.object, c.crm_id)
"""
_TAKE_OVER = """
UPDATE pushed p SET identity_id = c.identity_id FROM came c
WHERE c.stands AND p.account = c.account AND p.object = c.object AND p.crm_id = c.crm_id
  AND p.identity_id <> c.identity_id
"""
# `base` keeps what stood in a field before our writes to it: what is there now, unless that is our own last write.
_PUSHED = f"""
INSERT INTO pushed (identity_id, account, object, crm_id, fields, base, created, change_id, run_id)
SELECT c.identity_id, c.account, c.object, c.crm_id, c.after, c.before, coalesce(c.created, false), c.change_id, :run_id
FROM came JOIN change c USING (change_id) WHERE came.stands AND {_THERE}
ON CONFLICT (identity_id, account) DO UPDATE
SET base = pushed.base || coalesce((SELECT jsonb_object_agg(b.key, b.value) FROM jsonb_each(excluded.base) b
                                    WHERE crm_alike(pushed.fields -> b.key, b.value) IS NOT TRUE), '{{}}'),
    fields = pushed.fields || excluded.fields, created = pushed.created OR excluded.created,
    change_id = excluded.change_id, run_id = excluded.run_id, at = now()
"""
_HELD = """quarantine q WHERE q.stage = 'push' AND q.state = 'held' AND q.expectation !~ '^(MERGED|ERASED) '
    AND q.subject IN (SELECT identity_id FROM came)"""


def _node(change: str) -> str:
    """SQL for whether a change is of the record that stands for a person."""
    return f"""({change}.action <> 'delete' AND {change}.object IN ('Lead', 'Contact')
                AND NOT jsonb_path_exists({change}.origin, '$.*.beside'))"""


# A refusal waits until all that it is about came through since: the same record, or the one that stands for the person
# where the refused one was to. What else of theirs came through, a task or a place in a campaign, says nothing of it.
# Counted, and not asked for by NOT EXISTS: few are held, and the planner must not read all changes for them.
_RELEASE = f"""
UPDATE quarantine w SET state = 'released', settled_at = now()
WHERE w.quarantine_id IN (SELECT q.quarantine_id FROM {_HELD} AND 0 = (
    SELECT count(*) FROM change r
    WHERE r.identity_id = q.subject AND r.state = 'refused' AND r.code = q.expectation
      AND NOT EXISTS (
        SELECT FROM quarantine o WHERE o.stage = 'push' AND o.subject = q.subject AND o.expectation = q.expectation
          AND o.state <> 'held' AND o.settled_at >= r.settled_at)
      AND NOT EXISTS (
        SELECT FROM change d WHERE d.identity_id = r.identity_id AND d.account = r.account AND d.state = 'done'
          AND d.change_id > r.change_id
          AND (d.object = r.object AND r.match_value IN (d.match_value, d.crm_id)
               OR {_node("d")} AND {_node("r")}))))
"""
_QUARANTINE = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT DISTINCT ON (c.identity_id, s.code)
       'push', c.identity_id, s.code, coalesce(nullif(s.message, ''), s.code), :run_id
FROM settled s JOIN change c USING (change_id) WHERE s.state = 'refused' ORDER BY c.identity_id, s.code, change_id
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO UPDATE
SET reason = excluded.reason, run_id = excluded.run_id, at = now()
"""
_WHAT = f"""
SELECT coalesce(bool_or(gone), false) AS gone, coalesce(bool_or(stands), false) AS stands,
       coalesce(bool_or(erased), false) AS erased, coalesce(bool_or(back), false) AS back,
       EXISTS (SELECT FROM settled WHERE state = 'refused') AS refused, EXISTS (SELECT FROM {_HELD}) AS held FROM came
"""


def _needed(connection: sa.Connection, way: Dispatch) -> Iterator[str]:
    """The statements that what came to be calls for, in their order: most of them look in vain for most."""
    connection.execute(sa.text("ANALYZE came"))
    what = connection.execute(sa.text(_WHAT)).one()
    if what.back:
        yield _BESIDE
    if what.gone:
        yield _GONE
    if what.stands:
        yield from (_LEAVE, _TAKE_OVER, _PUSHED)
    if what.held:
        yield _RELEASE
    if what.refused:
        yield _QUARANTINE
    if what.back:
        yield from taken_back.NOTED
    if what.erased:
        yield from erasing.NOTED
    if what.refused and way.sending.duplicates == "skip":
        yield duplicates.DROP


# The digest commits to every change and its outcome.
_TOLD = """
SELECT coalesce(min(change_id), 0) AS first, coalesce(max(change_id), 0) AS last,
       count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'done' AND created) AS created,
       count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'approved') AS approved,
       count(*) FILTER (WHERE state = 'unknown') AS unknown,
       count(*) FILTER (WHERE state = 'superseded') AS superseded,
       encode(sha256(convert_to(string_agg(change_id || ' ' || state || ' ' || coalesce(crm_id, ''), E'\\n'
                                           ORDER BY change_id), 'UTF8')), 'hex') AS digest
FROM settled
"""
