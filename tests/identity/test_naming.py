"""Ids given in columns are the ids that the law gives, whatever was before."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity import ids
from landbridge.identity.homes import Age, Former, Previous
from landbridge.identity.ids import UNKNOWN, Assignment, assign_ids
from landbridge.identity.naming import FORMER, PREVIOUS, Named, Past, made_from, name_groups

PROFILES = [f"p{n}" for n in range(8)]
CLUSTERS = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from("klmn"))
CREATED = st.dictionaries(st.sampled_from(PROFILES), st.integers(1, 4))
USED = st.lists(st.sampled_from(PROFILES).map(ids.made_from), max_size=2)
TIME = PREVIOUS.field("founded").type


def in_columns(
    clusters: dict[str, str],
    created: dict[str, int],
    previous: dict[str, Previous],
    used: list[str],
    former: dict[str, Former] | None = None,
) -> Named:
    """The same question in columns."""
    profiles = sorted(clusters)
    firsts = [next(i for i, p in enumerate(profiles) if clusters[p] == clusters[profile]) for profile in profiles]
    times = pa.table(
        {"profile_id": pa.array(list(created), pa.string()), "created_at": pa.array(created.values(), TIME)}
    )
    rows = [(p, was.identity_id, was.age.founder, was.age.founded) for p, was in previous.items()]
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    columns[3] = [None if founded == UNKNOWN else founded for founded in columns[3]]
    before = pa.table([pa.array(c, f.type) for c, f in zip(columns, PREVIOUS, strict=True)], schema=PREVIOUS)
    past = Past(before, used, in_rows(former or {}))
    return name_groups(pa.chunked_array([profiles], pa.string()), np.array(firsts, np.int32), times, past)


def in_rows(former: dict[str, Former]) -> pa.Table:
    """As the database tells of them."""
    rows = [
        (
            old,
            one.age.founder,
            None if one.age.founded == UNKNOWN else one.age.founded,
            one.path[-1],
            one.path,
            one.since,
            p,
        )
        for old, one in former.items()
        for p in sorted(one.profiles)
    ]
    columns = list(zip(*rows, strict=True)) or [[]] * len(FORMER)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FORMER, strict=True)], schema=FORMER)


def agree(columns: Named, law: Assignment) -> None:
    """The two answers are one."""
    assert columns.of.to_pylist() == [law.of[profile] for profile in sorted(law.of)]
    assert [tuple(row.values()) for row in columns.events.to_pylist()] == [tuple(event) for event in law.events]
    ages = zip(*(columns.born[c].to_pylist() for c in ("identity_id", "founder")), strict=True)
    founded = columns.born["founded"].cast(pa.int64()).to_pylist()
    found = {i: Age(UNKNOWN if t is None else t, f) for (i, f), t in zip(ages, founded, strict=True)}
    assert found == law.born


@settings(deadline=None, max_examples=60)
@given(CLUSTERS, CLUSTERS, CREATED, USED)
def test_the_same_as_the_law(
    first: dict[str, str], second: dict[str, str], created: dict[str, int], used: list[str]
) -> None:
    before = assign_ids(first, {}, used, created)
    agree(in_columns(first, created, {}, used), before)
    previous = {profile: Previous(identity, before.born[identity]) for profile, identity in before.of.items()}
    agree(in_columns(second, created, previous, used), assign_ids(second, previous, used, created))
    agree(in_columns(first, created, previous, used), assign_ids(first, previous, used, created))


@settings(deadline=None, max_examples=40)
@given(CLUSTERS, CREATED)
def test_the_same_as_the_law_when_a_merge_is_undone(clusters: dict[str, str], created: dict[str, int]) -> None:
    before = assign_ids(clusters, {}, created=created)
    previous = {profile: Previous(identity, before.born[identity]) for profile, identity in before.of.items()}
    merged = assign_ids(dict.fromkeys(clusters, "all"), previous, created=created)
    bore = {old: frozenset(p for p, identity in before.of.items() if identity == old) for old in merged.redirects}
    former = {old: Former(before.born[old], (now,), 1, bore[old]) for old, now in merged.redirects.items()}
    together = {profile: Previous(identity, before.born[identity]) for profile, identity in merged.of.items()}
    answer = in_columns(clusters, created, together, list(former), former)
    agree(answer, assign_ids(clusters, together, former, created, former))
    assert answer.of.to_pylist() == [before.of[profile] for profile in sorted(clusters)]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text()))
def test_ids_are_made_as_the_law_makes_them(founders: list[str]) -> None:
    assert made_from(pa.chunked_array([founders], pa.string())).to_pylist() == [ids.made_from(f) for f in founders]


def test_what_is_as_it_was_is_not_asked_about() -> None:
    previous = {"p1": Previous("one", Age(2, "p1")), "p2": Previous("one", Age(2, "p1"))}
    found = in_columns({"p1": "k", "p2": "k", "p3": "l"}, {"p1": 2, "p2": 3}, previous, [])
    assert found.of.to_pylist() == ["one", "one", ids.made_from("p3")]
    assert found.events.num_rows == found.born.num_rows == 1
