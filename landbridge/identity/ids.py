"""Ids that last. A merged identity keeps the elder id and the others redirect; a split one stays where most of it
stays.

The elder is told by the data and not by the day we met: an identity is as old as its oldest profile is in its own
system. So the same records give the same ids in whatever order the systems are read (docs/decisions/0009).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f1c0e-7a52-5c8e-9d0b-2f5a4c9be001")

UNKNOWN = 2**63 - 1
"""The age of what tells none: younger than all that do."""


class Age(NamedTuple):
    """How old an identity is. The smaller is the elder.

    `founder` is its oldest profile at birth, `founded` when that was created in its system: microseconds since 1970.
    """

    founded: int
    founder: str


class Previous(NamedTuple):
    """Where a profile was: its identity, and that identity's age."""

    identity_id: str
    age: Age


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
    """`of[profile_id]` is its identity; `redirects[old_id]` the id that means it now; `born[new_id]` its age;
    `events` in a stable order."""

    of: dict[str, str]
    redirects: dict[str, str] = field(default_factory=dict)
    born: dict[str, Age] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def assign_ids(
    clusters: Mapping[str, str],
    previous: Mapping[str, Previous],
    used: Iterable[str] = (),
    created: Mapping[str, int] | None = None,
) -> Assignment:
    """Give each cluster its id. `clusters`: profile_id to any label; `previous`: profile_id to where it was.

    `used` are further ids that must not be given again (redirected or emptied long ago). `created`: when each profile
    was created in its system, where that is known. Guarantees: one id a cluster; each previous id with a profile left
    is some cluster's id or redirects to one; the same clusters and previous links in any order give the same ids, and
    as long as clusters only grow, so do the same profiles in any order of arrival; a second run on its own result
    changes nothing and has no events.
    """
    groups = _groups(clusters)
    claims = _claims(groups, clusters, previous)
    ages = {p.identity_id: p.age for p in previous.values()}
    taken = ages.keys() | set(used)
    ids: dict[str, str] = {}
    born: dict[str, Age] = {}
    for name in sorted(groups):
        eldest = _eldest(groups[name], created or {})
        ids[name] = _id(eldest, [(ages[old], old) for old in claims.get(name, ())], taken)
        if ids[name] not in ages:
            born[ids[name]] = eldest
            taken.add(ids[name])
    redirects = {old: ids[name] for name, olds in claims.items() for old in olds if old != ids[name]}
    of = {profile: ids[name] for name, members in groups.items() for profile in members}
    events = sorted(set(_events(of, previous, redirects)), key=lambda e: (e.kind, e.identity_id, e.other_id or ""))
    return Assignment(of, redirects, born, events)


def _groups(clusters: Mapping[str, str]) -> dict[str, list[str]]:
    """Members by their smallest profile_id, which names a cluster whatever label it came with."""
    by_label = defaultdict(list)
    for profile in sorted(clusters):
        by_label[clusters[profile]].append(profile)
    return {members[0]: members for members in by_label.values()}


def _claims(
    groups: Mapping[str, list[str]], clusters: Mapping[str, str], previous: Mapping[str, Previous]
) -> dict[str, list[str]]:
    """Which old ids have most of their profiles in each cluster (ties: where the founder is, or else the smallest)."""
    stays: dict[str, Counter[str]] = defaultdict(Counter)
    ages: dict[str, Age] = {}
    for name, members in groups.items():
        for profile in members:
            if profile in previous:
                identity, ages[identity] = previous[profile]
                stays[identity][name] += 1
    claims = defaultdict(list)
    for old, counts in stays.items():
        home = clusters.get(ages[old].founder)
        claims[min(counts, key=lambda name: (-counts[name], clusters[name] != home, name))].append(old)
    return dict(claims)


def _eldest(members: list[str], created: Mapping[str, int]) -> Age:
    return min(Age(created.get(profile, UNKNOWN), profile) for profile in members)


def made_from(founder: str, attempt: int = 0) -> str:
    """The id of a founder's identity; another each time that its own is somebody's already."""
    return str(uuid5(NAMESPACE, f"{founder}#{attempt}" if attempt else founder))


def _id(eldest: Age, claims: list[tuple[Age, str]], taken: set[str]) -> str:
    """The eldest of the ids that a cluster claims; that of its oldest profile where it is elder still, and free."""
    natural = made_from(eldest.founder)
    best = min(claims, key=lambda claim: (claim[0], claim[1] != natural, claim[1]), default=None)
    if natural not in taken and (best is None or eldest < best[0]):
        return natural
    return best[1] if best else _another(eldest.founder, taken)


def _another(founder: str, taken: set[str]) -> str:
    """An id from the founder and a number: its own is somebody's already."""
    attempt = 1
    while (fresh := made_from(founder, attempt)) in taken:
        attempt += 1
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
