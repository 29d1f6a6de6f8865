"""Who moves: what a run did to identities, counted, with examples that a person can judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from landbridge.identity.explain import explain_pair
from landbridge.identity.people import said_of
from landbridge.store.engine import Store

EXAMPLES = 5
REASONS = 3


@dataclass(frozen=True)
class Example:
    """Two customers that became one, or one that became two: whom each holds, and the strongest evidence."""

    kind: str
    identity_id: str
    other_id: str
    members: list[dict[str, Any]]
    others: list[dict[str, Any]]
    because: list[str]


@dataclass(frozen=True)
class Movement:
    """`profiles` of `of` changed their customer; so many customers were merged away, and so many split off."""

    profiles: int
    of: int
    merged: int
    split: int
    customers_before: int
    customers_after: int
    doubts_before: int
    doubts_after: int
    examples: list[Example] = field(default_factory=list)


Picture = dict[str, str]


def links(store: Store) -> Picture:
    """profile_id -> identity_id, as it stands."""
    with store.begin() as connection:
        return {row[0]: row[1] for row in connection.execute(sa.text("SELECT profile_id, identity_id FROM link"))}


def doubts(store: Store) -> int:
    """How many doubts keep a lead back."""
    with store.begin() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM doubt")) or 0)


def movement(store: Store, run_id: str, before: Picture, doubts_before: int) -> Movement:
    """What run `run_id` did to the identities that were as `before` says."""
    after = links(store)
    with store.begin() as connection:
        events = connection.execute(_EVENTS, {"run": run_id}).all()
        merged = [event for event in events if event.kind == "merged"]
        split = [event for event in events if event.kind == "split"]
        shown = [*_spread(merged), *_spread(split)]
        examples = [_example(connection, event, before, after) for event in shown]
    return Movement(
        sum(after.get(profile) != identity for profile, identity in before.items()),
        len(before),
        len(merged),
        len(split),
        len(set(before.values())),
        len(set(after.values())),
        doubts_before,
        doubts(store),
        examples,
    )


def _spread(events: Sequence[Any]) -> list[Any]:
    """A few of them, from all over rather than the first."""
    return list(events[:: max(1, len(events) // EXAMPLES)])[:EXAMPLES]


def _example(connection: sa.Connection, event: Any, before: Picture, after: Picture) -> Example:
    if event.kind == "merged":
        theirs = _of(before, event.other_id)
        joined = [profile for profile in _of(after, event.identity_id) if profile not in theirs]
        mine = _of(before, event.identity_id) or joined  # an id may have been given in this very run
    else:
        whole = set(_of(before, event.identity_id))
        mine, theirs = ([p for p in _of(after, i) if p in whole] for i in (event.identity_id, event.other_id))
    people = said_of(connection, [*mine, *theirs])
    evidence = connection.scalar(_BETWEEN, {"mine": mine, "theirs": theirs})
    return Example(
        event.kind,
        event.identity_id,
        event.other_id,
        [people[profile] for profile in mine if profile in people],
        [people[profile] for profile in theirs if profile in people],
        explain_pair(evidence)[:REASONS] if evidence else [],
    )


def _of(picture: Picture, identity: str) -> list[str]:
    return sorted(profile for profile, its in picture.items() if its == identity)


_EVENTS = sa.text("""
SELECT kind, identity_id, other_id FROM identity_event WHERE run_id = :run AND kind IN ('merged', 'split') ORDER BY seq
""")

_BETWEEN = sa.text("""
SELECT evidence FROM match
WHERE (left_id = ANY(:mine) AND right_id = ANY(:theirs)) OR (left_id = ANY(:theirs) AND right_id = ANY(:mine))
ORDER BY weight DESC LIMIT 1
""")
