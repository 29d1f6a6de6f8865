"""How the flows fare: for each account and for publishing when it last ran, what it brought, whether that is usual.

A flow is *late* when nothing ran for three times its usual pause (the median of its last ones: we know no schedule but
what happens), *thinning* when a day brought less than a quarter of what is usual by then, *broken* when its last run
failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import sqlalchemy as sa

from landbridge.store.engine import Store

HOURS = 24
LATE = 3
"""Times the usual pause."""
SHORTEST = timedelta(minutes=3)
"""A minute's flow that misses two beats is not yet late."""
FEW = 4
"""Runs below which nothing is usual."""
THIN, MUCH = 0.25, 40
"""Thinning: below this share of the usual day, where that has at least so many records."""


@dataclass(frozen=True)
class Fare:
    """How one flow fares. `hours`: records that were new or changed in each of the last 24, the newest last."""

    name: str
    state: str = "new"
    said: str = "has not run yet"
    run_id: str | None = None
    last: datetime | None = None
    hours: Sequence[int] = field(default_factory=lambda: [0] * HOURS)

    @property
    def today(self) -> int:
        """Records of the last 24 hours."""
        return sum(self.hours)

    @property
    def healthy(self) -> bool:
        """Whether nobody needs to look."""
        return self.state not in ("broken", "late", "thinning")


def accounts(store: Store, names: Sequence[str]) -> dict[str, Fare]:
    """How the accounts fare, by name."""
    with store.begin() as connection:
        last = _grouped(connection.execute(_LAST, {"names": list(names)}).mappings())
        came = {row["account"]: dict(row) for row in connection.execute(_CAME).mappings()}
    return {name: _fare(name, last.get(name, []), came.get(name)) for name in names}


def publishing(store: Store) -> Fare:
    """How publishing fares: the hub's own work, from resolving to pushing."""
    with store.begin() as connection:
        runs = [dict(row) for row in connection.execute(_PUBLISHED).mappings()]
    return _fare("publish", runs, None)


def _grouped(rows: Any) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["account"], []).append(row)
    return found


def _fare(name: str, runs: Sequence[Mapping[str, Any]], came: Mapping[str, Any] | None) -> Fare:
    hours = list(came["hours"]) if came else [0] * HOURS
    if not runs:
        return Fare(name, hours=hours)
    newest = runs[0]
    state, said = _state(runs, sum(hours), float(came["usual"] or 0) if came else 0.0)
    return Fare(name, state, said, newest["run_id"], newest["started_at"], hours)


def _state(runs: Sequence[Mapping[str, Any]], today: int, usual: float) -> tuple[str, str]:
    newest = runs[0]
    if newest["state"] in ("failed", "lost"):
        return "broken", newest["error"] or "its last run failed"
    if newest["state"] == "running":
        return "running", "is at work"
    pause = _usual_pause([run["started_at"] for run in runs])
    if pause and newest["quiet"] > max(LATE * pause, SHORTEST):
        return "late", f"runs every {_about(pause)}, and has not for {_about(newest['quiet'])}"
    if usual >= MUCH and today < THIN * usual:
        return "thinning", f"{today:,} records in a day; {usual:,.0f} are usual"
    return "fresh", "runs as usual"


def _usual_pause(starts: Sequence[datetime]) -> timedelta | None:
    pauses = [(newer - older).total_seconds() for newer, older in pairwise(starts)]
    return timedelta(seconds=median(pauses)) if len(starts) >= FEW else None


def _about(time: timedelta) -> str:
    seconds = time.total_seconds()
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.0f} {name}s"
        if seconds >= unit * 0.9:
            return f"{name}" if name != "hour" else "hour"
    return f"{max(seconds, 1):.0f} s"


# The last runs of each account: its own syncs, and the longer flows that took it in, or failed to and name it. Such a
# flow may have failed for another's sake: that is not this account's.
_LAST = sa.text(rf"""
SELECT account, run_id, state, error, started_at, now() - started_at AS quiet
FROM unnest(CAST(:names AS text[])) AS account CROSS JOIN LATERAL (
    SELECT run_id, state, error, started_at FROM run
    WHERE started_at > now() - interval '8 days' AND flow = 'sync' AND subject = account
    UNION ALL
    SELECT run_id, CASE WHEN state IN ('done', 'running') OR named THEN state ELSE 'done' END,
        CASE WHEN named THEN error END, started_at
    FROM run, LATERAL (SELECT coalesce(error, '') ~ ('(^|[^\w.-])' || account || '($|[^\w-])')) AS told(named)
    WHERE started_at > now() - interval '8 days' AND flow IN ('line', 'publish') AND (named OR EXISTS (
        SELECT FROM balance b WHERE b.run_id = run.run_id AND b.stage = 'land' AND b.subject = account))
    ORDER BY started_at DESC LIMIT {FEW * 5}) AS last
ORDER BY account, started_at DESC
""")

_PUBLISHED = sa.text(f"""
SELECT run_id, state, error, started_at, now() - started_at AS quiet FROM run
WHERE flow IN ('publish', 'line') AND started_at > now() - interval '8 days' ORDER BY started_at DESC LIMIT {FEW * 5}
""")

_CAME = sa.text(f"""
WITH landed AS (
    SELECT b.subject AS account, b.new + b.changed AS came,
        floor(extract(epoch FROM now() - r.started_at) / 3600)::int AS hour
    FROM run r JOIN balance b USING (run_id)
    WHERE r.started_at > now() - interval '8 days' AND b.stage = 'land'),
day AS (
    SELECT account, hour / {HOURS} AS day, sum(came) AS came FROM landed GROUP BY 1, 2)
SELECT account,
    ARRAY(SELECT coalesce(sum(l.came), 0)::bigint FROM generate_series({HOURS} - 1, 0, -1) AS h
        LEFT JOIN landed l ON l.hour = h AND l.account = a.account GROUP BY h ORDER BY h DESC) AS hours,
    (SELECT avg(came) FROM day d WHERE d.account = a.account AND day BETWEEN 1 AND 7 HAVING count(*) >= 3) AS usual
FROM (SELECT DISTINCT account FROM landed) AS a
""")
