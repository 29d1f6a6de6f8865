"""Quarantine of leads: what is held with its reason, what is let go, and by whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.quality.form import Expectation, Suite
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import Run

_BOUND = 200
"""Characters of a failing value that are kept beside it; the whole stays in the record."""


@dataclass(frozen=True)
class Failure:
    """A row of the batch that does not meet an expectation."""

    row: int
    expectation: Expectation


@dataclass(frozen=True)
class Outcome:
    """Leads found valid for the first time, and valid again."""

    new: int = 0
    changed: int = 0


def settle(run: Run, suite: Suite, leads: pa.Table, failures: Sequence[Failure]) -> Outcome:
    """Write down what a check of `leads` found, in one transaction: held, released, and each lead's validity.

    A lead that changed since it was read stays unchecked. What a person released stays released for that value.
    """
    errors = [failure for failure in failures if failure.expectation.severity == "error"]
    held = pa.table({name: [row[name] for row in _rows(leads, errors)] for name in _HELD}, _HELD_SCHEMA)
    batch = {name: leads[name].to_pylist() for name in ("identity_id", "digest")}
    with run.store.begin() as connection:
        connection.execute(_CHECKED, {"suite": suite.content_hash, **batch})
        connection.execute(_FAILING, held.to_pydict())
        released = connection.execute(_RELEASE).rowcount
        added = connection.execute(_HOLD, {"run": run.run_id}).rowcount
        counts = connection.execute(_COUNT, {"suite": suite.content_hash}).one()
        marked = connection.execute(_MARK, {"suite": suite.content_hash}).rowcount
        if released or added or marked:
            counted = {"checked": leads.num_rows, "held": added, "released": released, "failed": len(errors)}
            noted = len(failures) - len(errors)
            audit.record(connection, run.event("leads.validated", run.run_id, **counted, warned=noted))
    return Outcome(counts.new, counts.changed)


def _rows(leads: pa.Table, failures: Sequence[Failure]) -> list[dict[str, Any]]:
    return [_row(leads, failure.row, failure.expectation) for failure in failures]


def _row(leads: pa.Table, row: int, expectation: Expectation) -> dict[str, Any]:
    field = expectation.fields[0]
    value = leads[field][row].as_py()
    origin = json.loads(leads["origin"][row].as_py()).get(field) or {}
    return {
        "subject": leads["identity_id"][row].as_py(),
        "expectation": expectation.id,
        "field": field,
        "value": None if value is None else str(value)[:_BOUND],
        "reason": expectation.why,
        "record_id": origin.get("record"),
    }


def standing(store: Store) -> tuple[int, int]:
    """How many leads there are, and how many of them are held back."""
    with store.begin() as connection:
        row = connection.execute(sa.text("SELECT count(*), count(*) FILTER (WHERE NOT valid) FROM lead")).one()
        return int(row[0]), int(row[1])


def held(store: Store) -> list[Mapping[str, Any]]:
    """What is held of leads now, oldest first."""
    rows = tables.quarantine
    query = sa.select(rows).where(rows.c.stage == "validate", rows.c.state == "held").order_by(rows.c.quarantine_id)
    with store.begin() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def release(store: Store, quarantine_id: int, actor: str, reason: str) -> None:
    """Let a held lead go although it fails this expectation with this value. Raises NotFound when it is not held.

    The lead may leave as soon as nothing else of it is held. Another value is judged anew.
    """
    with store.begin() as connection:
        given = {"id": quarantine_id, "actor": actor, "why": reason}
        subject = connection.scalar(_RELEASE_ONE, given)
        if subject is None:
            raise NotFound(f"Nothing of a lead is held under {quarantine_id}.", do="See `landbridge check`.")
        connection.execute(VALID_AGAIN, {"subjects": [subject]})
        event = audit.Event("quarantine.released", actor, f"quarantine/{quarantine_id}", {"identity": subject})
        audit.record(connection, event)


def drop(store: Store, quarantine_id: int, actor: str, reason: str) -> None:
    """Be done with what is held: of a lead, a record or a row. Raises NotFound when it is not held.

    A lead stays back for good as it is; one that changes is judged anew.
    """
    with store.begin() as connection:
        given = {"id": quarantine_id, "actor": actor, "why": reason}
        if connection.execute(_DROP_ONE, given).rowcount == 0:
            raise NotFound(f"Nothing is held under {quarantine_id}.", do="See `landbridge check`.")
        event = audit.Event("quarantine.dropped", actor, f"quarantine/{quarantine_id}", {})
        audit.record(connection, event)


def keep(connection: sa.Connection, quarantine_id: int) -> None:
    """Nobody else settles it until the transaction ends. Raises NotFound when it is not held."""
    if connection.execute(_KEEP, {"id": quarantine_id}).first() is None:
        raise NotFound(f"Nothing is held under {quarantine_id} any more.", do="Quarantine lists what is held.")


_KEEP = sa.text("SELECT 1 FROM quarantine WHERE quarantine_id = :id AND state = 'held' FOR UPDATE")

KEPT_BACK = f"""
q.state = 'held' OR q.state = 'dropped' AND q.stage = 'validate' AND q.settled_by IS NOT NULL
    AND q.value IS NOT DISTINCT FROM left(lead.fields ->> q.field, {_BOUND})
"""
"""Rows `q` of the quarantine that keep a `lead` back: what is held, and what somebody dropped of it as it still is."""

_HELD_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("subject", "expectation", "field", "value", "reason")]
    + [("record_id", pa.int64())]
)
_HELD = _HELD_SCHEMA.names

_CHECKED = sa.text("""
CREATE TEMP TABLE checked ON COMMIT DROP AS
SELECT b.identity_id, b.digest, l.checked_digest AS seen_digest, l.checked_suite AS seen_suite, l.valid AS was_valid
FROM unnest(CAST(:identity_id AS text[]), CAST(:digest AS text[])) AS b(identity_id, digest)
JOIN lead l ON l.identity_id = b.identity_id AND l.digest = b.digest
""")

_FAILING = sa.text("""
CREATE TEMP TABLE failing ON COMMIT DROP AS
SELECT f.* FROM unnest(CAST(:subject AS text[]), CAST(:expectation AS text[]), CAST(:field AS text[]),
    CAST(:value AS text[]), CAST(:reason AS text[]), CAST(:record_id AS bigint[]))
    AS f(subject, expectation, field, value, reason, record_id)
JOIN checked ON identity_id = subject
WHERE NOT EXISTS (SELECT FROM quarantine q WHERE q.stage = 'validate' AND q.state = 'released'
    AND q.settled_by IS NOT NULL AND q.subject = f.subject AND q.expectation = f.expectation
    AND q.value IS NOT DISTINCT FROM f.value)
""")

_RELEASE = sa.text("""
UPDATE quarantine q SET state = 'released', settled_at = now() FROM checked
WHERE stage = 'validate' AND state = 'held' AND subject = identity_id
  AND NOT EXISTS (SELECT FROM failing f WHERE f.subject = q.subject AND f.expectation = q.expectation)
""")

_HOLD = sa.text("""
INSERT INTO quarantine (stage, subject, expectation, field, value, reason, record_id, run_id)
SELECT 'validate', subject, expectation, field, value, reason, record_id, :run FROM failing
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO UPDATE SET field = excluded.field,
    value = excluded.value, reason = excluded.reason, record_id = excluded.record_id, run_id = excluded.run_id
WHERE (quarantine.value, quarantine.reason, quarantine.record_id)
    IS DISTINCT FROM (excluded.value, excluded.reason, excluded.record_id)
""")

_PASSES = """NOT EXISTS (SELECT FROM failing WHERE subject = checked.identity_id)
    AND NOT EXISTS (SELECT FROM quarantine q
        WHERE q.stage = 'identity' AND q.state = 'held' AND q.subject = checked.identity_id)"""

_COUNT = sa.text(f"""
SELECT count(*) FILTER (WHERE seen_digest IS NULL) AS new, count(*) FILTER (WHERE seen_digest <> digest
    OR seen_digest = digest AND (seen_suite <> :suite OR was_valid IS DISTINCT FROM true)) AS changed
FROM checked WHERE {_PASSES}
""")

_MARK = sa.text(f"""
UPDATE lead l SET valid = ({_PASSES}), checked_digest = checked.digest, checked_suite = :suite FROM checked
WHERE l.identity_id = checked.identity_id
  AND (l.checked_digest, l.checked_suite, l.valid) IS DISTINCT FROM (checked.digest, :suite, ({_PASSES}))
""")

_RELEASE_ONE = sa.text("""
UPDATE quarantine SET state = 'released', settled_at = now(), settled_by = :actor, settled_why = :why
WHERE quarantine_id = :id AND stage = 'validate' AND state = 'held' RETURNING subject
""")

_DROP_ONE = sa.text("""
UPDATE quarantine SET state = 'dropped', settled_at = now(), settled_by = :actor, settled_why = :why
WHERE quarantine_id = :id AND stage IN ('land', 'map', 'validate') AND state = 'held'
""")

VALID_AGAIN = sa.text(f"""
UPDATE lead SET valid = true WHERE identity_id = ANY(:subjects) AND checked_digest = digest AND NOT EXISTS (
    SELECT FROM quarantine q
    WHERE q.stage IN ('identity', 'validate') AND q.subject = lead.identity_id AND ({KEPT_BACK}))
""")
"""Leads of which nothing is held any more may leave."""
