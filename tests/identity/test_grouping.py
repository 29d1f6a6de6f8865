"""Grouping in columns comes to what clustering one by one comes to, whatever the graph, the names and the decisions."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.clustering import Guards, cluster
from landbridge.identity.contradictions import contradictions
from landbridge.identity.grouping import Edges, Groups, group

NAMES = st.sampled_from(["mary", "john", "robert", "bob", "m", None, None])
BIRTHS = st.sampled_from(["1980-01-02", "1991-11-12", None, None])
PEOPLE = st.lists(
    st.tuples(NAMES, st.sampled_from(["john", "hill", None]), BIRTHS),
    min_size=2,
    max_size=14,
)
LARGEST = st.sampled_from([3, 25])


def table(people: list[tuple[str | None, str | None, str | None]]) -> pa.Table:
    """Features, as far as grouping reads them."""
    given_names, family, birth = zip(*people, strict=True)
    return pa.table(
        {
            "profile_id": [f"p{n:04}" for n in range(len(people))],
            "given": pa.array(given_names, pa.string()),
            "family": pa.array(family, pa.string()),
            "middle": pa.nulls(len(people), pa.string()),
            "roots": pa.array([["robert", name] if name == "bob" else [name] for name in given_names]),
            "given_known": [name is not None and len(name) > 1 for name in given_names],
            "birth_date": pa.array(birth, pa.string()),
            "birth_swapped": pa.nulls(len(people), pa.string()),
            "generation": pa.nulls(len(people), pa.string()),
        }
    )


@st.composite
def bases(draw: st.DrawFn) -> tuple[pa.Table, dict[tuple[int, int], float], Guards]:
    """People, the evidence between them, and what has been said about them."""
    people = draw(PEOPLE)
    someone = st.integers(0, len(people) - 1)
    pairs = st.tuples(someone, someone).filter(lambda pair: pair[0] < pair[1])
    weights = st.integers(8, 30).map(lambda halves: halves / 2)
    named = st.tuples(someone, someone).filter(lambda pair: pair[0] != pair[1])
    said = st.lists(named.map(lambda pair: (f"p{pair[0]:04}", f"p{pair[1]:04}")), max_size=1)
    against = draw(st.sampled_from([frozenset({0, 1, 2}), frozenset({2}), frozenset({1, 2})]))
    guards = Guards(draw(said), draw(said), draw(said), link=4.0, largest=draw(LARGEST), against=against)
    return table(people), draw(st.dictionaries(pairs, weights, max_size=30)), guards


def arrays(evidence: dict[tuple[int, int], float]) -> Edges:
    """The evidence as grouping takes it."""
    ends = np.array(list(evidence), np.int32).reshape(-1, 2)
    return Edges(ends[:, 0], ends[:, 1], np.array(list(evidence.values()), np.float64))


def by_law(found: pa.Table, evidence: dict[tuple[int, int], float], guards: Guards) -> Any:
    """The same one by one: (of, how, refused)."""
    ids = found["profile_id"].to_pylist()
    part = np.arange(len(ids), dtype=np.int32)
    for left, right in evidence:
        part[part == part[right]] = part[left]
    edges = [(ids[left], ids[right], weight) for (left, right), weight in evidence.items()]
    lawful = cluster(ids, edges, replace(guards, contradictions=contradictions(found, part, guards.against)))
    refused = [lawful.refused.get((left, right)) for left, right, _ in edges]
    return [lawful.of[p] for p in ids], [lawful.joined_by.get(p, "single") for p in ids], refused


def as_told(found: pa.Table, groups: Groups) -> Any:
    """Groups in the same form."""
    ids = found["profile_id"].to_pylist()
    return [ids[first] for first in groups.of], groups.how.tolist(), groups.refused.tolist()


@settings(deadline=None, max_examples=40)
@given(bases())
def test_the_same_as_one_by_one(base: tuple[pa.Table, dict[tuple[int, int], float], Guards]) -> None:
    found, evidence, guards = base
    assert as_told(found, group(found, arrays(evidence), guards)) == by_law(*base)


def test_the_same_in_hundreds_of_small_parts() -> None:
    chance = random.Random(5)
    people, evidence = [], {}
    for _ in range(500):
        first, size = len(people), chance.randint(2, 8)
        for _ in range(size):
            given_name = chance.choice(["mary", "mary", "mary", "john", "robert", "bob", "m", None])
            birth = chance.choice(["1980-01-02", "1980-01-02", "1991-11-12", None, None])
            people.append((given_name, chance.choice(["john", "hill", None]), birth))
        for _ in range(chance.randint(1, 2 * size)):
            left, right = sorted(chance.sample(range(first, first + size), 2))
            evidence[left, right] = chance.randint(8, 40) / 2
    found, guards = table(people), Guards([("p0001", "p0101")], [("p0300", "p0301")], [("p0600", "p0603")], link=4.0)
    assert as_told(found, group(found, arrays(evidence), guards)) == by_law(found, evidence, guards)


def test_parts_that_nobody_doubts_are_not_gone_through() -> None:
    found = table([("mary", "hill", None)] * 12)
    evidence = {(n, n + 1): 20.0 for n in range(11)}
    assert as_told(found, group(found, arrays(evidence), Guards(link=4.0)))[0] == ["p0000"] * 12
    weak = evidence | {(5, 6): 9.0}
    assert as_told(found, group(found, arrays(weak), Guards(link=4.0))) == by_law(found, weak, Guards(link=4.0))


def test_nobody() -> None:
    assert group(table([("mary", "hill", None)]).slice(0, 0), arrays({}), Guards()).of.tolist() == []
