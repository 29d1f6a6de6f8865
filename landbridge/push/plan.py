"""Planning: what would have to change in the CRM so that it says what our valid leads say, and nothing else.

A plan is compared with what is open already: a change that is still wanted stays in its plan, one that is not is
superseded, and only what is new makes a new plan. So a second planning writes nothing. A revert that waits is left
alone, and so is all that it is about.

The stage "plan" in a run's books: taken = valid leads; new = leads that the CRM does not have and should; changed =
CRM records that would be updated; unchanged = nothing to do; held = something differs and is left alone: somebody's
edit stays, somebody holds it, somebody deleted our record, the CRM refused the same change before, or its record is
not readable now.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.csv as pacsv
import sqlalchemy as sa

from landbridge.push import differences, holds, known, opt_outs, outbox
from landbridge.push.accounts import matching
from landbridge.push.activities import finding
from landbridge.push.claimed import UNSETTLED, WAITS
from landbridge.push.differences import Beside, Rules
from landbridge.push.mirror import combining, erasing
from landbridge.push.mirror import finding as mirror
from landbridge.push.mirror.finding import Mirrored, People
from landbridge.push.offer import wants_times
from landbridge.push.policy import Policy
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run


def make_plan(run: Run, policy: Policy, account: str, trust: Sequence[str] = ()) -> str | None:
    """Plan everything that differs. Answers the newest plan that is open, or None when nothing waits to be sent.

    Nothing is written when nothing differs from what is planned already. `trust`: accounts, most trusted first, for
    fields that go by it.
    """
    with run.store.only_one(f"push {account}"), run.books.stage("plan", account) as entry:
        entry.taken = known.count(run.store)
        times = known.times(run.store) if wants_times(policy) else known.NO_TIMES
        leads = known.read(run.store, account, policy.node)
        companies = matching.match(run.store, policy.accounts, account, leads)
        held = holds.read(run.store, account)
        strayed, others = known.strayed(run.store, account), known.beside(run.store, account, policy.node)
        found = differences.find(Rules(policy, account, trust), leads, Beside(times, strayed, held, companies))
        entry.held, entry.unchanged = found.held, found.unchanged
        beside = finding.find(run, policy, account, leads, found.changes, held)
        refused = opt_outs.find(run, policy, account, others, held)
        mirrored = mirror.find(run, policy, account, People(leads, others, strayed, held))
        changes = pa.concat_tables([found.changes.cast(beside.schema), beside, refused])
        _keep(run, policy, account, changes, mirrored, entry)
    return newest_open(run.store, account)


def newest_open(store: Store, account: str) -> str | None:
    """The newest plan that still has changes to be sent or approved."""
    change, plan = tables.change, tables.plan
    query = (
        sa.select(plan.c.plan_id)
        .where(plan.c.account == account, plan.c.state.in_(("planned", "approved")))
        .where(sa.exists().where(change.c.plan_id == plan.c.plan_id, change.c.state.in_(outbox.OPEN)))
        .order_by(plan.c.at.desc(), plan.c.plan_id.desc())
    )
    with store.begin() as connection:
        return connection.scalar(query.limit(1))


PEOPLE = ("Lead", "Contact")
"""The kinds of CRM records that stand for a person; the others hang on them."""

_STAGED = """
CREATE TEMP TABLE wanted (identity_id text, object text, action text, match_field text, match_value text,
    before jsonb, after jsonb, origin jsonb, conflicts jsonb, lead_digest text) ON COMMIT DROP
"""
NODES = """(w.action <> 'delete' AND EXISTS (
    SELECT FROM jsonb_each(w.origin) o WHERE NOT (o.value ? 'beside' OR o.value ? 'mirror')))"""
"""Changes by which the books of planning count a lead: not those of records beside its node, nor what only mirrors."""

_REFUSED_BEFORE = f"""
DELETE FROM wanted w WHERE EXISTS (
    SELECT FROM change c, quarantine q
    WHERE c.account = :account AND c.identity_id = w.identity_id AND c.state = 'refused' AND c.after = w.after
      AND c.object = w.object AND c.match_value = w.match_value AND q.stage = 'push' AND q.subject = c.identity_id
      AND q.state IN ('held', 'dropped') AND q.expectation = c.code)
RETURNING CASE WHEN {NODES} THEN w.object ELSE '' END
"""
_WITHOUT_PARENT = """
DELETE FROM wanted w WHERE w.after ? 'Lead' AND NOT EXISTS (
    SELECT FROM wanted p WHERE p.identity_id = w.identity_id AND p.object = 'Lead' AND p.action = 'create')
"""
_COUNTED = f"""
SELECT action, count(*) FROM wanted w WHERE object = ANY(:people) AND {NODES} GROUP BY action
"""
_UNDER_WAY = f"""
WITH busy AS MATERIALIZED (
    SELECT c.identity_id, c.object, c.match_value FROM change c
    WHERE c.account = :account AND ({UNSETTLED} OR c.state IN ('planned', 'approved')
          AND c.plan_id IN (SELECT plan_id FROM plan WHERE kind = 'revert' AND state IN ('planned', 'approved'))))
DELETE FROM wanted w
WHERE identity_id IN (SELECT identity_id FROM busy) OR (object, match_value) IN (SELECT object, match_value FROM busy)
RETURNING CASE WHEN {NODES} THEN w.object ELSE '' END
"""
_SAME = """
c.account = :account AND c.identity_id = w.identity_id AND c.object = w.object AND c.match_value = w.match_value
AND c.before = w.before AND c.after = w.after
"""
_SUPERSEDE = f"""
UPDATE change c SET state = 'superseded', settled_at = now()
WHERE c.account = :account AND {WAITS} AND NOT EXISTS (SELECT FROM wanted w WHERE {_SAME})
  AND NOT EXISTS (SELECT FROM plan p WHERE p.plan_id = c.plan_id AND p.kind = 'revert')
"""
_STILL_MEANT = f"""
UPDATE change c SET lead_digest = w.lead_digest, origin = w.origin, conflicts = w.conflicts FROM wanted w
WHERE {_SAME} AND {WAITS}
  AND (c.lead_digest, c.origin, c.conflicts) IS DISTINCT FROM (w.lead_digest, w.origin, w.conflicts)
"""
_STILL_OPEN = f"""
DELETE FROM wanted w USING change c WHERE {_SAME} AND {WAITS}
"""
_INSERT = """
INSERT INTO change (plan_id, account, identity_id, object, action, match_field, match_value, before, after, origin,
                    conflicts, lead_digest)
SELECT :plan_id, :account, identity_id, object, action, match_field, match_value, before, after, origin, conflicts,
       lead_digest
FROM wanted ORDER BY object NOT IN ('Lead', 'Contact'), identity_id
"""


def _keep(run: Run, policy: Policy, account: str, changes: pa.Table, mirrored: Mirrored, entry: Entry) -> None:
    """Compare what is wanted with what is open, and keep the difference. One transaction."""
    with run.store.begin() as connection:
        connection.execute(sa.text(_STAGED))
        _copy(connection, "wanted", changes)
        erasing.plan(connection, run, policy, account)
        combining.combine(connection, run, policy, account, mirrored, _copy)
        for left_alone in (_REFUSED_BEFORE, _UNDER_WAY):
            gone = connection.scalars(sa.text(left_alone), {"account": account}).all()
            entry.held += sum(1 for each in gone if each in PEOPLE)
        connection.execute(sa.text(_WITHOUT_PARENT))
        counts = connection.execute(sa.text(_COUNTED), {"people": list(PEOPLE)}).all()
        by_action = {row[0]: int(row[1]) for row in counts}
        entry.new, entry.changed = by_action.get("create", 0), by_action.get("update", 0)
        superseded = connection.execute(sa.text(_SUPERSEDE), {"account": account}).rowcount
        for kept in (_STILL_MEANT, _STILL_OPEN):
            connection.execute(sa.text(kept), {"account": account})
        if superseded:
            outbox.close_plans(connection, account)
            audit.record(connection, run.event("change.superseded", account, changes=superseded))
        _insert(connection, run, policy, account, entry.unchanged)


_COPIED = 5000
"""Rows that are made into text at once."""


def _copy(connection: sa.Connection, table: str, changes: pa.Table) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        for batch in changes.to_batches(_COPIED):
            if batch.num_rows:  # pyarrow 26 writes the memory's garbage for a piece without rows
                text = io.BytesIO()
                pacsv.write_csv(batch, text, pacsv.WriteOptions(include_header=False))
                copy.write(text.getbuffer())
    connection.execute(sa.text(f"ANALYZE {table}"))


def _insert(connection: sa.Connection, run: Run, policy: Policy, account: str, unchanged: int) -> None:
    changes = connection.scalar(sa.text("SELECT count(*) FROM wanted")) or 0
    if not changes:
        return
    plan_id = f"plan-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    row = {"plan_id": plan_id, "run_id": run.run_id, "account": account, "policy": policy.content_hash}
    connection.execute(sa.insert(tables.plan).values(row | {"unchanged": unchanged}))
    connection.execute(sa.text(_INSERT), {"plan_id": plan_id, "account": account})
    audit.record(connection, run.event("plan.made", plan_id, changes=changes, policy=policy.content_hash))
