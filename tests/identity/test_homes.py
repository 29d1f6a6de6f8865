"""Undoing a wrong merge: what had an id before has it again, and every id ever given means one customer who lives."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from landbridge.identity.ids import Event
from tests.identity.world import CLUSTERS, CREATED, MERGES, SOME, World, comes_back, leads_to_the_living

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


@given(st.lists(CLUSTERS, max_size=3), CLUSTERS, CREATED, MERGES)
def test_merged_and_parted_again_everybody_is_who_they_were(
    history: list[dict[str, str]], clusters: dict[str, str], created: dict[str, int], merges: list[dict[str, str]]
) -> None:
    comes_back(World(created), history, clusters, merges)


@given(st.lists(SOME, min_size=2, max_size=6), CREATED, st.randoms(use_true_random=False))
def test_every_id_ever_given_means_one_who_lives(
    history: list[dict[str, str]], created: dict[str, int], random: Any
) -> None:
    leads_to_the_living(World(created), history, random)
