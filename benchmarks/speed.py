"""How long a full resolve takes with a saved model, beside bare Splink's block, score and cluster with a saved model;
how long learning a model without labels takes, beside Splink's own training; and what a change costs on top of a base.

Profiles are made, and bare Splink's model is learned on them, in a process of their own that is not timed; each engine
then reads the profiles from a file in a process of its own, so that its peak memory is its own. Preparing is counted on
both sides: our features, and the columns that Splink's tutorial makes of the raw ones; of a resolve it is told apart
too, so that block, score and cluster can be held against block, score and cluster.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.apart import apart
from benchmarks.customers import customers

Row = dict[str, Any]


def compare(parts: Collection[str], records: int, seed: int) -> list[Row]:
    """One row a task and engine: wall and CPU seconds, peak memory. `parts` of PARTS, in their order."""
    rows: list[Row] = []
    if {"resolve", "training"} & set(parts):
        with tempfile.TemporaryDirectory() as folder:
            apart(_prepare, Path(folder), records, seed)
            both = [engine for part in ("resolve", "training") if part in parts for engine in PARTS[part]]
            rows += [apart(engine, Path(folder)) for engine in both]
    if "changes" in parts:
        rows += [row for base in sorted({BASE, records}) for row in _changes(base, seed)]
    return rows


BASE = 100_000
"""The base that a change of a large one is held against."""


def _changes(base: int, seed: int) -> list[Row]:
    """1,000 changed profiles of a base, from changed rows to stored ids, and a run with nothing to do; beside it bare
    Splink's predictions of the changed ones against a base that it holds in memory (no ids, nothing stored)."""
    from benchmarks import incremental

    found = incremental.apart(base, argparse.Namespace(changed=1000, rounds=3, seed=seed, no_peer=False))
    ours = {"engine": "landbridge", "records": base, "peak_mb": found["peak_mb"]}
    changed = {"wall_s": found["wall_s"], "cpu_s": found["cpu_s"] + found["server_cpu_s"]}
    bare = {"wall_s": found["bare_splink_s"], "cpu_s": found["bare_splink_cpu_s"]}
    rows = [
        {"task": "1,000 changed", **ours, **changed},
        {"task": "1,000 changed", "engine": "bare splink", "records": base, **bare},
        {"task": "nothing to do", **ours, "wall_s": found["unchanged_s"], "cpu_s": found["unchanged_cpu_s"]},
    ]
    return [{key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()} for row in rows]


def _prepare(folder: Path, records: int, seed: int) -> None:
    from benchmarks.bare_splink import save

    profiles, _ = customers(records, seed)
    pq.write_table(profiles, folder / "profiles.parquet")
    save(profiles, folder / "bare.json")


def _ours(folder: Path) -> Row:
    from landbridge.identity.features import features
    from landbridge.identity.model import default_model
    from landbridge.identity.resolve import known_given, resolve

    model = default_model()

    def prepare(profiles: Any) -> Any:
        return profiles, features(profiles, known_given(model))

    return _timed("resolve", "landbridge", folder, lambda made: resolve(made[0], model=model, found=made[1]), prepare)


def _bare(folder: Path) -> Row:
    from benchmarks.bare_splink import linked, prepared

    def prepare(profiles: Any) -> Any:
        return prepared(profiles, folder / "bare.json")

    return _timed("resolve", "bare splink", folder, lambda made: linked(*made), prepare)


def _ours_trained(folder: Path) -> Row:
    from landbridge.identity.retrain import fitted

    return _timed("training", "landbridge", folder, fitted)


def _bare_trained(folder: Path) -> Row:
    from benchmarks.bare_splink import save

    return _timed("training", "bare splink", folder, lambda profiles: save(profiles, folder / "again.json"))


PARTS: dict[str, tuple[Callable[[Path], Row], ...]] = {
    "resolve": (_ours, _bare),
    "training": (_ours_trained, _bare_trained),
    "changes": (),
}
"""What is timed, and by whom; `changes` needs a store (benchmarks/incremental.py)."""


def _timed(
    task: str, name: str, folder: Path, work: Callable[[Any], Any], prepare: Callable[[Any], Any] | None = None
) -> Row:
    """Both steps' seconds together; those of `prepare` by themselves, too."""
    import splink  # noqa: F401  half a second of imports is nobody's work

    profiles = pq.read_table(folder / "profiles.parquet")
    begun = _now()
    made = prepare(profiles) if prepare else profiles
    ready = _now()
    work(made)
    ended = _now()
    row = {"task": task, "engine": name, "records": profiles.num_rows, **_between(begun, ended)}
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return row | {f"preparing_{key}": value for key, value in _between(begun, ready).items() if prepare}


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _between(begun: tuple[float, float], ended: tuple[float, float]) -> Row:
    return {"wall_s": round(ended[0] - begun[0], 2), "cpu_s": round(ended[1] - begun[1], 2)}
