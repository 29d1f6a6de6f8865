"""Splink 5, the matching engine: the only file that imports it. Pairs in, weights out; parameters in, parameters out.

Facts used, from the installed 5.0.0: blocked pairs may be brought (`register_blocked_pairs_for_predict`), a table
that carries `tf_<column>` is not counted again (`_join_tf_to_input_table_sql`), a result left open blocks the
connection (duckdb 2.0). A level that adjusts for rarity looks for the bare equality among its comparison's levels, and
reads all of them for it (`_u_probability_corresponding_to_exact_match`); ours are that equality, and say so.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import duckdb

from landbridge.identity.comparisons import COMPARISONS, Comparison, Level
from landbridge.identity.model import Model


def score(con: duckdb.DuckDBPyConnection, model: Model, size: int, threshold: float) -> str:
    """Weigh every pair of table `pairs` (join_key_l, join_key_r, match_key) over table `nodes` (uid, features, tf_*).

    Returns the name of a table in `con`: uid_l, uid_r, match_weight, match_probability and for each comparison gamma_*
    (level counted from the bottom, -1 absent) and mw_* (bits, rarity in mw_tf_*); pairs under `threshold` bits left
    out.
    """
    from splink import Linker

    api, settings = _narrow(con), _read(splink_settings(model, size))
    linker = Linker(api.register("nodes"), settings, log_level="ERROR", validate_settings=False)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    scored = linker.inference.predict(threshold_match_weight=threshold, warning_mode="never")
    return str(scored.physical_name)


def _narrow(con: duckdb.DuckDBPyConnection) -> Any:
    """Splink's way to DuckDB that writes down no copy of what it compares: weighing then takes two thirds of the time.

    Every statement of 5.0.0 passes `_setup_for_execute_sql`. Of predictions it would keep each column that any level
    reads, on both sides, or else leave out the gammas (`_columns_to_select_for_predict`); and it would copy the rows of
    `nodes` that pairs name once for each side (`duckdb/pruned_prediction.py`), where a view does.
    """
    from splink import DuckDBAPI

    class Narrow(DuckDBAPI):
        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            if "__splink__df_predict" in physical_name:
                sql = f"SELECT {_PREDICTED} FROM (\n{sql}\n)"
            table = str(super()._setup_for_execute_sql(sql, physical_name))
            pruned = "__splink__df_pruned_predict_input" in physical_name
            return table.replace("CREATE TABLE", "CREATE VIEW", 1) if pruned else table

    return Narrow(connection=con)


_PREDICTED = "uid_l, uid_r, match_weight, match_probability, COLUMNS('^(gamma|mw)_')"


@dataclass(frozen=True, slots=True)
class Learned:
    """What one session of Splink's training found: of the pairs of one person the share on each level
    (`shares[comparison][level]`), and of the pairs it looked at the share that is one person."""

    shares: dict[str, dict[str, float]]
    matches: float


def learn(
    con: duckdb.DuckDBPyConnection, table: str, model: Model, size: int, without: frozenset[str]
) -> Learned | None:
    """How often each level is met between rows of one person: Splink's expectation maximisation over the pairs of
    `table` (uid, block, features) with the same `block`, comparisons `without` left out, u held.

    None where it finds one kind of pair only: Splink then ends with a chance of nought, which it refuses (ValueError
    of `_validate_m_u_probability`, 5.0.0), or with all or none of the pairs one person's.
    """
    linker = _learner(con, table, model, size, without)
    try:
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            "l.block = r.block", estimate_without_term_frequencies=True
        )
    except ValueError as error:
        if "m_probability" not in str(error):
            raise
        return None
    matches = float(session.core_model_settings.probability_two_random_records_match)
    return Learned(_shares(linker.misc.save_model_to_json()), matches) if 0 < matches <= 1 else None


def _learner(con: duckdb.DuckDBPyConnection, table: str, model: Model, size: int, without: frozenset[str]) -> Any:
    """A linker that compares as scoring does, rarity left aside."""
    from splink import DuckDBAPI, Linker

    settings = splink_settings(model, size)
    settings["comparisons"] = [c for c in settings["comparisons"] if c["output_column_name"] not in without]
    settings["probability_two_random_records_match"] = 0.3  # where training starts from: blocks are rich in matches
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            for rare in _RARE:
                level.pop(rare, None)
    people = DuckDBAPI(connection=con).register(table)
    return Linker(people, _read(settings), log_level="ERROR", validate_settings=False)  # ours, and tested


def _shares(settings: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Levels that were met, with what was found of them."""
    return {
        c["output_column_name"]: {
            level["label_for_charts"]: level["m_probability"]
            for level in c["comparison_levels"]
            if isinstance(level.get("m_probability"), float)
        }
        for c in settings["comparisons"]
    }


def splink_settings(model: Model, size: int) -> dict[str, Any]:
    """The model as Splink's settings, for a base of `size` profiles."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "probability_two_random_records_match": model.prior(size),
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [_comparison(c, model, size) for c in COMPARISONS],
        "retain_matching_columns": True,  # else the gamma columns are dropped too
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(comparison: Comparison, model: Model, size: int) -> dict[str, Any]:
    absent = {"sql_condition": comparison.absent, "label_for_charts": "absent", "is_null_level": True}
    rungs = [_level(comparison.name, level, model, size) for level in comparison.ladder]
    return {"output_column_name": comparison.name, "comparison_levels": [absent, *rungs]}


def _level(comparison: str, level: Level, model: Model, size: int) -> dict[str, Any]:
    m, _ = model.weights[comparison][level.name]
    rung: dict[str, Any] = {
        "sql_condition": level.sql,
        "label_for_charts": level.name,
        "m_probability": m,
        "u_probability": model.u(comparison, level.name, level.by_base, size),
    }
    if level.rarity:
        rung |= dict(zip(_RARE, (level.rarity, 1.0, 1e-6, True), strict=True))
    return rung


_RARE = ("tf_adjustment_column", "tf_adjustment_weight", "tf_minimum_u_value", "disable_tf_exact_match_detection")


def _read(settings: dict[str, Any]) -> Any:
    """Settings as Splink takes them, of levels that it has read before: reading their SQL takes it a third of what it
    takes to weigh a small base, and between two models, or two sizes of a base, only the chances differ."""
    from splink import SettingsCreator
    from splink.internals.comparison import Comparison
    from splink.internals.settings import Settings

    class Read(SettingsCreator):
        def get_settings(self, sql_dialect_str: str) -> Any:
            comparisons = [
                Comparison([_level_read(level) for level in said["comparison_levels"]], sql_dialect_str, name, name)
                for said in settings["comparisons"]
                for name in [said["output_column_name"]]
            ]
            whole = settings | {"comparisons": comparisons, "linker_uid": self.linker_uid}
            return Settings(**whole, sql_dialect=sql_dialect_str)

    _remember_columns()
    return Read(settings["link_type"])


@cache
def _remember_columns() -> None:
    """Have Splink remember how it writes a column: to weigh once it asks sqlglot a thousand times, for some forty."""
    from splink.internals import input_column

    column: Any = input_column.SqlglotColumnTreeBuilder  # frozen: what it says depends on nothing else
    read, written = column.from_raw_column_name_or_column_reference, column.sql.fget
    column.from_raw_column_name_or_column_reference = staticmethod(lru_cache(1000)(read))
    column.sql = property(lru_cache(10_000)(written))


_CHANCES = ("m_probability", "u_probability")


def _level_read(said: dict[str, Any]) -> Any:
    level = copy.copy(_words_read(frozenset((word, value) for word, value in said.items() if word not in _CHANCES)))
    level._trained_m_probabilities, level._trained_u_probabilities = [], []  # a session's own
    for chance in said.keys() & set(_CHANCES):
        setattr(level, chance, said[chance])
    return level


@cache
def _words_read(words: frozenset[tuple[str, Any]]) -> Any:
    from splink.internals.comparison_level import ComparisonLevel
    from splink.internals.dialects import SplinkDialect

    return ComparisonLevel(**dict(words), sql_dialect=SplinkDialect.from_string("duckdb"))
