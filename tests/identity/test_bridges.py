"""Bridges against taking each edge away and looking."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.bridges import Bridge, bridges

nodes = st.sampled_from("abcdefgh")
graphs = st.lists(st.tuples(nodes, nodes).filter(lambda edge: edge[0] != edge[1]), max_size=14)


def reached(start: str, edges: list[tuple[str, str]]) -> set[str]:
    found = {start}
    while more := {b for edge in edges for a, b in (edge, edge[::-1]) if a in found} - found:
        found |= more
    return found


@settings(deadline=None)
@given(graphs)
def test_what_falls_apart_without_an_edge(edges: list[tuple[str, str]]) -> None:
    expected = []
    for place, (left, right) in enumerate(edges):
        others = edges[:place] + edges[place + 1 :]
        one_side, other = reached(left, others), reached(right, others)
        if right not in one_side:
            expected.append(Bridge(min(left, right), max(left, right), min(len(one_side), len(other))))
    assert bridges(edges) == sorted(expected)


def test_a_chain_too_long_for_recursion() -> None:
    chain = [(f"{n:05}", f"{n + 1:05}") for n in range(20_000)]
    assert len(bridges(chain)) == 20_000
