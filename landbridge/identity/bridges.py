"""Bridges: the one link between two halves of a group, without which they are two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Bridge(NamedTuple):
    """An edge, and how many members it holds to the group on its smaller side."""

    left: str
    right: str
    held: int


def bridges(edges: Iterable[tuple[str, str]]) -> list[Bridge]:
    """Every edge of an undirected graph whose loss would cut its component in two, in a stable order.

    Two edges between the same ends hold each other. Tarjan's lowest reachable number, without recursion:
    https://doi.org/10.1016/0020-0190(74)90003-9
    """
    numbered = list(edges)
    ends: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, (left, right) in enumerate(numbered):
        ends[left].append((right, number))
        ends[right].append((left, number))
    seen: dict[str, int] = {}
    found = [bridge for start in sorted(ends) if start not in seen for bridge in _from(start, ends, seen)]
    return sorted(found)


def _from(start: str, ends: dict[str, list[tuple[str, int]]], seen: dict[str, int]) -> Iterator[Bridge]:
    """Walk one component depth first; on the way back each node knows how far up its branch reaches, and its size."""
    low, size, first = {start: len(seen)}, {start: 1}, len(seen)
    seen[start] = len(seen)
    cut: list[tuple[str, str, int]] = []
    path = [(start, -1, iter(ends[start]))]
    while path:
        node, came_by, others = path[-1]
        step = next(((other, edge) for other, edge in others if edge != came_by), None)
        if step is None:
            path.pop()
            if path:
                above = path[-1][0]
                low[above], size[above] = min(low[above], low[node]), size[above] + size[node]
                if low[node] > seen[above]:
                    cut.append((above, node, size[node]))
        elif step[0] in seen:
            low[node] = min(low[node], seen[step[0]])
        else:
            other = step[0]
            seen[other] = low[other] = len(seen)
            size[other] = 1
            path.append((other, step[1], iter(ends[other])))
    whole = len(seen) - first
    for above, node, below in cut:
        yield Bridge(min(above, node), max(above, node), min(below, whole - below))
