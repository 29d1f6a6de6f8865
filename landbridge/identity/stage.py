"""Resolve: changed profiles and decisions in the store become links, matches and identities there."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity import features, signatures, touched
from landbridge.identity.alone import alone
from landbridge.identity.kept import change, making
from landbridge.identity.kept.base import Base
from landbridge.identity.kept.file import Kept
from landbridge.identity.matching import count, matched
from landbridge.identity.model import Model
from landbridge.identity.resolve import Resolution, Standing, conclude, concluded_in_part, known_given, references
from landbridge.identity.storing import Seen, store
from landbridge.store import bulk
from landbridge.store.profiles import PROFILE_SCHEMA
from landbridge.store.tables.records import WAITING
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

    from landbridge.identity.spark_engine import Cluster


def resolve(run: Run, model: Model, folder: Path | None = None, spark: Cluster | None = None) -> None:
    """Link every profile to its identity; ids last. Does nothing when nothing changed since the last time.

    With a `folder` for what is kept, only changed profiles are compared, against all, and only the groups that they
    touch are made again; without one, or where what is kept does not fit, the whole base is (the run's versions say
    which, and why). With `spark` a whole base is weighed there. A profile that is gone is not compared and keeps its
    link: its consent and its history go on counting, and if it comes back it is who it was.
    Books: taken = profiles whose place was looked at again, in a changed base those in the touched groups; new =
    linked for the first time; changed = moved to another identity.
    """
    run.note("versions", model=model.version)
    with run.store.bulk() as connection:
        signatures.read(connection)
    with run.books.stage("resolve") as entry, Kept(folder) as kept:
        with run.store.bulk() as connection:
            if not _waits(connection, model.version):
                return
            _resolve(run, model, connection, kept, entry, spark)
        kept.commit()
        if kept.fresh:
            run.store.tidy("profile", "link", "match", "identity")


def _waits(connection: Connection, model: str) -> bool:
    """Whether there is anything to resolve. Asked alone, until `connection` commits: whoever resolved meanwhile has
    left nothing."""
    with connection.cursor() as cursor:
        alone(cursor)
        cursor.execute(_BY_INDEX)
    return bool(bulk.get(connection, _WAITS, (model,))["waits"][0].as_py())


def _resolve(run: Run, model: Model, connection: Connection, kept: Kept, entry: Entry, spark: Cluster | None) -> None:
    reason = _why_whole(model, connection, kept)
    found = None
    if kept.base:
        try:
            found = _part(model, connection, kept.base)
        except duckdb.Error:
            reason = "what is kept cannot be read"
    if found is None:
        found = _whole(model, connection, kept, spark)
    run.note("versions", resolved=f"whole: {reason}" if reason else "what changed")
    with connection.cursor() as cursor:
        store(cursor, run, *found, entry)


def _why_whole(model: Model, connection: Connection, kept: Kept) -> str:
    """Why the whole base must be resolved, or ''; then what is kept is open."""
    stands = bulk.get(connection, "SELECT stamp, model FROM resolved").to_pylist()
    if not stands:
        return "the first time"
    if stands[0]["model"] != model.version:
        return "another model"
    waiting = bulk.get(connection, f"SELECT count(*) AS n FROM profile WHERE {WAITING}")["n"][0].as_py()
    return kept.open(stands[0]["stamp"], waiting)


_WAITS = f"""
SELECT EXISTS (SELECT FROM profile WHERE {WAITING}) OR EXISTS (SELECT FROM decision WHERE NOT applied)
    OR NOT EXISTS (SELECT FROM resolved WHERE model = $1) AND EXISTS (SELECT FROM profile WHERE NOT gone) AS waits
"""
_BY_INDEX = "SET LOCAL enable_seqscan = off"
"""What changed is little, and in an index of its own; the planner takes most rows for changed."""
_PROFILES = f"SELECT {', '.join([*PROFILE_SCHEMA.names, 'digest'])} FROM profile"
_GONE = f"SELECT profile_id FROM profile WHERE {WAITING} AND gone"


def _whole(model: Model, connection: Connection, kept: Kept, spark: Cluster | None) -> tuple[Resolution, Seen]:
    """Resolve everything, and keep what makes the next time cheap."""
    stamp = secrets.token_hex(8)
    gone = bulk.get(connection, _GONE)["profile_id"].combine_chunks()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
    profiles = bulk.get(connection, f"{_PROFILES} WHERE NOT gone ORDER BY profile_id")
    con = kept.anew()
    features.tell(con, _heard(connection, profiles), known_given(model))
    features.learn(con)
    found = features.compare(con)
    counts = count(found)
    kept.keep(lambda folder: making.make(con, found, counts, stamp, folder))
    decisions = bulk.get(connection, _DECISIONS)
    standing = Standing(
        references(found),
        decisions.filter(pc.invert(decisions["withdrawn"])),
        bulk.get(connection, _PREVIOUS),
        bulk.get(connection, _USED)["identity_id"].to_pylist(),
        profiles,
        bulk.get(connection, touched.FORMER.format(whose="true")),
    )
    with matched(found, model, counts, spark) as matches:
        resolution = conclude(found, matches, standing, model)
    return resolution, Seen(profiles, gone, decisions, None, stamp)


def _part(model: Model, connection: Connection, base: Base) -> tuple[Resolution, Seen]:
    """Resolve what changed and what that touches."""
    stamp = secrets.token_hex(8)
    gone = bulk.get(connection, _GONE)["profile_id"].combine_chunks()
    changed = bulk.get(connection, f"{_PROFILES} WHERE {WAITING} AND NOT gone ORDER BY profile_id")
    decisions = bulk.get(connection, _UNSEEN)
    again = change.remake(base, _heard(connection, changed), gone, _reader(connection), model)
    again = touched.unique(again, decisions["left_id"], decisions["right_id"])
    matches = change.candidates(base, again, model)
    remade = touched.unique(again, gone)
    resolution = _conclude(base, connection, model, matches, remade)
    change.stamped(base, stamp, changed.num_rows + len(gone))
    return resolution, Seen(changed, gone, decisions, remade, stamp)


def _heard(connection: Connection, profiles: pa.Table) -> pa.Table:
    """Profiles as they are compared: with what their own signatures tell."""
    return signatures.added(connection, profiles.drop_columns(["digest"]))


def _reader(connection: Connection) -> change.Read:
    def read(profiles: pa.Array) -> pa.Table:
        with connection.cursor() as cursor:
            touched.look_up(cursor, "asked", "profile_id", profiles)
        asked = bulk.get(connection, f"{_PROFILES} JOIN asked USING (profile_id) WHERE NOT gone ORDER BY profile_id")
        return _heard(connection, asked)

    return read


def _conclude(base: Base, connection: Connection, model: Model, matches: pa.Table, remade: pa.Array) -> Resolution:
    """The groups that new `matches` of the profiles `remade` touch, out of the kept base and the database."""
    with connection.cursor() as cursor:
        touched.look_up(cursor, "remade", "profile_id", remade)
    strong = matches.filter(pc.greater_equal(matches["weight"], model.link))
    seeds = touched.unique(remade, strong["left_id"], strong["right_id"])
    reached = touched.reach(connection, seeds, model.link, lambda ids: change.referring(base, ids))
    found = change.facts_of(base, reached)
    standing = Standing(
        [(tie["left_id"], tie["right_id"]) for tie in change.referring(base, reached).to_pylist()],
        bulk.get(connection, touched.DECISIONS),
        bulk.get(connection, touched.PREVIOUS),
        touched.used(connection, found["profile_id"]),
        bulk.get(connection, touched.CREATED),
        bulk.get(connection, touched.FORMER_HERE),
    )
    others = bulk.get(connection, touched.MATCHES).select(matches.column_names).cast(matches.schema)
    best_first = [("weight", "descending"), ("left_id", "ascending"), ("right_id", "ascending")]
    return concluded_in_part(found, pa.concat_tables([matches, others]).sort_by(best_first), standing, model)


_DECISIONS = """
SELECT decision_id, left_id, right_id, verdict, withdrawn_at IS NOT NULL AS withdrawn FROM decision
WHERE withdrawn_at IS NULL OR NOT applied ORDER BY decision_id
"""

_UNSEEN = """
SELECT decision_id, left_id, right_id, withdrawn_at IS NOT NULL AS withdrawn FROM decision
WHERE NOT applied ORDER BY decision_id
"""

_PREVIOUS = """
SELECT link.profile_id, link.identity_id, identity.founder, identity.founded FROM link JOIN identity USING (identity_id)
ORDER BY link.profile_id
"""

_USED = """
SELECT identity_id FROM identity WHERE NOT EXISTS (SELECT FROM link WHERE link.identity_id = identity.identity_id)
"""
