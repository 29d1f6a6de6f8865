"""What people do about what is held, each in one command of the room that holds it."""

from __future__ import annotations

from typing import Literal

from landbridge.bootstrap import Hub
from landbridge.console.read import quarantine as read
from landbridge.console.web import beside
from landbridge.console.web.bodies import said
from landbridge.errors import RecordRejected
from landbridge.leads import overrides
from landbridge.push import refused
from landbridge.quality import hold

Verdict = Literal["released", "dropped"]

_ELSEWHERE = {
    ("identity", "released"): "Who it is is answered in Review.",
    ("identity", "dropped"): "Who it is is answered in Review.",
    ("land", "released"): "Bytes that are no record cannot be let go: mend the connector and replay, or drop them.",
    (
        "map",
        "released",
    ): "A record that the mapping cannot read cannot be let go: mend the mapping and replay, or drop it.",
}
"""What cannot be done about a stage's items, and why."""


def settle(hub: Hub, number: int, verdict: Verdict, *, actor: str, reason: str) -> read.Item:
    """Let one go, or be done with it. Raises NotFound when it is not held, RecordRejected where that helps nobody."""
    item = read.one(hub.store, number)
    if why := _ELSEWHERE.get((item.stage, verdict)):
        raise RecordRejected(why, do="The item's page says what would mend it.")
    reason = said(reason, "A release" if verdict == "released" else "Dropping")
    if item.stage == "push":
        refused.settle(hub.store, number, verdict, actor=actor, reason=reason)
    elif verdict == "released":
        hold.release(hub.store, number, actor, reason)
    else:
        hold.drop(hub.store, number, actor, reason)
    return item


def repair(hub: Hub, number: int, field: str, value: str, *, actor: str, reason: str) -> overrides.Override:
    """Set the customer's value by a person's word, and begin the replay. Raises NotFound, RecordRejected."""
    item = read.one(hub.store, number)
    if item.customer is None:
        raise RecordRejected("Only a customer's value can be set by hand.", do="Mend the source or its mapping.")
    why = said(reason, "A repair")
    made = overrides.place(hub.store, hub.golden_rules, item.customer, field, value, actor=actor, reason=why)
    replay(hub, actor)
    return made


def replay(hub: Hub, actor: str) -> bool:
    """Have what is held judged again, beside the console; answers whether it begins now, or follows one at work."""
    return beside.start(hub, "replay", actor=actor)
