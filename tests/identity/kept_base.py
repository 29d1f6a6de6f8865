"""The kept base read through, and what it should be: for tests that compare the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from landbridge.identity import evidence, features
from landbridge.identity.features import shared
from landbridge.identity.kept.file import SINCE
from landbridge.identity.kept.making import statistics
from landbridge.identity.kept.whole import TABLES
from landbridge.identity.matching import match
from landbridge.identity.model import default_model
from landbridge.identity.resolve import Standing, conclude, known_given, references
from landbridge.store import bulk
from landbridge.store.engine import Store


def as_whole(store: Store, folder: Path) -> tuple[Any, ...]:
    """Links, matches and the kept tables, as the whole base with the statistics in force makes them."""
    model = default_model()
    with duckdb.connect(str(folder / "base" / SINCE), read_only=True) as kept, duckdb.connect() as con:
        with store.bulk() as connection:
            profiles = bulk.get(connection, "SELECT * FROM profile WHERE NOT gone ORDER BY profile_id")
            decisions = bulk.get(connection, "SELECT * FROM decision WHERE withdrawn_at IS NULL")
        features.tell(con, profiles, known_given(model))
        shared.learn(con)
        for table in ("real_given", "spelling", "repeated"):
            con.register(table, kept.sql(f"FROM kept.{table}").to_arrow_table())
        found = features.compare(con)
        matches = match(found, model, statistics(kept, found))
        standing = Standing(references(found), decisions, None, (), profiles)
        resolution = conclude(found, evidence.read(found["profile_id"], matches), standing, model)
        holders = con.sql("""SELECT profile_id, kind, value, s.identifier IS NULL FROM holder
            JOIN base USING (place) LEFT JOIN shared_value s USING (identifier) ORDER BY ALL""").fetchall()
        keys = con.sql("SELECT profile_id, unnest(keys) AS key FROM found ORDER BY ALL").fetchall()
    said = found.drop_columns(["keys", "refers_to"]).to_pylist()
    return groups(resolution.links), matched(resolution.matches), said, holders, keys


def as_stored(store: Store, folder: Path) -> tuple[Any, ...]:
    """The same as it stands in the database and in the file."""
    with store.bulk() as connection:
        linked = bulk.get(connection, "SELECT link.* FROM link JOIN profile USING (profile_id) WHERE NOT gone")
        matches = bulk.get(connection, "SELECT * FROM match")
    with duckdb.connect(str(folder / "base" / SINCE), read_only=True) as kept:
        for table in TABLES:
            kept.register(table, standing(kept, folder, table))
        said = kept.sql("SELECT * EXCLUDE (uid, keys, identifiers, targets) FROM profile ORDER BY profile_id")
        answer = groups(linked), matched(matches), said.to_arrow_table().to_pylist()
        holders = kept.sql("SELECT profile_id, kind, value, personal FROM holder JOIN profile USING (uid) ORDER BY ALL")
        keys = kept.sql("SELECT profile_id, hash FROM key JOIN profile USING (uid) ORDER BY ALL").fetchall()
        for table, found_by in (("key", "keys"), ("holder", "identifiers"), ("reference", "targets")):
            listed = kept.sql(f"SELECT unnest({found_by}) AS hash, uid FROM profile ORDER BY ALL").fetchall()
            assert listed == kept.sql(f"SELECT hash, uid FROM {table} ORDER BY ALL").fetchall()
        names = kept.sql("SELECT hash(lower(profile_id)), uid FROM profile ORDER BY ALL").fetchall()
        assert names == kept.sql("FROM name ORDER BY ALL").fetchall()
        return *answer, holders.fetchall(), keys


def standing(kept: duckdb.DuckDBPyConnection, folder: Path, table: str) -> pa.Table:
    """A table of the kept base read through: what the last whole resolve made and nobody changed, and what changed."""
    whole = pa.ipc.open_file(folder / "base" / f"{table}.arrow").read_all()
    if table == "profile":
        whole = whole.append_column("uid", pa.array(range(whole.num_rows), pa.uint32()))
    kept.register("whole", whole)
    query = f"FROM whole WHERE uid NOT IN (FROM kept.past) UNION ALL BY NAME FROM kept.{table}"
    return kept.sql(query).to_arrow_table()


def groups(linked: pa.Table) -> dict[frozenset[str], set[tuple[str, float | None, str]]]:
    """Who is together, and what ties each of them."""
    of: dict[str, set[tuple[str, float | None, str]]] = {}
    for row in linked.to_pylist():
        of.setdefault(row["identity_id"], set()).add((row["profile_id"], row["weight"], row["how"]))
    return {frozenset(profile for profile, *_ in members): members for members in of.values()}


def matched(matches: pa.Table) -> set[tuple[Any, ...]]:
    """Every match with its weight, its band and why it was refused."""
    return {
        tuple(row[name] for name in ("left_id", "right_id", "weight", "band", "refused")) for row in matches.to_pylist()
    }
