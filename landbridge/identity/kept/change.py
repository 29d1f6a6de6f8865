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
from landbridge.identity.kept.base import LISTS, Base
from landbridge.identity.kept.making import BY_HASH, statistics, told
from landbridge.identity.matching import weigh
from landbridge.identity.model import Model
from landbridge.identity.pairing import CROWDED
from landbridge.identity.resolve import known_given
from landbridge.identity.touched import unique

Read = Callable[[pa.Array], pa.Table]
"""Profiles by their ids, those that are not gone, as the database has them."""


def remake(base: Base, changed: pa.Table, gone: pa.Array, read: Read, model: Model) -> pa.Array:
    """Put `changed` profiles in the place of what was kept of them, and take the `gone` out.

    Answers the profile_ids to be compared again: the changed ones and all to whom their change makes a difference.
    """
    con = base.con
    _tell(base, changed, gone, model)
    also = base.profiles(_column(con, _FLIPPED), ["profile_id"])["profile_id"].combine_chunks()
    if len(also):
        _tell(base, pa.concat_tables([changed, read(also)]), gone, model)
    for view in ("real_given", "spelling", "repeated"):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM kept.{view}")
    found = features.compare(con)
    con.execute(_FRESH, {"next": base.next_uid()})
    told(con, found)
    con.register("said", base.said(_column(con, "SELECT uid FROM old"), "keys"))
    con.register("heard", base.having("key", _column(con, "SELECT unnest(keys) FROM told UNION SELECT hash FROM said")))
    con.execute(_HELD)
    _replace(base)
    con.register("judged", base.profiles(_column(con, _JUDGED), ["profile_id"]))
    return _column(con, "SELECT profile_id FROM told UNION SELECT profile_id FROM judged ORDER BY 1").combine_chunks()


def _tell(base: Base, profiles: pa.Table, gone: pa.Array, model: Model) -> None:
    """What these profiles say, and which of their identifiers they share with the rest of the base."""
    con = base.con
    features.tell(con, profiles, known_given(model))
    was = base.named(unique(profiles["profile_id"], gone))
    con.register("was", was)
    con.register("said", base.said(was["uid"], "identifiers"))
    con.register(
        "heard", base.having("holder", _column(con, "SELECT identifier FROM holder UNION SELECT hash FROM said"))
    )
    con.execute(_REST)
    shared.learn(con)


def _replace(base: Base) -> None:
    for table, rows in {"profile": "FROM told", **BY_HASH}.items():
        base.con.execute(f"DELETE FROM kept.{table} WHERE uid IN (SELECT uid FROM old)")
        base.con.execute(f"INSERT INTO kept.{table} BY NAME {rows}")
    base.leave()


def _column(con: duckdb.DuckDBPyConnection, query: str) -> pa.ChunkedArray:
    return con.sql(query).to_arrow_table().column(0)


_REST = f"""
CREATE OR REPLACE TEMP TABLE old AS FROM was;
CREATE OR REPLACE TEMP TABLE rest AS   -- of a crowd, as many as make a crowd
    SELECT hash AS identifier, * EXCLUDE (hash) FROM heard WHERE uid NOT IN (SELECT uid FROM old)
    QUALIFY row_number() OVER (PARTITION BY hash) <= {shared.CROWD} + 1;
INSERT INTO holder BY NAME SELECT identifier, kind, value, role, given, family, roots, given_known FROM rest;
"""

_FLIPPED = """
SELECT DISTINCT uid FROM rest LEFT JOIN shared_value s USING (identifier) WHERE personal != (s.identifier IS NULL)
"""

_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
    SELECT place, coalesce(uid, $next + row_number() OVER (ORDER BY place))::UINTEGER AS uid
    FROM base LEFT JOIN old USING (profile_id)
"""

_HELD = f"""
CREATE OR REPLACE TEMP TABLE fresh_key AS SELECT unnest(keys) AS hash, uid FROM told;
CREATE OR REPLACE TEMP TABLE held AS SELECT hash, uid, uid IN (SELECT uid FROM old) AS past FROM heard;
CREATE OR REPLACE TEMP TABLE turned AS   -- keys that became crowded, or rare again
    SELECT hash FROM (SELECT hash, count(*) AS before, count(*) FILTER (NOT past) AS now FROM held GROUP BY hash)
    FULL JOIN (SELECT hash, count(*) AS more FROM fresh_key GROUP BY hash) USING (hash)
    WHERE (coalesce(before, 0) > {CROWDED}) != (coalesce(now, 0) + coalesce(more, 0) > {CROWDED});
"""

_JUDGED = "SELECT DISTINCT uid FROM held WHERE hash IN (FROM turned)"


def candidates(base: Base, again: pa.Array, model: Model) -> pa.Table:
    """Matches of the profiles `again` with all the base, as `matching.match` finds them. After `remake`."""
    con = base.con
    con.register("again", base.named(again))
    con.register("said", base.said(_column(con, _UNCHANGED), "keys"))
    con.register("heard", base.having("key", _column(con, _UNHEARD)))
    con.execute(_WANTED)
    near = base.profiles(_column(con, "SELECT l FROM wanted UNION SELECT r FROM wanted"))
    con.register("near", near)
    pairs = con.sql(_PAIRS).to_arrow_table()
    con.unregister("near")
    return weigh(near.drop_columns(["uid", *LISTS]), pairs, model, statistics(con, near))


_UNCHANGED = "SELECT uid FROM again EXCEPT SELECT uid FROM told"
_UNHEARD = "SELECT hash FROM said EXCEPT (SELECT hash FROM held UNION SELECT hash FROM fresh_key)"
"""Keys of those who are judged again without a change."""

_WANTED = f"""
CREATE OR REPLACE TEMP TABLE usable AS
    SELECT hash, uid FROM (
        SELECT hash, uid FROM held WHERE NOT past UNION ALL SELECT hash, uid FROM heard UNION ALL FROM fresh_key)
    QUALIFY count(*) OVER (PARTITION BY hash) BETWEEN 2 AND {CROWDED};
CREATE OR REPLACE TEMP TABLE wanted AS SELECT DISTINCT least(a.uid, u.uid) AS l, greatest(a.uid, u.uid) AS r
    FROM (FROM fresh_key UNION ALL SELECT hash, uid FROM said) a JOIN usable u ON a.hash = u.hash AND a.uid != u.uid;
"""

_PAIRS = """
SELECT l.profile_id AS left_id, r.profile_id AS right_id
FROM wanted w JOIN near l ON l.uid = w.l JOIN near r ON r.uid = w.r ORDER BY ALL
"""


def referring(base: Base, profiles: pa.Array) -> pa.Table:
    """The pairs (left_id, right_id) that a reference ties together, of which one is among `profiles`."""
    con, here = base.con, base.named(profiles)
    targets = base.said(here["uid"], "targets")
    asked = {
        "here": here,
        "target": targets,
        "named": base.having("name", targets["hash"]),
        "referrer": base.having("reference", base.names(here["profile_id"])),
    }
    for name, table in asked.items():
        con.register(name, table)
    tied = con.sql(_TIED).to_arrow_table()
    con.register("tied", tied)
    con.register("ends", base.profiles(_column(con, "SELECT a FROM tied UNION SELECT b FROM tied"), ["profile_id"]))
    return con.sql(_REFERRING).to_arrow_table()


_TIED = """
SELECT t.uid AS a, n.uid AS b FROM target t JOIN named n USING (hash) WHERE a != b
UNION SELECT r.uid, h.uid FROM referrer r JOIN here h ON r.hash = hash(lower(h.profile_id)) WHERE r.uid != h.uid
"""

_REFERRING = """
SELECT DISTINCT least(a.profile_id, b.profile_id) AS left_id, greatest(a.profile_id, b.profile_id) AS right_id
FROM tied JOIN ends a ON a.uid = tied.a JOIN ends b ON b.uid = tied.b ORDER BY ALL
"""


CONTRADICTED = [
    "profile_id", "given", "family", "middle", "roots", "given_known", "birth_date", "birth_swapped", "generation",
    "signed_name",
]  # fmt: skip
"""What concluding reads of a profile's features."""


def facts_of(base: Base, profiles: pa.Array) -> pa.Table:
    """What grouping needs to know of these profiles, ordered by profile_id; of those that are not there, nothing."""
    found = base.profiles(base.named(profiles)["uid"], CONTRADICTED)
    return found.drop_columns(["uid"]).sort_by("profile_id")


def stamped(base: Base, stamp: str, changed: int) -> None:
    """From now on the base fits a database of this stamp; `changed` more profiles are not in the statistics."""
    base.con.execute("UPDATE kept.state SET stamp = $1, changed = changed + $2", [stamp, changed])
