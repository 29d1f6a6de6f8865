"""Employers: the company's name without its legal form, and the domain of a work address, as one list of keys."""

from __future__ import annotations

import duckdb

LEGAL = (
    "gmbh|ltd|limited|inc|incorporated|llc|llp|plc|corp|corporation|company|co|ag|kg|ohg|ug|bv|nv|sarl|sas|sa|"
    "srl|spa|oy|ab|as|pty|mbh|the|und|and|group|holding"
)

_KEYS = f"""
CREATE OR REPLACE TEMP TABLE company_features AS
WITH named AS (
    SELECT profile_id, regexp_replace(array_to_string(list_filter(
        string_split(regexp_replace(replace(coalesce(company, CASE WHEN is_company
            THEN full_name END), '.', ''), '[^a-z0-9]+', ' ', 'g'), ' '),
        lambda w: NOT regexp_full_match(w, '{LEGAL}')), ''), '[^a-z0-9]', '', 'g') AS value
    FROM base JOIN name_features USING (profile_id)
  UNION
    SELECT profile_id, regexp_replace(split_part(domain, '.', 1), '[^a-z]', '', 'g') FROM email_values WHERE NOT free)
SELECT profile_id, list_sort(list(DISTINCT value)) AS company_keys
FROM named WHERE length(value) >= 3
    AND NOT regexp_full_match(value, 'none|null|unknown|self|selfemployed|private|privat|freelance|example')
GROUP BY profile_id
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `company_features`. Needs `name_features` (a firm in a name field) and `email_values`."""
    con.execute(_KEYS)
