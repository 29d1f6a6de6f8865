"""Cross references: a profile that names another system's record ("salesforce/Lead/00Q...") as the same person.

The other system's account may be called otherwise than the system; both spellings are looked up.
"""

from __future__ import annotations

import duckdb

_PAIRS = """
CREATE OR REPLACE TEMP TABLE reference_pairs AS
SELECT DISTINCT least(r.profile_id, p.profile_id) AS left_id, greatest(r.profile_id, p.profile_id) AS right_id
FROM (SELECT profile_id, trim(unnest(reference)) AS reference FROM base) r
JOIN base p ON lower(p.profile_id) = lower(r.reference)
WHERE p.profile_id != r.profile_id ORDER BY ALL;
CREATE OR REPLACE TEMP TABLE reference_features AS
SELECT profile_id, list_sort(list(DISTINCT other)) AS refers_to FROM (
    SELECT left_id AS profile_id, right_id AS other FROM reference_pairs) GROUP BY profile_id
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `reference_features` (profile_id, refers_to): each known pair once, at its smaller profile_id."""
    con.execute(_PAIRS)
