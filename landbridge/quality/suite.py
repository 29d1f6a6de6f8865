"""Validate: what fails is held with the reason, what was mended is let go, the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from landbridge.leads import checked
from landbridge.leads.fields import NUMBERS
from landbridge.quality import hold
from landbridge.quality.form import Expectation, Suite
from landbridge.store import bulk
from landbridge.trail.runs import Run

__all__ = ["Suite", "load_suite", "validate"]

LONGEST = 10_000
"""Characters of a value that are looked at. No CRM field is checked for more."""


def load_suite(path: Path) -> Suite:
    """mappings/quality/lead.yaml, checked. Raises RuleInvalid."""
    return checked.load(path, Suite)


def validate(run: Run, suite: Suite, docs_dir: Path) -> None:
    """Check every lead that this suite has not seen as it now is, and build Data Docs about them in `docs_dir`.

    A lead that fails an error is held: not valid, with a quarantine row an expectation. Rows held before whose
    expectation is met now are released. With nothing to check, Great Expectations is not even imported, no page is
    built and nothing is written.
    Books "validate": taken = leads; held = leads that may not leave, now or still; new = found valid for the first
    time; changed = found valid again after they or the suite changed, or after being held; unchanged = valid as
    before.
    """
    run.note("versions", suite=suite.content_hash)
    with run.books.stage("validate") as entry:
        leads = _unchecked(run, suite)
        outcome = hold.Outcome()
        if leads.num_rows:
            outcome = hold.settle(run, suite, leads, _failures(run, suite, leads, docs_dir))
        entry.taken, entry.held = hold.standing(run.store)
        entry.new, entry.changed = outcome.new, outcome.changed
        entry.unchanged = entry.taken - entry.held - entry.new - entry.changed


def _failures(run: Run, suite: Suite, leads: pa.Table, docs: Path) -> list[hold.Failure]:
    from landbridge.quality.great import check

    found = check(leads.select(suite.columns), suite, docs, run.run_id)
    if found.page:
        run.note("links", data_docs=found.page.relative_to(docs).as_posix())
    return [
        hold.Failure(row, each) for each, rows in zip(suite.expectations, found.failing, strict=True) for row in rows
    ]


def _unchecked(run: Run, suite: Suite) -> pa.Table:
    """identity_id, digest, origin and a column per field: the leads to check, in a fixed order."""
    unique = [each for each in suite.expectations if each.is_unique]
    query = _UNCHECKED.format(
        columns=", ".join(f"{_value(field)} AS {field}" for field in suite.columns),
        freed="".join(_FREED.format(number=n, mine=_key("l", e), other=_key("o", e)) for n, e in enumerate(unique, 2)),
        twins="".join(_TWINS.format(mine=_key("l", each), due=_key("d", each)) for each in unique),
    )
    with run.store.bulk() as connection:
        return bulk.get(connection, query, (suite.content_hash, *(each.id for each in unique)))


def _value(field: str) -> str:
    return f"(fields ->> '{field}')::int" if field in NUMBERS else f"left(fields ->> '{field}', {LONGEST})"


def _key(lead: str, expectation: Expectation) -> str:
    values = [f"{lead}.fields ->> '{field}'" for field in expectation.fields]
    return f"({values[0]})" if len(values) == 1 else f"jsonb_build_array({', '.join(values)})"


# UNIONs of joins and no ORs of INs: beyond some thousand leads PostgreSQL would compare each with each.
_UNCHECKED = """
WITH due AS (
    SELECT identity_id FROM lead
    WHERE checked_digest IS DISTINCT FROM digest OR checked_suite IS DISTINCT FROM $1 {freed}),
batch AS (SELECT identity_id FROM due {twins})
SELECT identity_id, digest, origin::text AS origin, {columns} FROM batch JOIN lead USING (identity_id)
ORDER BY identity_id
"""

# A lead that was held because another one had the same, which now is gone or says something else.
_FREED = """
UNION SELECT l.identity_id FROM quarantine q JOIN lead l ON l.identity_id = q.subject
WHERE q.stage = 'validate' AND q.state = 'held' AND q.expectation = ${number}
    AND NOT EXISTS (SELECT FROM lead o WHERE {other} = {mine} AND o.identity_id <> l.identity_id)
"""

# Leads that share with a due one what must be unique: whether they do is judged over all leads.
_TWINS = """
UNION SELECT l.identity_id FROM due JOIN lead d USING (identity_id) JOIN lead l ON {mine} = {due}
"""
