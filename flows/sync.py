"""Sync: what one system knows comes in. One deployment an account."""

from __future__ import annotations

from flows import steps
from flows.conductor import flow
from landbridge.bootstrap import Hub, opened
from landbridge.trail.runs import Run


@flow(name="sync", flow_run_name="sync {account}")
def sync(account: str, config: str | None = None) -> str:
    """Land and map what is new in one account. Answers the run's id."""
    with opened(config) as hub, hub.running("sync", account) as run:
        steps.open_books(run)
        take_in(run, hub, account)
        steps.close_books(run)
    return run.run_id


def take_in(run: Run, hub: Hub, account: str) -> None:
    """Nobody else works on the account meanwhile; a short wait lets `publish` read a CRM that `sync` is reading.

    What became of our own writes to the CRM is settled before it is read: else they would come in as its news.
    """
    with hub.only_one_on(account):
        if account == hub.project.settings.crm:
            steps.settle(run, hub)
        steps.land(run, hub, account)
        steps.map_records(run, hub, account)
