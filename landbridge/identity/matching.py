"""Matching: which pairs of profiles may be one person, how likely, and on what evidence. Works on two profiles and
on a million."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity import ceiling, pairing
from landbridge.identity.comparisons import COMPARISONS, RARITY, Comparison
from landbridge.identity.model import Model
from landbridge.identity.splink_engine import score

if TYPE_CHECKING:
    from landbridge.identity.spark_engine import Cluster

SHIPPED_COUNTS_FOR = 20_000
"""How many profiles' worth of names the model's own frequencies stand for, beside those of the base at hand."""

FEW_PAIRS = 2_000
"""So many are weighed at once: to tell first which of them can reach a threshold takes longer."""

UNSEEN = {"given": 2e-5, "family": 2e-5, "city": 2e-5, "postcode": 2e-4, "birth_date": 4e-5}
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


@dataclass(frozen=True)
class Counts:
    """How common names are in a base of `size` profiles: for each column of RARITY a table (value, n)."""

    size: int
    of: Mapping[str, pa.Table]


def count(features: pa.Table) -> Counts:
    """The counts of a whole base."""
    con = duckdb.connect()
    try:
        con.register("features", features)
        named = "SELECT {0} AS value, count(*) AS n FROM features WHERE {0} IS NOT NULL GROUP BY 1 ORDER BY 1"
        return Counts(features.num_rows, {c: con.sql(named.format(c)).to_arrow_table() for c in RARITY})
    finally:
        con.close()


def match(features: pa.Table, model: Model, counts: Counts | None = None, spark: Cluster | None = None) -> pa.Table:
    """Pairs at or above the model's review threshold, best first, as MATCHES; each pair once, left_id < right_id.

    `evidence` is JSON, {comparison: {level, weight, left, right}}, weights in bits; what could not be compared is
    left out. It holds personal values. Names weigh by their frequency among these profiles, or by `counts`.
    With `spark` the pairs are made and weighed there. Same rows in any order, same answer.
    """
    return _matches(features, model, counts or count(features), lambda con, size: _found(con, model, size, spark))


def weigh(features: pa.Table, pairs: pa.Table, model: Model, counts: Counts) -> pa.Table:
    """The same for `pairs` (left_id, right_id; each once) alone: `features` need hold no others."""

    def scored(con: duckdb.DuckDBPyConnection, size: int) -> str:
        _given_pairs(con, pairs)
        return score(con, model, size, model.review)

    return _matches(features, model, counts, scored)


Scored = Callable[[duckdb.DuckDBPyConnection, int], str]
"""Weighs pairs of `nodes` in a base of so many profiles; answers the name of the table, see splink_engine.score."""


def _matches(features: pa.Table, model: Model, counts: Counts, scored: Scored) -> pa.Table:
    if features.num_rows < 2:
        return MATCHES.empty_table()
    con = duckdb.connect()
    try:
        con.register("features", numbered(features))
        _nodes(con, model, counts)
        return _with_evidence(con, scored(con, counts.size)).cast(MATCHES)
    finally:
        con.close()


def _nodes(con: duckdb.DuckDBPyConnection, model: Model, counts: Counts) -> None:
    """Table `nodes`: features with a number for each profile and the frequency of its names."""
    for column in RARITY:
        known = model.rarity.get(column, {})
        con.register(
            "shipped",
            pa.table({"value": pa.array(list(known), pa.string()), "share": pa.array(known.values(), pa.float64())}),
        )
        con.register("counted", counts.of[column])
        con.execute(f"""
            CREATE TEMP TABLE rarity_{column} AS
            SELECT value, (coalesce(n, 0) + {SHIPPED_COUNTS_FOR} * coalesce(share,
                {UNSEEN[column]})) / ({counts.size} + {SHIPPED_COUNTS_FOR}) AS tf_{column}
            FROM (SELECT DISTINCT {column} AS value FROM features WHERE {column} IS NOT NULL)
            LEFT JOIN counted USING (value) LEFT JOIN shipped USING (value)""")
        con.unregister("shipped")
        con.unregister("counted")
    read = ", ".join(_read(con.table("features").columns))
    joins = " ".join(f"LEFT JOIN rarity_{c} ON rarity_{c}.value = f.{c}" for c in RARITY)
    con.execute(
        f"CREATE TABLE nodes AS SELECT uid, {read}, {', '.join(f'tf_{c}' for c in RARITY)} FROM features f {joins}"
    )


def numbered(features: pa.Table) -> pa.Table:
    """The same in the order of profile_id, with `uid`, the place in it, by which a profile goes from here."""
    ids = features["profile_id"]
    if not pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        features = features.sort_by("profile_id")
    return features.append_column("uid", pa.array(range(features.num_rows), pa.int32()))


def _read(columns: list[str]) -> list[str]:
    """Those of the features' columns that comparisons read; the others would only be carried along."""
    written = " ".join(text for c in COMPARISONS for text in (c.absent, c.values, *(level.sql for level in c.levels)))
    return [column for column in columns if re.search(rf"\b{column}(_[lr])?\b", written)]


def _found(con: duckdb.DuckDBPyConnection, model: Model, size: int, spark: Cluster | None) -> str:
    """Every two profiles with a blocking key in common, weighed: here, or on a cluster."""
    if spark:
        from landbridge.identity import spark_engine

        con.execute("CREATE TEMP VIEW keyed AS SELECT uid, unnest(keys)::VARCHAR AS key FROM features")
        return spark_engine.score(con, model, size, pairing.CROWDED, spark)
    blocked = pairing.pairs(con.table("features").select("keys").to_arrow_table()["keys"])
    many = blocked.num_rows > FEW_PAIRS
    worth = blocked.filter(pa.array(ceiling.ceilings(con, blocked, model, size) >= model.review)) if many else blocked
    con.register("worth", worth)
    con.execute("CREATE TABLE pairs AS SELECT '0' AS match_key, join_key_l, join_key_r FROM worth")
    return score(con, model, size, model.review)


def _given_pairs(con: duckdb.DuckDBPyConnection, pairs: pa.Table) -> None:
    """Table `pairs`: those that somebody else found."""
    con.register("wanted", pairs)
    con.execute("""CREATE TABLE pairs AS
        SELECT '0' AS match_key, least(l.uid, r.uid) AS join_key_l, greatest(l.uid, r.uid) AS join_key_r
        FROM wanted w JOIN features l ON l.profile_id = w.left_id JOIN features r ON r.profile_id = w.right_id""")


def _with_evidence(con: duckdb.DuckDBPyConnection, scored: str) -> pa.Table:
    """Pairs by profile_id, best first, with each comparison's level, bits and values as JSON.

    JSON is written as text: values once a profile, and no objects in between, which took three times as long. Numbers
    are put in order before the texts come to them, which would be heavy to move. Weights are rounded: the last digit
    of a sum is the engine's own, and clusters are made in the order of weights.
    """
    shown = ", ".join(f"coalesce(to_json({_shown(c.values)})::VARCHAR, 'null') AS {c.name}" for c in COMPARISONS)
    con.execute(f"""CREATE OR REPLACE TEMP TABLE best AS SELECT *, round(match_weight, 6) AS weight FROM {scored}
        ORDER BY weight DESC, uid_l, uid_r""")
    con.execute(f"""CREATE OR REPLACE TEMP TABLE shown AS SELECT n.uid, profile_id, {shown} FROM nodes n
        JOIN features USING (uid) WHERE uid IN (SELECT uid_l FROM best UNION ALL SELECT uid_r FROM best)""")
    pieces = ", ".join(_piece(comparison) for comparison in COMPARISONS)
    found = con.sql(f"""
        SELECT l.profile_id AS left_id, r.profile_id AS right_id, weight, round(match_probability, 9) AS probability,
            '{{' || concat_ws(',', {pieces}) || '}}' AS evidence, best.rowid AS place
        FROM best JOIN shown l ON l.uid = uid_l JOIN shown r ON r.uid = uid_r""").to_arrow_table()
    if (np.diff(found["place"].to_numpy()) < 0).any():  # a join may keep the order, and need not
        found = found.sort_by("place")
    return found.drop_columns(["place"])


def _piece(comparison: Comparison) -> str:
    """The member of one comparison in a pair's evidence, null where nothing could be compared. By `concat`, which
    writes once what `||` would copy at every step."""
    name, rungs = comparison.name, enumerate(reversed(comparison.ladder))
    bits = f"round(mw_{name}{f' + mw_tf_adj_{name}' if any(level.rarity for level in comparison.levels) else ''}, 2)"
    told = " ".join(f"""WHEN {gamma} THEN '"{name}":{{"level":"{level.name}","weight":'""" for gamma, level in rungs)
    written = f"""concat(CASE gamma_{name} {told} END, {bits}, ',"left":', l.{name}, ',"right":', r.{name}, '}}')"""
    return f"CASE WHEN gamma_{name} >= 0 THEN {written} END"


def _shown(values: str) -> str:
    lists = values in ("all_emails", "all_phones", "all_handles", "company_keys")
    return values.format("n") if "{0}" in values else f"array_to_string(n.{values}, ', ')" if lists else f"n.{values}"
