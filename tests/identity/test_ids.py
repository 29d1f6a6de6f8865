"""Ids last: merges keep the elder, splits stay with the most, every old id resolves."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.homes import Age, Previous
from landbridge.identity.ids import UNKNOWN, Assignment, Event, assign_ids

PROFILES = [f"p{n:02}" for n in range(10)]
CLUSTERS = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from("klmnop"), min_size=1)
CREATED = st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 5))
ONE = Previous("one", Age(1, "a"))


def as_previous(found: Assignment, before: dict[str, Previous]) -> dict[str, Previous]:
    """The links as the next run would be given them."""
    ages = {was.identity_id: was.age for was in before.values()} | found.born
    return {profile: Previous(identity, ages[identity]) for profile, identity in found.of.items()}


def test_a_merge_keeps_the_elder_and_redirects_the_other() -> None:
    previous = {"a": Previous("young", Age(7, "a")), "b": Previous("old", Age(2, "b"))}
    found = assign_ids({"a": "x", "b": "x"}, previous, created={"a": 7, "b": 2})
    assert found.of == {"a": "old", "b": "old"}
    assert found.redirects == {"young": "old"}
    assert found.events == [Event("merged", "old", "young"), Event("redirected", "young", "old")]


def test_whoever_was_created_first_is_the_elder_whenever_we_heard_of_him() -> None:
    first = assign_ids({"b": "x"}, {}, created={"b": 20})
    found = assign_ids({"a": "x", "b": "x"}, as_previous(first, {}), created={"a": 10, "b": 20})
    assert found.of["a"] == assign_ids({"a": "x"}, {}).of["a"]
    assert found.redirects == {first.of["b"]: found.of["a"]}


def test_a_younger_profile_that_joins_changes_no_id() -> None:
    first = assign_ids({"b": "x"}, {}, created={"b": 20})
    found = assign_ids({"a": "x", "b": "x"}, as_previous(first, {}), created={"a": 30, "b": 20})
    assert found.of["a"] == first.of["b"]
    assert found.events == []


def test_an_age_that_nobody_knows_is_younger_than_any() -> None:
    assert assign_ids({"a": "x", "b": "x"}, {}, created={"b": 20}).born.popitem()[1] == Age(20, "b")
    assert assign_ids({"a": "x", "b": "x"}, {}).born.popitem()[1] == Age(UNKNOWN, "a")


def test_a_split_stays_where_the_most_is() -> None:
    found = assign_ids({"a": "x", "b": "y", "c": "y"}, dict.fromkeys("abc", ONE))
    assert found.of["b"] == found.of["c"] == "one"
    new = found.of["a"]
    assert new != "one"
    assert found.events == [Event("created", new, None), Event("split", "one", new)]


def test_an_id_that_stayed_with_the_most_stays_for_good() -> None:
    whole = assign_ids(dict.fromkeys("abc", "x"), {})
    split = assign_ids({"a": "x", "b": "y", "c": "y"}, before := as_previous(whole, {}))
    again = assign_ids({"a": "x", "b": "y", "c": "y"}, as_previous(split, before))
    assert again.of == split.of
    assert again.of["b"] == whole.of["a"]
    assert again.events == []


def test_a_tie_stays_with_the_founder() -> None:
    founded_by_b = Previous("one", Age(1, "b"))
    assert assign_ids({"a": "x", "b": "y"}, dict.fromkeys("ab", founded_by_b)).of["b"] == "one"
    assert assign_ids({"b": "x", "c": "y"}, dict.fromkeys("bc", ONE)).of["b"] == "one"


def test_a_new_id_is_never_one_that_was_used() -> None:
    first = assign_ids({"a": "x"}, {}).of["a"]
    again = assign_ids({"a": "x"}, {}, used=[first]).of["a"]
    assert again != first
    assert assign_ids({"a": "x"}, {}, used=[first]).of["a"] == again


@settings(deadline=None)
@given(CLUSTERS, CREATED)
def test_a_second_run_changes_nothing(clusters: dict[str, str], created: dict[str, int]) -> None:
    first = assign_ids(clusters, {}, created=created)
    second = assign_ids(clusters, as_previous(first, {}), created=created)
    assert second.of == first.of
    assert second.events == []
    assert second.born == {}


@settings(deadline=None)
@given(CLUSTERS, CLUSTERS, CREATED, st.randoms(use_true_random=False))
def test_order_and_labels_never_matter(
    before: dict[str, str], after: dict[str, str], created: dict[str, int], random: object
) -> None:
    previous = as_previous(assign_ids(before, {}, created=created), {})
    found = assign_ids(after, previous, created=created)
    rows, links = list(after.items()), list(previous.items())
    for items in (rows, links):
        random.shuffle(items)  # type: ignore[attr-defined]
    assert assign_ids({profile: f"other-{label}" for profile, label in rows}, dict(links), created=created) == found


@settings(deadline=None)
@given(CLUSTERS, CREATED, st.permutations(PROFILES), st.lists(st.integers(1, 9), max_size=3))
def test_in_whatever_order_profiles_come_the_ids_are_the_same(
    clusters: dict[str, str], created: dict[str, int], order: list[str], cuts: list[int]
) -> None:
    """Promise 4, as long as clusters only grow: read in any order and in any number of runs."""
    at_once = assign_ids(clusters, {}, created=created)
    previous: dict[str, Previous] = {}
    used: set[str] = set()
    for end in [*sorted(cuts), len(order)]:
        there = {profile: clusters[profile] for profile in order[:end] if profile in clusters}
        found = assign_ids(there, previous, used, created)
        used |= set(found.redirects)
        previous = as_previous(found, previous)
    assert {profile: was.identity_id for profile, was in previous.items()} == at_once.of


@settings(deadline=None)
@given(st.lists(CLUSTERS, min_size=2, max_size=5), CREATED)
def test_every_old_id_resolves_and_no_two_clusters_share_one(
    history: list[dict[str, str]], created: dict[str, int]
) -> None:
    previous: dict[str, Previous] = {}
    used: set[str] = set()
    for clusters in history:
        found = assign_ids(clusters, previous, used, created)
        labels = {(clusters[profile], identity) for profile, identity in found.of.items()}
        assert len(labels) == len(set(clusters.values())) == len({identity for _, identity in labels})
        for profile, was in previous.items():
            if profile in clusters:
                assert found.redirects.get(was.identity_id, was.identity_id) in found.of.values()
        assert not set(found.redirects) & set(found.of.values())
        assert not used & set(found.of.values())
        known = {was.identity_id for was in previous.values()} | set(found.born)
        used |= known - set(found.of.values())
        previous = as_previous(found, previous)
