"""Profiles with what their people's signatures say of them, beside what systems' fields say: `signed_phone`,
`signed_company`, `signed_name`. Whoever writes a text writes what he likes: such values are told apart throughout.

Only a signature that is the profile's own counts: its name fits the profile's name. A customer who pastes a colleague's
signature does not become that colleague. A profile without a name takes the name of its signatures, where they agree
and its own address says that name too. E-mail addresses are never taken: a text can claim anybody's, and one address in
common is all but proof.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.features import base, email, name
from landbridge.identity.features.shared import COMPATIBLE
from landbridge.store.profiles import TEXT, TEXTS

MOST = 8
"""Values of one kind that a profile takes from its signatures, the most often signed first: bounded, whoever writes."""

_CHANGED = {"full_name": TEXT, "signed_phone": TEXTS, "signed_company": TEXT, "signed_name": TEXT}

_SIGNERS = """
CREATE OR REPLACE TEMP VIEW named AS
SELECT profile_id, n.* EXCLUDE (place) FROM name_features n JOIN base USING (place);
CREATE OR REPLACE TEMP TABLE signer AS
SELECT s.touchpoint_id, s.profile_id, s.value, n.given, n.family, n.parts, n.roots, n.given_known
FROM signature s JOIN named n ON n.profile_id = s.profile_id || chr(31) || s.touchpoint_id
WHERE s.kind = 'name' AND (n.given IS NOT NULL OR n.family IS NOT NULL);
"""

_FITTING = """
CREATE OR REPLACE MACRO same_family(a, parts_a, b, parts_b) AS
    a = b OR list_contains(parts_a, b) OR list_contains(parts_b, a) OR jaro_winkler_similarity(a, b) >= 0.92;
CREATE OR REPLACE TEMP TABLE mine AS
SELECT s.profile_id, s.touchpoint_id, NULL::VARCHAR AS full_name FROM signer s JOIN named n USING (profile_id)
WHERE n.given = s.family AND n.family = s.given
    OR (n.given IS NOT NULL AND s.given IS NOT NULL OR n.family IS NOT NULL AND s.family IS NOT NULL)
        AND coalesce(same_given(n.given, n.roots, n.given_known, s.given, s.roots, s.given_known), true)
        AND coalesce(same_family(n.family, n.parts, s.family, s.parts), true);
"""

_NAMELESS = """
CREATE OR REPLACE TEMP TABLE one_name AS
    SELECT profile_id, min(value) AS full_name FROM signer GROUP BY profile_id
    HAVING count(DISTINCT (given, family)) = 1 AND bool_and(given IS NOT NULL AND family IS NOT NULL);
CREATE OR REPLACE TEMP TABLE vouched AS   -- its own mailbox says the name: whoever signs as another has another's
    SELECT profile_id FROM email_values JOIN base USING (place) JOIN signer USING (profile_id)
    GROUP BY profile_id HAVING bool_or(contains(mailbox, given) OR contains(mailbox, family)) AND NOT bool_or(role);
INSERT INTO mine SELECT s.profile_id, s.touchpoint_id, o.full_name
FROM signer s JOIN one_name o USING (profile_id) JOIN named n USING (profile_id)
WHERE n.given IS NULL AND n.family IS NULL AND NOT n.is_company
    AND profile_id IN (SELECT profile_id FROM vouched);
"""

_ADDED = f"""
WITH told AS (
    SELECT profile_id, kind, value FROM signature JOIN mine USING (profile_id, touchpoint_id)
    GROUP BY profile_id, kind, value
    QUALIFY row_number() OVER (PARTITION BY profile_id, kind ORDER BY count(*) DESC, value) <= {MOST}),
listed AS (
    SELECT profile_id, coalesce(list(value ORDER BY value) FILTER (kind = 'phone'), []) AS phone,
        min(value) FILTER (kind = 'company') AS company FROM told GROUP BY profile_id)
SELECT p.place, coalesce(m.full_name, p.full_name) AS full_name, m.full_name AS signed_name,
    l.phone AS signed_phone, l.company AS signed_company
FROM asked p JOIN listed l USING (profile_id)
JOIN (SELECT profile_id, min(full_name) AS full_name FROM mine GROUP BY profile_id) m USING (profile_id) ORDER BY place
"""


def add(profiles: pa.Table, signatures: pa.Table) -> pa.Table:
    """The same profiles in the same order; some have signed phones or a signed company, or a name they had not.

    `signatures` (touchpoint_id, profile_id, kind, value). Costs what the profiles that have any cost.
    """
    places = pc.indices_nonzero(pc.is_in(profiles["profile_id"], signatures["profile_id"].combine_chunks()))
    if not len(places):
        return profiles
    some = profiles.take(places).append_column("place", places.cast(pa.int64()))
    with duckdb.connect() as con:
        con.register("asked", some)
        con.register("signature", signatures)
        con.register("base", base(pa.concat_tables([some, _signers(signatures)], promote_options="default")))
        name.add(con, pa.table({"given": pa.array([], pa.string())}))
        email.add(con)
        for statement in (COMPATIBLE, _SIGNERS, _FITTING, _NAMELESS):
            con.execute(statement)
        return _replaced(profiles, con.sql(_ADDED).to_arrow_table())


def _signers(signatures: pa.Table) -> pa.Table:
    """Who signed, as profiles of their own: so that their names are read as every name is."""
    names = signatures.filter(pc.equal(signatures["kind"], "name"))
    ids = pc.binary_join_element_wise(names["profile_id"], names["touchpoint_id"], "\x1f")
    return pa.table({"profile_id": ids, "full_name": names["value"]})


def _replaced(profiles: pa.Table, added: pa.Table) -> pa.Table:
    """`profiles` with other values in the rows that `added` has the place of."""
    rows = np.arange(profiles.num_rows)
    rows[added["place"].to_numpy()] = profiles.num_rows + np.arange(added.num_rows)
    for column, kind in _CHANGED.items():
        old = profiles[column].cast(kind) if column in profiles.column_names else _none(profiles, kind)
        both = pa.chunked_array([*old.chunks, *added[column].cast(kind).chunks], kind)
        taken = both.take(pa.array(rows))
        at = profiles.schema.get_field_index(column)
        profiles = profiles.set_column(at, column, taken) if at >= 0 else profiles.append_column(column, taken)
    return profiles


def _none(profiles: pa.Table, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(profiles.num_rows, kind)])
