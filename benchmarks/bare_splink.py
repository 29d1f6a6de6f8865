"""The peer: Splink 5 as its tutorial does it. One comparison a column, no features of ours, connected components."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

_FLAT = """
CREATE TABLE {people} AS SELECT profile_id AS unique_id, lower(coalesce(given_name, split_part(full_name, ' ',
    1))) AS first,
    lower(coalesce(family_name, nullif(split_part(full_name, ' ', -1), ''))) AS last, lower(trim(email[1])) AS email,
    regexp_replace(phone[1], '[^0-9]', '', 'g') AS phone, lower(street) AS street, lower(city) AS city, postcode,
    birth_date, lower(company) AS company, lower(handle[1]) AS handle FROM {profiles}
"""
_EXACT = ("email", "phone", "postcode", "city", "company", "handle")


def settings() -> SettingsCreator:
    """One comparison a column, frequencies adjusted everywhere, the usual blocking."""
    exact = [cl.ExactMatch(column).configure(term_frequency_adjustments=True) for column in _EXACT]
    fuzzy = [
        cl.JaroWinklerAtThresholds(column).configure(term_frequency_adjustments=True) for column in ("first", "last")
    ]
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[*fuzzy, *exact, cl.LevenshteinAtThresholds("street"), cl.LevenshteinAtThresholds("birth_date", 1)],
        blocking_rules_to_generate_predictions=[
            block_on("email"), block_on("phone"), block_on("handle"), block_on("first", "last"), block_on("last",
            "city"), block_on("last", "postcode"), block_on("first", "postcode"), block_on("birth_date", "last"),
        ],
    )  # fmt: skip


def links(profiles: pa.Table, saved: Path | None = None) -> pa.Table:
    """(profile_id, identity_id), clustered at .95; by a `saved` model, or one learned on the very data, unlabelled."""
    linker, con = prepared(profiles, saved)
    if not saved:
        _train(linker)
    return linked(linker, con)


def prepared(profiles: pa.Table, saved: Path | None = None) -> tuple[Linker, duckdb.DuckDBPyConnection]:
    """The columns that Splink's tutorial makes of the raw ones, by a `saved` model or one that is not learned yet."""
    return _linker(profiles, saved or settings())


def linked(linker: Linker, con: duckdb.DuckDBPyConnection) -> pa.Table:
    """(profile_id, identity_id): block, score and cluster."""
    pairs = linker.inference.predict(threshold_match_probability=0.95, warning_mode="never")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
    return con.sql(
        f"SELECT unique_id AS profile_id, cluster_id::VARCHAR AS identity_id FROM {clusters.physical_name}"
    ).to_arrow_table()


def save(profiles: pa.Table, path: Path) -> None:
    """Learn a model on these profiles and save it."""
    linker, _ = _linker(profiles, settings())
    _train(linker)
    linker.misc.save_model_to_json(str(path), overwrite=True)


def _linker(profiles: pa.Table, model: SettingsCreator | Path) -> tuple[Linker, duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.register("profiles", profiles)
    con.execute(_FLAT.format(people="people", profiles="profiles"))
    api = DuckDBAPI(connection=con)
    return Linker(api.register("people"), model, log_level="ERROR"), con


def _train(linker: Linker) -> None:
    linker.training.estimate_probability_two_random_records_match(
        [block_on("email"), block_on("first", "last", "birth_date")], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
    for rule in (block_on("email"), block_on("first", "last")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)


def between(profiles: pa.Table, batch: pa.Table, saved: Path) -> tuple[float, float]:
    """Wall and CPU seconds to predict a batch against a base that is loaded and whose frequencies are counted.

    The second time of two: the first plans. No clusters, no ids, nothing stored.
    """
    linker, con = _linker(profiles, saved)
    con.register("batch", batch)
    con.execute(_FLAT.format(people="batch_people", profiles="batch"))
    con.execute("CREATE TABLE base_people AS FROM people")
    for column in ("first", "last", *_EXACT):
        linker.table_management.compute_tf_table(column)
    arrived, base = (linker._db_api.register(table) for table in ("batch_people", "base_people"))
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        linker.inference.predict_between(arrived, base, threshold_match_probability=0.95, warning_mode="never")
        taken = time.perf_counter() - wall, time.process_time() - cpu
    return taken
