"""Matching: which pairs of profiles may be one person, how likely, and on what evidence. Works on two profiles and
on a million."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from landbridge.identity.comparisons import COMPARISONS, RARITY
from landbridge.identity.model import Model
from landbridge.identity.splink_engine import score

CROWDED = 60
"""A blocking key that more profiles carry pairs nobody: what so many share tells nobody apart. The rare keys still
pair them."""

SHIPPED_COUNTS_FOR = 20_000
"""How many profiles' worth of names the model's own frequencies stand for, beside those of the base at hand."""

UNSEEN = 2e-5
"""Share of profiles taken for a name that neither the model nor the base knows."""

MATCHES = pa.schema(
    [
        pa.field("left_id", pa.string()),
        pa.field("right_id", pa.string()),
        pa.field("weight", pa.float64()),
        pa.field("probability", pa.float64()),
        pa.field("evidence", pa.string()),
    ]
)


def match(features: pa.Table, model: Model, changed: pa.Array | None = None) -> pa.Table:
    """Pairs at or above the model's review threshold, best first, as MATCHES; each pair once, left_id < right_id.

    `evidence` is JSON, {comparison: {level, weight, left, right}}, weights in bits; what could not be compared is
    left out. It holds personal values. With `changed` (profile_ids) only pairs that have one of them are weighed.
    Same rows in any order, same answer.
    """
    if features.num_rows < 2:
        return MATCHES.empty_table()
    con = duckdb.connect()
    try:
        con.register("features", features)
        _nodes(con, model)
        _pairs(con, changed)
        scored = score(con, model, features.num_rows, model.review)
        return con.sql(_evidence_sql(scored)).to_arrow_table().cast(MATCHES)
    finally:
        con.close()


def _nodes(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Table `nodes`: features with a number for each profile and the frequency of its names."""
    size = con.sql("SELECT count(*) FROM features").fetchall()[0][0]
    for column in RARITY:
        known = model.rarity.get(column, {})
        con.register(
            "shipped",
            pa.table({"value": pa.array(list(known), pa.string()), "share": pa.array(known.values(), pa.float64())}),
        )
        con.execute(f"""
            CREATE TEMP TABLE rarity_{column} AS
            SELECT value, (n + {SHIPPED_COUNTS_FOR} * coalesce(share,
                {UNSEEN})) / ({size} + {SHIPPED_COUNTS_FOR}) AS tf_{column}
            FROM (SELECT {column} AS value, count(*) AS n FROM features WHERE {column} IS NOT NULL GROUP BY 1)
            LEFT JOIN shipped USING (value)""")
        con.unregister("shipped")
    joins = " ".join(f"LEFT JOIN rarity_{c} ON rarity_{c}.value = f.{c}" for c in RARITY)
    con.execute(f"""CREATE TABLE nodes AS SELECT row_number() OVER (ORDER BY profile_id) AS uid, f.* EXCLUDE (keys),
        f.keys,
        {", ".join(f"tf_{c}" for c in RARITY)} FROM features f {joins}""")


def _pairs(con: duckdb.DuckDBPyConnection, changed: pa.Array | None) -> None:
    """Table `pairs`: every two profiles with a blocking key in common, each once."""
    con.execute("CREATE TEMP TABLE keyed AS SELECT uid, unnest(keys) AS key FROM nodes")
    con.execute(
        f"CREATE TEMP TABLE usable AS SELECT key FROM keyed GROUP BY key HAVING count(*) BETWEEN 2 AND {CROWDED}"
    )
    con.execute("CREATE TEMP TABLE slim AS SELECT uid, key FROM keyed SEMI JOIN usable USING (key)")
    touched = ""
    if changed is not None:
        con.register("changed", pa.table({"profile_id": changed}))
        con.execute("CREATE TEMP TABLE changed_uid AS SELECT uid FROM nodes SEMI JOIN changed USING (profile_id)")
        touched = "AND (a.uid IN (SELECT uid FROM changed_uid) OR b.uid IN (SELECT uid FROM changed_uid))"
    con.execute(f"""CREATE TABLE pairs AS SELECT DISTINCT '0' AS match_key, a.uid AS join_key_l, b.uid AS join_key_r
        FROM slim a JOIN slim b ON a.key = b.key AND a.uid < b.uid {touched}""")


def _evidence_sql(scored: str) -> str:
    """Pairs by profile_id, with each comparison's level, bits and values as JSON."""
    pieces = ", ".join(_piece(i) for i in range(len(COMPARISONS)))
    return f"""
        SELECT l.profile_id AS left_id, r.profile_id AS right_id, match_weight AS weight,
            match_probability AS probability,
            to_json(map_from_entries(list_filter([{pieces}], lambda e: e.v IS NOT NULL)))::VARCHAR AS evidence
        FROM {scored} s JOIN nodes l ON l.uid = s.uid_l JOIN nodes r ON r.uid = s.uid_r
        ORDER BY weight DESC, left_id, right_id"""


def _piece(index: int) -> str:
    comparison = COMPARISONS[index]
    names = [level.name for level in reversed(comparison.ladder)]
    gamma, name = f"gamma_{comparison.name}", comparison.name
    bits = f"round(mw_{name}{f' + mw_tf_adj_{name}' if any(level.rarity for level in comparison.levels) else ''}, 2)"
    shown = [_shown(comparison.values, side) for side in "lr"]
    return f"""{{'k': '{name}', 'v': CASE WHEN {gamma} >= 0 THEN {{'level': {names}[{gamma} + 1], 'weight': {bits},
        'left': {shown[0]}, 'right': {shown[1]}}} END}}"""


def _shown(values: str, side: str) -> str:
    column = values.format(side) if "{0}" in values else f"{side}.{values}"
    return (
        f"array_to_string({column}, ', ')"
        if values in ("all_emails", "all_phones", "all_handles", "company_keys")
        else column
    )
