"""Birth dates however written, and the same date with day and month changed over; default dates that systems fill in
are none.

"1980-03-04", "19800304", "03/04/1980", "4.3.1980", "03041980". With strokes, or without any mark, the month stands
first unless the profile's country says otherwise; a month beyond twelve is a day. A wrong reading is consistent
within a system, and between systems it is the `swapped` level of the comparison.
"""

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

_WRITTEN = r"""
CREATE OR REPLACE TEMP TABLE birth_written AS
SELECT DISTINCT left(trim(birth_date), 10) AS written, upper(coalesce(country, region_hint, 'us')) IN
    ('US', 'USA', 'UNITED STATES', 'PH') AS month_first FROM base WHERE birth_date IS NOT NULL;
CREATE OR REPLACE TEMP TABLE birth_split AS     -- p[1], p[2], p[3] as they stand
SELECT written, month_first, CASE
    WHEN regexp_full_match(written, '[0-9]{1,4}([-/. ])[0-9]{1,2}([-/. ])[0-9]{1,4}')
        THEN regexp_split_to_array(written, '[-/. ]')
    WHEN regexp_full_match(written, '(1[4-9]|20)[0-9]{2}(0[0-9]|1[0-2])[0-3][0-9]')
        THEN [left(written, 4), written[5:6], written[7:8]]
    WHEN regexp_full_match(written, '[0-9]{8}') THEN [left(written, 2), written[3:4], written[5:8]] END AS p,
    contains(written, '.') AS day_first FROM birth_written;
CREATE OR REPLACE TEMP TABLE birth_parts AS     -- year, then what should be month, then what should be day
SELECT written, month_first, CASE
    WHEN length(p[1]) = 4 THEN [p[1], lpad(p[2], 2, '0'), lpad(p[3], 2, '0')]
    WHEN day_first OR NOT month_first THEN [p[3], lpad(p[2], 2, '0'), lpad(p[1], 2, '0')]
    ELSE [p[3], lpad(p[1], 2, '0'), lpad(p[2], 2, '0')] END AS p
FROM birth_split WHERE p IS NOT NULL;
"""

_TABLE = f"""
CREATE OR REPLACE TEMP TABLE birth_read AS
SELECT written, month_first, y || '-' || m || '-' || d AS birth_date,
    CASE WHEN d <= '12' THEN y || '-' || d || '-' || m END AS birth_swapped
FROM (SELECT written, month_first, p[1] AS y, CASE WHEN p[2] > '12' THEN p[3] ELSE p[2] END AS m,
        CASE WHEN p[2] > '12' THEN p[2] ELSE p[3] END AS d FROM birth_parts)
WHERE length(y) = 4 AND y >= '1400' AND try_cast(y || '-' || m || '-' || d AS DATE) IS NOT NULL
    AND y || '-' || m || '-' || d NOT IN {DEFAULTS};
CREATE OR REPLACE TEMP TABLE birth_features AS
SELECT place, r.birth_date, r.birth_swapped FROM base b JOIN birth_read r
    ON r.written = left(trim(b.birth_date), 10) AND r.month_first = (upper(coalesce(b.country, b.region_hint, 'us'))
        IN ('US', 'USA', 'UNITED STATES', 'PH'))
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `birth_features`; profiles without a usable date have no row."""
    con.execute(_WRITTEN)
    con.execute(_TABLE)
