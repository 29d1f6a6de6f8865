"""Rows back in the order that they were read in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

MOST_STRETCHES = 5_000
"""More stretches than this are sorted: so many small chunks would cost more than the copy."""


def by_place(table: pa.Table) -> pa.Table:
    """The rows in the order of `place`, a whole number that no two share.

    A join hands back what it read in whole stretches, one thread's after another's: they are laid one after the other,
    and no row is copied. To sort would copy every text.
    """
    places = table["place"].to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], np.diff(places) != 1])[: len(places)])
    if len(begins) > MOST_STRETCHES:
        return table.sort_by("place")
    ends = np.append(begins[1:], len(places))
    order = np.argsort(places[begins])
    stretches = [table.slice(begins[at], ends[at] - begins[at]) for at in order]
    return pa.concat_tables(stretches) if len(stretches) > 1 else table
