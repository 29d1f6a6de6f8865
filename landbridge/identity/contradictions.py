"""What two profiles of one person cannot both say: given names that are not one name, birth dates that are not one
date.

Found once for all values that evidence could bring together, in columns; clustering then only looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from landbridge.identity.features.shared import COMPATIBLE

Facts = frozenset[int]

_CLASHES = """
CREATE TEMP TABLE said AS
    SELECT profile_id, given, family, roots, given_known, birth_date, birth_swapped,
        dense_rank() OVER (ORDER BY given, coalesce(family, '')) AS name_id,
            dense_rank() OVER (ORDER BY birth_date) AS birth_id
    FROM features;
CREATE TEMP TABLE met AS SELECT part, s.* FROM parts JOIN said s USING (profile_id);
CREATE TEMP TABLE name_clash AS
    SELECT DISTINCT a.name_id AS l, b.name_id AS r
    FROM (SELECT DISTINCT part, name_id, given, family, roots, given_known FROM met WHERE given IS NOT NULL) a
    JOIN (SELECT DISTINCT part, name_id, given, family, roots, given_known FROM met WHERE given IS NOT NULL) b
        ON a.part = b.part AND a.given != b.given
    WHERE NOT same_given(a.given, a.roots, a.given_known, b.given, b.roots, b.given_known)
        AND NOT coalesce(list_has_any(a.roots, [b.family]) OR list_has_any(b.roots, [a.family]), false);
CREATE TEMP TABLE birth_clash AS
    SELECT DISTINCT a.birth_id AS l, b.birth_id AS r
    FROM (SELECT DISTINCT part, birth_id, birth_date, birth_swapped FROM met WHERE birth_date IS NOT NULL) a
    JOIN (SELECT DISTINCT part, birth_id, birth_date, birth_swapped FROM met WHERE birth_date IS NOT NULL) b
        ON a.part = b.part AND a.birth_id != b.birth_id
    WHERE damerau_levenshtein(a.birth_date, b.birth_date) > 1 AND a.birth_swapped IS DISTINCT FROM b.birth_date
        AND NOT (left(a.birth_date, 4) = left(b.birth_date, 4)
            AND (right(a.birth_date, 5) = '01-01' OR right(b.birth_date, 5) = '01-01'));
"""


@dataclass(frozen=True)
class Contradictions:
    """Facts are numbers: even for a name, odd for a birth date. `clashes[fact]` are the facts it cannot stand
    beside."""

    said: dict[str, Facts] = field(default_factory=dict)
    clashes: dict[int, frozenset[int]] = field(default_factory=dict)

    def facts(self, profile_id: str) -> Facts:
        """What a profile says of name and birth, as far as anything speaks against it."""
        return self.said.get(profile_id, frozenset())

    def between(self, left: Facts, right: Facts) -> str | None:
        """Why two groups cannot be one person, or None."""
        for fact in left:
            if self.clashes.get(fact, frozenset()) & right:
                return "birth dates differ" if fact % 2 else "first names differ"
        return None


def contradictions(features: pa.Table, edges: pa.Table) -> Contradictions:
    """The contradictions among profiles that `edges` (left_id, right_id) connect, directly or over others."""
    con = duckdb.connect()
    try:
        con.register("features", features)
        con.register("parts", components(edges))
        con.execute(COMPATIBLE)
        con.execute(_CLASHES)
        clashes = con.sql(
            "SELECT 2 * l, list(2 * r) FROM name_clash GROUP BY l UNION ALL "
            "SELECT 2 * l + 1, list(2 * r + 1) FROM birth_clash GROUP BY l"
        ).fetchall()
        said = con.sql("""SELECT profile_id, list(fact) FROM (
            SELECT profile_id, 2 * name_id AS fact FROM met SEMI JOIN name_clash ON l = name_id WHERE given IS NOT NULL
            UNION ALL SELECT profile_id, 2 * birth_id + 1
                FROM met SEMI JOIN birth_clash ON l = birth_id WHERE birth_date IS NOT NULL
            ) GROUP BY profile_id""").fetchall()
        return Contradictions({p: frozenset(f) for p, f in said}, {f: frozenset(others) for f, others in clashes})
    finally:
        con.close()


def components(edges: pa.Table) -> pa.Table:
    """(profile_id, part): the connected parts of a graph."""
    parent: dict[str, str] = {}

    def root(profile: str) -> str:
        while parent.setdefault(profile, profile) != profile:
            parent[profile] = profile = parent[parent[profile]]
        return profile

    for left, right in zip(edges["left_id"].to_pylist(), edges["right_id"].to_pylist(), strict=True):
        parent[root(right)] = root(left)
    profiles = list(parent)
    return pa.table(
        {"profile_id": pa.array(profiles, pa.string()), "part": pa.array([root(p) for p in profiles], pa.string())}
    )
