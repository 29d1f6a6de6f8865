"""A model of what the database keeps of ids between runs, and what must be true of them after any history."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from hypothesis import strategies as st

from landbridge.identity.homes import Age, Former, Previous
from landbridge.identity.ids import Assignment, assign_ids

PROFILES = [f"p{n}" for n in range(8)]
CLUSTERS = st.fixed_dictionaries({profile: st.sampled_from("klmn") for profile in PROFILES})
SOME = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from("klmn"), min_size=1)
CREATED = st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 4))
MERGES = st.lists(st.fixed_dictionaries({label: st.sampled_from("kl") for label in "klmn"}), min_size=1, max_size=2)


@dataclass
class World:
    """What the database keeps between runs, run by run. A profile that is not in a run is gone and keeps its link."""

    created: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    ages: dict[str, Age] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, dict[str, int]] = field(default_factory=dict)
    runs: int = 0

    def run(self, clusters: dict[str, str], *, mixed: Any = None) -> Assignment:
        rows, previous, former = list(clusters.items()), list(self.previous().items()), list(self.former().items())
        if mixed:
            for items in (rows, previous, former):
                mixed.shuffle(items)
        used = self.ages.keys() - set(self.links.values())
        return assign_ids(dict(rows), dict(previous), used, self.created, dict(former))

    def previous(self) -> dict[str, Previous]:
        return {profile: Previous(identity, self.ages[identity]) for profile, identity in self.links.items()}

    def former(self) -> dict[str, Former]:
        return {
            old: Former(self.ages[old], tuple(self.way(old)), max(bore.values()), frozenset(bore))
            for old, bore in self.bearers.items()
            if bore
        }

    def keep(self, found: Assignment) -> dict[str, str]:
        """Store it as `landbridge.identity.storing` does; the links as they are then."""
        self.runs += 1
        self.ages |= found.born
        self.give_back(found)
        for old, now in found.redirects.items():
            bore = {p: self.runs for p, identity in self.links.items() if identity == old}
            self.bearers[old] = self.bearers.get(old, {}) | bore
            self.redirects[old] = now
            self.move(found, set(bore), now)
        self.links |= found.of
        for old, bore in list(self.bearers.items()):
            self.bearers[old] = {p: at for p, at in bore.items() if self.links[p] == self.means(old)}
            if old not in self.redirects:
                del self.bearers[old]
        return dict(self.links)

    def give_back(self, found: Assignment) -> None:
        """Who is gone goes with the id that he bore; with the one that was merged away first, if with several."""
        bore: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for old, was in found.restored.items():
            del self.redirects[old]
            for profile, at in self.bearers[old].items():
                if self.links[profile] == was:
                    bore[profile].append((at, old))
            self.bearers[old] = dict.fromkeys(self.bearers[old], self.runs)
        for profile, ids in bore.items():
            self.move(found, {profile}, min(ids)[1])

    def move(self, found: Assignment, profiles: set[str], identity: str) -> None:
        self.links |= dict.fromkeys(profiles - found.of.keys(), identity)

    def way(self, old: str) -> list[str]:
        steps = []
        while old in self.redirects:
            old = self.redirects[old]
            steps.append(old)
        return steps

    def means(self, old: str) -> str:
        return [old, *self.way(old)][-1]

    def after(self, *history: dict[str, str]) -> dict[str, str]:
        for clusters in history:
            self.keep(self.run(clusters))
        return dict(self.links)


def comes_back(
    world: World, history: list[dict[str, str]], clusters: dict[str, str], merges: list[dict[str, str]]
) -> None:
    """Merged, as `merges` lay labels of `clusters` together, and parted again, everybody is who they were."""
    world.after(*history)
    before = world.after(clusters)
    known = {old: world.means(old) for old in world.ages}
    for onto in merges:
        world.after({profile: onto[label] for profile, label in clusters.items()})
    assert world.after(clusters) == before
    assert {old: world.means(old) for old in known} == known


def leads_to_the_living(world: World, history: list[dict[str, str]], random: Any) -> None:
    """Every id ever given means one who lives; the same in another order gives the same; a second run nothing."""
    for clusters in history:
        found = world.run(clusters)
        assert world.run(clusters, mixed=random) == found, "the same in another order"
        world.keep(found)
        here = sorted((label, found.of[profile]) for profile, label in clusters.items())
        assert [len({identity for _, identity in rows}) for _, rows in groupby(here, lambda row: row[0])] == [1] * len(
            set(clusters.values())
        )
        assert len(set(found.of.values())) == len(set(clusters.values()))
        assert not set(world.links.values()) & world.redirects.keys(), "nobody bears an id that means another"
        assert {world.means(old) for old in world.ages} <= set(world.links.values()), "somebody lives where each leads"
        again = world.run(clusters)
        assert (again.of, again.events, again.born) == (found.of, [], {})
