"""Learning a model: how often each level is met among pairs of one person and among strangers.

The default model is learned from generated customers, whose truth is known (`python -m
landbridge.identity.train_default`).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from landbridge.identity import namesakes
from landbridge.identity.comparisons import LEARNED, NAMESAKE, RARITY, Comparison
from landbridge.identity.counting import bounded, counts
from landbridge.identity.model import Model
from landbridge.identity.pairing import CROWDED

STRANGERS = 3_000_000
"""Random pairs that the levels' chance among strangers is counted on."""

KEPT_NAMES = 1_500
"""Commonest values of each column whose frequency ships with the model."""


def learn(features: pa.Table, truth: pa.Table, version: str, link: float, review: float) -> Model:
    """A model from labelled features; `truth` is (profile_id, person). Deterministic."""
    con = duckdb.connect()
    try:
        con.register("features", features)
        con.register("truth", truth)
        con.execute(_TABLES)
        size, pairs = con.sql("SELECT (SELECT count(*) FROM nodes), (SELECT count(*) FROM own)").fetchall()[0]
        weights = {c.name: _weights(con, c, size) for c in LEARNED}
        weights[NAMESAKE] = namesakes.weights(con, con.sql(_NAMESAKES).fetchall()[0][0] / (size * (size - 1) / 2))
        rarity = {column: _rarity(con, column, size) for column in RARITY}
        return Model(version, size, round(pairs / size, 3), link, review, weights, rarity)
    finally:
        con.close()


_TABLES = f"""
CREATE TEMP TABLE nodes AS SELECT row_number() OVER (ORDER BY profile_id) AS uid, person, f.*
    FROM features f JOIN truth USING (profile_id);
CREATE TEMP TABLE own AS SELECT a.uid AS l, b.uid AS r
    FROM nodes a JOIN nodes b ON a.person = b.person AND a.uid < b.uid;
CREATE TEMP TABLE random AS SELECT DISTINCT l, r FROM (
    SELECT 1 + hash(i) % n AS l, 1 + hash(i + 1000000007) % n AS r
        FROM range({STRANGERS}) t(i), (SELECT count(*) AS n FROM nodes)) WHERE l < r;
CREATE TEMP TABLE keyed AS SELECT uid, unnest(keys) AS key FROM nodes;
CREATE TEMP TABLE blocked AS SELECT DISTINCT a.uid AS l, b.uid AS r
    FROM keyed a JOIN keyed b ON a.key = b.key AND a.uid < b.uid
    WHERE a.key IN (SELECT key FROM keyed GROUP BY key HAVING count(*) <= {CROWDED});
"""


_NAMESAKES = """
SELECT count(*)::DOUBLE FROM nodes a JOIN nodes b
    ON a.given = b.given AND a.family = b.family AND a.person != b.person AND a.uid < b.uid
"""
"""Pairs of strangers with both names in common."""


def _weights(con: duckdb.DuckDBPyConnection, comparison: Comparison, size: int) -> dict[str, tuple[float, float]]:
    """(m, u) of each level. Levels marked `by_base` are too rare to meet by chance: they are counted where blocking
    finds them."""
    m = _shares(con, comparison, "own", "")
    u = _shares(con, comparison, "random", "WHERE a.person != b.person")
    found = counts(con, comparison, "blocked", "WHERE a.person != b.person")
    comparable = sum(counts(con, comparison, "random", "WHERE a.person != b.person").values()) / max(
        1, _size(con, "random")
    )
    everything = max(1.0, comparable * size * size / 2)
    weights = {}
    for level in comparison.ladder:
        chance = found.get(level.name, 0) / everything if level.by_base else u.get(level.name, 0.0)
        weights[level.name] = bounded(comparison, level, m.get(level.name, 0.0), chance)
    return weights


def _shares(con: duckdb.DuckDBPyConnection, comparison: Comparison, pairs: str, where: str) -> dict[str, float]:
    found = counts(con, comparison, pairs, where)
    total = max(1, sum(found.values()))
    return {level: n / total for level, n in found.items()}


def _size(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.sql(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _rarity(con: duckdb.DuckDBPyConnection, column: str, size: int) -> dict[str, float]:
    rows = con.sql(
        f"SELECT {column}, count(*) AS n FROM nodes WHERE {column} IS NOT NULL GROUP BY 1 HAVING n > 2 "
        f"ORDER BY n DESC, 1 LIMIT {KEPT_NAMES}"
    ).fetchall()
    return {value: float(f"{n / size:.3g}") for value, n in rows}
