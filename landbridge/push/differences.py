"""What differs between our leads and the CRM, found for all of them at once in DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from landbridge.push import merge, wanted
from landbridge.push.holding import leave_out
from landbridge.push.offer import give_back, offer
from landbridge.push.policy import Policy

_JSON = """CASE WHEN {0} IS NULL THEN 'null'
    WHEN type = 'flag' THEN to_json(lower({0}) IN ('true', '1'))
    WHEN type = 'number' AND TRY_CAST({0} AS BIGINT) = TRY_CAST({0} AS DOUBLE) THEN to_json(TRY_CAST({0} AS BIGINT))
    WHEN type = 'number' THEN to_json(TRY_CAST({0} AS DOUBLE)) ELSE to_json({0}) END"""

# A flag that is to be emptied says no: the CRM knows no empty one.
_AFTER = f"CASE WHEN want IS NULL AND type = 'flag' THEN 'false' ELSE {_JSON.format('want')} END"

_ORIGIN = """json_merge_patch(if(json_type(origin) = 'OBJECT', origin, '{}'),
    json_object('field', coalesce(source, 'default')))"""

# Why the one or the other stays: who settles the field, or why our value cannot stand there.
_WHY = "coalesce(if(verdict = 'held', 'held', NULL), unfit, if(owner IN ('newest', 'most_trusted'), owner, 'edited'))"

_CONFLICT = f"""json_object('ours', coalesce(want, meant), 'theirs', have, 'last', last,
    'kept', if(verdict = 'override', 'ours', 'theirs'), 'why', {_WHY})"""


def _object(value: str, verdicts: tuple[str, ...], where: str = "true") -> str:
    """A JSON object of the fields with these verdicts: as text, which costs half of what a map of JSON values does."""
    pairs = f"string_agg(to_json(field) || ':' || {value}, ',') FILTER (verdict IN {verdicts} AND {where})"
    return f"'{{' || coalesce({pairs}, '') || '}}'"


_DIFFERENCES = f"""
SELECT identity_id, any_value(creating) AS creating, count(*) FILTER (verdict IN {merge.WRITES}) > 0 AS writes,
    {_object(_JSON.format("have"), merge.WRITES, "(seen OR creating)")} AS before,
    {_object(_AFTER, merge.WRITES)} AS after,
    {_object(_ORIGIN, merge.WRITES)} AS origin, {_object(_CONFLICT, merge.TOLD)} AS conflicts
FROM merged WHERE verdict IN {(*merge.WRITES, *merge.TOLD)} GROUP BY identity_id
"""

_WANTED = """
SELECT identity_id, coalesce(k.object, 'Lead') AS object, if(creating, 'create', 'update') AS action,
    if(creating, {external_id}, 'Id') AS match_field, if(creating, identity_id, k.crm_id) AS match_value,
    before, after, d.origin, conflicts, lead_digest
FROM differing d JOIN known k USING (identity_id) WHERE writes
"""

_KNOWN = "SELECT a.*, c.account_id, c.account_reason FROM arrived a LEFT JOIN company c USING (identity_id)"

_LEFT_ALONE = """
SELECT count(*) FILTER (held), count(*) FILTER (NOT held) FROM (
    SELECT writes IS NOT NULL OR gone OR "foreign" OR unsettled OR (crm_id IS NOT NULL AND present IS NULL) AS held
    FROM known LEFT JOIN differing USING (identity_id) WHERE NOT coalesce(writes, false))
"""


@dataclass(frozen=True)
class Differences:
    """`changes`: a row a CRM write, JSON as text; an update's `before` has the fields that the CRM shows us, no other.
    `held`: leads that differ in something that we leave alone.
    """

    held: int
    unchanged: int
    changes: pa.Table


@dataclass(frozen=True)
class Rules:
    """What a comparison goes by: the CRM's policy, and the golden rules' order of trust in accounts."""

    policy: Policy
    account: str
    trust: Sequence[str] = ()


@dataclass(frozen=True)
class Beside:
    """What is known beside the leads: known.times, known.strayed, holds.read and matching.match."""

    times: pa.Table
    strayed: pa.Table
    holds: pa.Table
    companies: pa.Table


AT_ONCE = 10_000
"""Leads that are compared at once: a lead is some thirty rows then, and memory must not grow with a load."""


def find(rules: Rules, leads: pa.Table, beside: Beside) -> Differences:
    """Compare `leads` (see known.read) with the CRM, field by field."""
    found = [_find(rules, leads.slice(start, AT_ONCE), beside) for start in range(0, max(leads.num_rows, 1), AT_ONCE)]
    held, unchanged = (sum(numbers) for numbers in zip(*((each.held, each.unchanged) for each in found), strict=True))
    return Differences(held, unchanged, pa.concat_tables([each.changes for each in found]))


def _find(rules: Rules, leads: pa.Table, beside: Beside) -> Differences:
    policy = rules.policy
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")  # a time without a zone is no different on another machine
        connection.register("arrived", leads)
        connection.register("company", beside.companies)
        connection.execute(f"CREATE TABLE known AS {_KNOWN}")
        # In steps, each kept: as one query DuckDB computes shared expressions again and again, at three times the cost.
        connection.register("rule", wanted.rules(policy))
        rows = " UNION ALL ".join(wanted.query(policy, name) for name in policy.objects)
        connection.execute(f"CREATE TABLE valued AS {rows}")
        give_back(connection, policy, beside.strayed)
        offer(connection, policy, rules.account, rules.trust, beside.times)
        connection.execute("CREATE TABLE merged AS " + merge.MERGE.format(offered="offered"))
        leave_out(connection, beside.holds)
        connection.execute(f"CREATE TABLE differing AS {_DIFFERENCES}")
        changes = connection.sql(_WANTED.format(external_id=wanted.quoted(policy.external_id))).to_arrow_table()
        held, unchanged = connection.sql(_LEFT_ALONE).fetchall()[0]
        return Differences(held, unchanged, changes)
