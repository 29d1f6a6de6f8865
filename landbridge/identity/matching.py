"""Matching: which pairs of profiles may be one person, how likely, and on what evidence. Works on two profiles and
on a million."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from landbridge.identity import evidence, pairing
from landbridge.identity.ceiling import Ceilings
from landbridge.identity.comparisons import COMPARISONS, RARITY
from landbridge.identity.evidence import Matches
from landbridge.identity.features import in_order
from landbridge.identity.model import Model
from landbridge.identity.splink_engine import score

if TYPE_CHECKING:
    from landbridge.identity.spark_engine import Cluster

SHIPPED_COUNTS_FOR = 20_000
"""How many profiles' worth of names the model's own frequencies stand for, beside those of the base at hand."""

FEW = 1_000
"""The pairs of so many profiles are weighed at once: to tell first which can reach a threshold takes longer."""

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


@contextmanager
def matched(
    features: pa.Table, model: Model, counts: Counts | None = None, spark: Cluster | None = None
) -> Iterator[Matches]:
    """Pairs of `features`, in the order of profile_id, at or above the model's review threshold; each pair once.

    Names weigh by their frequency among these profiles, or by `counts`. With `spark` the pairs are made and weighed
    there. Evidence can be asked for until the block ends.
    """
    counted = counts or count(features)
    with _weighed(features, model, counted, lambda con: _found(con, model, counted.size, spark)) as found:
        yield found


def match(features: pa.Table, model: Model, counts: Counts | None = None, spark: Cluster | None = None) -> pa.Table:
    """The same whole, as MATCHES, best first, left_id < right_id. Same rows in any order, same answer."""
    features = in_order(features)
    with matched(features, model, counts, spark) as found:
        return found.table(features["profile_id"]).cast(MATCHES)


def weigh(features: pa.Table, pairs: pa.Table, model: Model, counts: Counts) -> pa.Table:
    """The same for `pairs` (left_id, right_id; each once) alone: `features` need hold no others."""
    features = in_order(features)

    def scored(con: duckdb.DuckDBPyConnection) -> str:
        _given_pairs(con, pairs)
        return score(con, model, counts.size, model.review)

    with _weighed(features, model, counts, scored) as found:
        return found.table(features["profile_id"]).cast(MATCHES)


Scored = Callable[[duckdb.DuckDBPyConnection], str]
"""Weighs pairs of `nodes`; answers the name of the table, see splink_engine.score."""


@contextmanager
def _weighed(features: pa.Table, model: Model, counts: Counts, scored: Scored) -> Iterator[Matches]:
    if features.num_rows < 2:
        yield evidence.none()
        return
    con = duckdb.connect()
    try:
        con.register("features", numbered(features))
        _nodes(con, model, counts)
        yield evidence.weighed(con, scored(con))
    finally:
        con.close()


def _nodes(con: duckdb.DuckDBPyConnection, model: Model, counts: Counts) -> None:
    """Table `nodes`: features with a number for each profile and the frequency of its names.

    A name is as common as the base and the names that ship say together, and never rarer than the base shows by itself
    (less two standard deviations of such a count): a base of another language has names that do not ship.
    """
    for column in RARITY:
        known = model.rarity.get(column, {})
        con.register(
            "shipped",
            pa.table({"value": pa.array(list(known), pa.string()), "share": pa.array(known.values(), pa.float64())}),
        )
        con.register("counted", counts.of[column])
        con.execute(f"""
            CREATE TEMP TABLE rarity_{column} AS
            SELECT value, greatest((n + {SHIPPED_COUNTS_FOR} * coalesce(share, {UNSEEN[column]}))
                / ({counts.size} + {SHIPPED_COUNTS_FOR}), (n - 3 * sqrt(n)) / {counts.size}) AS tf_{column}
            FROM (SELECT value, coalesce(n, 0) AS n, share
                FROM (SELECT DISTINCT {column} AS value FROM features WHERE {column} IS NOT NULL)
                LEFT JOIN counted USING (value) LEFT JOIN shipped USING (value))""")
        con.unregister("shipped")
        con.unregister("counted")
    read = ", ".join(_read(con.table("features").columns))
    joins = " ".join(f"LEFT JOIN rarity_{c} ON rarity_{c}.value = f.{c}" for c in RARITY)
    con.execute(
        f"CREATE TABLE nodes AS SELECT uid, {read}, {', '.join(f'tf_{c}' for c in RARITY)} FROM features f {joins}"
    )


def numbered(features: pa.Table) -> pa.Table:
    """With `uid`, the place in the order of profile_id, which they are in: by it a profile goes from here."""
    return features.append_column("uid", pa.array(np.arange(features.num_rows, dtype=np.int32)))


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
    con.register("worth", _worth(con, model, size))
    con.execute("CREATE TABLE pairs AS SELECT '0' AS match_key, join_key_l, join_key_r FROM worth")
    return score(con, model, size, model.review)


def _worth(con: duckdb.DuckDBPyConnection, model: Model, size: int) -> pa.Table:
    """The pairs that can reach the threshold. Keys are sorted on one core while DuckDB reads numbers on the other."""
    keys = con.table("features").select("keys").to_arrow_table()["keys"]
    if len(keys) <= FEW:
        return pairing.pairs(keys)
    with ThreadPoolExecutor(1) as beside:
        blocked = beside.submit(pairing.pairs, keys)
        ceilings = Ceilings(con, model, size)
    found = blocked.result()
    return found.filter(pa.array(ceilings.of(found) >= model.review))


def _given_pairs(con: duckdb.DuckDBPyConnection, pairs: pa.Table) -> None:
    """Table `pairs`: those that somebody else found."""
    con.register("wanted", pairs)
    con.execute("""CREATE TABLE pairs AS
        SELECT '0' AS match_key, least(l.uid, r.uid) AS join_key_l, greatest(l.uid, r.uid) AS join_key_r
        FROM wanted w JOIN features l ON l.profile_id = w.left_id JOIN features r ON r.profile_id = w.right_id""")
