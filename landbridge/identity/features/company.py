"""Employers: the company's name without its legal form, and the domain of a work address, as one list of keys;
and a list of these with what signatures say."""

from __future__ import annotations

import duckdb

LEGAL = (
    "gmbh|ltd|limited|inc|incorporated|llc|llp|plc|corp|corporation|company|co|ag|kg|ohg|ug|bv|nv|sarl|sas|sa|"
    "srl|spa|oy|ab|as|pty|mbh|the|und|and|group|holding"
)

NOBODYS = (
    "none|null|nil|unknown|unbekannt|inconnu|notprovided|notspecified|notapplicable|noname|nocompany|test|xxx+|self|"
    "selfemployed|private|privat|individual|personal|freelance|retired|student|example"
)
"""What stands for no employer; "[not provided]" is what Salesforce and those who fill it write."""

BRACKETED = r"\s*[\[(<{].*[\])>}]\s*"
"""Nobody is called so either, in whatever language it says that nothing is known."""

_KEYS = f"""
CREATE OR REPLACE TEMP TABLE company_features AS
WITH named AS (
    SELECT place, signed, regexp_replace(array_to_string(list_filter(
        string_split(regexp_replace(replace(company, '.', ''), '[^a-z0-9]+', ' ', 'g'), ' '),
        lambda w: NOT regexp_full_match(w, '{LEGAL}')), ''), '[^a-z0-9]', '', 'g') AS value
    FROM (SELECT place, coalesce(company, CASE WHEN is_company THEN full_name END) AS company, false AS signed
            FROM base JOIN name_features USING (place)
        UNION ALL SELECT place, signed_company, true FROM base WHERE signed_company IS NOT NULL)
    WHERE NOT regexp_full_match(company, '{BRACKETED}')
  UNION
    SELECT place, false, regexp_replace(split_part(domain, '.', 1), '[^a-z0-9]', '', 'g')
    FROM email_values WHERE NOT free)
SELECT place, list_sort(coalesce(list(DISTINCT value) FILTER (NOT signed), [])) AS company_keys,
    list_sort(list(DISTINCT value)) AS signed_company_keys
FROM named WHERE length(value) >= 3
    AND NOT regexp_full_match(value, '{NOBODYS}')
GROUP BY place
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `company_features`. Needs `name_features` (a firm in a name field) and `email_values`."""
    con.execute(_KEYS)
