"""What a change touches: the groups that could come out otherwise, read from the database in proportion to their size.

A group is touched when a strong match, a 'same', a reference or its identity leads to it from a profile that was
compared again. Beyond them nothing can have changed: joining looks at nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.ids import made_from
from landbridge.store import bulk

if TYPE_CHECKING:
    from collections.abc import Callable

    from adbc_driver_postgresql.dbapi import Connection, Cursor


def reach(connection: Connection, seeds: pa.Array, link: float, referring: Callable[[pa.Array], pa.Table]) -> pa.Array:
    """`seeds` and whoever hangs together with them; leaves them as the temporary table `touched`."""
    while True:
        _touch(connection, seeds)
        reached = bulk.get(connection, _REACH, (link,))["profile_id"]
        further = referring(reached)
        everybody = unique(reached, further["left_id"], further["right_id"])
        if len(everybody) == len(reached):
            _touch(connection, everybody)
            return everybody
        seeds = everybody


def unique(*ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Profile ids, each once."""
    chunks = [chunk for array in ids for chunk in (array.chunks if isinstance(array, pa.ChunkedArray) else [array])]
    return pc.unique(pa.chunked_array([chunk.cast(pa.string()) for chunk in chunks], pa.string()))


def _touch(connection: Connection, profiles: pa.Array) -> None:
    with connection.cursor() as cursor:
        look_up(cursor, "touched", "profile_id", profiles)


def look_up(cursor: Cursor, table: str, column: str, ids: pa.Array) -> None:
    """A temporary table of ids to join with: the planner knows that they are few, and that it may look them up."""
    bulk.put(cursor, table, pa.table({column: ids}))
    cursor.execute(f"CREATE INDEX ON {table} ({column})")
    cursor.execute(f"ANALYZE {table}")


def used(connection: Connection, founders: pa.Array) -> set[str]:
    """The ids that a new identity of one of these founders must not take: those that were given already."""
    taken: set[str] = set()
    asked, attempt = founders.to_pylist(), 0
    while asked:
        ids = [made_from(founder, attempt) for founder in asked]
        with connection.cursor() as cursor:
            look_up(cursor, "wanted_id", "identity_id", pa.array(ids))
        known = set(bulk.get(connection, _KNOWN)["identity_id"].to_pylist())
        asked = [founder for founder, made in zip(asked, ids, strict=True) if made in known]
        taken, attempt = taken | known, attempt + 1
    return taken


_REACH = """
WITH RECURSIVE reached(profile_id) AS (
    SELECT profile_id FROM touched
  UNION
    SELECT near.id FROM reached CROSS JOIN LATERAL (
        SELECT right_id AS id FROM match WHERE left_id = reached.profile_id AND weight >= $1
        UNION ALL SELECT left_id FROM match WHERE right_id = reached.profile_id AND weight >= $1
        UNION ALL SELECT right_id FROM decision
            WHERE left_id = reached.profile_id AND withdrawn_at IS NULL AND verdict = 'same'
        UNION ALL SELECT left_id FROM decision
            WHERE right_id = reached.profile_id AND withdrawn_at IS NULL AND verdict = 'same'
        UNION ALL SELECT other.profile_id FROM link JOIN link other USING (identity_id)
            WHERE link.profile_id = reached.profile_id) near)
SELECT profile_id FROM reached
"""

_KNOWN = "SELECT identity_id FROM identity JOIN wanted_id USING (identity_id)"

MATCHES = """
SELECT left_id, right_id, weight, probability, evidence::text AS evidence FROM match
JOIN touched l ON l.profile_id = left_id JOIN touched r ON r.profile_id = right_id
WHERE NOT EXISTS (SELECT FROM remade WHERE remade.profile_id IN (left_id, right_id))
"""
"""Matches among the touched of which neither side was compared again."""

DECISIONS = """
SELECT left_id, right_id, verdict FROM decision JOIN touched ON profile_id = left_id WHERE withdrawn_at IS NULL
UNION SELECT left_id, right_id, verdict FROM decision JOIN touched ON profile_id = right_id WHERE withdrawn_at IS NULL
ORDER BY left_id, right_id
"""

PREVIOUS = """
SELECT link.profile_id, link.identity_id, identity.founder, identity.founded
FROM touched JOIN link USING (profile_id) JOIN identity USING (identity_id)
"""

FORMER = """
WITH RECURSIVE way(identity_id, founder, founded, living, path) AS (
    SELECT i.identity_id, i.founder, i.founded, i.redirect_to, ARRAY[i.redirect_to]
    FROM identity i JOIN identity l ON l.identity_id = i.redirect_to WHERE l.redirect_to IS NULL AND ({whose})
  UNION ALL
    SELECT i.identity_id, i.founder, i.founded, way.living, i.redirect_to || way.path
    FROM identity i JOIN way ON i.redirect_to = way.identity_id)
SELECT identity_id, founder, founded, living, path, bearer.at AS since, profile_id
FROM way JOIN bearer USING (identity_id)
"""
"""The ids that mean one who lives, `l`, by who bore them (`naming.FORMER`)."""

FORMER_HERE = FORMER.format(whose="l.identity_id IN (SELECT identity_id FROM touched JOIN link USING (profile_id))")

CREATED = "SELECT profile_id, created_at FROM profile JOIN touched USING (profile_id)"
