"""Ids last: merges keep the elder, splits stay with the most, every old id resolves."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.ids import Assignment, Event, Previous, assign_ids

PROFILES = [f"p{n:02}" for n in range(10)]
CLUSTERS = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from("klmnop"), min_size=1)


def as_previous(assignment: Assignment, born: int = 0) -> dict[str, Previous]:
    """The links as the next run would be given them, identities numbered in order of birth."""
    order = {identity: born + n for n, identity in enumerate(sorted(set(assignment.of.values())))}
    return {profile: Previous(identity, order[identity]) for profile, identity in assignment.of.items()}


def test_a_merge_keeps_the_elder_and_redirects_the_other() -> None:
    previous = {"a": Previous("young", 7), "b": Previous("old", 2)}
    found = assign_ids({"a": "x", "b": "x"}, previous)
    assert found.of == {"a": "old", "b": "old"}
    assert found.redirects == {"young": "old"}
    assert found.events == [Event("merged", "old", "young"), Event("redirected", "young", "old")]


def test_a_split_stays_where_the_most_is() -> None:
    previous = {p: Previous("one", 1) for p in "abc"}
    found = assign_ids({"a": "x", "b": "y", "c": "y"}, previous)
    assert found.of["b"] == found.of["c"] == "one"
    new = found.of["a"]
    assert new != "one"
    assert found.events == [Event("created", new, None), Event("split", "one", new)]


def test_a_tie_stays_with_the_smallest_profile() -> None:
    assert assign_ids({"a": "x", "b": "y"}, {p: Previous("one", 1) for p in "ab"}).of["a"] == "one"


def test_a_new_id_is_never_one_that_was_used() -> None:
    first = assign_ids({"a": "x"}, {}).of["a"]
    again = assign_ids({"a": "x"}, {}, used=[first]).of["a"]
    assert again != first
    assert assign_ids({"a": "x"}, {}, used=[first]).of["a"] == again


@settings(deadline=None)
@given(CLUSTERS)
def test_a_second_run_changes_nothing(clusters: dict[str, str]) -> None:
    first = assign_ids(clusters, {})
    second = assign_ids(clusters, as_previous(first))
    assert second.of == first.of
    assert second.events == []


@settings(deadline=None)
@given(CLUSTERS, CLUSTERS, st.randoms(use_true_random=False))
def test_order_and_labels_never_matter(before: dict[str, str], after: dict[str, str], random: object) -> None:
    previous = as_previous(assign_ids(before, {}))
    found = assign_ids(after, previous)
    rows, links = list(after.items()), list(previous.items())
    for items in (rows, links):
        random.shuffle(items)  # type: ignore[attr-defined]
    assert assign_ids({profile: f"other-{label}" for profile, label in rows}, dict(links)) == found


@settings(deadline=None)
@given(st.lists(CLUSTERS, min_size=2, max_size=5))
def test_every_old_id_resolves_and_no_two_clusters_share_one(history: list[dict[str, str]]) -> None:
    previous: dict[str, Previous] = {}
    for clusters in history:
        found = assign_ids(clusters, previous)
        labels = {(clusters[profile], identity) for profile, identity in found.of.items()}
        assert len(labels) == len(set(clusters.values())) == len({identity for _, identity in labels})
        for profile, was in previous.items():
            if profile in clusters:
                assert found.redirects.get(was.identity_id, was.identity_id) in found.of.values()
        assert not set(found.redirects) & set(found.of.values())
        previous = as_previous(found, born=len(previous))
