"""Golden: the surviving values of every customer, each with the profile, the record and the rule it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from landbridge.leads import batches
from landbridge.leads.overrides import OVERRULED
from landbridge.leads.rules import GoldenRules
from landbridge.leads.survive import survivors
from landbridge.store import bulk
from landbridge.store.profiles import PROFILE_SCHEMA
from landbridge.trail import audit
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection


def golden(run: Run, rules: GoldenRules) -> None:
    """Make the golden record of every live identity whose profiles or overrides, or the rules, have changed.

    Books "golden": taken = live identities that have a profile; changed = the record says something else, or says it
    by another origin. Books "golden", subject "gone": identities that have none any more (merged away, or deleted
    everywhere); their golden record and lead are removed, and what was held of them is dropped.
    """
    run.note("versions", golden_rules=rules.content_hash)
    _remove_gone(run)
    with run.books.stage("golden") as entry, run.store.bulk() as connection:
        for _ in batches.stale(connection, "golden", _FRESH, (rules.content_hash,), entry):
            made = _made(connection, rules)
            batches.keep(connection, "golden", made, _VALUES.format(rules=rules.content_hash), entry, run.run_id)


def _made(connection: Connection, rules: GoldenRules) -> pa.Table:
    with duckdb.connect() as engine:
        engine.register("member", bulk.get(connection, _MEMBERS))
        return survivors(engine, rules, bulk.get(connection, _OVERRULED))


def _remove_gone(run: Run) -> None:
    with run.store.begin() as connection:
        gone = list(connection.execute(sa.text(_GONE)).scalars())
        if not gone:
            return
        for statement in _REMOVE:
            connection.execute(sa.text(statement), {"gone": gone})
        audit.record(connection, run.event("golden.removed", run.run_id, count=len(gone), ids=audit.digest(gone)))
    with run.books.stage("golden", "gone") as entry:
        entry.taken = entry.changed = len(gone)


_VALUES = "fields = fields::jsonb; origin = origin::jsonb; profiles = profiles; rules = '{rules}'"

# Consent outlives its record, so profiles that are gone count among what a golden record is made from.
_FRESH = rf"""
WITH RECURSIVE {OVERRULED},
word AS (SELECT identity_id, string_agg(concat(E'\n', override_id), '' ORDER BY override_id) AS said
         FROM overruled GROUP BY identity_id)
SELECT identity_id, encode(sha256(convert_to($1 || string_agg(concat_ws(' ', profile_id, record_id, p.digest,
    extract(epoch FROM updated_at), extract(epoch FROM created_at), p.gone), E'\n' ORDER BY profile_id COLLATE "C")
    || coalesce(max(word.said), ''), 'UTF8')), 'hex') AS inputs
FROM link JOIN identity i USING (identity_id) JOIN profile p USING (profile_id) LEFT JOIN word USING (identity_id)
WHERE i.redirect_to IS NULL GROUP BY identity_id HAVING bool_or(NOT p.gone)
"""

_MEMBERS = f"""
SELECT identity_id, {", ".join(PROFILE_SCHEMA.names)}
FROM batch JOIN link USING (identity_id) JOIN profile USING (profile_id)
"""

_OVERRULED = f"""
WITH RECURSIVE {OVERRULED}
SELECT identity_id, field, value, override_id FROM batch JOIN overruled USING (identity_id)
"""

_GONE = """
SELECT identity_id FROM golden g WHERE NOT EXISTS (
    SELECT FROM link JOIN identity i USING (identity_id) JOIN profile p USING (profile_id)
    WHERE link.identity_id = g.identity_id AND i.redirect_to IS NULL AND NOT p.gone)
ORDER BY identity_id
"""

_REMOVE = (
    "UPDATE quarantine SET state = 'dropped', settled_at = now() "
    "WHERE stage = 'validate' AND state = 'held' AND subject = ANY(:gone)",
    "DELETE FROM lead WHERE identity_id = ANY(:gone)",
    "DELETE FROM golden WHERE identity_id = ANY(:gone)",
)
