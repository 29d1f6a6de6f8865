"""What first and last names have in common: who is called Davide is rather called Mancini than Winkler, so that two
strangers share both names more often than each name's own frequency lets them.

The comparison `namesake` takes back, in bits, what the two would say twice.
"""

from __future__ import annotations

from math import log2

import duckdb

WEIGHT = tuple[float, float]
EVEN: WEIGHT = (0.5, 0.5)
"""Says nothing."""
MOST = 4.0
"""Bits that are taken back at the most: sixteen languages, all as common."""


def weights(con: duckdb.DuckDBPyConnection, both: float, sure: float = 1.0) -> dict[str, WEIGHT]:
    """The levels' (m, u), where strangers of table `nodes` (given, family) share both names by the chance `both`.

    Nothing is taken back where they do so less often: that is a base which knows of no namesakes. `sure`: share of the
    bits that is believed.
    """
    alone = apart(con)
    bits = min(max(0.0, log2(both / alone)), MOST) * sure if both and alone else 0.0
    return {"both": (float(f"{0.5 / 2**bits:.4g}"), 0.5), "different": EVEN}


def apart(con: duckdb.DuckDBPyConnection) -> float:
    """That two of `nodes` share both names, if first and last had nothing to do with each other."""
    return _chance(con, "given") * _chance(con, "family")


def _chance(con: duckdb.DuckDBPyConnection, name: str) -> float:
    """That two profiles have this name in common."""
    shared, told = con.sql(_SHARED.format(name=name)).fetchall()[0]
    return float(shared / (told * (told - 1))) if told and told > 1 else 0.0


_SHARED = """
SELECT sum(n * (n - 1))::DOUBLE, sum(n)::DOUBLE
FROM (SELECT count(*) AS n FROM nodes WHERE {name} IS NOT NULL GROUP BY {name})
"""
