"""What a change costs: some changed profiles of a large base, from changed rows in PostgreSQL to stored ids.

    python -m benchmarks.incremental [--base 100000 1000000] [--changed 1000] [--rounds 3] [--json] [--no-peer]

For each size of base, in a process of its own over a PostgreSQL of its own: the first whole resolve, then rounds of
changes (four tenths new profiles, three a new e-mail, three a new given name) timed from call to committed, step by
step, then a run with nothing to do. Beside it, in the same process, what bare Splink takes to predict the changed
profiles against the base with a trained model (no store, no clusters, no ids). Seconds are the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.customers import GENERATOR, available, customers
from landbridge.identity import stage
from landbridge.identity.kept import change
from landbridge.identity.model import default_model
from landbridge.store import bulk, embedded
from landbridge.store.engine import Store
from landbridge.store.profiles import PROFILE_SCHEMA
from landbridge.store.schema import upgrade
from landbridge.trail.runs import running

STEPS = ((change, "remake"), (change, "candidates"), (stage, "_conclude"), (stage, "store"), (stage.Kept, "commit"))


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Seconds spent in each step while the block lasts."""
    spent: dict[str, float] = defaultdict(float)
    real = [(place, name, getattr(place, name)) for place, name in STEPS]
    for place, name, step in real:
        setattr(place, name, _timed(step, name, spent))
    try:
        yield spent
    finally:
        for place, name, step in real:
            setattr(place, name, step)


def _timed(step: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*words: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return step(*words, **named)
        finally:
            spent[name.strip("_")] += time.perf_counter() - begun

    return timed


def put(store: Store, profiles: pa.Table) -> None:
    """Profiles into the store as mapping leaves them: new ones, or a newer version."""
    missing = {
        f.name: pa.nulls(profiles.num_rows, f.type) for f in PROFILE_SCHEMA if f.name not in profiles.schema.names
    }
    whole = profiles.select([n for n in profiles.schema.names if n in PROFILE_SCHEMA.names])
    for name, column in missing.items():
        whole = whole.append_column(name, column)
    query = """SELECT * EXCLUDE (gone, record_id), 1 AS record_id, false AS gone, 'm' AS mapping, 'r' AS run_id,
        md5((full_name, given_name, family_name, email, phone)::VARCHAR) AS digest FROM whole"""
    rows = duckdb.sql(query).to_arrow_table()
    names = ", ".join(rows.column_names)
    with store.bulk() as connection, connection.cursor() as cursor:
        bulk.put(cursor, "incoming", rows)
        cursor.execute(f"""INSERT INTO profile ({names}) SELECT {names} FROM incoming ON CONFLICT (profile_id) DO UPDATE
            SET {", ".join(f"{name} = excluded.{name}" for name in rows.column_names)}""")


def changes(profiles: pa.Table, news: pa.Table, changed: int, turn: int) -> pa.Table:
    """The `turn`th batch: `news`, and new e-mails and given names of `changed` profiles."""
    picked = f"hash(profile_id || {turn}) % 1000000007"
    return duckdb.sql(f"""
        WITH picked AS (SELECT * FROM profiles ORDER BY {picked} LIMIT {changed})
        SELECT * REPLACE (if(row_number() OVER () % 2 = 0, ['changed{turn}.' || email[1]], email) AS email,
            if(row_number() OVER () % 2 = 1, lag(given_name, 7) OVER (), given_name) AS given_name,
            if(row_number() OVER () % 2 = 1, NULL, full_name) AS full_name) FROM picked
        UNION ALL BY NAME SELECT * FROM news""").to_arrow_table()


def resolved(store: Store, home: Path) -> dict[str, Any]:
    """One run of the stage: wall and CPU seconds, what it did, and where the time went."""
    with running(store, "resolve", actor="benchmark") as run, watched() as spent:
        wall, cpu, server = time.perf_counter(), time.process_time(), server_cpu(home / "postgres")
        stage.resolve(run, default_model(), home / "identity")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        server = server_cpu(home / "postgres") - server
    entry = run.books.entries[0]
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "server_cpu_s": server,
        "looked_at": entry.taken,
        "moved": entry.new + entry.changed,
        **spent,
    }


def server_cpu(folder: Path) -> float:
    """CPU seconds that the PostgreSQL over `folder` has taken: its processes, those that ended too."""
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    every = [path.read_text().rsplit(")", 1)[1].split() for path in Path("/proc").glob("[0-9]*/stat")]
    own = Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = sum(int(ticks) for ticks in own[11:15])
    ticks += sum(int(ticks) for stat in every if int(stat[1]) == postmaster for ticks in stat[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def peer(profiles: pa.Table, batch: pa.Table, home: Path) -> dict[str, float]:
    """Bare Splink's predict_between, the second time; model learned before, on a part of the base."""
    from benchmarks.bare_splink import between, save

    save(profiles.slice(0, 50_000), home / "splink.json")
    wall, cpu = between(profiles, batch, home / "splink.json")
    return {"bare_splink_s": wall, "bare_splink_cpu_s": cpu}


def peak_mb() -> int:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(base: int, wanted: argparse.Namespace, out: Any) -> None:
    """One size of base, in this process; the row goes to `out`."""
    new = wanted.changed * 4 // 10
    everybody, _ = customers(base + new * wanted.rounds, wanted.seed)
    profiles = everybody.slice(0, everybody.num_rows - new * wanted.rounds)
    with tempfile.TemporaryDirectory() as home:
        store = Store(embedded.start(Path(home) / "postgres"))
        upgrade(store)
        put(store, profiles)
        whole = resolved(store, Path(home))
        rounds = []
        for turn in range(wanted.rounds):
            news = everybody.slice(everybody.num_rows - (turn + 1) * new, new)
            batch = changes(profiles, news, wanted.changed - new, turn)
            put(store, batch)
            rounds.append(resolved(store, Path(home)))
        nothing, peak = resolved(store, Path(home)), peak_mb()
        kept = sum(f.stat().st_size for f in (Path(home) / "identity").rglob("*"))
        store.close()
        bare = {} if wanted.no_peer else peer(profiles, batch, Path(home))
    row = {key: statistics.median(r.get(key, 0.0) for r in rounds) for key in rounds[0]}
    row |= {"first_s": rounds[0]["wall_s"], "unchanged_s": nothing["wall_s"], "whole_s": whole["wall_s"]}
    row |= {"base": profiles.num_rows, "kept_mb": kept // 2**20, "peak_mb": peak}
    row["unchanged_cpu_s"] = nothing["cpu_s"] + nothing["server_cpu_s"]
    out.put(row | bare)


def apart(base: int, wanted: argparse.Namespace) -> dict[str, Any]:
    """`measure` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    process = context.Process(target=measure, args=(base, wanted, out))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"base {base} ended with {process.exitcode}")
    return dict(out.get())


def show(rows: list[dict[str, Any]]) -> None:
    """A column a base, and the last as a multiple of the first."""
    for key in rows[0]:
        cells = "  ".join(f"{row[key]:>12,.2f}" for row in rows)
        ratio = f"{rows[-1][key] / rows[0][key]:>8.2f} x" if len(rows) > 1 and rows[0][key] else ""
        print(f"{key:<16}{cells}  {ratio}")


def main() -> None:
    """Measure each base and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--base", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--changed", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    wanted = parser.parse_args()
    if not available():
        raise SystemExit(f"The generator is not there: {'/'.join(GENERATOR.parts[-3:])} beside the checkout.")
    rows = [apart(base, wanted) for base in wanted.base]
    print(json.dumps(rows, indent=1)) if wanted.json else show(rows)


if __name__ == "__main__":
    main()
