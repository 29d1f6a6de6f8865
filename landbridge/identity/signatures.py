"""Signatures in the store: what customers' own texts tell of them, read once, and laid beside their profiles.

A profile itself is never changed: golden values come from what systems say. Who compares profiles asks for them with
their signatures' values added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from landbridge.identity.alone import alone
from landbridge.identity.features import signature, signed
from landbridge.store import bulk
from landbridge.store.tables.records import UNREAD

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

BATCH = 100_000
"""Texts that are read and committed at a time."""


def read(connection: Connection) -> None:
    """Read every text from a customer that was not read as it stands, and keep the signatures in it.

    A profile that gained or lost a value waits to be resolved again. Batches commit whole: killed anywhere, the next
    call goes on where this one ended. Costs what is new; writes nothing when nothing is. Commits. Waits while somebody
    resolves: who compares a profile without a signature would settle it, and nobody would ask again.
    """
    while (texts := bulk.get(connection, _TEXTS.format(longest=signature.LONGEST, batch=BATCH))).num_rows:
        _keep(connection, texts)
    if bulk.get(connection, _ANY_VANISHED)["vanished"][0].as_py():
        with connection.cursor() as cursor:
            alone(cursor)
            cursor.execute(_VANISHED)
    connection.commit()


def _keep(connection: Connection, texts: pa.Table) -> None:
    found = signature.read(texts).rename_columns(["touchpoint_id", "profile_id", "kind", "value"])
    with connection.cursor() as cursor:
        bulk.put(cursor, "read_text", texts.select(["touchpoint_id", "digest"]))
        bulk.put(cursor, "read_signature", found)
        alone(cursor)
        for statement in (_LOST, _GAINED, _READ):
            cursor.execute(statement)
    connection.commit()


def added(connection: Connection, profiles: pa.Table) -> pa.Table:
    """These profiles as identity compares them: with what their own signatures tell (see `features.signed`)."""
    with connection.cursor() as cursor:
        bulk.put(cursor, "asked_profile", profiles.select(["profile_id"]))
    return signed.add(profiles, bulk.get(connection, _OF_PROFILES))


_TEXTS = f"""
SELECT touchpoint_id, digest, CASE WHEN direction = 'in' THEN person END AS person, left(text, {{longest}}) AS text
FROM touchpoint WHERE {UNREAD} LIMIT {{batch}}
"""

_WAIT = """
UPDATE profile SET resolved_digest = NULL
WHERE resolved_digest IS NOT NULL AND profile_id IN (SELECT profile_id FROM {touched})
"""

_LOST = f"""
WITH lost AS (
    DELETE FROM signature s USING read_text t WHERE s.touchpoint_id = t.touchpoint_id
      AND NOT EXISTS (SELECT FROM read_signature r WHERE r.touchpoint_id = s.touchpoint_id
          AND r.profile_id = s.profile_id AND r.kind = s.kind AND r.value = s.value)
    RETURNING s.profile_id)
{_WAIT.format(touched="lost")}
"""

# A touchpoint that vanishes meanwhile is not signed any more; one that is there stays until we have committed.
_GAINED = f"""
WITH there AS (
    SELECT t.touchpoint_id FROM touchpoint t JOIN (SELECT DISTINCT touchpoint_id FROM read_signature) r
    USING (touchpoint_id) ORDER BY 1 FOR KEY SHARE OF t),
gained AS (
    INSERT INTO signature (touchpoint_id, profile_id, kind, value)
    SELECT touchpoint_id, profile_id, kind, value FROM read_signature JOIN there USING (touchpoint_id)
    ON CONFLICT DO NOTHING RETURNING profile_id)
{_WAIT.format(touched="gained")}
"""

# As it was read: a text that changed meanwhile waits for the next time.
_READ = """
UPDATE touchpoint SET read_digest = r.digest FROM read_text r WHERE touchpoint.touchpoint_id = r.touchpoint_id
"""

_ANY_VANISHED = "SELECT EXISTS (SELECT FROM signature WHERE touchpoint_id IS NULL) AS vanished"

_VANISHED = f"""
WITH lost AS (DELETE FROM signature WHERE touchpoint_id IS NULL RETURNING profile_id)
{_WAIT.format(touched="lost")}
"""

_OF_PROFILES = """
SELECT touchpoint_id, profile_id, kind, value FROM signature JOIN asked_profile USING (profile_id)
WHERE touchpoint_id IS NOT NULL ORDER BY profile_id, touchpoint_id, kind, value
"""
