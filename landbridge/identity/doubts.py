"""Identities in doubt: held together by a bridge, too large, or of records that their own system holds apart.

A doubt is a question about one pair. Until somebody answers it the identity's lead stays back (quality/doubts.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from landbridge.identity.bridges import bridges
from landbridge.identity.clustering import LARGEST
from landbridge.store import bulk

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

SAYS = {
    "bridge": "one thin link alone holds {profiles} of the records to the others",
    "apart": "{profiles} records that their own system holds apart",
    "large": "{profiles} records would be one customer, more than is believed unasked",
}
"""What each kind of doubt means; a person reads it."""

SMALLEST = 4
"""Profiles of an identity whose bridges are doubted: in a pair or three every link is one."""

WEAK = 10.0
"""Bits. A bridge below holds even a single profile too thinly.

Measured on generated customers (60,000, seed 21), identities of four or more: of bridges with two or more profiles on
either side 11 % are false, of those that hold one with less than these bits 15 %, of those with more 3 %.
"""

_FOUND = pa.schema(
    {name: pa.string() for name in ("identity_id", "kind", "left_id", "right_id")} | {"profiles": pa.int64()}
)


def keep(cursor: Cursor, run_id: str) -> None:
    """Bring `doubt` up to date for the identities of the temporary table `found_links`, in the resolving transaction.

    `link`, `match` and `decision` must stand as they will. Doubts that are as before are not written.
    """
    for statement in _TOUCHED:
        cursor.execute(statement)
    rows = [*_bridged(_rows(cursor, _TIES)), *_rows(cursor, _APART), *_rows(cursor, _LARGE.format(largest=LARGEST))]
    first = {(row["identity_id"], row["kind"]): row for row in reversed(rows)}
    bulk.put(cursor, "found_doubts", pa.Table.from_pylist(list(first.values()), schema=_FOUND))
    cursor.execute(_SETTLED)
    cursor.execute(_KEPT, (run_id,))


def _rows(cursor: Cursor, query: str) -> list[dict[str, Any]]:
    cursor.execute(query)
    rows: list[dict[str, Any]] = cursor.fetch_arrow_table().to_pylist()
    return rows


def _bridged(ties: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The worst bridge of each identity first: what holds the most, by the least."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    weight: dict[tuple[str, str], float] = {}
    for tie in ties:
        pair = (tie["left_id"], tie["right_id"])
        groups[tie["identity_id"]].append(pair)
        weight[pair] = tie["weight"]
    found = []
    for identity, edges in groups.items():
        thin = [b for b in bridges(edges) if b.held > 1 or weight[b.left, b.right] < WEAK]
        for worst in sorted(thin, key=lambda b: (-b.held, weight[b.left, b.right], b))[:1]:
            named = {"left_id": worst.left, "right_id": worst.right, "profiles": worst.held}
            found.append({"identity_id": identity, "kind": "bridge", **named})
    return found


# Analyzed, so that a few identities among a million are found by index.
_TOUCHED = (
    """
CREATE TEMP TABLE doubted ON COMMIT DROP AS
SELECT identity_id, count(*) AS profiles
FROM link JOIN (SELECT DISTINCT identity_id FROM found_links) AS found USING (identity_id) GROUP BY 1
""",
    f"""
CREATE TEMP TABLE grouped ON COMMIT DROP AS
SELECT profile_id, identity_id FROM link JOIN doubted USING (identity_id) WHERE profiles >= {SMALLEST}
""",
    "ANALYZE doubted",
    "ANALYZE grouped",
)

# What a person or a system said holds twice, so it is never a bridge.
_TIES = """
WITH said AS (
    SELECT l.identity_id, left_id, right_id FROM decision
    JOIN grouped l ON l.profile_id = left_id JOIN grouped r ON r.profile_id = right_id
    WHERE verdict = 'same' AND withdrawn_at IS NULL AND l.identity_id = r.identity_id
    UNION ALL
    SELECT g.identity_id, least(g.profile_id COLLATE "C", o.profile_id),
        greatest(g.profile_id COLLATE "C", o.profile_id)
    FROM grouped g JOIN profile p USING (profile_id), unnest(p.reference) AS named
    JOIN grouped o ON lower(o.profile_id) = lower(trim(named))
    WHERE o.identity_id = g.identity_id AND o.profile_id <> g.profile_id)
SELECT l.identity_id, left_id, right_id, weight FROM match
JOIN grouped l ON l.profile_id = left_id JOIN grouped r ON r.profile_id = right_id
WHERE band = 'link' AND l.identity_id = r.identity_id
UNION ALL SELECT identity_id, left_id, right_id, 1000.0 FROM said
UNION ALL SELECT identity_id, left_id, right_id, 1000.0 FROM said
ORDER BY 1, 2, 3, 4
"""

_ANSWERED = """
EXISTS (
    SELECT FROM decision d WHERE d.withdrawn_at IS NULL AND d.left_id = {left} AND d.right_id = {right})
"""

# Two records of one stream that name two different records of one other stream: whoever keeps them knows two people.
# They name the same where the first and the last of what they name is one and the same.
_APART = f"""
WITH word AS (
    SELECT identity_id, account, stream, profile_id, regexp_replace(named, '/[^/]*$', '') AS place,
        min(named) AS first, max(named) AS last
    FROM doubted JOIN link USING (identity_id) JOIN profile p USING (profile_id), unnest(p.reference) AS named
    WHERE profiles > 1 AND NOT gone GROUP BY 1, 2, 3, 4, 5)
SELECT DISTINCT ON (identity_id) identity_id, 'apart' AS kind, a.profile_id AS left_id, b.profile_id AS right_id,
    2::bigint AS profiles
FROM word a JOIN word b USING (identity_id, account, stream, place)
WHERE a.profile_id < b.profile_id COLLATE "C" AND (a.first <> b.last OR a.last <> b.first)
  AND NOT {_ANSWERED.format(left="a.profile_id", right="b.profile_id")}
ORDER BY identity_id, a.profile_id, b.profile_id
"""

_LARGE = f"""
SELECT DISTINCT ON (identity_id) * FROM (
    SELECT identity_id, 'large' AS kind, min(profile_id COLLATE "C") AS left_id,
        max(profile_id COLLATE "C") AS right_id, count(*) AS profiles
    FROM doubted JOIN link USING (identity_id) WHERE profiles > {{largest}} GROUP BY 1
    UNION ALL
    SELECT k.identity_id, 'large', left_id, right_id, a.profiles + b.profiles FROM match
    JOIN link l ON l.profile_id = left_id JOIN link r ON r.profile_id = right_id
    JOIN doubted a ON a.identity_id = l.identity_id JOIN doubted b ON b.identity_id = r.identity_id,
    LATERAL (VALUES (a.identity_id), (b.identity_id)) AS k(identity_id)
    WHERE refused = 'the group would be too large') AS large
WHERE NOT {_ANSWERED.format(left="left_id", right="right_id")}
ORDER BY identity_id, left_id COLLATE "C", right_id COLLATE "C"
"""

_SETTLED = """
DELETE FROM doubt d WHERE (EXISTS (SELECT FROM doubted t WHERE t.identity_id = d.identity_id)
    AND NOT EXISTS (SELECT FROM found_doubts f WHERE f.identity_id = d.identity_id AND f.kind = d.kind))
  OR NOT EXISTS (SELECT FROM link WHERE link.identity_id = d.identity_id)
"""

_KEPT = """
INSERT INTO doubt (identity_id, kind, left_id, right_id, profiles, run_id)
SELECT identity_id, kind, left_id, right_id, profiles, $1 FROM found_doubts
ON CONFLICT (identity_id, kind) DO UPDATE SET left_id = excluded.left_id, right_id = excluded.right_id,
    profiles = excluded.profiles, run_id = excluded.run_id
WHERE (doubt.left_id, doubt.right_id, doubt.profiles)
    IS DISTINCT FROM (excluded.left_id, excluded.right_id, excluded.profiles)
"""
