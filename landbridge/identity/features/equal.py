"""Crowds of equal profiles: more copies of one row than a blocking key may pair.

Each of their keys is crowded, so that nobody would ever look at them: three thousand copies of a row would be three
thousand customers, without a word. So each copy gets keys of its own, by where its profile_id's hash falls: of
some thirty copies each, and overlapping, so that all of them hang together. What they come to is decided as ever,
by their weight and by how large a customer is believed unasked. Who says a name and a place only is no copy: a
namesake.
"""

from __future__ import annotations

import duckdb

from landbridge.identity.pairing import CROWDED

SAID = (
    "given_name", "middle_name", "family_name", "full_name", "birth_date", "street", "city", "postcode", "country",
    "company", "email", "phone", "handle",
)  # fmt: skip
"""Columns of `base` in which copies agree."""

NEIGHBOURS = CROWDED // 2
"""Copies that share a key, on average: hashes spread unevenly, and more than CROWDED would pair nobody."""

_ROW = f"hash({', '.join(SAID)})"

_LEARNED = f"""
CREATE OR REPLACE TEMP TABLE repeated AS   -- rows that are there more often than any key may be
SELECT {_ROW} AS content, count(*) AS copies FROM base
WHERE coalesce(len(email), 0) + coalesce(len(phone), 0) + coalesce(len(handle), 0) > 0 OR birth_date IS NOT NULL
GROUP BY 1 HAVING copies > {CROWDED}
"""

_COPIES = f"""
CREATE OR REPLACE TEMP TABLE copy_features AS
SELECT place, content || '|' || floor(stands) AS copy, content || '|+' || floor(stands + 0.5) AS next_copy FROM (
    SELECT place, content, hash(profile_id) / 18446744073709551616.0 * copies / {NEIGHBOURS} AS stands
    FROM (SELECT place, profile_id, {_ROW} AS content FROM base) JOIN repeated USING (content))
"""


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Make `repeated` (content, copies) from all of `base`."""
    con.execute(_LEARNED)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `copy_features`; profiles that are no copies of many have no row. Needs what was learned."""
    con.execute(_COPIES)
