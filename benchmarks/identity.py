"""Identity beside bare Splink on the same generated customers, each in a process of its own.

    python -m benchmarks.identity [--records 10000] [--seed 7] [--json] [--no-peer]
    python -m benchmarks.identity --speed [resolve training changes] [--records 100000] [--seed 7] [--json]

Prints precision, recall and F1 (pairwise, after closure), B-cubed F1, the largest cluster, wall and CPU seconds,
peak memory; ratios beside the numbers. Bare Splink is the tutorial's model: one comparison a column, weights learned
without labels, connected components at a match probability of .95. Labels are hidden from both.
`--speed` times a full resolve with saved models on both sides, training, 1,000 changed profiles of so many (and of
100,000), and a run with nothing to do; or some of them (benchmarks/speed.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pyarrow as pa

from benchmarks.customers import GENERATOR, available, customers
from benchmarks.speed import PARTS, compare

Links = Callable[[pa.Table], pa.Table]


def ours(profiles: pa.Table) -> pa.Table:
    """Links by the path that production takes, default model."""
    from landbridge.identity.resolve import resolve

    return resolve(profiles).links


def bare_splink(profiles: pa.Table) -> pa.Table:
    """Links by Splink 5 as its tutorial does it."""
    from benchmarks.bare_splink import links

    return links(profiles)


def measure(name: str, links: Links, records: int, seed: int, out: Any) -> None:
    """Resolve and score in this process; put the figures in `out`. Generating and scoring are not timed."""
    from landbridge.identity.evaluate import score_links

    profiles, truth = customers(records, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    found = links(profiles)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    scores = score_links(found, truth)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out.put(
        {
            "engine": name,
            "records": profiles.num_rows,
            "precision": round(scores.precision, 4),
            "recall": round(scores.recall, 4),
            "f1": round(scores.f1, 4),
            "b3_f1": round(scores.b3_f1, 4),
            "largest": scores.largest,
            "largest_true": scores.largest_true,
            "wall_s": round(wall, 2),
            "cpu_s": round(cpu, 2),
            "peak_mb": peak // 1024,
            "mb_before": before // 1024,
        }
    )


def apart(name: str, links: Links, records: int, seed: int) -> dict[str, Any]:
    """`measure` in a fresh process, so that neither warms the other's imports or memory."""
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    process = context.Process(target=measure, args=(name, links, records, seed, out))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{name} ended with {process.exitcode}")
    return dict(out.get())


def show(rows: list[dict[str, Any]]) -> None:
    """A table, and what we take and reach as a multiple of the peer."""
    columns = list(dict.fromkeys(column for row in rows for column in row if column != "mb_before"))
    for row in [dict(zip(columns, columns, strict=True)), *rows]:
        print("  ".join(f"{row.get(column, '')!s:>16}" for column in columns))
    for ours, peer in pairwise(rows):
        if ours["engine"] == "landbridge" and peer["engine"] != "landbridge":
            shared = [column for column in ("f1", "wall_s", "cpu_s", "peak_mb") if column in ours and column in peer]
            ratios = ", ".join(f"{column} {ours[column] / max(peer[column], 0.01):.2f}" for column in shared)
            print(f"ours / bare Splink, {ours.get('task', 'all')} of {ours['records']:,}: {ratios}")
            if "preparing_cpu_s" in ours:
                print(f"    block, score and cluster alone: {_after_preparing(ours, peer)}")


def _after_preparing(ours: dict[str, Any], peer: dict[str, Any]) -> str:
    apart = ((key, *(row[key] - row[f"preparing_{key}"] for row in (ours, peer))) for key in ("wall_s", "cpu_s"))
    return ", ".join(f"{key} {mine / max(its, 0.01):.2f}" for key, mine, its in apart)


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--speed", nargs="*", choices=list(PARTS))
    options = parser.parse_args()
    if not available():
        raise SystemExit(f"The generator is not there: {'/'.join(GENERATOR.parts[-3:])} beside the checkout.")
    engines = {"landbridge": ours} if options.no_peer else {"landbridge": ours, "bare splink": bare_splink}
    if options.speed is not None:
        rows = compare(options.speed or PARTS, options.records, options.seed)
    else:
        rows = [apart(name, links, options.records, options.seed) for name, links in engines.items()]
    print(json.dumps(rows, indent=1)) if options.json else show(rows)


if __name__ == "__main__":
    main()
