"""Replay: judge again what is held, from what we have. Nothing is read from outside, nothing is written there."""

from __future__ import annotations

from flows import steps
from landbridge.bootstrap import Hub
from landbridge.trail.runs import Run

WAIT = 600.0
"""Seconds that a replay waits for a publish that is at work, and for another replay."""


def replay(hub: Hub, actor: str | None = None) -> str:
    """Land, map, resolve, choose and validate once more, as far as anything changed since: a mended connector or
    mapping, a value that somebody set. Answers the run's id.

    Asked for twice, or by two at once, it happens once: whoever comes second finds nothing to do. What a kill left
    undone the next one does.
    """
    with hub.running("replay", actor=actor) as run:
        again(run, hub)
    return run.run_id


def again(run: Run, hub: Hub) -> None:
    """Every stage between landing and planning."""
    from landbridge.landing.replay import land_again

    with hub.store.only_one("publish", wait=WAIT):
        for account in hub.accounts:
            with hub.only_one_on(account):
                land_again(run, hub.connector(account), account)
                steps.map_records(run, hub, account)
        steps.resolve(run, hub)
        steps.golden(run, hub)
        steps.validate(run, hub)
