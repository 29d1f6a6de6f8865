"""Enrich: a golden record becomes a lead: score with reasons, intent, route, and what has happened so far.

Ages are whole days (UTC) back from the newest touchpoint in the database, never from later than today: the same
touchpoints give the same lead on any day. Only the age bands that rules speak of enter a lead's inputs, so a lead is
made again when news came, or when news elsewhere moved one of its touchpoints past a limit, and not otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from landbridge.leads import batches, judge, told
from landbridge.leads.rules import LeadRules
from landbridge.store import bulk
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection


def enrich(run: Run, rules: LeadRules) -> None:
    """Make the lead of every golden record whose values or touchpoints, or the rules, have changed.

    A lead that says something else is not valid until validation has seen it.
    Books "lead": taken = golden records; changed = the lead says something else than before.
    """
    run.note("versions", lead_rules=rules.content_hash)
    with run.books.stage("lead") as entry, run.store.bulk() as connection:
        as_of = bulk.get(connection, _AS_OF)["as_of"][0].as_py()
        fresh = _FRESH.format(as_of=as_of, bands=", ".join(map(str, rules.bands)))
        for _ in batches.stale(connection, "lead", fresh, (rules.content_hash,), entry):
            batches.keep(connection, "lead", _made(connection, rules, as_of), _VALUES, entry, run.run_id)


def _made(connection: Connection, rules: LeadRules, as_of: str) -> pa.Table:
    with duckdb.connect() as engine:
        engine.register("gold", bulk.get(connection, _GOLD))
        engine.register("touch", bulk.get(connection, _TOUCH.format(as_of=as_of)))
        told.tell(engine)
        judge.judge(engine, rules)
        return engine.sql(_LEAD).to_arrow_table()


_VALUES = (
    "fields = fields::jsonb; origin = origin::jsonb; score = score; reasons = reasons::jsonb; "
    "valid = (SELECT l.valid FROM lead l WHERE l.identity_id = made.identity_id AND l.digest = made.digest)"
)

_AS_OF = """
SELECT CAST(CAST(least(coalesce(max(at), now()), now()) AT TIME ZONE 'UTC' AS date) AS text) AS as_of FROM touchpoint
"""

_AGE = "date '{as_of}' - CAST(touchpoint.at AT TIME ZONE 'UTC' AS date)"

_FRESH = (
    r"""
SELECT identity_id, encode(sha256(convert_to(concat_ws(' ', $1, g.digest, t.touched), 'UTF8')), 'hex') AS inputs
FROM golden g LEFT JOIN (
    SELECT identity_id, string_agg(concat_ws(' ', touchpoint_id, record_id, digest, width_bucket("""
    + _AGE
    + r""", ARRAY[{bands}])), E'\n' ORDER BY touchpoint_id COLLATE "C") AS touched
    FROM link JOIN touchpoint ON person = profile_id GROUP BY identity_id) t USING (identity_id)
"""
)

_GOLD = """
SELECT identity_id, CAST(fields AS text) AS fields, CAST(origin AS text) AS origin, profiles
FROM batch JOIN golden USING (identity_id)
"""

# Enough of a text to tell what it is about; a hostile one costs no more than that.
_TOUCH = (
    """
SELECT identity_id, touchpoint_id, person, record_id, kind, channel, campaign,
    touchpoint.at AT TIME ZONE 'UTC' AS moment, """
    + _AGE
    + """ AS age, CASE WHEN direction IS DISTINCT FROM 'out' THEN left(concat_ws(' ', subject, text), 4000) END AS words
FROM batch JOIN link USING (identity_id) JOIN touchpoint ON person = profile_id
"""
)

_LEAD = """
WITH scored AS (
    SELECT identity_id, greatest(0, least(100, sum(points))) AS score,
        CAST(to_json(list({'points': points, 'why': why} ORDER BY place)) AS VARCHAR) AS reasons
    FROM reason GROUP BY identity_id),
lead AS (
    SELECT identity_id, CAST(to_json(map_from_entries(list((field, value) ORDER BY field))) AS VARCHAR) AS fields,
        CAST(to_json(map_from_entries(list((field, origin) ORDER BY field))) AS VARCHAR) AS origin
    FROM told GROUP BY identity_id)
SELECT identity_id, fields, origin, CAST(coalesce(score, 0) AS INTEGER) AS score, coalesce(reasons, '[]') AS reasons,
    sha256(fields) AS digest
FROM lead LEFT JOIN scored USING (identity_id)
"""
