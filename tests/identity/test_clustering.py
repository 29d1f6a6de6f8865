"""Clustering under decisions: examples, and the promises for any graph."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.clustering import Clusters, Guards, cluster
from landbridge.identity.contradictions import Contradictions

NAMES = st.sampled_from([f"p{n}" for n in range(9)])
PAIRS = st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1])
EDGES = st.lists(st.tuples(PAIRS, st.integers(0, 20)).map(lambda e: (*e[0], float(e[1]))), max_size=25)
ALL = [f"p{n}" for n in range(9)]


def groups(found: Clusters) -> set[frozenset[str]]:
    """Clusters of more than one, as sets."""
    by_name: dict[str, set[str]] = {}
    for profile, name in found.of.items():
        by_name.setdefault(name, set()).add(profile)
    return {frozenset(group) for group in by_name.values() if len(group) > 1}


def test_different_splits_along_the_weakest_evidence() -> None:
    edges = [("a", "b", 20.0), ("b", "c", 9.0), ("c", "d", 20.0)]
    assert groups(cluster("abcd", edges, Guards())) == {frozenset("abcd")}
    found = cluster("abcd", edges, Guards(different=[("a", "d")]))
    assert groups(found) == {frozenset("ab"), frozenset("cd")}
    assert found.refused == {("b", "c"): "a decision keeps them apart"}


def test_same_joins_without_evidence_and_wins_over_every_guard() -> None:
    clash = Contradictions({"a": frozenset({0}), "b": frozenset({3})}, {0: frozenset({3}), 3: frozenset({0})})
    assert groups(cluster("ab", [("a", "b", 50.0)], Guards(contradictions=clash))) == set()
    assert groups(cluster("ab", [], Guards(same=[("b", "a")], contradictions=clash, largest=1))) == {frozenset("ab")}


def test_contradicting_decisions_keep_apart_and_are_shown() -> None:
    found = cluster("abc", [], Guards(same=[("a", "b"), ("b", "c")], different=[("a", "c")]))
    assert found.refused == {("b", "c"): "a decision keeps them apart"}


def test_a_decision_about_somebody_who_is_not_here_changes_nothing() -> None:
    edges = [("a", "b", 20.0)]
    assert groups(cluster("ab", edges, Guards(same=[("a", "x")], different=[("b", "x")]))) == {frozenset("ab")}


def test_a_reference_joins_unless_a_decision_forbids() -> None:
    assert groups(cluster("ab", [], Guards(references=[("a", "b")]))) == {frozenset("ab")}
    assert groups(cluster("ab", [], Guards(references=[("a", "b")], different=[("b", "a")]))) == set()


def test_a_contradiction_holds_against_the_whole_group() -> None:
    clash = Contradictions({"a": frozenset({0}), "c": frozenset({3})}, {0: frozenset({3}), 3: frozenset({0})})
    found = cluster("abc", [("a", "b", 20.0), ("b", "c", 15.0)], Guards(contradictions=clash))
    assert groups(found) == {frozenset("ab")}
    assert found.refused == {("b", "c"): "first names differ"}


def test_groups_need_more_than_singles() -> None:
    edges = [("a", "b", 20.0), ("c", "d", 20.0), ("b", "c", 5.5)]
    assert groups(cluster("abcd", edges, Guards(link=3.0))) == {frozenset("ab"), frozenset("cd")}
    assert groups(cluster("bc", [("b", "c", 5.5)], Guards(link=3.0))) == {frozenset("bc")}


def test_groups_need_no_more_where_each_record_is_tied_to_each() -> None:
    edges = [("a", "b", 20.0), ("c", "d", 20.0), ("b", "c", 3.4), ("a", "c", 3.3), ("b", "d", 3.2), ("a", "d", 3.1)]
    assert groups(cluster("abcd", edges, Guards(link=3.0))) == {frozenset("abcd")}
    for missing in edges[2:]:
        rest = [edge for edge in edges if edge != missing]
        assert groups(cluster("abcd", rest, Guards(link=3.0))) == {frozenset("ab"), frozenset("cd")}


def test_no_group_grows_past_the_largest() -> None:
    edges = [("hub", f"p{n}", 30.0) for n in range(9)]
    assert max(map(len, groups(cluster(["hub", *ALL], edges, Guards(largest=4))))) == 4


@settings(deadline=None)
@given(EDGES, st.lists(PAIRS, max_size=4), st.lists(PAIRS, max_size=4), st.randoms(use_true_random=False))
def test_order_never_matters(edges: list, same: list, different: list, random: object) -> None:  # type: ignore[type-arg]
    found = cluster(ALL, edges, Guards(same, different))
    turned = [(r, left, w) for left, r, w in edges]
    for rows in (turned, same, different, shuffled := list(ALL)):
        random.shuffle(rows)  # type: ignore[attr-defined]
    assert cluster(shuffled, turned, Guards(same, different)) == found


@settings(deadline=None)
@given(EDGES, st.lists(PAIRS, max_size=4), st.lists(PAIRS, max_size=6))
def test_decided_different_is_never_together(edges: list, same: list, different: list) -> None:  # type: ignore[type-arg]
    found = cluster(ALL, edges, Guards(same, different))
    assert not any(found.together(left, right) for left, right in different)
    assert all(found.together(*pair) for pair in same if not different)


def test_one_slip_among_many_records_is_no_second_person() -> None:
    """Fact 1 clashes with fact 4; fact 7 (a date between them, a slip away from both) with neither."""
    clashes = {1: frozenset({4}), 4: frozenset({1})}
    edges = [("a", "b", 30.0), ("b", "c", 29.0), ("a", "d", 28.0)]
    alone = Contradictions({"b": [7], "c": [4], "d": [1]}, clashes)
    assert cluster("abcd", edges, Guards(contradictions=alone)).refused == {("a", "d"): "birth dates differ"}
    among = Contradictions({"a": [7], "b": [7], "c": [4], "d": [1]}, clashes)
    assert groups(cluster("abcd", edges, Guards(contradictions=among))) == {frozenset("abcd")}


def test_evidence_between_two_that_contradict_each_other_ties_no_groups() -> None:
    clashes = {1: frozenset({4}), 4: frozenset({1})}
    said = Contradictions({"a": [7], "b": [7], "c": [4], "d": [1]}, clashes)
    edges = [("a", "b", 30.0), ("b", "c", 29.0), ("c", "d", 28.0)]
    assert groups(cluster("abcd", edges, Guards(contradictions=said))) == {frozenset("abc")}
