"""Clustering under people's decisions: the strongest evidence first, and no merge that a decision, a name or a birth
date forbids.

Decisions are hard. 'different' is checked at every union, so a group that a person has split falls apart along its
weakest evidence. What the guards refuse is not lost: it is a question for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf, log2

from landbridge.identity.contradictions import KINDS, Contradictions

LARGEST = 25
"""Profiles that one identity may gather without a person's word."""

GROUP_BITS = 2.0
"""Bits more that an edge must carry for each doubling of the pairs it would bring together.

One false edge between two groups of five makes 25 false pairs. Measured on generated customers (100,000, seed 8):
precision .964 to .972 for .010 of F1; a namesake's few records no longer fall in with his father's.
"""

Pair = tuple[str, str]
Edge = tuple[str, str, float]


@dataclass(frozen=True)
class Guards:
    """What clustering obeys. `same` and `different` are decisions, `references` one system's word about another's
    record."""

    same: Iterable[Pair] = ()
    different: Iterable[Pair] = ()
    references: Iterable[Pair] = ()
    contradictions: Contradictions = field(default_factory=Contradictions)
    link: float = 0.0
    """Weight that joins two single profiles; joining groups takes more (GROUP_BITS)."""
    largest: int = LARGEST
    against: frozenset[int] = frozenset(range(len(KINDS)))
    """Which of contradictions.KINDS count (Model.against)."""


@dataclass(frozen=True)
class Clusters:
    """`of[profile_id]` is the smallest profile_id of its cluster; `refused[(left, right)]` why strong evidence did
    not join."""

    of: dict[str, str]
    refused: dict[Pair, str]
    joined_by: dict[str, str]
    """What first tied a profile to another: 'decision', 'reference' or 'evidence'; singles are absent."""

    def together(self, left: str, right: str) -> bool:
        """Whether two profiles are in one cluster."""
        return self.of[left] == self.of[right]


def cluster(profile_ids: Iterable[str], edges: Iterable[Edge], guards: Guards) -> Clusters:
    """Group profiles; `edges` are (left, right, weight) strong enough to link. The order of arguments never matters."""
    forest = _Forest(sorted(profile_ids), guards)
    for how, left, right, weight in _in_order(edges, guards):
        forest.join(left, right, how, weight)
    return Clusters(forest.named(), forest.refused, forest.joined_by)


def _in_order(edges: Iterable[Edge], guards: Guards) -> Iterator[tuple[str, str, str, float]]:
    for how, pairs in (("decision", guards.same), ("reference", guards.references)):
        yield from ((how, left, right, inf) for left, right in sorted(_ordered(pair) for pair in pairs))
    strongest_first = sorted((-weight, *_ordered((left, right))) for left, right, weight in edges)
    yield from (("evidence", left, right, -lightness) for lightness, left, right in strongest_first)


def _ordered(pair: Pair) -> Pair:
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


class _Forest:
    """Union-find whose roots know their members and whom they must not meet."""

    def __init__(self, profile_ids: list[str], guards: Guards) -> None:
        self._parent = {profile: profile for profile in profile_ids}
        self._members = {profile: [profile] for profile in profile_ids}
        self._facts = {profile: guards.contradictions.facts(profile) for profile in profile_ids}
        self._apart: dict[str, set[str]] = {}
        self._guards = guards
        self.refused: dict[Pair, str] = {}
        self.joined_by: dict[str, str] = {}
        for left, right in guards.different:
            self._keep_apart(left, right)

    def _keep_apart(self, left: str, right: str) -> None:
        if left not in self._parent or right not in self._parent:
            return  # a decision outlives the profiles that it is about
        self._apart.setdefault(left, set()).add(right)
        self._apart.setdefault(right, set()).add(left)

    def root(self, profile: str) -> str:
        """The representative of a profile's cluster so far."""
        parent = self._parent
        while parent[profile] != profile:
            parent[profile] = profile = parent[parent[profile]]
        return profile

    def join(self, left: str, right: str, how: str, weight: float) -> None:
        """Merge two profiles' clusters, or note why not. Profiles that are not here are passed over."""
        if left not in self._parent or right not in self._parent:
            return
        a, b = self.root(left), self.root(right)
        if a == b:
            return
        reason = self._disagree(left, right, how) or self._objection(a, b, how, weight)
        if reason:
            self.refused[(left, right)] = reason
            return
        self._merge(a, b)
        for profile in (left, right):
            self.joined_by.setdefault(profile, how)

    def _disagree(self, left: str, right: str, how: str) -> str | None:
        """Evidence between two that contradict each other themselves ties no groups."""
        said = self._guards.contradictions
        return said.between(said.facts(left), said.facts(right)) if how == "evidence" else None

    def _objection(self, a: str, b: str, how: str, weight: float) -> str | None:
        if any(self.root(other) == b for other in self._apart.get(a, ())):
            return "a decision keeps them apart"
        if how != "evidence":
            return None
        contradiction = self._guards.contradictions.between(self._facts[a], self._facts[b])
        if contradiction:
            return contradiction
        many, more = len(self._members[a]), len(self._members[b])
        if many + more > self._guards.largest:
            return "the group would be too large"
        if weight < self._guards.link + GROUP_BITS * log2(many * more):
            return "too little evidence to join two groups"
        return None

    def _merge(self, a: str, b: str) -> None:
        if (len(self._members[a]), b) < (len(self._members[b]), a):
            a, b = b, a
        self._parent[b] = a
        self._members[a] += self._members.pop(b)
        self._facts[a] += self._facts.pop(b)
        if b in self._apart:
            self._apart.setdefault(a, set()).update(self._apart.pop(b))

    def named(self) -> dict[str, str]:
        """Each profile's cluster, named by its smallest member."""
        return {profile: name for members in self._members.values() for name in [min(members)] for profile in members}
