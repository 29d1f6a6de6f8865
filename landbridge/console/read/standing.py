"""How the hub stands now, in a few numbers: from the last books where they tell, from small partial indexes else."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.store.engine import Store

MANY = 10_000


@dataclass(frozen=True)
class Standing:
    """Numbers of the map; MANY + 1 means: more than can be counted at a glance. None: no run has told yet."""

    profiles: int | None = None
    customers: int | None = None
    leads: int | None = None
    held: int = 0
    questions: int = 0
    waiting: int = 0
    """Changes that nobody has approved."""
    open: int = 0
    """Changes that are approved and not confirmed."""
    refused: int = 0
    pushed: int = 0
    """CRM records written in the last 24 hours."""
    read_back: int = 0
    halted_by: str | None = None


def standing(store: Store, crm: str) -> Standing:
    """How it stands."""
    with store.begin() as connection:
        row = connection.execute(_STANDING, {"crm": crm}).mappings().one()
    return Standing(**row)


def _upto(which: str) -> str:
    """A count that stops counting when it is many."""
    return f"(SELECT count(*) FROM (SELECT FROM {which} LIMIT {MANY + 1}) AS few)"


# By index: what a job carries keeps its own word (landbridge.push.claimed), and is few.
_OPEN = """(
    SELECT change_id FROM change WHERE account = :crm AND state IN ('approved', 'sending', 'unknown')
    UNION ALL
    SELECT change_id FROM claim k JOIN change c USING (change_id)
    WHERE k.account = :crm AND c.state = 'planned') open"""

# What the last publishing's books say of the whole: no counting over hot tables.
_STANDING = sa.text(f"""
WITH told AS (
    SELECT DISTINCT ON (b.stage) b.stage, b.taken FROM run r JOIN balance b USING (run_id)
    WHERE r.run_id IN (SELECT run_id FROM run WHERE flow IN ('publish', 'line')
                       ORDER BY started_at DESC LIMIT 5)
      AND b.stage IN ('whole', 'golden', 'validate')
    ORDER BY b.stage, r.started_at DESC),
day AS MATERIALIZED (
    SELECT b.stage, b.subject, b.came FROM run r CROSS JOIN LATERAL (
        SELECT stage, subject, new + changed AS came FROM balance
        WHERE run_id = r.run_id AND stage IN ('push', 'land') OFFSET 0) b
    WHERE r.started_at > now() - interval '1 day')
SELECT
    (SELECT taken FROM told WHERE stage = 'whole') AS profiles,
    (SELECT taken FROM told WHERE stage = 'golden') AS customers,
    (SELECT taken FROM told WHERE stage = 'validate') AS leads,
    {_upto("quarantine WHERE state = 'held' AND stage IN ('land', 'map', 'identity', 'validate')")} AS held,
    {_upto("quarantine WHERE state = 'held' AND stage = 'push'")} AS refused,
    {_upto("question WHERE state = 'open'")} AS questions,
    {
    _upto('''change WHERE state = 'planned' AND plan_id IN (
        SELECT plan_id FROM plan WHERE account = :crm AND state = 'planned')''')
} AS waiting,
    {_upto(_OPEN)} AS open,
    (SELECT coalesce(sum(came), 0)::bigint FROM day WHERE stage = 'push') AS pushed,
    (SELECT coalesce(sum(came), 0)::bigint FROM day WHERE stage = 'land' AND subject = :crm) AS read_back,
    (SELECT actor FROM halt WHERE account = :crm AND released_at IS NULL) AS halted_by
""")
