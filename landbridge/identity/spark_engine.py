"""Splink's Spark backend: the same comparisons, weights and frequencies on a cluster. Alone in importing pyspark.

The cluster does what grows with the square: it joins blocking keys with themselves and weighs the pairs. Features come
from the same code as ever, and clusters are made where the results are kept (docs/scale.md).

Facts used, from splink 5.0.0 and pyspark 4.3.0: the similarity functions are in a jar that Splink carries; frequencies
are registered as tables (a table that brings its own `tf_` columns has them twice); a session's jars are those it was
begun with.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from landbridge.errors import ConfigInvalid
from landbridge.identity.comparisons import RARITY
from landbridge.identity.model import Model
from landbridge.identity.splink_engine import splink_settings


@dataclass(frozen=True)
class Cluster:
    """Where Spark runs. `share` is a folder that the driver and every worker see by the same path; `options` are
    Spark's own settings."""

    master: str = "local[*]"
    share: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def session(cluster: Cluster) -> Iterator[Any]:
    """A Spark session with Splink's functions. Raises ConfigInvalid where pyspark or Java is missing."""
    try:
        from pyspark.sql import SparkSession
        from splink.backends.spark import similarity_jar_location
    except ImportError as error:
        raise ConfigInvalid(
            "identity.engine is spark, and pyspark is not installed.", do="Install the extra: pip install '.[spark]'."
        ) from error
    settings = {**_QUIET, **(_HERE if cluster.master.startswith("local") else {}), **cluster.options}
    builder = SparkSession.builder.appName("landbridge").master(cluster.master)
    for name, value in {**settings, "spark.jars": similarity_jar_location()}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # py4j's, of several kinds: no Java, no master there
        raise ConfigInvalid(
            f"Spark does not start on {cluster.master}.", do="Check identity.spark.master, and that Java 17 is there."
        ) from error
    try:
        yield spark
    finally:
        spark.stop()


_QUIET = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8", "spark.log.level": "ERROR"}
_HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def score(con: duckdb.DuckDBPyConnection, model: Model, size: int, crowded: int, cluster: Cluster) -> str:
    """Pair and weigh what is in `con` (tables `nodes`, `keyed` and rarity_*), as splink_engine.score does in place.

    Returns the name of a table in `con` of the same shape.
    """
    with tempfile.TemporaryDirectory(dir=cluster.share) as folder, session(cluster) as spark:
        lists = _hand_over(con, Path(folder))
        scored = _weigh(spark, Path(folder), model, size, crowded, lists)
        scored.write.parquet(f"{folder}/scored")
        con.execute(f"CREATE OR REPLACE TABLE scored AS FROM read_parquet('{folder}/scored/*.parquet')")
    return "scored"


def _hand_over(con: duckdb.DuckDBPyConnection, folder: Path) -> frozenset[str]:
    """Write what the cluster reads; answers which columns are lists."""
    columns = con.sql("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'nodes'").fetchall()
    kept = [name for name, _ in columns if not name.startswith("tf_") and name != "keys"]
    con.execute(f"COPY (SELECT {', '.join(kept)} FROM nodes) TO '{folder}/nodes.parquet'")
    con.execute(f"COPY keyed TO '{folder}/keyed.parquet'")
    for column in RARITY:
        con.execute(f"COPY (SELECT value AS {column}, tf_{column} FROM rarity_{column}) TO '{folder}/{column}.parquet'")
    return frozenset(name for name, kind in columns if kind.endswith("[]"))


_PAIRS = """
WITH usable AS (SELECT key FROM keyed GROUP BY key HAVING count(*) BETWEEN 2 AND {crowded}),
slim AS (SELECT uid, key FROM keyed LEFT SEMI JOIN usable USING (key))
SELECT DISTINCT '0' AS match_key, a.uid AS join_key_l, b.uid AS join_key_r
FROM slim a JOIN slim b ON a.key = b.key AND a.uid < b.uid
"""


def _weigh(spark: Any, folder: Path, model: Model, size: int, crowded: int, lists: frozenset[str]) -> Any:
    """A Spark data frame of weighed pairs at or above the model's review threshold."""
    from splink import Linker
    from splink.backends.spark import SparkAPI

    spark.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
    made: Any = SparkAPI
    api = made(spark_session=spark, break_lineage_method="parquet", num_partitions_on_repartition=8)
    read = spark.read.parquet
    read(f"{folder}/keyed.parquet").createOrReplaceTempView("keyed")
    linker = Linker(api.register(read(f"{folder}/nodes.parquet")), _settings(model, size, lists), log_level="ERROR")
    for column in RARITY:
        frequencies = api.register(read(f"{folder}/{column}.parquet"))
        linker.table_management.register_term_frequency_lookup(frequencies, column)
    pairs = api.register(spark.sql(_PAIRS.format(crowded=crowded)))
    linker.table_management.register_blocked_pairs_for_predict(pairs)
    scored = linker.inference.predict(threshold_match_weight=model.review, warning_mode="never")
    return scored.as_spark_dataframe()


def _settings(model: Model, size: int, lists: frozenset[str]) -> dict[str, Any]:
    settings = splink_settings(model, size)
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            level["sql_condition"] = as_spark(level["sql_condition"], lists)
    return settings | {"sql_dialect": "spark"}


_INDEXED = re.compile(r"\b(\w+)(_[lr])\[(\d+)(?::(\d+))?\]")


def as_spark(condition: str, lists: frozenset[str]) -> str:
    """A condition written for DuckDB as Spark says it. `lists`: the columns that are lists, the others being text."""
    import sqlglot

    if condition == "ELSE":
        return condition

    def element(found: re.Match[str]) -> str:
        column, side, first, last = found.groups()
        if column in lists:
            return f"try_element_at({column}{side}, {first})"
        return f"substring({column}{side}, {first}, {int(last or first) - int(first) + 1})"

    portable = re.sub(r"\blen\(", "cardinality(", _INDEXED.sub(element, condition))
    tree: Any = sqlglot.parse_one(portable, read="duckdb")
    return str(tree.transform(_turn).sql(dialect="spark"))


def _turn(node: Any) -> Any:
    from sqlglot import exp

    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="arrays_overlap", expressions=[node.this, node.expression])
    if isinstance(node, exp.JarowinklerSimilarity):
        return exp.Anonymous(this="jaro_winkler", expressions=[node.this, node.expression])
    return node
