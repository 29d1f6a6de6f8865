"""The same model on Spark finds what DuckDB finds. Needs the extra `spark` and Java."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from landbridge.config import load
from landbridge.errors import ConfigInvalid
from landbridge.identity.spark_engine import Cluster, as_spark, session
from landbridge.store.engine import Store
from tests.identity.test_resolve import ALBERT, FAMILY
from tests.identity.test_stage import links, put

ROOT = Path(__file__).parents[2]
APART = ROOT / ".spark"
"""Where pyspark may stand beside the venv: `pip install --target .spark pyspark`."""

MISSING = [
    what
    for what, there in {
        "the extra `spark` (pip install '.[spark]')": importlib.util.find_spec("pyspark") or APART.is_dir(),
        "Java": shutil.which("java"),
    }.items()
    if not there
]
needs_spark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")


def python(*arguments: str) -> str:
    """What a Python with pyspark prints."""
    found = [str(ROOT), str(APART), os.environ.get("PYTHONPATH", "")]
    ran = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=500, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(found)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


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
    told = json.loads(python("-m", "tests.identity.beside_spark").splitlines()[-1])
    assert (told["links"], told["matches"]) == (True, True)
    assert {"email", "phone", "given"} <= set(told["compared"])


@needs_spark
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_configured_cluster_resolves_the_store(store: Store, tmp_path: Path) -> None:
    """The road that IT takes: `identity.engine: spark` in landbridge.yaml."""
    (tmp_path / "landbridge.yaml").write_text(CONFIG.format(uri=store.uri))
    for row in (*ALBERT, *FAMILY):
        put(store, row["profile_id"], {k: v for k, v in row.items() if k not in ("account", "stream", "key", "gone")})
    python("-m", "landbridge", "--config", str(tmp_path / "landbridge.yaml"), "resolve", "--json")
    assert len(set(links(store).values())) == 1 + len(FAMILY)


def test_the_engine_is_duckdb_or_spark(tmp_path: Path) -> None:
    (tmp_path / "landbridge.yaml").write_text("accounts: {}\nidentity: {engine: flink}\n")
    with pytest.raises(ConfigInvalid, match=r"identity\.engine"):
        load(tmp_path / "landbridge.yaml")


CONFIG = """
database: {uri}
accounts: {{}}
identity: {{engine: spark, spark: {{master: "local[2]"}}}}
"""
