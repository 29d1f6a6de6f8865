"""The tables of a kept base, out of what a whole resolve has in hand.

kept.profile    uid, and the features of a profile (its keys apart)
kept.key        blocking keys as 64-bit hashes: key, uid
kept.holder     who says which identifier, whether it counts as personal, and what its holder is called
kept.reference  the record of another system that a profile names, as a hash
kept.real_given, kept.spelling, kept.repeated, kept.rarity_*   the statistics in force until the next whole resolve
kept.state      the stamp, what made the base, its size then, how many profiles changed since
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from landbridge.identity.comparisons import RARITY
from landbridge.identity.kept.file import code
from landbridge.identity.matching import Counts

_TABLES = """
CREATE SCHEMA kept;
CREATE TABLE kept.state AS SELECT $stamp AS stamp, $made_by AS made_by, $size::BIGINT AS size, 0::BIGINT AS changed;
CREATE TABLE kept.profile AS SELECT (place + 1)::UINTEGER AS uid,
    hash(lower(f.profile_id)) AS name, f.* EXCLUDE (keys, refers_to)
    FROM found f JOIN base USING (profile_id) ORDER BY uid;
CREATE TABLE kept.key AS SELECT unnest(keys) AS key, (place + 1)::UINTEGER AS uid
    FROM found JOIN base USING (profile_id) ORDER BY ALL;
CREATE TABLE kept.holder AS SELECT identifier, (place + 1)::UINTEGER AS uid, h.* EXCLUDE (identifier, place),
        s.identifier IS NULL AS personal
    FROM holder h LEFT JOIN shared_value s USING (identifier) ORDER BY identifier;
CREATE TABLE kept.reference AS SELECT uid, hash(lower(trim(value))) AS target
    FROM (SELECT (place + 1)::UINTEGER AS uid, unnest(reference) AS value FROM base) ORDER BY ALL;
CREATE TABLE kept.real_given AS FROM real_given;
CREATE TABLE kept.spelling AS FROM spelling;
CREATE TABLE kept.repeated AS FROM repeated;
"""


def make(con: duckdb.DuckDBPyConnection, found: pa.Table, counts: Counts, stamp: str) -> None:
    """Fill schema `kept`. `con` is where `found` was made, with all three steps' tables still in it."""
    con.register("found", found)
    values = {"stamp": stamp, "made_by": code(), "size": counts.size}
    for statement in duckdb.extract_statements(_TABLES):
        con.execute(statement, {name: values[name] for name in statement.named_parameters})
    for column in RARITY:
        con.register("counted", counts.of[column])
        con.execute(f"CREATE TABLE kept.rarity_{column} AS FROM counted")
        con.unregister("counted")
    con.unregister("found")


def statistics(con: duckdb.DuckDBPyConnection, found: pa.Table) -> Counts:
    """The counts in force, as far as the profiles in `found` need them."""
    con.register("found", found)
    size = con.execute("SELECT size FROM kept.state").fetchall()[0][0]
    needed = "SELECT value, n FROM kept.rarity_{0} WHERE value IN (SELECT {0} FROM found)"
    counts = Counts(size, {c: con.sql(needed.format(c)).to_arrow_table() for c in RARITY})
    con.unregister("found")
    return counts
