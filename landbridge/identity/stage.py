"""Resolve: changed profiles and decisions in the store become links, matches and identities there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import sqlalchemy as sa

from landbridge.identity import doubts, signatures
from landbridge.identity.model import Model
from landbridge.identity.resolve import Resolution
from landbridge.identity.resolve import resolve as compute
from landbridge.store import bulk
from landbridge.store.engine import Store
from landbridge.store.profiles import PROFILE_SCHEMA
from landbridge.trail import audit
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor


def resolve(run: Run, model: Model) -> None:
    """Link every profile to its identity; ids last. Does nothing when nothing changed since the last time.

    A profile that is gone is not compared and keeps its link: its consent and its history go on counting, and if it
    comes back it is who it was.
    Books: taken = profiles compared; new = linked for the first time; changed = moved to another identity.
    """
    run.note("versions", model=model.version)
    with run.store.bulk() as connection:
        signatures.read(connection)
    with run.books.stage("resolve") as entry:
        waiting = _waiting(run.store, model.version)
        entry.taken = waiting.profiles
        if waiting.nothing:
            entry.unchanged = entry.taken
            return
        with run.store.bulk() as connection:
            _resolve(run, model, connection, entry)


def _resolve(run: Run, model: Model, connection: Connection, entry: Entry) -> None:
    columns = ", ".join([*PROFILE_SCHEMA.names, "digest"])
    profiles = bulk.get(connection, f"SELECT {columns} FROM profile WHERE NOT gone ORDER BY profile_id")
    heard = signatures.added(connection, profiles.drop_columns(["digest"]))
    decisions = bulk.get(connection, _DECISIONS)
    standing = decisions.filter(pc.invert(decisions["withdrawn"]))
    previous = bulk.get(connection, _PREVIOUS)
    used = bulk.get(connection, _USED)["identity_id"].to_pylist()
    found = compute(heard, decisions=standing, previous=previous, used=used, model=model)
    entry.taken = profiles.num_rows
    with connection.cursor() as cursor:
        bulk.put(cursor, "compared", profiles.select(["profile_id", "digest"]))
        bulk.put(cursor, "seen_decisions", decisions.select(["decision_id", "withdrawn"]))
        _keep(cursor, run, model, found, entry)


def _keep(cursor: Cursor, run: Run, model: Model, found: Resolution, entry: Entry) -> None:
    bulk.put(cursor, "found_links", found.links)
    bulk.put(cursor, "found_matches", found.matches)
    bulk.put(cursor, "found_events", found.events)
    bulk.put(cursor, "found_born", found.born)
    cursor.execute(_IDENTITIES, (run.run_id,))
    cursor.execute(_REDIRECTS)
    cursor.execute(_EVENTS, (run.run_id,))
    cursor.execute(_COUNTS)
    entry.new, entry.changed, entry.unchanged = cursor.fetchall()[0]
    cursor.execute(_FOLLOWED, (run.run_id,))
    cursor.execute(_LINKS, (model.version, run.run_id))
    cursor.execute(_UNMATCHED)
    cursor.execute(_MATCHES, (model.version, run.run_id))
    cursor.execute(_SETTLED)
    cursor.execute(_GONE)
    cursor.execute(_APPLIED)
    doubts.keep(cursor, run.run_id)
    if entry.new or entry.changed or found.events.num_rows:
        audit.record_bulk(cursor, _event(run, model, found, entry))


def _event(run: Run, model: Model, found: Resolution, entry: Entry) -> audit.Event:
    """One event that commits to every link, by one digest over them all."""
    pairs = zip(found.links["profile_id"].to_pylist(), found.links["identity_id"].to_pylist(), strict=True)
    counts = {"new": entry.new, "changed": entry.changed, "links": entry.taken}
    return run.event(
        "link.changed", run.run_id, model=model.version, digest=audit.digest([f"{p} {i}" for p, i in pairs]), **counts
    )


@dataclass(frozen=True)
class _Waiting:
    profiles: int
    unresolved: int
    gone: int
    decisions: int
    other_model: int

    @property
    def nothing(self) -> bool:
        return not (self.unresolved or self.gone or self.decisions or self.other_model)


def _waiting(store: Store, model: str) -> _Waiting:
    """What has changed since identities were last made."""
    query = sa.text(
        """SELECT
        (SELECT count(*) FROM profile WHERE NOT gone) AS profiles,
        (SELECT count(*) FROM profile WHERE NOT gone AND resolved_digest IS DISTINCT FROM digest) AS unresolved,
        (SELECT count(*) FROM profile WHERE gone AND resolved_digest IS NOT NULL) AS gone,
        (SELECT count(*) FROM decision WHERE NOT applied) AS decisions,
        (SELECT count(*) FROM link WHERE model <> :model) AS other_model"""
    )
    with store.begin() as connection:
        return _Waiting(**connection.execute(query, {"model": model}).one()._mapping)


_DECISIONS = """
SELECT decision_id, left_id, right_id, verdict, withdrawn_at IS NOT NULL AS withdrawn FROM decision
WHERE withdrawn_at IS NULL OR NOT applied ORDER BY decision_id
"""

_PREVIOUS = """
SELECT link.profile_id, link.identity_id, identity.founder, identity.founded FROM link JOIN identity USING (identity_id)
ORDER BY link.profile_id
"""

_USED = """
SELECT identity_id FROM identity WHERE NOT EXISTS (SELECT FROM link WHERE link.identity_id = identity.identity_id)
"""

_IDENTITIES = """
INSERT INTO identity (identity_id, founder, founded, run_id) SELECT identity_id, founder, founded, $1 FROM found_born
"""

_REDIRECTS = """
UPDATE identity SET redirect_to = e.other_id FROM found_events e
WHERE e.kind = 'redirected' AND identity.identity_id = e.identity_id
"""

_EVENTS = """
INSERT INTO identity_event (kind, identity_id, other_id, run_id)
SELECT kind, identity_id, other_id, $1 FROM found_events ORDER BY kind, identity_id, other_id
"""

_COUNTS = """
SELECT count(*) FILTER (WHERE k.profile_id IS NULL), count(*) FILTER (WHERE k.identity_id <> f.identity_id),
    count(*) FILTER (WHERE k.identity_id = f.identity_id)
FROM found_links f LEFT JOIN link k USING (profile_id)
"""

# A profile that is gone goes where its identity goes.
_FOLLOWED = """
UPDATE link SET identity_id = e.other_id, run_id = $1, at = now() FROM found_events e
WHERE e.kind = 'redirected' AND link.identity_id = e.identity_id
  AND NOT EXISTS (SELECT FROM found_links f WHERE f.profile_id = link.profile_id)
"""

_LINKS = """
INSERT INTO link (profile_id, identity_id, weight, how, model, run_id)
SELECT profile_id, identity_id, weight, how, $1, $2 FROM found_links
ON CONFLICT (profile_id) DO UPDATE SET identity_id = excluded.identity_id, weight = excluded.weight,
    how = excluded.how, model = excluded.model, run_id = excluded.run_id, at = now()
WHERE (link.identity_id, link.weight, link.how, link.model)
    IS DISTINCT FROM (excluded.identity_id, excluded.weight, excluded.how, excluded.model)
"""

_UNMATCHED = """
DELETE FROM match WHERE NOT EXISTS (
    SELECT FROM found_matches f WHERE f.left_id = match.left_id AND f.right_id = match.right_id)
"""

_MATCHES = """
INSERT INTO match (left_id, right_id, weight, probability, band, refused, evidence, model, run_id)
SELECT left_id, right_id, weight, probability, band, refused, evidence::jsonb, $1, $2 FROM found_matches
ON CONFLICT (left_id, right_id) DO UPDATE SET weight = excluded.weight, probability = excluded.probability,
    band = excluded.band, refused = excluded.refused, evidence = excluded.evidence, model = excluded.model,
    run_id = excluded.run_id
WHERE (match.weight, match.band, match.refused, match.evidence, match.model)
    IS DISTINCT FROM (excluded.weight, excluded.band, excluded.refused, excluded.evidence, excluded.model)
"""

# Only what was compared is settled: a profile that changed meanwhile waits for the next time.
_SETTLED = """
UPDATE profile SET resolved_digest = c.digest FROM compared c
WHERE profile.profile_id = c.profile_id AND profile.resolved_digest IS DISTINCT FROM c.digest
"""

# So that one that comes back, the same as ever, waits to be compared again.
_GONE = """
UPDATE profile SET resolved_digest = NULL
WHERE gone AND resolved_digest IS NOT NULL AND profile_id NOT IN (SELECT profile_id FROM compared)
"""

# A decision that was withdrawn while we resolved was obeyed still: it waits for the next time.
_APPLIED = """
UPDATE decision SET applied = true FROM seen_decisions s
WHERE NOT applied AND decision.decision_id = s.decision_id AND (withdrawn_at IS NOT NULL) = s.withdrawn
"""
