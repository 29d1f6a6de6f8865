"""What people say of several pairs never contradicts itself: the word that would make it so is not taken."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge.errors import DecisionStands
from landbridge.identity.decisions import decide, withdraw
from landbridge.store.engine import Store
from tests.identity.test_stage import ANNA, put, rows

PEOPLE = [f"crm/users/{n}" for n in range(5)]


@pytest.fixture
def five(store: Store) -> Store:
    for person in PEOPLE:
        put(store, person, ANNA)
    return store


def say(store: Store, left: str, right: str, verdict: str) -> bool:
    """Whether the word was taken."""
    try:
        decide(store, left, right, verdict, actor="ada", reason="")
    except DecisionStands:
        return False
    return True


def test_two_who_are_one_with_a_third_are_not_two_people(five: Store) -> None:
    a, b, c, *_ = PEOPLE
    assert say(five, a, b, "same")
    assert say(five, b, c, "same")
    with pytest.raises(DecisionStands, match=rf"ada decided on .* that {b} and {c} are one person") as told:
        decide(five, a, c, "different", actor="bob", reason="")
    assert f"withdraw {b} {c}" in told.value.do
    withdraw(five, b, c, actor="ada", reason="a slip")
    assert say(five, a, c, "different")


def test_nobody_is_made_one_with_whom_a_third_keeps_apart(five: Store) -> None:
    a, b, c, *_ = PEOPLE
    assert say(five, a, b, "same")
    assert say(five, a, c, "different")
    with pytest.raises(DecisionStands, match=rf"that {a} and {c} are two people, and this would make them one"):
        decide(five, c, b, "same", actor="bob", reason="")


PAIRS = st.lists(
    st.tuples(st.sampled_from(list(combinations(PEOPLE, 2))), st.sampled_from(["same", "different"])), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(PAIRS)
def test_a_word_is_taken_exactly_where_all_that_stands_can_be_obeyed(
    five: Store, said: list[tuple[tuple[str, str], str]]
) -> None:
    rows(five, "UPDATE decision SET withdrawn_at = now(), applied = false RETURNING 1")
    standing: dict[tuple[str, str], str] = {}
    for pair, verdict in said:
        fits = standing.get(pair, verdict) == verdict and can_be({**standing, pair: verdict})
        assert say(five, *pair, verdict) == fits
        if fits:
            standing[pair] = verdict


def can_be(words: dict[tuple[str, str], str]) -> bool:
    """Whether somebody could be named so that all these words hold."""
    name = {person: person for person in PEOPLE}
    for (left, right), verdict in words.items():
        if verdict == "same":
            name = {who: name[left] if named == name[right] else named for who, named in name.items()}
    return all(name[left] != name[right] for (left, right), verdict in words.items() if verdict == "different")
