"""How the flows fare: for each account and for publishing when it last ran, what it brought, whether that is usual.

A flow is *late* when nothing ran for three times its usual pause (the median of its last ones: we know no schedule but
what happens), *thinning* when a day brought less than a quarter of what is usual by then, *broken* when its last run
failed. It *waits* when its last run left a plan that
somebody must approve.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import sqlalchemy as sa

from landbridge.push.gate import NOTHING_SENT
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
    usual = usual_days(store)
    with store.begin() as connection:
        last = _grouped(connection.execute(_LAST, {"names": list(names), "closed": f"{NOTHING_SENT}%"}).mappings())
        came = {row["account"]: row["hours"] for row in connection.execute(_CAME).mappings()}
    return {name: _fare(name, last.get(name, []), came.get(name), usual.get(name, 0.0)) for name in names}


def usual_days(store: Store) -> dict[str, float]:
    """What an account's day usually brings, by the last week; looked up four times an hour, as it hardly moves."""
    kept = _USUAL_OF.get(store.uri)
    if kept is None or time.monotonic() > kept[0]:
        with store.begin() as connection:
            found = {row.account: row.usual for row in connection.execute(_USUAL)}
        kept = _USUAL_OF[store.uri] = (time.monotonic() + QUARTER, found)
    return kept[1]


QUARTER = 900.0
_USUAL_OF: dict[str, tuple[float, dict[str, float]]] = {}


def publishing(store: Store) -> Fare:
    """How publishing fares: the hub's own work, from resolving to pushing."""
    with store.begin() as connection:
        runs = [dict(row) for row in connection.execute(_PUBLISHED).mappings()]
    return _fare("publish", runs, None, 0.0)


def _grouped(rows: Any) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["account"], []).append(row)
    return found


def _fare(name: str, runs: Sequence[Mapping[str, Any]], came: Sequence[int] | None, usual: float) -> Fare:
    hours = list(came) if came else [0] * HOURS
    if not runs:
        return Fare(name, hours=hours)
    state, said = _state(runs, sum(hours), usual)
    return Fare(name, state, said, runs[0]["run_id"], runs[0]["started_at"], hours)


def _state(runs: Sequence[Mapping[str, Any]], today: int, usual: float) -> tuple[str, str]:
    newest = runs[0]
    if _waits(newest):
        return "waiting", newest["error"]
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


def _waits(run: Mapping[str, Any]) -> bool:
    return run["state"] == "failed" and (run["error"] or "").startswith(NOTHING_SENT)


def _usual_pause(starts: Sequence[datetime]) -> timedelta | None:
    pauses = [(newer - older).total_seconds() for newer, older in pairwise(starts)]
    return timedelta(seconds=median(pauses)) if len(starts) >= FEW else None


def _about(pause: timedelta) -> str:
    seconds = pause.total_seconds()
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.0f} {name}s"
        if seconds >= unit * 0.9:
            return f"{name}" if name != "hour" else "hour"
    return f"{max(seconds, 1):.0f} s"


# The last runs of each account: its own syncs, and the longer flows that took it in, or failed to and name it. Such a
# flow may have failed for another's sake: that is not this account's.
_LAST = sa.text(rf"""
WITH long AS MATERIALIZED (
    SELECT run_id, state, error, started_at FROM run
    WHERE started_at > now() - interval '8 days' AND flow IN ('line', 'publish')
    ORDER BY started_at DESC LIMIT {FEW * 20})
SELECT account, run_id, state, error, started_at, now() - started_at AS quiet
FROM unnest(CAST(:names AS text[])) AS account CROSS JOIN LATERAL (
    (SELECT run_id, state, error, started_at FROM run
     WHERE started_at > now() - interval '8 days' AND flow = 'sync' AND subject = account
     ORDER BY started_at DESC LIMIT {FEW * 5})
    UNION ALL
    SELECT run_id, CASE WHEN state IN ('done', 'running') OR named THEN state ELSE 'done' END,
        CASE WHEN named THEN error END, started_at
    FROM long, LATERAL (
        SELECT coalesce(error, '') NOT LIKE :closed
            AND coalesce(error, '') ~ ('(^|[^\w.-])' || account || '($|[^\w-])')) AS told(named)
    WHERE named OR EXISTS (
        SELECT FROM balance b WHERE b.run_id = long.run_id AND b.stage = 'land' AND b.subject = account)
    ORDER BY started_at DESC LIMIT {FEW * 5}) AS last
ORDER BY account, started_at DESC
""")

_PUBLISHED = sa.text(f"""
SELECT run_id, state, error, started_at, now() - started_at AS quiet FROM run
WHERE flow IN ('publish', 'line') AND started_at > now() - interval '8 days' ORDER BY started_at DESC LIMIT {FEW * 5}
""")

# Books bear no time of their own: the runs of the time are asked first, and each one's lines by its key.
_CAME = sa.text(f"""
WITH landed AS MATERIALIZED (
    SELECT b.subject AS account, b.came, floor(extract(epoch FROM now() - r.started_at) / 3600)::int AS hour
    FROM run r CROSS JOIN LATERAL (
        SELECT subject, new + changed AS came FROM balance WHERE run_id = r.run_id AND stage = 'land' OFFSET 0) b
    WHERE r.started_at > now() - interval '{HOURS} hours')
SELECT account, array_agg(came ORDER BY h DESC) AS hours
FROM (SELECT a.account, h, coalesce(sum(l.came), 0)::bigint AS came
      FROM (SELECT DISTINCT account FROM landed) a CROSS JOIN generate_series(0, {HOURS} - 1) AS h
      LEFT JOIN landed l ON l.hour = h AND l.account = a.account GROUP BY 1, 2) AS by_hour
GROUP BY account
""")

_USUAL = sa.text("""
SELECT account, avg(came)::float8 AS usual
FROM (SELECT b.subject AS account, floor(extract(epoch FROM now() - r.started_at) / 86400) AS day, sum(b.came) AS came
      FROM run r CROSS JOIN LATERAL (
          SELECT subject, new + changed AS came FROM balance WHERE run_id = r.run_id AND stage = 'land' OFFSET 0) b
      WHERE r.started_at BETWEEN now() - interval '8 days' AND now() - interval '1 day' GROUP BY 1, 2) AS days
GROUP BY account HAVING count(*) >= 3
""")
