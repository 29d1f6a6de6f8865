"""Storing what resolving found: links, matches, identities and events, and what has thereby been seen.

Every statement costs in proportion to what is stored, and writes only what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from landbridge.identity import doubts
from landbridge.identity.resolve import Resolution
from landbridge.store import bulk
from landbridge.trail import audit
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor


@dataclass(frozen=True)
class Seen:
    """What a resolution has taken into account.

    compared   (profile_id, digest): the profiles that changed, as they were when they were read
    gone       ids of profiles that are not compared any more
    decisions  (decision_id, withdrawn)
    remade     profile_ids all of whose matches are in the resolution; None where that is everybody
    stamp      names this state of the database for the kept base
    """

    compared: pa.Table
    gone: pa.Array
    decisions: pa.Table
    remade: pa.Array | None
    stamp: str


def store(cursor: Cursor, run: Run, found: Resolution, seen: Seen, entry: Entry) -> None:
    """Store it all in the transaction of `cursor`, with its audit event; fills the entry."""
    entry.taken = found.links.num_rows
    entry.new, entry.changed, entry.unchanged = identities(cursor, run.run_id, found)
    _matches(cursor, run, found, seen.remade)
    _settle(cursor, seen)
    doubts.keep(cursor, run.run_id)
    cursor.execute(_STAMPED, (seen.stamp, found.model_version, run.run_id))
    if seen.remade is None:
        cursor.execute("ANALYZE profile, link, match, identity")  # so that the next statements look up what they need
    if entry.new or entry.changed or found.events.num_rows:
        audit.record_bulk(cursor, _event(run, found, entry))


def identities(cursor: Cursor, run_id: str, found: Resolution) -> tuple[int, int, int]:
    """Store links, ids, and what became of ids. How many profiles are linked for the first time, moved, and stay.

    Afterwards every id leads to one that lives, by no circle; no link names one that does not; and `bearer` has
    those of an id that was merged away who are where it leads to, and nobody of one that lives.
    """
    bulk.put(cursor, "found_links", found.links)
    bulk.put(cursor, "found_events", found.events)
    bulk.put(cursor, "found_born", found.born)
    cursor.execute(_COUNTS)
    new, changed, unchanged = cursor.fetchall()[0]
    cursor.execute(_IDENTITIES, (run_id,))
    cursor.execute(_RESTORED)
    cursor.execute(_RETURNED, (run_id,))
    for statement in (_AGAIN, _BORNE, _REDIRECTS):
        cursor.execute(statement)
    cursor.execute(_FOLLOWED, (run_id,))
    for statement in (_LEFT, _ALIVE):
        cursor.execute(statement)
    cursor.execute(_EVENTS, (run_id,))
    cursor.execute(_LINKS, (found.model_version, run_id))
    return new, changed, unchanged


def _matches(cursor: Cursor, run: Run, found: Resolution, remade: pa.Array | None) -> None:
    bulk.put(cursor, "found_matches", found.matches)
    if remade is None:
        cursor.execute(_UNMATCHED)
    else:
        bulk.put(cursor, "remade", pa.table({"profile_id": remade}))
        for side in ("left_id", "right_id"):
            cursor.execute(_UNMATCHED_OF.format(side=side))
    cursor.execute(_MATCHES, (found.model_version, run.run_id))


def _settle(cursor: Cursor, seen: Seen) -> None:
    bulk.put(cursor, "compared", seen.compared.select(["profile_id", "digest"]))
    bulk.put(cursor, "left_out", pa.table({"profile_id": seen.gone}))
    bulk.put(cursor, "seen_decisions", seen.decisions.select(["decision_id", "withdrawn"]))
    for statement in (_NOBODY_WRITES, _GONE, _SETTLED):
        cursor.execute(statement)
    cursor.execute(_APPLIED)


def _event(run: Run, found: Resolution, entry: Entry) -> audit.Event:
    """One event that commits to every link that was looked at, by one digest over them."""
    pairs = zip(found.links["profile_id"].to_pylist(), found.links["identity_id"].to_pylist(), strict=True)
    counts = {"new": entry.new, "changed": entry.changed, "links": entry.taken}
    digest = audit.digest([f"{profile} {identity}" for profile, identity in pairs])
    return run.event("link.changed", run.run_id, model=found.model_version, digest=digest, **counts)


_IDENTITIES = """
INSERT INTO identity (identity_id, founder, founded, run_id) SELECT identity_id, founder, founded, $1 FROM found_born
"""

_RESTORED = """
UPDATE identity SET redirect_to = NULL FROM found_events e
WHERE e.kind = 'restored' AND identity.identity_id = e.identity_id
"""

# A profile that is gone goes back with the id that it bore: with the one that was merged away first, if with several.
_RETURNED = """
UPDATE link SET identity_id = b.identity_id, run_id = $1, at = now() FROM (
    SELECT DISTINCT ON (profile_id) profile_id, e.identity_id, e.other_id
    FROM found_events e JOIN bearer USING (identity_id) WHERE e.kind = 'restored'
    ORDER BY profile_id, bearer.at, e.identity_id) b
WHERE link.profile_id = b.profile_id AND link.identity_id = b.other_id
  AND NOT EXISTS (SELECT FROM found_links f WHERE f.profile_id = link.profile_id)
"""

_AGAIN = """
UPDATE bearer SET at = now() FROM found_events e WHERE e.kind = 'restored' AND bearer.identity_id = e.identity_id
"""

_BORNE = """
INSERT INTO bearer (identity_id, profile_id) SELECT link.identity_id, link.profile_id
FROM found_events e JOIN link USING (identity_id) WHERE e.kind = 'redirected'
ON CONFLICT DO NOTHING
"""

# Whose id lives, theirs is told by their links.
_ALIVE = """
DELETE FROM bearer USING found_events e JOIN identity i USING (identity_id)
WHERE e.kind = 'restored' AND i.redirect_to IS NULL AND bearer.identity_id = i.identity_id
"""

# Only who goes along with an id bears it any more. Asked about whoever moves, and about all that bear an id which leads
# elsewhere now: of these also the ones that stay, and the ones that are gone. Before _LINKS, after all other moves.
_LEFT = """
WITH RECURSIVE turned(identity_id) AS (
    SELECT identity_id FROM found_events WHERE kind = 'restored'
  UNION
    SELECT i.identity_id FROM identity i JOIN turned ON i.redirect_to = turned.identity_id),
asked(profile_id) AS (
    SELECT f.profile_id FROM found_links f JOIN link USING (profile_id) WHERE f.identity_id <> link.identity_id
  UNION
    SELECT profile_id FROM bearer JOIN turned USING (identity_id)),
now AS MATERIALIZED (
    SELECT profile_id, coalesce(f.identity_id, link.identity_id) AS identity_id
    FROM asked JOIN link USING (profile_id) LEFT JOIN found_links f USING (profile_id)),
way(identity_id, profile_id, step) AS (
    SELECT identity_id, profile_id, identity_id FROM bearer WHERE profile_id IN (SELECT profile_id FROM now)
  UNION ALL
    SELECT way.identity_id, way.profile_id, i.redirect_to FROM way JOIN identity i ON i.identity_id = way.step
    WHERE i.redirect_to IS NOT NULL)
DELETE FROM bearer b USING way JOIN now USING (profile_id) JOIN identity i ON i.identity_id = way.step
WHERE i.redirect_to IS NULL AND way.step <> now.identity_id
  AND b.identity_id = way.identity_id AND b.profile_id = way.profile_id
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

_UNMATCHED_OF = """
DELETE FROM match USING remade WHERE match.{side} = remade.profile_id AND NOT EXISTS (
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

# A mapping writes many profiles in its own order, and so do we: row by row each would come to wait for the other.
_NOBODY_WRITES = "LOCK TABLE profile IN SHARE ROW EXCLUSIVE MODE"

# So that one that comes back, the same as ever, waits to be compared again; also one that came back while we resolved.
_GONE = """
UPDATE profile SET resolved_digest = NULL FROM left_out
WHERE profile.profile_id = left_out.profile_id AND resolved_digest IS NOT NULL
"""

# Only what was compared is settled: a profile that changed meanwhile waits for the next time.
_SETTLED = """
UPDATE profile SET resolved_digest = c.digest FROM compared c
WHERE profile.profile_id = c.profile_id AND profile.resolved_digest IS DISTINCT FROM c.digest
"""

# A decision that was withdrawn while we resolved was obeyed still: it waits for the next time.
_APPLIED = """
UPDATE decision SET applied = true FROM seen_decisions s
WHERE NOT applied AND decision.decision_id = s.decision_id AND (withdrawn_at IS NOT NULL) = s.withdrawn
"""

_STAMPED = """
INSERT INTO resolved (stamp, model, run_id) VALUES ($1, $2, $3)
ON CONFLICT (single) DO UPDATE SET stamp = excluded.stamp, model = excluded.model, run_id = excluded.run_id, at = now()
"""
