"""Undoing a wrong merge: what had an id before has it again, and every id ever given means one customer who lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.homes import Age, Former, Previous
from landbridge.identity.ids import Assignment, Event, assign_ids

PROFILES = [f"p{n}" for n in range(8)]
CLUSTERS = st.fixed_dictionaries({profile: st.sampled_from("klmn") for profile in PROFILES})
SOME = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from("klmn"), min_size=1)
CREATED = st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 4))


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
        previous = [(profile, Previous(identity, self.ages[identity])) for profile, identity in self.links.items()]
        former = [
            (old, Former(self.ages[old], tuple(self.way(old)), max(bore.values(), default=0), frozenset(bore)))
            for old, bore in self.bearers.items()
        ]
        rows = list(clusters.items())
        if mixed:
            for items in (rows, previous, former):
                mixed.shuffle(items)
        used = self.ages.keys() - set(self.links.values())
        return assign_ids(dict(rows), dict(previous), used, self.created, dict(former))

    def keep(self, found: Assignment) -> dict[str, str]:
        """Store it as `landbridge.identity.storing` does; the links as they are then."""
        self.runs += 1
        self.ages |= found.born
        for old in sorted(found.restored, key=lambda old: min(self.bearers[old].values(), default=0), reverse=True):
            del self.redirects[old]
            self.move(found, {p for p in self.bearers[old] if self.links[p] == found.restored[old]}, old)
            self.bearers[old] = dict.fromkeys(self.bearers[old], self.runs)
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


APART, ONE = {"a": "x", "b": "y", "c": "y"}, {"a": "x", "b": "x", "c": "x"}


def test_a_merge_that_was_undone_gives_both_their_ids_back() -> None:
    world = World({"a": 1, "b": 2, "c": 3})
    before = world.after(APART)
    world.after(ONE)
    assert world.means(before["b"]) == before["a"]
    found = world.run(APART)
    assert found.of == before
    assert found.events == [Event("restored", before["b"], before["a"]), Event("split", before["a"], before["b"])]
    assert world.keep(found) == before
    assert world.redirects == {}
    assert world.run(APART).events == []


def test_what_came_since_leaves_the_ids_where_they_were() -> None:
    world = World({"a": 1, "b": 2, "c": 3, "d": 4})
    before = world.after(APART)
    now = world.after(ONE, ONE | {"d": "x"}, APART | {"d": "y"})
    assert {now[profile] for profile in "bcd"} == {before["b"]}
    assert now["a"] == before["a"]


def test_part_of_a_part_gives_no_id_back() -> None:
    """Of three that had an id one leaves: the id goes on meaning where the others are."""
    world = World({"a": 1, "b": 2, "c": 3, "d": 4})
    before = world.after(APART | {"d": "y"})
    now = world.after(ONE | {"d": "x"}, ONE | {"d": "z"})
    assert now["d"] not in before.values()
    assert world.means(before["b"]) == before["a"] == now["b"]


def test_who_leaves_for_a_third_takes_the_old_id_along() -> None:
    world = World({"a": 1, "b": 2, "c": 3, "d": 4})
    before = world.after(APART | {"d": "z"})
    world.after(ONE | {"d": "z"})
    found = world.run({"a": "x", "b": "z", "c": "z", "d": "z"})
    world.keep(found)
    assert world.means(before["b"]) == before["d"] == found.of["b"]
    assert Event("restored", before["b"], before["a"]) in found.events
    assert Event("redirected", before["b"], before["d"]) in found.events


def test_merges_are_undone_one_after_the_other() -> None:
    world = World({"a": 1, "b": 2, "c": 3})
    three = world.after({"a": "x", "b": "y", "c": "z"})
    two = world.after(APART)
    world.after(ONE)
    assert world.after(APART) == two
    assert world.after({"a": "x", "b": "y", "c": "z"}) == three


def test_who_is_gone_goes_where_the_old_id_goes() -> None:
    """Consent and history of a deleted record count for the one whose record it was."""
    world = World({"a": 1, "b": 2, "c": 3})
    before = world.after(APART, {"a": "x", "b": "x"})
    assert before["c"] == before["a"]
    now = world.after({"a": "x", "b": "y"})
    assert now["c"] == now["b"] != now["a"]


@settings(deadline=None)
@given(st.lists(CLUSTERS, max_size=3), CLUSTERS, CREATED, st.data())
def test_merged_and_parted_again_everybody_is_who_they_were(
    history: list[dict[str, str]], clusters: dict[str, str], created: dict[str, int], data: st.DataObject
) -> None:
    world = World(created)
    world.after(*history)
    before = world.after(clusters)
    known = {old: world.means(old) for old in world.ages}
    for _ in range(data.draw(st.integers(1, 2))):
        onto = data.draw(st.fixed_dictionaries({label: st.sampled_from("kl") for label in "klmn"}))
        world.after({profile: onto[label] for profile, label in clusters.items()})
    assert world.after(clusters) == before
    assert {old: world.means(old) for old in known} == known


@settings(deadline=None)
@given(st.lists(SOME, min_size=2, max_size=6), CREATED, st.randoms(use_true_random=False))
def test_every_id_ever_given_means_one_who_lives(
    history: list[dict[str, str]], created: dict[str, int], random: Any
) -> None:
    world = World(created)
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
