"""Revert: read the CRM, then plan to take back what was written there. Nothing is written."""

from __future__ import annotations

from flows import sync
from landbridge.bootstrap import Hub
from landbridge.push.revert.planning import Describe, Reverting, subject
from landbridge.push.revert.planning import revert as plan_back


def take_back(hub: Hub, what: str, *, over_edits: bool = False, actor: str | None = None) -> Reverting:
    """Plan to take back a run, a plan, a change or a customer, in somebody's name; answers the plan, and what is left
    alone.

    Raises NotFound when it wrote nothing.
    """
    about = subject(hub.store, hub.crm, what)
    with hub.running("revert", hub.crm, actor) as run, hub.store.only_one("publish"):
        sync.take_in(run, hub, hub.crm)
        return plan_back(run, hub.policy, hub.crm, about, over_edits=over_edits, describe=_described(hub))


def _described(hub: Hub) -> Describe:
    """The CRM's own description of its objects."""
    describe, access = hub.connector(hub.crm).describe, hub.access(hub.crm)
    return (lambda name: describe(access, name)) if describe else lambda name: {}
