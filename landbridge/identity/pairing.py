"""Pairing: every two profiles with a blocking key in common, in columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

CROWDED = 60
"""A blocking key that more profiles carry pairs nobody: what so many share tells nobody apart. The rare keys still
pair them."""

Rows = npt.NDArray[np.int32]


def pairs(keys: pa.ChunkedArray) -> pa.Table:
    """(join_key_l, join_key_r), left before right, each pair once and in order: places in `keys`, which has a list of
    hashes for each profile, none twice in it.

    Hashes do for texts: two that fall together cost a comparison, or a key that is as good as crowded.
    """
    many = pc.fill_null(pc.list_value_length(keys), 0).to_numpy()
    owner = np.repeat(np.arange(len(keys), dtype=np.int32), many)
    said = pc.list_flatten(keys).to_numpy()
    order = np.argsort(said)
    return _unpacked(_packed(owner[order], *_alike(said[order])))


def _alike(ordered: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each key begins that pairs anybody, and how many have it."""
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    size = np.diff(begins, append=len(ordered))
    usable = (size > 1) & (size <= CROWDED)
    return begins[usable], size[usable]


def _packed(owner: Rows, begins: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Both of each pair in one number: so they are sorted in a tenth of the time."""
    found = [np.zeros(0, np.int64)]
    for members in np.unique_values(size):
        rows = owner[begins[size == members][:, None] + np.arange(members)].astype(np.int64)
        one, other = (rows[:, side].ravel() for side in np.triu_indices(members, 1))
        found.append(np.minimum(one, other) << 32 | np.maximum(one, other))
    return np.sort(np.concatenate(found))


def _unpacked(packed: npt.NDArray[np.int64]) -> pa.Table:
    once = packed[np.concatenate([[True], packed[1:] != packed[:-1]])[: len(packed)]]
    sides = [pa.array((once >> 32).astype(np.int32)), pa.array(once.astype(np.int32))]
    return pa.table(sides, names=["join_key_l", "join_key_r"])
