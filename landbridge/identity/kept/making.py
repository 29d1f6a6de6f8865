"""The tables of a kept base, out of what a whole resolve has in hand.

profile     uid, the features of a profile, and by what it is found: keys, identifiers and targets, as 64-bit hashes
name        hash of its profile_id: by it others refer to it
key         blocking keys
holder      who says which identifier, whether it counts as personal, and what its holder is called
reference   the record of another system that a profile names
past        in `since.duckdb` alone: whom a change took out of the others
real_given, spelling, repeated, rarity_*   the statistics in force until the next whole resolve
state       the stamp, what made the base, its size then, how many profiles changed since

The first five are files of their own (`whole`), and empty tables of the same form for what will change.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from landbridge.identity.comparisons import RARITY
from landbridge.identity.kept import whole
from landbridge.identity.kept.file import code
from landbridge.identity.matching import Counts
from landbridge.identity.places import by_place

BY_HASH = {
    "name": "SELECT hash(lower(profile_id)) AS hash, uid FROM told",
    "key": "SELECT unnest(keys) AS hash, uid FROM told",
    "holder": """SELECT identifier AS hash, uid, h.* EXCLUDE (identifier, place), s.identifier IS NULL AS personal
        FROM holder h JOIN fresh USING (place) LEFT JOIN shared_value s USING (identifier)""",
    "reference": "SELECT unnest(targets) AS hash, uid FROM told",
}
"""The rows (hash, uid, …) of the profiles in `told`."""

_SAID = """
SELECT place, uid, coalesce(identifiers, []) AS identifiers,
    coalesce(list_transform(reference, lambda r: hash(lower(trim(r)))), []) AS targets
FROM base JOIN fresh USING (place) LEFT JOIN (
    SELECT place, list(identifier) AS identifiers FROM holder WHERE place IS NOT NULL GROUP BY place) USING (place)
"""

_TABLES = """
CREATE SCHEMA kept;
CREATE TABLE kept.state AS SELECT $stamp AS stamp, $made_by AS made_by, $size::BIGINT AS size, 0::BIGINT AS changed;
CREATE TABLE kept.past (uid UINTEGER);
CREATE TABLE kept.real_given AS FROM real_given;
CREATE TABLE kept.spelling AS FROM spelling;
CREATE TABLE kept.repeated AS FROM repeated;
"""


def told(con: duckdb.DuckDBPyConnection, found: pa.Table) -> pa.Table:
    """What is kept of the profiles whose features are `found`, in their order: left as view `told`, too.

    `con` has what all three steps of features leave, and `fresh` (place, uid): by which number each is kept.
    """
    said = by_place(con.sql(_SAID).to_arrow_table())
    whole = found.drop_columns(["refers_to"])
    for name in ("identifiers", "targets", "uid"):
        whole = whole.append_column(name, said[name])
    con.register("told", whole)
    return whole


def make(con: duckdb.DuckDBPyConnection, found: pa.Table, counts: Counts, stamp: str, folder: Path) -> None:
    """Fill `folder`, and schema `kept` of `con`, where `found` was made."""
    con.execute("CREATE TEMP VIEW fresh AS SELECT place, place::UINTEGER AS uid FROM base")
    whole.write(folder, "profile", told(con, found).drop_columns(["uid"]))
    for table, rows in BY_HASH.items():
        whole.write(folder, table, con.sql(f"{rows} ORDER BY hash, uid").to_arrow_table())
    values = {"stamp": stamp, "made_by": code(), "size": counts.size}
    for statement in duckdb.extract_statements(_TABLES):
        con.execute(statement, {name: values[name] for name in statement.named_parameters})
    for table, rows in {"profile": "FROM told", **BY_HASH}.items():
        con.execute(f"CREATE TABLE kept.{table} AS {rows} LIMIT 0")
    con.unregister("told")
    for column in RARITY:
        con.register("counted", counts.of[column])
        con.execute(f"CREATE TABLE kept.rarity_{column} AS FROM counted")
        con.unregister("counted")


def statistics(con: duckdb.DuckDBPyConnection, found: pa.Table) -> Counts:
    """The counts in force, as far as the profiles in `found` need them."""
    con.register("found", found)
    size = con.execute("SELECT size FROM kept.state").fetchall()[0][0]
    needed = "SELECT value, n FROM kept.rarity_{0} WHERE value IN (SELECT {0} FROM found)"
    counts = Counts(size, {c: con.sql(needed.format(c)).to_arrow_table() for c in RARITY})
    con.unregister("found")
    return counts
