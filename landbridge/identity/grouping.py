"""Clustering a whole base. `clustering.cluster` says what is right; this comes to the same, and goes profile by profile
only where something may object to the strongest evidence. Everywhere else a connected part is one group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log2

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from landbridge.identity.clustering import GROUP_BITS, Clusters, Guards, Pair, cluster
from landbridge.identity.contradictions import Contradictions, Profile, contradictions

Rows = npt.NDArray[np.int32]
"""Profiles by their place in the order of profile_id."""
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
"""Texts, or None."""


@dataclass(frozen=True)
class Edges:
    """Pairs of profiles, left before right, each once, and the bits that tie them."""

    left: Rows
    right: Rows
    weight: npt.NDArray[np.float64]

    def where(self, chosen: Flags) -> Edges:
        """Some of them."""
        return Edges(self.left[chosen], self.right[chosen], self.weight[chosen])


@dataclass(frozen=True)
class Groups:
    """Which profiles are one.

    of       for each profile the first of its group
    how      for each profile what first tied it to another: 'evidence', 'decision', 'reference', or 'single'
    refused  for each edge why it did not join, or None
    """

    of: Rows
    how: Texts
    refused: Texts


def group(found: pa.Table, edges: Edges, guards: Guards) -> Groups:
    """Group the profiles of `found`, which stand in the order of profile_id; `edges` are strong enough to link.

    Where a person or a system has spoken about somebody, all that hangs together with him is decided one by one.
    A part where nobody contradicts anybody and whose weakest needed edge would do for its largest halves is one group.
    """
    ids = found["profile_id"]
    part = _parts(found.num_rows, edges)
    size = np.bincount(part, minlength=1)
    said = contradictions(found, np.where(size[part] > 1, part, -1), guards.against)
    within = _by_place(ids, replace(guards, contradictions=said))
    spoken_of = np.array([*_named(within), *within.contradictions.said], np.int32)
    doubtful = _of_same_part(part, spoken_of) | _weak(part, size, edges, guards)[part]
    some = edges.where(doubtful[edges.left])
    told = zip(some.left.tolist(), some.right.tolist(), some.weight.tolist(), strict=True)
    return _all(part, edges, doubtful, cluster(np.flatnonzero(doubtful).tolist(), told, within))


def _parts(profiles: int, edges: Edges) -> Rows:
    """The number of each profile's connected part."""
    ones = np.ones(len(edges.left), np.int8)
    graph = csr_array((ones, (edges.left, edges.right)), shape=(profiles, profiles))
    parts: Rows = connected_components(graph, directed=False)[1]
    return parts


def _of_same_part(part: Rows, some: Rows) -> Flags:
    """Who is in one part with any of `some`."""
    flagged = np.zeros(part.max(initial=-1) + 1, np.bool_)
    flagged[part[some]] = True
    together: Flags = flagged[part]
    return together


def _by_place(ids: pa.ChunkedArray, guards: Guards) -> Guards:
    """The same about places in `ids`; what is about somebody who is not there is left out."""
    names = [*guards.contradictions.said, *_named(guards)]
    places = pc.index_in(pa.array(names, pa.string()), value_set=ids).to_pylist()
    place = {name: at for name, at in zip(names, places, strict=True) if at is not None}

    def here(pairs: Iterable[Pair]) -> list[tuple[int, int]]:
        return [(place[left], place[right]) for left, right in pairs if left in place and right in place]

    said = {place[name]: facts for name, facts in guards.contradictions.said.items()}
    contradicted = Contradictions(said, guards.contradictions.clashes)
    same, different, references = (here(pairs) for pairs in (guards.same, guards.different, guards.references))
    return Guards(same, different, references, contradicted, guards.link, guards.largest, guards.against)


def _named(guards: Guards) -> set[Profile]:
    """Everybody whom a decision or a reference is about."""
    pairs = (*guards.same, *guards.different, *guards.references)
    return {profile for pair in pairs for profile in pair}


def _weak(part: Rows, size: npt.NDArray[np.int64], edges: Edges, guards: Guards) -> Flags:
    """For each part whether it may be too large, or hang on an edge that does not do for every two groups within."""
    enough = [guards.link + GROUP_BITS * log2(max(1, n // 2 * (n - n // 2))) for n in range(guards.largest + 1)]
    demand = np.array([*enough, np.inf])[np.minimum(size, guards.largest + 1)]
    weakest = np.full(len(size), np.inf)
    needed = _strongest_tree(len(part), edges)
    np.minimum.at(weakest, part[edges.left[needed]], edges.weight[needed])
    return (size > 1) & (weakest < demand)


def _strongest_tree(profiles: int, edges: Edges) -> npt.NDArray[np.int64]:
    """The edges that merge anything when the strongest go first."""
    strongest_first = np.argsort(-edges.weight, kind="stable")
    rank = np.empty(len(strongest_first))
    rank[strongest_first] = np.arange(1, len(rank) + 1)  # scipy takes 0 for no edge
    tree = minimum_spanning_tree(csr_array((rank, (edges.left, edges.right)), shape=(profiles, profiles)))
    chosen: npt.NDArray[np.int64] = strongest_first[tree.data.astype(np.int64) - 1]
    return chosen


def _all(part: Rows, edges: Edges, doubtful: Flags, clusters: Clusters) -> Groups:
    """What was found in columns and one by one, together."""
    first, size = np.unique(part, return_index=True, return_counts=True)[1:]
    of = first.astype(np.int32)[part]
    how = np.where(size[part] > 1, "evidence", "single").astype(np.object_)
    rows = np.flatnonzero(doubtful)
    of[rows] = [clusters.of[row] for row in rows.tolist()]
    how[rows] = [clusters.joined_by.get(row, "single") for row in rows.tolist()]
    return Groups(of, how, _refused(edges, clusters))


def _refused(edges: Edges, clusters: Clusters) -> Texts:
    refused: Texts = np.full(len(edges.left), None, np.object_)
    maybe = np.flatnonzero(np.isin(edges.left, [left for left, _ in clusters.refused]))
    ends = zip(edges.left[maybe].tolist(), edges.right[maybe].tolist(), strict=True)
    refused[maybe] = [clusters.refused.get(pair) for pair in ends]
    return refused
