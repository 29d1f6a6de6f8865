"""Crowds of one name: more records of somebody than a blocking key may pair.

Each of their keys is crowded, so that nobody would ever look at them: three thousand records that one person, or one
broken import, left would be three thousand customers, without a word. So who gives one name beside one e-mail, number,
handle or birth date as so many others do gets keys of his own there, by where his profile_id's hash falls: of some
thirty records each, and overlapping, so that all of them hang together. What they come to is decided as ever, by their
weight and by how large a customer is believed unasked. Who has a name and a place alone in common is no such crowd:
namesakes.
"""

from __future__ import annotations

import duckdb

from landbridge.identity.pairing import CROWDED

NEIGHBOURS = CROWDED // 2
"""Records that share a key, on average: hashes spread unevenly, and more than CROWDED would pair nobody."""

_SAID = """
CREATE OR REPLACE TEMP VIEW named_value AS   -- a name beside a value, as one hash; nobody says one twice
SELECT place, hash(identifier, given, family) AS content FROM holder WHERE place IS NOT NULL
UNION ALL SELECT place, hash('born', birth_date, given, family) FROM base JOIN name_features USING (place)
WHERE birth_date IS NOT NULL
"""

_LEARNED = f"""
CREATE OR REPLACE TEMP TABLE repeated AS   -- what more say than any key may hold
SELECT content, count(*) AS copies FROM named_value GROUP BY 1 HAVING copies > {CROWDED}
"""

_COPIES = f"""
CREATE OR REPLACE TEMP TABLE copy_features AS
SELECT place, list(content || '|' || floor(stands)) || list(content || '|+' || floor(stands + 0.5)) AS copies FROM (
    SELECT place, content, hash(profile_id) / 18446744073709551616.0 * copies / {NEIGHBOURS} AS stands
    FROM named_value JOIN repeated USING (content) JOIN base USING (place)) GROUP BY place
"""


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Make `repeated` (content, copies) from all of `base`. Needs names and `holder`."""
    con.execute(_SAID)
    con.execute(_LEARNED)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `copy_features`; profiles that are in no crowd have no row. Needs what was learned."""
    con.execute(_SAID)
    con.execute(_COPIES)
