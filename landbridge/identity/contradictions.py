"""What two profiles of one person cannot both say: given names that are not one name, birth dates that are not one
date.

Found once for all values that evidence could bring together, in columns; clustering then only looks them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from landbridge.identity.features.shared import COMPATIBLE

Profile = Any
"""A profile's id, or throughout its place in the order of ids: numbers are compared faster."""

Facts = dict[int, int]
"""What a group says, and how many of its profiles say it."""

TOLERATED = 0.34
"""Share of the pairs between two groups that may contradict each other. A slip in one record of many is a slip; two
groups that mostly say different things are two people."""

KINDS = ("first names differ", "birth dates differ", "one is junior, one senior")
"""What can be contradicted, and what a person is told; a fact is `len(KINDS) * value + kind`.

Values are numbered anew in each part: what is refused here never hangs on who else is in the base.
"""

_SAID = """
CREATE TEMP TABLE varied AS SELECT part FROM connected GROUP BY part   -- where all say one thing, nothing clashes
    HAVING min(given) != max(given) OR min(birth_date) != max(birth_date) OR min(generation) != max(generation);
CREATE TEMP TABLE spoken AS SELECT * FROM connected SEMI JOIN varied USING (part);
CREATE TEMP TABLE said AS SELECT * FROM spoken JOIN (
    SELECT profile_id,
        dense_rank() OVER (ORDER BY part, given, coalesce(family, ''), coalesce(middle, ''), birth_date) AS name_id,
        dense_rank() OVER (ORDER BY part, birth_date) AS birth_id,
        dense_rank() OVER (ORDER BY part, generation) AS generation_id
    FROM spoken) USING (profile_id);
CREATE TEMP TABLE fact AS
    SELECT part, profile_id, 3 * name_id AS fact FROM said WHERE given IS NOT NULL
    UNION ALL SELECT part, profile_id, 3 * birth_id + 1 FROM said WHERE birth_date IS NOT NULL
    UNION ALL SELECT part, profile_id, 3 * generation_id + 2 FROM said WHERE generation IS NOT NULL;
"""
_MACROS = """
CREATE OR REPLACE MACRO turned_over(roots, given, family) AS   -- the one's first name is the other's last name
    list_contains(roots, family) OR least(length(given), length(family)) > 3
        AND jaro_winkler_similarity(given, family) >= 0.88;
CREATE OR REPLACE MACRO goes_by(given, middle) AS length(given) > 1 AND list_contains(string_split(middle, ' '), given);
"""
_OTHER_NAME = """NOT same_given(a.given, a.roots, a.given_known, b.given, b.roots, b.given_known)
        AND NOT coalesce(turned_over(a.roots, a.given, b.family) OR turned_over(b.roots, b.given, a.family), false)
        AND NOT coalesce(one_slip(a.given, b.given) AND a.birth_date = b.birth_date, false)
        AND NOT coalesce(goes_by(a.given, b.middle) OR goes_by(b.given, a.middle), false)"""
_CLASHES = f"""
CREATE TEMP TABLE name AS
    SELECT DISTINCT part, name_id, given, family, middle, roots, given_known, birth_date
    FROM said WHERE given IS NOT NULL;
CREATE TEMP TABLE birth AS
    SELECT DISTINCT part, birth_id, birth_date, birth_swapped FROM said WHERE birth_date IS NOT NULL;
CREATE TEMP TABLE generation AS SELECT DISTINCT part, generation_id FROM said WHERE generation IS NOT NULL;
CREATE TEMP TABLE clash AS
    SELECT DISTINCT 3 * a.name_id AS l, 3 * b.name_id AS r FROM name a JOIN name b
        ON a.part = b.part AND a.given != b.given
    WHERE {_OTHER_NAME}
  UNION ALL
    SELECT DISTINCT 3 * a.birth_id + 1, 3 * b.birth_id + 1 FROM birth a JOIN birth b
        ON a.part = b.part AND a.birth_id != b.birth_id
    WHERE damerau_levenshtein(a.birth_date, b.birth_date) > 1 AND a.birth_swapped IS DISTINCT FROM b.birth_date
        AND (left(a.birth_date, 4) = left(b.birth_date, 4))::INT + (a.birth_date[6:7] = b.birth_date[6:7])::INT
            + (right(a.birth_date, 2) = right(b.birth_date, 2))::INT < 2
        AND NOT (left(a.birth_date, 4) = left(b.birth_date, 4)
            AND (right(a.birth_date, 5) = '01-01' OR right(b.birth_date, 5) = '01-01'))
  UNION ALL
    SELECT DISTINCT 3 * a.generation_id + 2, 3 * b.generation_id + 2 FROM generation a JOIN generation b
        ON a.part = b.part AND a.generation_id != b.generation_id;
"""


_SAID_THERE = """
SELECT profile_id, list(fact) FROM fact WHERE part IN (SELECT part FROM fact SEMI JOIN clash ON l = fact) GROUP BY 1
"""


@dataclass(frozen=True)
class Contradictions:
    """`said[profile]` are a profile's facts as numbers; `clashes[fact]` the facts it cannot stand beside."""

    said: Mapping[Profile, Iterable[int]] = field(default_factory=dict)
    clashes: Mapping[int, Iterable[int]] = field(default_factory=dict)

    def facts(self, profile: Profile) -> Facts:
        """What a profile says, as far as anything is contradicted where it belongs."""
        return dict.fromkeys(self.said.get(profile, ()), 1)

    def between(self, left: Facts, right: Facts) -> str | None:
        """Why two groups cannot be one person, or None."""
        clashing: dict[int, int] = {}
        for fact, many in left.items():
            for other in self.clashes.get(fact, ()):
                if other in right:
                    kind = fact % len(KINDS)
                    clashing[kind] = clashing.get(kind, 0) + many * right[other]
        for kind in sorted(clashing):
            ours, theirs = (sum(n for fact, n in facts.items() if fact % len(KINDS) == kind) for facts in (left, right))
            if clashing[kind] > TOLERATED * ours * theirs:
                return KINDS[kind]
        return None


def contradictions(features: pa.Table, part: npt.NDArray[np.int32], against: frozenset[int]) -> Contradictions:
    """The contradictions within each part, of the kinds in `against`; `part` has a number for each profile, below 0
    for none."""
    connected = features.select(_SPEAKING).append_column("part", pa.array(part)).filter(pa.array(part >= 0))
    con = duckdb.connect()
    try:
        con.register("connected", connected)
        for sql in (COMPATIBLE, _MACROS, _SAID, _CLASHES):
            con.execute(sql)
        con.execute(f"DELETE FROM clash WHERE NOT list_contains({sorted(against)}::INT[], (l % {len(KINDS)})::INT)")
        clashes = con.sql("SELECT l, list(r) FROM clash GROUP BY l").fetchall()
        said = con.sql(_SAID_THERE).fetchall()
        return Contradictions(dict(said), {f: frozenset(others) for f, others in clashes})
    finally:
        con.close()


_SPEAKING = "profile_id given family middle roots given_known birth_date birth_swapped generation".split()  # noqa: SIM905
