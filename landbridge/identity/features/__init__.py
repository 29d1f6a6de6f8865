"""Features: what of a profile can be compared, made comparable. One file a kind of evidence; columns, not records."""

from __future__ import annotations

from types import ModuleType

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.features import (
    address,
    birth_date,
    company,
    cross,
    crowds,
    email,
    handle,
    keys,
    name,
    phone,
    reference,
    shared,
)
from landbridge.identity.features.fold import family_last, fold_column
from landbridge.identity.places import by_place

FEATURES_VERSION = 3
"""Raised when a feature's meaning changes: a model learned on other features must not be used."""

FOLDED = ("given_name", "middle_name", "family_name", "street", "city", "postcode", "company", "signed_company")
PLAIN = ("birth_date", "country", "region_hint", "signed_name")
MANY = ("email", "phone", "signed_phone", "handle", "reference")

TOLD: tuple[ModuleType, ...] = (email, phone, handle)
EVIDENCE: tuple[ModuleType, ...] = (shared, cross, company, address, birth_date, reference, crowds)
"""In the order of need: each reads `base` and what stands before it."""

_JOINED = """
CREATE OR REPLACE TEMP TABLE joined AS
SELECT b.place, b.profile_id, b.account,
    coalesce(h.given, n.given) AS given, coalesce(n.family, h.family) AS family, coalesce(n.parts, []) AS parts,
        n.middle, n.generation,
    coalesce(h.roots, n.roots, []) AS roots, coalesce(h.given_known, n.given_known, false) AS given_known,
    n.given IS NOT NULL OR n.family IS NOT NULL AS named, b.signed_name IS NOT NULL AS signed_name,
    coalesce(i.emails, []) AS emails, coalesce(i.all_emails, []) AS all_emails,
    coalesce(i.phones, []) AS phones, coalesce(i.all_phones, []) AS all_phones,
    coalesce(i.signed_phones, []) AS signed_phones,
    coalesce(i.handles, []) AS handles, coalesce(i.all_handles, []) AS all_handles,
    coalesce(a.mailboxes, []) AS mailboxes, coalesce(a.aliases, []) AS aliases,
    d.birth_date, d.birth_swapped, l.street, l.house_number, l.postcode, l.city,
    coalesce(c.company_keys, []) AS company_keys, coalesce(c.signed_company_keys, []) AS signed_company_keys,
    coalesce(r.refers_to, []) AS refers_to, coalesce(e.copies, []) AS copies
FROM base b LEFT JOIN name_features n USING (place) LEFT JOIN hint_features h USING (place)
LEFT JOIN identifier_features i USING (place) LEFT JOIN alias_features a USING (place)
LEFT JOIN birth_features d USING (place) LEFT JOIN address_features l USING (place)
LEFT JOIN company_features c USING (place) LEFT JOIN reference_features r USING (profile_id)
LEFT JOIN copy_features e USING (place)
"""


def features(profiles: pa.Table, known_given: pa.Table | None = None) -> pa.Table:
    """One row a profile, ordered by profile_id: normalised values, lists where life is many-valued, blocking `keys`.

    `profiles` needs `profile_id`; any other column of PROFILE_SCHEMA may be missing and counts as null.
    `known_given` (given): names that people are given, from the model. Values on the placeholder lists are absent; a
    value that several people use is in `all_emails` (phones, handles) and not in `emails`.
    """
    con = duckdb.connect()
    try:
        tell(con, profiles, known_given)
        learn(con)
        return compare(con)
    finally:
        con.close()


def tell(con: duckdb.DuckDBPyConnection, profiles: pa.Table, known_given: pa.Table | None = None) -> None:
    """First step: what each profile says by itself. Leaves names, identifiers and `holder` in `con`."""
    con.register("base", base(profiles))
    name.add(con, known_given if known_given is not None else pa.table({"given": pa.array([], pa.string())}))
    for told in TOLD:
        told.add(con)
    shared.hold(con)


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Second step: what only a whole base tells. Leaves `shared_value`, `real_given`, `spelling` and `repeated`
    in `con`.

    Whoever knows them from elsewhere lays them there instead: the other two steps look at one profile at a time.
    """
    shared.learn(con)
    cross.learn(con)
    crowds.learn(con)


def compare(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Third step: everything that matching reads, as `features` answers it."""
    for evidence in EVIDENCE:
        evidence.add(con)
    con.execute(_JOINED)
    keys.add(con)
    found = con.sql("FROM keyed_features").to_arrow_table()
    return by_place(found).drop_columns(["place"])


def base(profiles: pa.Table) -> pa.Table:
    """The columns that features are made from, folded and complete, in the order of profile_id; `place`, the place in
    it, is what a profile goes by until its features are whole."""
    profiles, size = in_order(profiles), profiles.num_rows
    places = pa.array(np.arange(size, dtype=np.int32))
    columns = {
        "place": places,
        "profile_id": profiles["profile_id"],
        "account": _column(profiles, "account", pa.string(), size),
    }
    columns |= {field: fold_column(_column(profiles, field, pa.string(), size)) for field in FOLDED}
    columns["full_name"] = fold_column(family_last(_column(profiles, "full_name", pa.string(), size)))
    columns |= {field: _column(profiles, field, pa.string(), size) for field in PLAIN}
    columns |= {field: _column(profiles, field, pa.list_(pa.string()), size) for field in MANY}
    return pa.table(columns)


def in_order(profiles: pa.Table) -> pa.Table:
    """The same rows in the order of profile_id."""
    ids = profiles["profile_id"]
    return profiles if pc.all(pc.less(ids[:-1], ids[1:])).as_py() else profiles.sort_by("profile_id")


def _column(profiles: pa.Table, field: str, kind: pa.DataType, size: int) -> pa.ChunkedArray:
    if field not in profiles.column_names:
        return pa.chunked_array([pa.nulls(size, kind)])
    return profiles[field].cast(kind)
