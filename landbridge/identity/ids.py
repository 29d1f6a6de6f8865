"""Ids that last. A merged identity keeps the elder id and the others redirect; a split one stays where most of it
stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f1c0e-7a52-5c8e-9d0b-2f5a4c9be001")


class Previous(NamedTuple):
    """Where a profile was: its identity, and that identity's number in the order of birth (smaller is elder)."""

    identity_id: str
    born: int


class Event(NamedTuple):
    """What became of an id.

    created: `identity_id` is new. merged: it took in `other_id`. redirected: it now means `other_id`. split:
    `other_id` left it.
    """

    kind: str
    identity_id: str
    other_id: str | None


@dataclass(frozen=True)
class Assignment:
    """`of[profile_id]` is its identity; `redirects[old_id]` the id that means it now; `events` in a stable order."""

    of: dict[str, str]
    redirects: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def assign_ids(clusters: Mapping[str, str], previous: Mapping[str, Previous], used: Iterable[str] = ()) -> Assignment:
    """Give each cluster its id. `clusters`: profile_id to any label; `previous`: profile_id to where it was.

    `used` are further ids that must not be given again (redirected or emptied long ago). Guarantees: one id a
    cluster; each previous id with a profile left is some cluster's id or redirects to one; the same clusters and
    previous links in any order give the same ids; a second run on its own result changes nothing and has no events.
    """
    groups = _groups(clusters)
    claims = _claims(groups, previous)
    taken = set(used) | {p.identity_id for p in previous.values()}
    born = {p.identity_id: p.born for p in previous.values()}
    ids = {name: min(olds, key=lambda old: (born[old], old)) for name, olds in claims.items()}
    for name in sorted(groups):
        if name not in ids:
            ids[name] = _new_id(name, taken)
            taken.add(ids[name])
    redirects = {old: ids[name] for name, olds in claims.items() for old in olds if old != ids[name]}
    of = {profile: ids[name] for name, members in groups.items() for profile in members}
    events = sorted(set(_events(of, previous, redirects)), key=lambda e: (e.kind, e.identity_id, e.other_id or ""))
    return Assignment(of, redirects, events)


def _groups(clusters: Mapping[str, str]) -> dict[str, list[str]]:
    """Members by their smallest profile_id, which names a cluster whatever label it came with."""
    by_label = defaultdict(list)
    for profile in sorted(clusters):
        by_label[clusters[profile]].append(profile)
    return {members[0]: members for members in by_label.values()}


def _claims(groups: Mapping[str, list[str]], previous: Mapping[str, Previous]) -> dict[str, list[str]]:
    """Which old ids have most of their profiles in each cluster (ties: where the smallest profile is)."""
    stays: dict[str, Counter[str]] = defaultdict(Counter)
    for name, members in groups.items():
        for profile in members:
            if profile in previous:
                stays[previous[profile].identity_id][name] += 1
    smallest = {
        (previous[p].identity_id, name): p
        for name, members in groups.items()
        for p in reversed(members)
        if p in previous
    }
    claims = defaultdict(list)
    for old, counts in stays.items():
        claims[min(counts, key=lambda name: (-counts[name], smallest[old, name]))].append(old)
    return dict(claims)


def _new_id(smallest: str, taken: set[str]) -> str:
    """An id made from the smallest member, or from it and a number where that id is already somebody's."""
    fresh, attempt = str(uuid5(NAMESPACE, smallest)), 0
    while fresh in taken:
        attempt += 1
        fresh = str(uuid5(NAMESPACE, f"{smallest}#{attempt}"))
    return fresh


def _events(of: Mapping[str, str], previous: Mapping[str, Previous], redirects: Mapping[str, str]) -> Iterable[Event]:
    known = {p.identity_id for p in previous.values()}
    for old, now in redirects.items():
        yield Event("merged", now, old)
        yield Event("redirected", old, now)
    for profile, now in of.items():
        before = previous.get(profile)
        if before and now not in (before.identity_id, redirects.get(before.identity_id)):
            yield Event("split", before.identity_id, now)
        if now not in known:
            yield Event("created", now, None)
