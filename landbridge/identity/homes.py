"""Where an id belongs once profiles are in groups: with most of those that are its own.

Its own are those that no merge brought it. What merges brought is taken off one after the other, the latest first,
until the rest hangs together: so of a customer that falls apart each part is told by the id that it had before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple


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


class Former(NamedTuple):
    """An id that means another since it was merged away.

    `path` are the ids that it means, one after the other; the last one lives. `since`: when that came about, in any
    unit that grows. `profiles`: who bore it then.
    """

    age: Age
    path: tuple[str, ...]
    since: int
    profiles: frozenset[str]


class Home(NamedTuple):
    """The group where an id belongs. `own`: by profiles that are its own, and not only by what merges brought it."""

    group: str
    own: bool


def homes(groups: Mapping[str, str], previous: Mapping[str, Previous], former: Mapping[str, Former]) -> dict[str, Home]:
    """The home of every previous id that has a profile left, and of the former ids of those that fall apart.

    `groups`: profile_id to its group. A former id has those profiles that are still where it leads to: who left before
    has left.
    """
    bearers, ages = _bearers(groups, previous)
    torn = {identity for identity, members in bearers.items() if len(set(members.values())) > 1}
    back = {identity: one for identity, one in former.items() if one.path[-1] in torn}
    for identity, one in back.items():
        here = bearers[one.path[-1]]
        bearers[identity] = {profile: here[profile] for profile in sorted(one.profiles & here.keys())}
    brought = defaultdict(list)
    for one in back.values():
        brought[one.path[0]].append(one)
    ages |= {identity: one.age for identity, one in back.items()}
    return {
        identity: _home(members, groups.get(ages[identity].founder), brought[identity])
        for identity, members in bearers.items()
        if members
    }


def _bearers(
    groups: Mapping[str, str], previous: Mapping[str, Previous]
) -> tuple[dict[str, dict[str, str]], dict[str, Age]]:
    """Of each previous id its profiles with their groups, and its age."""
    bearers: dict[str, dict[str, str]] = defaultdict(dict)
    ages = {}
    for profile in groups.keys() & previous.keys():
        identity, ages[identity] = previous[profile]
        bearers[identity][profile] = groups[profile]
    return dict(bearers), ages


def _home(members: Mapping[str, str], founders: str | None, brought: Iterable[Former]) -> Home:
    """Where most of `members` are (ties: where the founder is, or else the smallest)."""
    merges: dict[int, set[str]] = defaultdict(set)
    for one in brought:
        merges[one.since] |= one.profiles
    own = dict(members)
    for since in sorted(merges, reverse=True):
        if len(set(own.values())) == 1:
            break
        own = {profile: group for profile, group in own.items() if profile not in merges[since]}
    counted = own or members
    counts = Counter(counted.values())
    first = {group: profile for profile, group in sorted(counted.items(), reverse=True)}
    best = min(counts, key=lambda group: (-counts[group], group != founders, first[group]))
    return Home(best, bool(own))


def claimed(home: Mapping[str, Home], former: Mapping[str, Former]) -> dict[str, list[str]]:
    """The ids that may name each group, of which the eldest does: living ones before former ones, and of these those
    that were merged away last; before both, those that have profiles of their own there."""
    by_rank: dict[str, dict[tuple[bool, bool, int], list[str]]] = defaultdict(lambda: defaultdict(list))
    for identity, (group, own) in home.items():
        past = former.get(identity)
        by_rank[group][not own, past is not None, -past.since if past else 0].append(identity)
    return {group: ranks[min(ranks)] for group, ranks in by_rank.items()}
