"""Publish: what came in becomes customers, leads and CRM writes."""

from __future__ import annotations

import contextlib

from flows import steps, sync
from flows.conductor import flow
from landbridge.bootstrap import Hub, opened
from landbridge.errors import LandbridgeError
from landbridge.trail.runs import Run


@flow(name="publish")
def publish(config: str | None = None) -> str:
    """See what the CRM holds now, then resolve, choose, validate, plan and push. Answers the run's id."""
    with opened(config) as hub, hub.running("publish") as run:
        steps.open_books(run)
        give_out(run, hub)
        steps.close_books(run)
    return run.run_id


def give_out(run: Run, hub: Hub) -> None:
    """Nobody else publishes meanwhile. The CRM is read before, and what was written is read back: so the plan knows
    how the CRM stands, and the next run finds all of it known. Whatever became of the push, people at the console find
    what there is now.
    """
    with hub.store.only_one("publish"):
        sync.take_in(run, hub, hub.crm)
        steps.resolve(run, hub)
        steps.golden(run, hub)
        steps.validate(run, hub)
        steps.account_for_all(run)
        steps.plan(run, hub)
        try:
            push_and_read_back(run, hub)
        finally:
            steps.desk(run, hub)


def push_and_read_back(run: Run, hub: Hub) -> None:
    """Push, and read what was written, also where the push ended early: what people do with it from now on is theirs.

    Raises what the push raised. That the CRM cannot be read either is not told then: the next run reads it first.
    """
    try:
        steps.push(run, hub)
    except LandbridgeError:
        with contextlib.suppress(LandbridgeError):
            _read_back(run, hub)
        raise
    _read_back(run, hub)


PUSH = push_and_read_back.__name__


def _read_back(run: Run, hub: Hub) -> None:
    if steps.wrote(run):
        sync.take_in(run, hub, hub.crm)
