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
    columns = ", ".join(f"{_value(field)} AS {field}" for field in suite.columns)
    unique = [each for each in suite.expectations if each.is_unique]
    query = (
        f"WITH due AS (SELECT * FROM lead WHERE {_due(unique)}) {_BATCH.format(columns=columns, twins=_twins(unique))}"
    )
    parameters = (suite.content_hash, *(each.id for each in unique))
    with run.store.bulk() as connection:
        return bulk.get(connection, query, parameters)


def _value(field: str) -> str:
    return f"(fields ->> '{field}')::int" if field in NUMBERS else f"left(fields ->> '{field}', {LONGEST})"


def _due(unique: list[Expectation]) -> str:
    """Which leads make a check needful: new or changed ones, and those that another lead held which now is gone."""
    tests = ["checked_digest IS DISTINCT FROM digest OR checked_suite IS DISTINCT FROM $1"]
    tests += [_FREED.format(number=2 + place, key=_key(each)) for place, each in enumerate(unique)]
    return " OR ".join(tests)


def _twins(unique: list[Expectation]) -> str:
    """Leads that share with a due one what must be unique: whether they do is judged over all leads."""
    return "".join(f" OR {_key(each)} IN (SELECT {_key(each)} FROM due)" for each in unique)


def _key(expectation: Expectation) -> str:
    values = [f"fields ->> '{field}'" for field in expectation.fields]
    return values[0] if len(values) == 1 else f"jsonb_build_array({', '.join(values)})"


_FREED = """
identity_id IN (SELECT subject FROM quarantine WHERE stage = 'validate' AND state = 'held' AND expectation = ${number})
AND {key} NOT IN (SELECT {key} FROM lead GROUP BY 1 HAVING count(*) > 1 AND {key} IS NOT NULL)
"""

_BATCH = """
SELECT identity_id, digest, origin::text AS origin, {columns} FROM lead
WHERE identity_id IN (SELECT identity_id FROM due){twins} ORDER BY identity_id
"""
