"""Identifiers that several people use: the family phone, the front desk, info@. Learned from the names seen beside
each value.

A value is shared when it belongs to a role, when two incompatible given names use it, or when more than `CROWD`
profiles do. Makes `identifier_features`: per kind the `personal` values and `all` values of each profile's fields, and
`signed_phones`, the personal ones of its fields and its signatures together.
"""

from __future__ import annotations

import duckdb

CROWD = 40
"""More profiles than this on one value is a switchboard or an accident, whatever the names."""

COMPATIBLE = """
CREATE OR REPLACE MACRO same_given(a, roots_a, known_a, b, roots_b, known_b) AS
    list_has_any(roots_a, roots_b)
    OR ((length(a) = 1 OR length(b) = 1) AND a[1] = b[1])
    OR (NOT (known_a AND known_b) AND (jaro_winkler_similarity(a, b) >= 0.8
        OR damerau_levenshtein(a, b) <= CASE WHEN least(length(a), length(b)) > 4 THEN 2 ELSE 1 END))
    OR ((starts_with(a, b) OR starts_with(b, a)) AND least(length(a), length(b)) >= 3 AND NOT (known_a AND known_b));
CREATE OR REPLACE MACRO one_slip(a, b) AS
    least(length(a), length(b)) > 3 AND a[1] = b[1] AND right(a, 1) = right(b, 1) AND damerau_levenshtein(a, b) = 1;
"""
"""`same_given`: two given names may belong to one person (nickname, initial, slip of the pen, short form).
`one_slip`: two names that people are given, a slip apart, and alike at the end, where women's and men's differ."""

_HOLDERS = """
CREATE OR REPLACE TEMP TABLE holder AS
SELECT i.*, given, family, roots, given_known FROM (
    SELECT profile_id, 'email' AS kind, value, role, false AS signed FROM email_values
    UNION ALL SELECT profile_id, 'phone', value, false, signed FROM phone_values
    UNION ALL SELECT profile_id, 'handle', value, false, false FROM handle_values) i
JOIN name_features USING (profile_id)
"""

_SHARED = f"""
CREATE OR REPLACE TEMP TABLE value_name AS
    SELECT DISTINCT kind, value, given, family, roots, given_known FROM holder WHERE given IS NOT NULL;
CREATE OR REPLACE TEMP TABLE shared_value AS
    SELECT kind, value FROM holder GROUP BY kind, value HAVING bool_or(role) OR count(*) > {CROWD}
  UNION
    SELECT a.kind, a.value FROM value_name a JOIN value_name b
    ON a.kind = b.kind AND a.value = b.value AND a.given < b.given
    WHERE NOT same_given(a.given, a.roots, a.given_known, b.given, b.roots, b.given_known)
      AND a.given IS DISTINCT FROM b.family AND b.given IS DISTINCT FROM a.family;
"""

_PERSONAL = """   -- `holder` says each thing once
CREATE OR REPLACE TEMP TABLE identifier_features AS
SELECT profile_id,
    {lists},
    list_sort(coalesce(list(value) FILTER (kind = 'phone' AND personal), [])) AS signed_phones
FROM (SELECT profile_id, kind, value, signed, s.value IS NULL AS personal
    FROM holder LEFT JOIN shared_value s USING (kind, value))
GROUP BY profile_id
"""
_LISTS = """list_sort(coalesce(list(value) FILTER (kind = '{kind}' AND NOT signed AND personal), [])) AS {kind}s,
    list_sort(coalesce(list(value) FILTER (kind = '{kind}' AND NOT signed), [])) AS all_{kind}s"""


def hold(con: duckdb.DuckDBPyConnection) -> None:
    """Make `holder`: who says which identifier, and what the holder is called. Needs names and the `*_values`."""
    con.execute(_HOLDERS)


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Make `shared_value` (kind, value) from all of `holder`."""
    con.execute(COMPATIBLE)
    con.execute(_SHARED)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `identifier_features`. Needs `holder` and `shared_value`."""
    lists = ",\n    ".join(_LISTS.format(kind=kind) for kind in ("email", "phone", "handle"))
    con.execute(_PERSONAL.format(lists=lists))
