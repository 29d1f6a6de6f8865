"""Birth dates, and the same date with day and month changed over; default dates that systems fill in are none."""

from __future__ import annotations

import duckdb

DEFAULTS = (
    "1900-01-01",
    "1970-01-01",
    "1901-01-01",
    "1800-01-01",
    "0001-01-01",
    "9999-12-31",
    "2000-01-01",
    "1980-01-01",
)

_TABLE = f"""
CREATE OR REPLACE TEMP TABLE birth_features AS
SELECT profile_id, birth_date,
    CASE WHEN substr(birth_date, 9, 2) <= '12'
        THEN left(birth_date, 5) || substr(birth_date, 9, 2) || '-' || substr(birth_date, 6, 2) END AS birth_swapped
FROM (SELECT profile_id, left(trim(birth_date), 10) AS birth_date FROM base)
WHERE try_cast(birth_date AS DATE) IS NOT NULL AND length(birth_date) = 10 AND birth_date NOT IN {DEFAULTS}
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `birth_features`; profiles without a usable date have no row."""
    con.execute(_TABLE)
