"""Words about profiles that are gone go on saying something of those that are there."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from landbridge.identity.clustering import Guards, cluster
from landbridge.identity.implied import among

PROFILES = "abcdefgh"
PAIRS = st.lists(st.tuples(st.sampled_from(PROFILES), st.sampled_from(PROFILES)).filter(lambda pair: pair[0] < pair[1]))
HERE = st.sets(st.sampled_from(PROFILES))


def test_who_is_gone_between_two_stands_for_both() -> None:
    assert among({"a", "c"}, [("a", "b"), ("b", "c")], []) == ([("a", "c")], [])


def test_who_is_another_than_one_who_is_gone_is_another_than_whom_that_one_was() -> None:
    assert among({"a", "c"}, [("a", "b")], [("b", "c")]) == ([], [("a", "c")])


def test_of_whom_nobody_is_there_nothing_is_said() -> None:
    assert among({"a"}, [("c", "d")], [("a", "c"), ("c", "d")]) == ([], [])


@given(PAIRS, PAIRS, HERE)
def test_those_that_are_there_are_grouped_as_if_nobody_had_gone(
    same: list[tuple[str, str]], different: list[tuple[str, str]], here: set[str]
) -> None:
    whole = cluster(PROFILES, [], Guards(same=same))
    consistent = [pair for pair in different if not whole.together(*pair)]
    ties, apart = among(here, same, consistent)
    part = cluster(here, [], Guards(same=ties, different=apart))
    everybody = [(*pair, 1.0) for pair in combinations(sorted(here), 2)]
    pulled = cluster(here, everybody, Guards(same=ties, different=apart))
    for left, right in combinations(sorted(here), 2):
        assert part.together(left, right) == whole.together(left, right)
    for left, right in consistent:
        for mine in here:
            for theirs in here:
                if whole.together(left, mine) and whole.together(right, theirs):
                    assert not pulled.together(mine, theirs)


@given(PAIRS, PAIRS)
def test_while_everybody_is_there_words_are_as_they_were_said(
    same: list[tuple[str, str]], different: list[tuple[str, str]]
) -> None:
    assert among(PROFILES, same, different) == (same, different)
