"""Parting a customer: every pair across is decided at once, the next resolving obeys, and it can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from landbridge.errors import DecisionStands, GateClosed, NotFound
from landbridge.identity import decisions
from landbridge.identity.parting import part, parted, unpart
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.identity.test_stage import ANNA, links, put, resolved

FOUR = ["crm/Lead/1", "crm/Lead/2", "zendesk/users/1", "zendesk/users/2"]


@pytest.fixture
def anna(store: Store) -> Store:
    """Four records of one Anna, each tied to each."""
    for profile in FOUR:
        put(store, profile, ANNA)
    resolved(store)
    assert len(set(links(store).values())) == 1
    return store


def groups(store: Store) -> set[frozenset[str]]:
    """Who stands with whom."""
    by: dict[str, set[str]] = {}
    for profile, identity in links(store).items():
        by.setdefault(identity, set()).add(profile)
    return {frozenset(group) for group in by.values()}


def test_two_leave_together_and_come_back_when_it_is_taken_back(anna: Store) -> None:
    made = part(anna, FOUR[:2], FOUR[2:], actor="ada", reason="mother and daughter")
    assert len(made) == 4
    resolved(anna)
    assert groups(anna) == {frozenset(FOUR[:2]), frozenset(FOUR[2:])}
    assert unpart(anna, made, actor="bob") == 0, "nobody takes back another's word"
    assert unpart(anna, made, actor="ada") == 4
    assert unpart(anna, made, actor="ada") == 0
    resolved(anna)
    assert groups(anna) == {frozenset(FOUR)}
    assert audit.verify(anna).intact


def test_saying_it_twice_writes_nothing(anna: Store) -> None:
    part(anna, FOUR[:1], FOUR[1:], actor="ada", reason="")
    before = audit.verify(anna).events
    assert part(anna, FOUR[:1], FOUR[1:], actor="bob", reason="") == []
    assert audit.verify(anna).events == before


def test_a_same_across_stands_and_nothing_is_written(anna: Store) -> None:
    decisions.decide(anna, FOUR[0], FOUR[3], "same", actor="bob", reason="")
    with pytest.raises(DecisionStands, match="bob decided on"):
        part(anna, FOUR[:2], FOUR[2:], actor="ada", reason="")
    assert len(decisions.about(anna, FOUR)) == 1


@pytest.mark.parametrize(("leaving", "staying"), [([], FOUR), (FOUR, []), (["no/such/1"], FOUR)])
def test_there_must_be_two_sides_of_known_records(anna: Store, leaving: list[str], staying: list[str]) -> None:
    with pytest.raises(NotFound):
        part(anna, leaving, staying, actor="ada", reason="")


MEMBERS = st.lists(st.integers(0, 12).map(str), min_size=1, unique=True)


@given(MEMBERS, st.data())
def test_what_would_follow_names_everybody_once_and_ties_hold_within_a_side(members: list[str], data: Any) -> None:
    ties = data.draw(st.lists(st.tuples(st.sampled_from(members), st.sampled_from(members)), max_size=20))
    leaving = data.draw(st.lists(st.sampled_from(members), unique=True))
    staying = [member for member in members if member not in leaving]
    found = parted(ties, leaving, staying)
    for side, told in ((leaving, found.leaving), (staying, found.staying)):
        assert sorted(each for group in told for each in group) == sorted(side)
        place = {each: number for number, group in enumerate(told) for each in group}
        assert all(place[left] == place[right] for left, right in ties if left in place and right in place)
        assert len(told) >= len(side) - len(ties)


def test_parting_is_no_way_around_a_second_person(anna: Store) -> None:
    with anna.begin() as connection:
        connection.execute(
            sa.text(
                """INSERT INTO question (left_id, right_id, left_identity, right_identity, close, moves, deals, score,
                value, run_id) SELECT :left, :right, 'i', 'i', false, 1, 1000, 1, 1000, run_id FROM run LIMIT 1"""
            ),
            {"left": FOUR[0], "right": FOUR[2]},
        )
    with pytest.raises(GateClosed, match="two people must say"):
        part(anna, FOUR[:2], FOUR[2:], actor="ada", reason="", two_over=999)
    assert decisions.about(anna, FOUR) == []
    assert len(part(anna, FOUR[:2], FOUR[2:], actor="ada", reason="", two_over=1000)) == 4
