"""Some profiles changed: their features anew, and those whom the change makes look different.

The statistics stay as they are. All else is exact, as if the whole base had been looked at: an identifier that became
shared (or personal again) changes its other holders too, a blocking key that became crowded (or rare again) is judged
anew for all who have it.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa

from landbridge.identity import features
from landbridge.identity.features import shared
from landbridge.identity.kept.making import statistics
from landbridge.identity.matching import weigh
from landbridge.identity.model import Model
from landbridge.identity.pairing import CROWDED
from landbridge.identity.resolve import known_given

Read = Callable[[pa.Array], pa.Table]
"""Profiles by their ids, those that are not gone, as the database has them."""


def remake(con: duckdb.DuckDBPyConnection, changed: pa.Table, gone: pa.Array, read: Read, model: Model) -> pa.Array:
    """Put `changed` profiles in the place of what was kept of them, and take the `gone` out.

    Answers the profile_ids to be compared again: the changed ones and all to whom their change makes a difference.
    """
    con.register("gone_id", pa.table({"profile_id": gone}))
    _tell(con, changed, model)
    con.execute(_FLIPPED)
    also = con.sql("SELECT profile_id FROM flipped ORDER BY 1").to_arrow_table()["profile_id"].combine_chunks()
    if len(also):
        _tell(con, pa.concat_tables([changed, read(also)]), model)
    for view in ("real_given", "spelling", "repeated"):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM kept.{view}")
    con.register("found", features.compare(con))
    for statement in (_KEYS, _REPLACE):
        con.execute(statement)
    return con.sql(_AGAIN).to_arrow_table()["profile_id"].combine_chunks()


def _tell(con: duckdb.DuckDBPyConnection, profiles: pa.Table, model: Model) -> None:
    """What these profiles say, and which of their identifiers they share with the rest of the base."""
    features.tell(con, profiles, known_given(model))
    con.execute(_REST)
    shared.learn(con)


_REST = f"""
CREATE OR REPLACE TEMP TABLE old AS
    SELECT uid FROM kept.profile WHERE profile_id IN (SELECT profile_id FROM base UNION SELECT profile_id FROM gone_id);
CREATE OR REPLACE TEMP TABLE touched_identifier AS
    SELECT identifier FROM holder
    UNION SELECT identifier FROM kept.holder WHERE uid IN (SELECT uid FROM old);
CREATE OR REPLACE TEMP TABLE rest AS   -- of a crowd, as many as make a crowd
    SELECT * FROM kept.holder WHERE identifier IN (SELECT identifier FROM touched_identifier)
        AND uid NOT IN (SELECT uid FROM old)
    QUALIFY row_number() OVER (PARTITION BY identifier) <= {shared.CROWD} + 1;
INSERT INTO holder BY NAME SELECT identifier, kind, value, role, given, family, roots, given_known FROM rest;
"""

_FLIPPED = """
CREATE OR REPLACE TEMP TABLE flipped AS SELECT DISTINCT profile_id
FROM rest LEFT JOIN shared_value s USING (identifier) JOIN kept.profile USING (uid)
WHERE personal != (s.identifier IS NULL)
"""

_KEYS = f"""
CREATE OR REPLACE TEMP TABLE fresh AS SELECT coalesce(p.uid, m.most + row_number() OVER (ORDER BY f.profile_id)) AS uid,
    f.profile_id FROM found f LEFT JOIN kept.profile p USING (profile_id)
    CROSS JOIN (SELECT coalesce(max(uid), 0) AS most FROM kept.profile) m;
CREATE OR REPLACE TEMP TABLE fresh_key AS SELECT key, uid
    FROM (SELECT profile_id, unnest(keys) AS key FROM found) JOIN fresh USING (profile_id);
CREATE OR REPLACE TEMP TABLE held AS SELECT key, uid, uid IN (SELECT uid FROM old) AS past FROM kept.key
    WHERE key IN (SELECT key FROM fresh_key UNION SELECT key FROM kept.key WHERE uid IN (SELECT uid FROM old));
CREATE OR REPLACE TEMP TABLE turned AS   -- keys that became crowded, or rare again
    SELECT key FROM (SELECT key, count(*) AS before, count(*) FILTER (NOT past) AS now FROM held GROUP BY key)
    FULL JOIN (SELECT key, count(*) AS more FROM fresh_key GROUP BY key) USING (key)
    WHERE (coalesce(before, 0) > {CROWDED}) != (coalesce(now, 0) + coalesce(more, 0) > {CROWDED});
"""

_REPLACE = """
DELETE FROM kept.profile WHERE uid IN (SELECT uid FROM old);
DELETE FROM kept.key WHERE uid IN (SELECT uid FROM old);
DELETE FROM kept.holder WHERE uid IN (SELECT uid FROM old);
DELETE FROM kept.reference WHERE uid IN (SELECT uid FROM old);
INSERT INTO kept.profile BY NAME
    SELECT uid, hash(lower(profile_id)) AS name, f.* EXCLUDE (keys, refers_to)
    FROM found f JOIN fresh USING (profile_id);
INSERT INTO kept.key SELECT key, uid FROM fresh_key;
INSERT INTO kept.holder BY NAME SELECT identifier, uid, h.* EXCLUDE (identifier, place),
    s.identifier IS NULL AS personal
    FROM holder h JOIN base USING (place) JOIN fresh USING (profile_id) LEFT JOIN shared_value s USING (identifier);
INSERT INTO kept.reference SELECT uid, hash(lower(trim(value)))
    FROM (SELECT profile_id, unnest(reference) AS value FROM base) JOIN fresh USING (profile_id);
"""

_AGAIN = """
SELECT profile_id FROM fresh
UNION SELECT profile_id FROM kept.profile WHERE uid IN (SELECT uid FROM held WHERE key IN (FROM turned))
ORDER BY 1
"""


def candidates(con: duckdb.DuckDBPyConnection, again: pa.Array, model: Model) -> pa.Table:
    """Matches of the profiles `again` with all the base, as `matching.match` finds them. After `remake`."""
    con.register("again_id", pa.table({"profile_id": again}))
    con.execute(_PAIRS)
    con.unregister("again_id")
    pairs = con.sql("SELECT left_id, right_id FROM pair ORDER BY ALL").to_arrow_table()
    near = con.sql("FROM kept.profile WHERE uid IN (SELECT l FROM wanted UNION SELECT r FROM wanted)")
    found = near.to_arrow_table()
    return weigh(found.drop_columns(["uid", "name"]), pairs, model, statistics(con, found))


_PAIRS = f"""
CREATE OR REPLACE TEMP TABLE again AS
    SELECT uid FROM kept.profile WHERE profile_id IN (SELECT profile_id FROM again_id);
CREATE OR REPLACE TEMP TABLE again_key AS FROM fresh_key
    UNION ALL SELECT key, uid FROM kept.key WHERE uid IN (FROM again) AND uid NOT IN (SELECT uid FROM fresh);
INSERT INTO held SELECT key, uid, false FROM kept.key   -- of those too who are judged again without a change
    WHERE key IN (SELECT key FROM again_key EXCEPT (SELECT key FROM held UNION SELECT key FROM fresh_key));
CREATE OR REPLACE TEMP TABLE usable AS
    SELECT key, uid FROM (SELECT key, uid FROM held WHERE NOT past UNION ALL FROM fresh_key)
    QUALIFY count(*) OVER (PARTITION BY key) BETWEEN 2 AND {CROWDED};
CREATE OR REPLACE TEMP TABLE wanted AS SELECT DISTINCT least(a.uid, u.uid) AS l, greatest(a.uid, u.uid) AS r
    FROM again_key a JOIN usable u ON a.key = u.key AND a.uid != u.uid;
CREATE OR REPLACE TEMP TABLE pair AS SELECT l.profile_id AS left_id, r.profile_id AS right_id
    FROM wanted w JOIN kept.profile l ON l.uid = w.l JOIN kept.profile r ON r.uid = w.r;
"""


def referring(con: duckdb.DuckDBPyConnection, profiles: pa.Array) -> pa.Table:
    """The pairs (left_id, right_id) that a reference ties together, of which one is among `profiles`."""
    con.register("asked", pa.table({"profile_id": profiles}))
    found = con.sql(_REFERRING).to_arrow_table()
    con.unregister("asked")
    return found


_REFERRING = """
WITH here AS (SELECT uid, name FROM kept.profile WHERE profile_id IN (SELECT profile_id FROM asked)),
tied AS (
    SELECT r.uid AS a, p.uid AS b FROM kept.reference r JOIN here USING (uid) JOIN kept.profile p ON p.name = r.target
    UNION SELECT r.uid, h.uid FROM kept.reference r JOIN here h ON h.name = r.target)
SELECT DISTINCT least(a.profile_id, b.profile_id) AS left_id, greatest(a.profile_id, b.profile_id) AS right_id
FROM tied JOIN kept.profile a ON a.uid = tied.a JOIN kept.profile b ON b.uid = tied.b
WHERE a.uid != b.uid ORDER BY ALL
"""


CONTRADICTED = (
    "profile_id, given, family, middle, roots, given_known, birth_date, birth_swapped, generation, signed_name"
)
"""What concluding reads of a profile's features."""


def facts_of(con: duckdb.DuckDBPyConnection, profiles: pa.Array) -> pa.Table:
    """What grouping needs to know of these profiles, ordered by profile_id; of those that are not there, nothing."""
    con.register("asked", pa.table({"profile_id": profiles}))
    query = f"""SELECT {CONTRADICTED} FROM kept.profile
        WHERE profile_id IN (SELECT profile_id FROM asked) ORDER BY profile_id"""
    found = con.sql(query).to_arrow_table()
    con.unregister("asked")
    return found


def stamped(con: duckdb.DuckDBPyConnection, stamp: str, changed: int) -> None:
    """From now on the base fits a database of this stamp; `changed` more profiles are not in the statistics."""
    con.execute("UPDATE kept.state SET stamp = $1, changed = changed + $2", [stamp, changed])
