"""What differs between our leads and the CRM, found for all of them at once in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from landbridge.push import merge, wanted
from landbridge.push.policy import Policy

_JSON = """CASE WHEN {0} IS NULL THEN CAST('null' AS JSON)
    WHEN type = 'flag' THEN to_json(lower({0}) IN ('true', '1'))
    WHEN type = 'number' AND TRY_CAST({0} AS BIGINT) = TRY_CAST({0} AS DOUBLE) THEN to_json(TRY_CAST({0} AS BIGINT))
    WHEN type = 'number' THEN to_json(TRY_CAST({0} AS DOUBLE)) ELSE to_json({0}) END"""

_WRITTEN = f"verdict IN {merge.WRITES}"

_DIFFERENCES = f"""
SELECT identity_id, any_value(creating) AS creating,
    map_from_entries(list((field, {_JSON.format("have")})) FILTER ({_WRITTEN})) AS before,
    map_from_entries(list((field, {_JSON.format("want")})) FILTER ({_WRITTEN})) AS after,
    map_from_entries(list((field, json_merge_patch(coalesce(if(json_type(origin) = 'OBJECT', origin, NULL), '{{}}'),
        json_object('field', coalesce(source, 'default'))))) FILTER ({_WRITTEN})) AS origin,
    map_from_entries(list((field, json_object('ours', want, 'theirs', have, 'last', last,
        'kept', if(verdict = 'conflict', 'theirs', 'ours')))) FILTER (verdict IN {merge.CONFLICTS})) AS conflicts
FROM merged GROUP BY identity_id HAVING count(*) FILTER (verdict IN {(*merge.WRITES, *merge.CONFLICTS)}) > 0
"""

_WANTED = """
SELECT identity_id, coalesce(k.object, 'Lead') AS object, if(creating, 'create', 'update') AS action,
    if(creating, {external_id}, 'Id') AS match_field, if(creating, identity_id, k.crm_id) AS match_value,
    CAST(to_json(before) AS VARCHAR) AS before, CAST(to_json(after) AS VARCHAR) AS after,
    CAST(to_json(d.origin) AS VARCHAR) AS origin,
    CAST(to_json(coalesce(conflicts, map())) AS VARCHAR) AS conflicts, lead_digest
FROM differing d JOIN known k USING (identity_id) WHERE cardinality(after) > 0
"""

_HELD = """
SELECT count(*) FROM known LEFT JOIN differing USING (identity_id)
WHERE coalesce(cardinality(after), 0) = 0
  AND (cardinality(conflicts) > 0 OR gone OR "foreign" OR unsettled OR (crm_id IS NOT NULL AND present IS NULL))
"""


@dataclass(frozen=True)
class Differences:
    """`changes`: a row a CRM write, JSON as text. `held`: leads that differ in something that we leave alone."""

    leads: int
    held: int
    changes: pa.Table


def find(policy: Policy, leads: pa.Table) -> Differences:
    """Compare `leads` (see known.read) with the CRM, field by field, as the policy says."""
    with duckdb.connect() as connection:
        connection.register("arrived", leads)
        connection.execute("CREATE TABLE known AS FROM arrived")
        # In steps, each kept: as one query DuckDB computes shared expressions again and again, at three times the cost.
        connection.execute(
            "CREATE TABLE offered AS " + " UNION ALL ".join(wanted.query(policy, name) for name in policy.objects)
        )
        connection.execute("CREATE TABLE merged AS " + merge.MERGE.format(offered="offered"))
        connection.execute(f"CREATE TABLE differing AS {_DIFFERENCES}")
        changes = connection.sql(_WANTED.format(external_id=wanted.quoted(policy.external_id))).to_arrow_table()
        return Differences(leads.num_rows, _count(connection, _HELD), changes)


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
