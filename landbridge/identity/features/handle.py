"""Handles: "network:name" as `handle_values` (place, value), value the bare name.

People keep one name over many networks, so the name is compared and the network is not; names that many people hold are
weighed down like every shared identifier.
"""

from __future__ import annotations

import duckdb

LONGEST = 100
"""Characters of a name on a network; what is longer, or has a space or a sign that steers the text in it, is none."""

_VALUES = f"""
CREATE OR REPLACE TEMP TABLE handle_values AS
SELECT DISTINCT place, value FROM (
    SELECT place, regexp_replace(rtrim(regexp_replace(lower(trim(left(handle, 200))), '^[a-z0-9_.-]+:', ''),
        '/'), '^(.*/)?@?', '') AS value
    FROM (SELECT place, unnest(handle) AS handle FROM base))
WHERE regexp_full_match(value, '[^\\s\\pC]{{3,{LONGEST}}}')
    AND NOT regexp_full_match(value, '(n/?a|none|null|unknown|test|user|profile|home|share)(@.*)?')
    AND replace(regexp_replace(value, '[-_.]', '', 'g'), value[1], '') != ''  -- 000-000
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `handle_values`: one row a profile and handle."""
    con.execute(_VALUES)
