"""No is no, in every CRM record of a person: a refusal reaches those beside the one that we keep current, too.

An identity may have several records in the CRM (a lead that somebody made twice, one left over from a merge). Planning
keeps one of them, its node, up to date; whoever writes to the person from another must see the refusal as well.

The stage "opt-outs" in a run's books: taken = such records of people who refused something; changed = to be marked;
unchanged = marked already; held = somebody holds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.leads.fields import OPT_OUTS
from landbridge.push.activities.queries import PLANNED
from landbridge.push.wanted import quoted

if TYPE_CHECKING:
    from landbridge.push.policy import Policy
    from landbridge.trail.runs import Run

NONE = pa.schema([(name, pa.string()) for name in PLANNED]).empty_table()


def find(run: Run, policy: Policy, account: str, others: pa.Table, holds: pa.Table) -> pa.Table:
    """The updates that are missing, as rows of changes; their `origin` says `beside`, for they are of no node.

    `others`: known.beside.
    """
    flags = [
        f"({quoted(name)}, {quoted(field)}, {quoted(source)})"
        for name, rule in policy.objects.items()
        for field, each in rule.fields.items()
        for source in each.source
        if each.type == "flag" and source in OPT_OUTS
    ]
    if not (flags and others.num_rows):
        return NONE
    with run.books.stage("opt-outs", account) as entry, duckdb.connect() as connection:
        connection.register("other", others)
        connection.register("hold", holds)
        found = connection.sql(_DUE.replace("{flags}", ", ".join(flags))).to_arrow_table()
        entry.taken = found.num_rows
        states = found["state"].to_pylist()
        entry.changed, entry.unchanged, entry.held = (states.count(state) for state in ("due", "there", "held"))
        return found.filter(pc.equal(found["state"], "due")).select(list(PLANNED)).cast(NONE.schema)


_HELD = """EXISTS (SELECT 1 FROM hold h WHERE (h.identity_id IS NULL OR h.identity_id = o.identity_id)
    AND (h.object IS NULL OR h.object = o.object) AND (h.field IS NULL OR h.field = f.field)
    AND (h.value IS NULL OR h.value = 'true'))"""

_LEFT = "FILTER (NOT there AND NOT held)"


def _object(value: str) -> str:
    return f"""'{{{{' || string_agg(to_json(field) || ':' || {value}, ',' ORDER BY field) {_LEFT} || '}}}}'"""


_DUE = f"""
WITH flag(object, field, source) AS (VALUES {{flags}}),
refused AS (
    SELECT o.identity_id, o.object, crm_id, lead_digest, f.field,
           json_extract_string(present, '$.' || f.field) = 'true' AS there, {_HELD} AS held
    FROM other o JOIN flag f ON f.object = o.object
    WHERE json_extract_string(o.fields, '$.' || f.source) = 'true' AND json_exists(present, '$.' || f.field))
SELECT CASE WHEN count(*) {_LEFT} > 0 THEN 'due' WHEN bool_and(there) THEN 'there' ELSE 'held' END AS state,
    identity_id, object, 'update' AS action, 'Id' AS match_field, crm_id AS match_value,
    {_object("'false'")} AS before, {_object("'true'")} AS after,
    {_object("json_object('rule', 'any_refusal', 'beside', true)")} AS origin, '{{{{}}}}' AS conflicts, lead_digest
FROM refused GROUP BY identity_id, object, crm_id, lead_digest
""".replace("{{", "{").replace("}}", "}")
