"""The same model on Spark finds what DuckDB finds. Needs the extra `spark` and Java."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest

from landbridge.errors import ConfigInvalid
from landbridge.identity.resolve import resolve
from landbridge.identity.spark_engine import Cluster, as_spark, session
from tests.identity.people import profiles
from tests.identity.test_resolve import ALBERT, FAMILY

MISSING = [
    what
    for what, there in {
        "the extra `spark` (pip install '.[spark]')": importlib.util.find_spec("pyspark"),
        "Java": shutil.which("java"),
    }.items()
    if not there
]
needs_spark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("len(emails_l) = 0", "CARDINALITY(emails_l) = 0"),
        ("list_has_any(emails_l, emails_r)", "ARRAYS_OVERLAP(emails_l, emails_r)"),
        ("emails_l[1] = emails_r[1]", "TRY_ELEMENT_AT(emails_l, 1) = TRY_ELEMENT_AT(emails_r, 1)"),
        ("given_l[1] = 'a'", "SUBSTRING(given_l, 1, 1) = 'a'"),
        ("born_l[6:7] = '02'", "SUBSTRING(born_l, 6, 2) = '02'"),
        ("jaro_winkler_similarity(a_l, a_r) >= 0.9", "JARO_WINKLER(a_l, a_r) >= 0.9"),
        ("ELSE", "ELSE"),
    ],
)
def test_a_condition_means_the_same_in_sparks_words(duckdb: str, spark: str) -> None:
    assert as_spark(duckdb, frozenset({"emails"})).upper() == spark.upper()


def test_without_the_extra_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(ConfigInvalid, match="pyspark"), session(Cluster()):
        pass


@needs_spark
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_spark_finds_the_identities_that_duckdb_finds() -> None:
    from benchmarks import customers

    people, _ = customers.customers(2_000, 11) if customers.available() else (profiles(*ALBERT, *FAMILY), {})
    here = resolve(people)
    there = resolve(people, spark=Cluster("local[2]"))
    assert there.links.equals(here.links)
    assert there.matches.equals(here.matches)
    assert {"email", "phone", "given"} <= {
        name for text in here.matches["evidence"].to_pylist() for name in json.loads(text)
    }
