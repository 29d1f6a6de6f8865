"""How long the console's pages take on a large base: server time of each page, of a search, of a decision.

    python -m benchmarks.console [--profiles 1000000] [--folder .console-base] [--repeat 40]

The base is made by the product itself, once, and kept in the folder: generated customers as an export in a folder,
landed, mapped, resolved, chosen, planned for an empty CRM; then years of runs and a trail are put beside them. Making
it takes minutes. Times are those of whole answers over loopback, one after the other, and what we set ourselves beside
them: 100 ms a page, 50 ms a search, 100 ms a decision, 95 of 100 times.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa
import yaml

from benchmarks.stand_in import standing
from landbridge import config
from landbridge.bootstrap import Hub

Ask = Callable[[], httpx.Response]
SEARCHES = ("a", "ma", "john", "john smith", "jonh smiht", "maria gar", "@gmail", "+44 20", "müller", "zzzz", "anna k")
RUNS, EVENTS, PLANS = 500_000, 200_000, 5_000


def main() -> None:
    """Make the base where it is not there, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".console-base"))
    parser.add_argument("--repeat", type=int, default=40)
    wanted = parser.parse_args()
    folder = wanted.folder.resolve()
    if not (folder / "made").exists():
        make(folder, wanted.profiles)
    print(f"{(folder / 'made').read_text()}, {wanted.repeat} times each")
    print(f"{'':<34}{'p50 ms':>8}{'p95 ms':>8}{'aim':>6}{'kB':>8}")
    with signed_in(folder) as (hub, visitor):
        for name, aim, asks in measured(hub, visitor, wanted.repeat):
            told(name, aim, asks)


def told(name: str, aim: int, asks: list[Ask]) -> None:
    """One line of the table. A refused answer is told instead of a time."""
    times, size = [], 0
    for ask in asks:
        begun = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begun) * 1000)
        size = max(size, len(answer.content))
        if answer.status_code >= 400:
            print(f"{name:<34}{answer.status_code:>8}")
            return
    if len(times) > 2:
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name:<34}{statistics.median(times):>8.1f}{p95:>8.1f}{aim:>6}{size / 1000:>8.1f}", flush=True)


def measured(hub: Hub, visitor: httpx.Client, repeat: int) -> Iterator[tuple[str, int, list[Ask]]]:
    """(what, aim in ms, the requests)."""

    def page(path: str) -> Ask:
        return lambda: visitor.get(path)

    customers, runs = some(hub, "SELECT identity_id FROM golden LIMIT 4000", repeat), some(hub, _RUN_IDS, repeat)
    paths = [
        "/",
        "/review",
        "/customers",
        "/plan",
        "/plan/history",
        "/plan/history?page=100",
        "/quarantine",
        "/runs",
        "/audit",
        "/settings",
    ]
    filtered = ["/runs?flow=sync&account=files&state=failed", "/audit?kind=run.done", "/customers?sort=score"]
    for path in (*paths, *filtered):
        yield path, 100, [page(path)] * repeat
    yield "/customers/ID", 100, [page(f"/customers/{each}") for each in customers]
    yield "/runs/ID", 100, [page(f"/runs/{each}") for each in runs]
    for text in SEARCHES:
        answer = str(httpx.URL("/customers", params={"q": text}))
        yield f"search: {text}", 50, [page(answer)] * repeat
    yield "claim and decision", 100, list(decisions(visitor, repeat))


def decisions(visitor: httpx.Client, count: int) -> Iterator[Ask]:
    """The queue's next question claimed and answered, again and again, by the API; the claiming is part of it."""

    def answered() -> httpx.Response:
        pair = visitor.post("/api/v1/review/claims", json={"count": 1}).json()[0]
        given = {"left_id": pair["left_id"], "right_id": pair["right_id"], "verdict": "different", "reason": "measured"}
        return visitor.post("/api/v1/review/answers", json=given)

    yield from [answered] * count


_RUN_IDS = "SELECT run_id FROM run WHERE run_id LIKE 'past-%' LIMIT 4000"


def some(hub: Hub, query: str, count: int) -> list[str]:
    """Ids spread over what a query finds."""
    with hub.store.begin() as connection:
        found = list(connection.execute(sa.text(query)).scalars())
    return found[:: max(len(found) // count, 1)][:count]


@contextmanager
def signed_in(folder: Path) -> Iterator[tuple[Hub, httpx.Client]]:
    """The console over the base, and somebody with every right."""
    from landbridge.console import serve
    from landbridge.console.people import users
    from landbridge.console.web import csrf, session

    hub = Hub(config.load(folder / "landbridge.yaml"))
    with hub.store.begin() as connection:
        user = users.make(connection, "measure", "Measure", ["admin"], actor="benchmark")
    value = session.begin(hub.store, user.user_id)
    with serve.served(hub) as address, httpx.Client(base_url=address, timeout=60) as visitor:
        visitor.cookies.set("landbridge", value)
        visitor.headers[csrf.HEADER] = csrf.token(value)
        yield hub, visitor
    hub.close()


def make(folder: Path, profiles: int) -> None:
    """The base, by the road that everything takes."""
    from benchmarks.customers import available, export

    if not available():
        raise SystemExit("The generator of customers is not beside the checkout; name a folder that holds a base.")
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    export(folder / "exports" / "customers.parquet", profiles)
    (folder / "landbridge.yaml").write_text(yaml.safe_dump(_SETTINGS))
    with standing() as org:
        ready = folder / "data" / "sandbox" / "ready.json"
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.write_text(json.dumps(org.ready))
        for words in (("sync", "files"), ("run",)):
            begun = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "landbridge", *words], cwd=folder, env=_environment(), check=False
            )
            print(f"landbridge {' '.join(words)}: {time.monotonic() - begun:.0f} s, exit code {done.returncode}")
    hub = Hub(config.load(folder / "landbridge.yaml"))
    with hub.store.begin() as connection:
        for statement in _PAST:
            connection.execute(sa.text(statement), {"runs": RUNS, "events": EVENTS, "plans": PLANS})
    hub.store.tidy("run", "balance", "audit_event", "plan")
    hub.close()
    (folder / "made").write_text(
        f"{profiles:,} profiles, {RUNS:,} runs, {EVENTS:,} events of the trail, {PLANS:,} plans"
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PREFECT_API_URL": ""}


_SETTINGS = {
    "data": "data",
    "accounts": {
        "files": {"system": "files", "options": {"folder": "exports"}},
        "salesforce": {"system": "salesforce", "sandbox": True, "options": {"first_load": "ask"}},
    },
}

_PAST = (
    """
INSERT INTO run (run_id, flow, subject, state, error, started_at, ended_at)
SELECT 'past-' || n, CASE n % 5 WHEN 0 THEN 'publish' ELSE 'sync' END, CASE n % 5 WHEN 0 THEN '' ELSE 'files' END,
    CASE n % 200 WHEN 3 THEN 'failed' ELSE 'done' END, CASE n % 200 WHEN 3 THEN 'files did not answer.' END,
    now() - n * interval '1 minute' - interval '1 hour', now() - n * interval '1 minute' - interval '59 minutes'
FROM generate_series(1, :runs) AS n
""",
    """
INSERT INTO balance (run_id, stage, subject, taken, new, unchanged, seconds)
SELECT 'past-' || n, stage, 'files', 10, n % 7, 10 - n % 7, 0.5
FROM generate_series(1, :runs) AS n, unnest(ARRAY['land', 'map']) AS stage
""",
    """
INSERT INTO audit_event (kind, actor, subject, detail)
SELECT 'run.done', 'landbridge', 'past-' || n, jsonb_build_object('run', 'past-' || n, 'taken', 10)
FROM generate_series(1, :events) AS n
""",
    """
INSERT INTO plan (plan_id, run_id, account, state, policy, approved_by, reason, counts, at)
SELECT 'plan-past-' || n, 'past-' || n, 'salesforce', 'done', 'past', 'kim', 'looked at it',
    jsonb_build_object('done', n, 'refused', n % 3), now() - n * interval '1 hour'
FROM generate_series(1, :plans) AS n
""",
)


if __name__ == "__main__":
    main()
