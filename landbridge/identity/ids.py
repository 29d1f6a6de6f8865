"""Ids that last. A merged identity keeps the elder id and the others redirect; a split one stays where most of it
stays, and what a merge had brought gets its own id back.

The elder is told by the data and not by the day we met: an identity is as old as its oldest profile is in its own
system. So the same records give the same ids in whatever order the systems are read (docs/decisions/0009).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

from landbridge.identity.homes import Age, Former, Home, Previous, claimed, homes

NAMESPACE = UUID("6f1f1c0e-7a52-5c8e-9d0b-2f5a4c9be001")

UNKNOWN = 2**63 - 1
"""The age of what tells none: younger than all that do."""


class Event(NamedTuple):
    """What became of an id.

    created: `identity_id` is new. merged: it took in `other_id`. redirected: it now means `other_id`. split:
    `other_id` left it. restored: it meant `other_id`, and does no more.
    """

    kind: str
    identity_id: str
    other_id: str | None


@dataclass(frozen=True)
class Assignment:
    """`of[profile_id]` is its identity; `redirects[old_id]` the id that means it now; `restored[old_id]` the id that
    meant it until now; `born[new_id]` its age; `events` in a stable order."""

    of: dict[str, str]
    redirects: dict[str, str] = field(default_factory=dict)
    restored: dict[str, str] = field(default_factory=dict)
    born: dict[str, Age] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def assign_ids(
    clusters: Mapping[str, str],
    previous: Mapping[str, Previous],
    used: Iterable[str] = (),
    created: Mapping[str, int] | None = None,
    former: Mapping[str, Former] | None = None,
) -> Assignment:
    """Give each cluster its id. `clusters`: profile_id to any label; `previous`: profile_id to where it was.

    `used` are further ids that must not be given again (redirected or emptied long ago), except that those in `former`
    are given back. `created`: when each profile was created in its system, where that is known. Guarantees: one id a
    cluster; each previous id with a profile left is some cluster's id or redirects to one; merging and then falling
    apart again comes to the ids of before; a former id of an identity that falls apart means whoever has most of those
    that bore it; the same clusters and previous links in any order give the same ids, and as long as clusters only
    grow, so do the same profiles in any order of arrival; a second run on its own result changes nothing and has no
    events.
    """
    groups, former = _groups(clusters), former or {}
    home = homes({profile: name for name in groups for profile in groups[name]}, previous, former)
    claims = claimed(home, former)
    ages = {p.identity_id: p.age for p in previous.values()} | {i: f.age for i, f in former.items() if i in home}
    taken = ages.keys() | former.keys() | set(used)
    ids: dict[str, str] = {}
    born: dict[str, Age] = {}
    for name in sorted(groups):
        eldest = _eldest(groups[name], created or {})
        ids[name] = _id(eldest, [(ages[old], old) for old in claims.get(name, ())], taken)
        if ids[name] not in ages:
            born[ids[name]] = eldest
            taken.add(ids[name])
    redirects = {old: ids[at.group] for old, at in home.items() if old not in former and old != ids[at.group]}
    restored = _restored(home, former, ids, redirects)
    of = {profile: ids[name] for name, members in groups.items() for profile in members}
    found = Assignment(of, redirects, restored, born)
    found.events.extend(sorted(set(_events(found, previous)), key=lambda e: (e.kind, e.identity_id, e.other_id or "")))
    return found


def _restored(
    home: Mapping[str, Home], former: Mapping[str, Former], ids: Mapping[str, str], redirects: dict[str, str]
) -> dict[str, str]:
    """The former ids that mean what they meant no more; those that mean another one now are added to `redirects`."""
    alive, restored = set(ids.values()), {}
    for old in sorted(home.keys() & former.keys(), key=lambda old: (len(former[old].path), old)):
        path, now = former[old].path, ids[home[old].group]
        means = next(redirects.get(step, step) for step in path if step in redirects or step in alive)
        if now == old or means != now:
            restored[old] = path[-1]
            if old != now:
                redirects[old] = now
    return restored


def _groups(clusters: Mapping[str, str]) -> dict[str, list[str]]:
    """Members by their smallest profile_id, which names a cluster whatever label it came with."""
    by_label = defaultdict(list)
    for profile in sorted(clusters):
        by_label[clusters[profile]].append(profile)
    return {members[0]: members for members in by_label.values()}


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


def _events(found: Assignment, previous: Mapping[str, Previous]) -> Iterable[Event]:
    known = {p.identity_id for p in previous.values()} | found.restored.keys()
    for old, was in found.restored.items():
        yield Event("restored", old, was)
    for old, now in found.redirects.items():
        yield Event("merged", now, old)
        yield Event("redirected", old, now)
    for profile, now in found.of.items():
        before = previous.get(profile)
        if before and now not in (before.identity_id, found.redirects.get(before.identity_id)):
            yield Event("split", before.identity_id, now)
        if now not in known:
            yield Event("created", now, None)
