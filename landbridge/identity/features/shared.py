"""Identifiers that several people use: the family phone, the front desk, info@. Learned from the names seen beside
each value.

A value is shared when it belongs to a role, when two incompatible given names use it, or when more than `CROWD`
profiles do. Makes `identifier_features`: per kind the `personal` values and `all` values of each profile's fields, and
`signed_phones`, the personal ones of its fields and its signatures together.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
SELECT hash(kind, value) AS identifier, i.*, given, family, roots, given_known FROM (
    SELECT place, 'email' AS kind, value, role, false AS signed FROM email_values
    UNION ALL SELECT place, 'phone', value, false, signed FROM phone_values
    UNION ALL SELECT place, 'handle', value, false, false FROM handle_values) i
JOIN name_features USING (place)
"""

_SHARED = f"""
CREATE OR REPLACE TEMP TABLE many_held AS
    SELECT identifier, bool_or(role) OR count(*) > {CROWD} AS shared FROM holder GROUP BY 1
    HAVING shared OR count(*) > 1;
CREATE OR REPLACE TEMP TABLE value_name AS
    SELECT DISTINCT identifier, given, family, roots, given_known FROM holder
    WHERE given IS NOT NULL AND identifier IN (SELECT identifier FROM many_held WHERE NOT shared);
CREATE OR REPLACE TEMP TABLE shared_value AS
    SELECT identifier FROM many_held WHERE shared
  UNION
    SELECT a.identifier FROM value_name a JOIN value_name b ON a.identifier = b.identifier AND a.given < b.given
    WHERE NOT same_given(a.given, a.roots, a.given_known, b.given, b.roots, b.given_known)
      AND a.given IS DISTINCT FROM b.family AND b.given IS DISTINCT FROM a.family;
"""

_SAID = """   -- `holder` says each thing once
SELECT place, kind, value, signed, s.identifier IS NULL AS personal
FROM holder LEFT JOIN shared_value s USING (identifier) WHERE place IS NOT NULL ORDER BY kind, place, value
"""


def hold(con: duckdb.DuckDBPyConnection) -> None:
    """Make `holder`: who says which identifier (a hash of kind and value), and what the holder is called. Needs names
    and the `*_values`."""
    con.execute(_HOLDERS)


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Make `shared_value` (identifier) from all of `holder`."""
    con.execute(COMPATIBLE)
    con.execute(_SHARED)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `identifier_features`, a row for each of `base`. Needs `holder` and `shared_value`."""
    said = con.sql(_SAID).to_arrow_table()
    size = con.table("base").count("*").fetchall()[0][0]
    signed, personal = (said[flag].to_numpy() for flag in ("signed", "personal"))
    kinds = {kind: pc.equal(said["kind"], kind).to_numpy() for kind in ("email", "phone", "handle")}
    lists = {f"{kind}s": is_kind & ~signed & personal for kind, is_kind in kinds.items()}
    lists |= {f"all_{kind}s": is_kind & ~signed for kind, is_kind in kinds.items()}
    lists["signed_phones"] = kinds["phone"] & personal
    columns = {name: _listed(said, chosen, size) for name, chosen in lists.items()}
    con.register("identifier_features", pa.table({"place": np.arange(size, dtype=np.int32), **columns}))


def _listed(said: pa.Table, chosen: npt.NDArray[np.bool_], size: int) -> pa.ListArray:
    """The chosen values of each place, as lists. To gather them takes a tenth of what an aggregate does: they stand
    in order."""
    some = said.select(["place", "value"]).filter(pa.array(chosen))
    ends = np.cumsum(np.bincount(some["place"].to_numpy(), minlength=size), dtype=np.int32)
    offsets = pa.array(np.concatenate([np.zeros(1, np.int32), ends]))
    return pa.ListArray.from_arrays(offsets, some["value"].combine_chunks())
