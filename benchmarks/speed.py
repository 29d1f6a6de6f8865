"""How long a full resolve takes with a saved model, beside bare Splink's block, score and cluster with a saved model.

Profiles are made, and bare Splink's model is learned on them, in a process of their own that is not timed; each engine
then reads the profiles from a file in a process of its own, so that its peak memory is its own. Preparing is counted on
both sides: our features, and the columns that Splink's tutorial makes of the raw ones.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.apart import apart
from benchmarks.customers import customers

Row = dict[str, Any]


def compare(records: int, seed: int) -> list[Row]:
    """One row an engine: wall and CPU seconds, peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        apart(_prepare, Path(folder), records, seed)
        return [apart(engine, Path(folder)) for engine in (_ours, _bare)]


def _prepare(folder: Path, records: int, seed: int) -> None:
    from benchmarks.bare_splink import save

    profiles, _ = customers(records, seed)
    pq.write_table(profiles, folder / "profiles.parquet")
    save(profiles, folder / "bare.json")


def _ours(folder: Path) -> Row:
    from landbridge.identity.model import default_model
    from landbridge.identity.resolve import resolve

    model = default_model()
    return _timed("landbridge", folder, lambda profiles: resolve(profiles, model=model).links)


def _bare(folder: Path) -> Row:
    from benchmarks.bare_splink import links

    return _timed("bare splink", folder, lambda profiles: links(profiles, folder / "bare.json"))


def _timed(name: str, folder: Path, links: Callable[[Any], Any]) -> Row:
    import splink  # noqa: F401  half a second of imports is nobody's work

    profiles = pq.read_table(folder / "profiles.parquet")
    wall, cpu = time.perf_counter(), time.process_time()
    links(profiles)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "engine": name,
        "records": profiles.num_rows,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_mb": peak,
    }
