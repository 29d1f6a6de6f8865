"""What runs beside the console: how a replay or a revert fares, from the wish to its end, however it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.web import beside
from landbridge.trail import runs


@dataclass(frozen=True)
class Beside:
    """The newest of a kind. `state`: begins, running, done, failed, lost; `run_id`: None where it has no run (yet);
    `waiting`: how many more follow it."""

    state: str
    at: datetime
    run_id: str | None = None
    error: str | None = None
    waiting: int = 0

    @property
    def under_way(self) -> bool:
        """Whether its page should look again."""
        return self.state in ("begins", "running") or self.waiting > 0


def newest(hub: Hub, flow: str) -> Beside | None:
    """The newest of the last hour, whoever started it."""
    with hub.store.begin() as connection:
        run = connection.execute(sa.text(_NEWEST), {"flow": flow}).first()
    work = beside.of(hub, flow)
    if work and (run is None or run.started_at < work.began):
        return _without_run(work)
    if run is None:
        return None
    state, error = run.state, run.error
    if state == "running" and not runs.alive(hub.store, run.run_id):
        state, error = "lost", "Its process ended without a word."
    return Beside(state, run.started_at, run.run_id, error, len(work.waiting) if work else 0)


def _without_run(work: beside.Work) -> Beside:
    if work.exit_code is None:
        return Beside("begins", work.began, waiting=len(work.waiting))
    error = f"It ended ({work.exit_code}) before it began. IT finds the reason in console.log."
    return Beside("failed", work.began, error=error, waiting=len(work.waiting))


_NEWEST = """
SELECT run_id, state, started_at, error FROM run
WHERE flow = :flow AND started_at > now() - interval '1 hour' ORDER BY started_at DESC LIMIT 1
"""
