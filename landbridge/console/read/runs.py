"""Runs as the console shows them. A million of them answer as fast as ten: every question has its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from landbridge.push.claimed import CLAIMED
from landbridge.store.engine import Store
from landbridge.store.numbers import number
from landbridge.trail.span import Span

FILTERS = ("flow", "account", "state", "from", "to", "run", "before")
STATES = ("running", "done", "failed", "lost")
PAIRS, LAST = 40, 24
"""Flows and accounts that are drawn at most, and runs of each."""

Row = Mapping[str, Any]


def listed(store: Store, filters: Mapping[str, str], limit: int) -> list[Row]:
    """The newest runs that are asked for, with the sums of their books; `before`: a run, and only older ones follow."""
    where, values = _where(filters)
    with store.begin() as connection:
        query = sa.text(_LISTED.format(where=where))
        return [dict(row) for row in connection.execute(query, {**values, "limit": limit}).mappings()]


def every(store: Store, filters: Mapping[str, str]) -> Iterator[Row]:
    """All of them, newest first, as they come from the database: memory stays bounded."""
    where, values = _where({**filters, "before": ""})
    with store.begin() as connection:
        query = connection.execution_options(yield_per=1000).execute(
            sa.text(_LISTED.format(where=where)), {**values, "limit": None}
        )
        yield from (dict(row) for row in query.mappings())


def _where(filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    said = {name: filters[name] for name in FILTERS if filters.get(name)}
    span = Span.of(said)
    values: dict[str, Any] = {**said, "since": span.since, "until": span.until}
    parts = {"flow": "r.flow = :flow", "account": "r.subject = :account", "state": "r.state = :state"}
    found = [part for name, part in parts.items() if name in said]
    found += ["r.started_at >= :since"] if span.since else []
    found += ["r.started_at < :until"] if span.until else []
    found += [_like(said["run"], values)] if "run" in said else []
    if "before" in said:
        found.append("(r.started_at, r.run_id) < (SELECT b.started_at, b.run_id FROM run b WHERE b.run_id = :before)")
    return " AND ".join(found) or "true", values


def _like(asked: str, values: dict[str, Any]) -> str:
    """A run by its id or the beginning of it. An id begins with the day, and only that day's runs are looked at."""
    day = Span.of({"from": asked[:8]}).since if number(asked[:8]) is not None else None
    if day is None:
        return "r.run_id = :run"
    values["day"] = day
    near = "r.started_at BETWEEN CAST(:day AS timestamptz) - interval '1 hour' AND :day + interval '25 hours'"
    return f"starts_with(r.run_id, :run) AND {near}"


_LISTED = """
SELECT found.*, books.* FROM (
    SELECT r.run_id, r.flow, r.subject AS account, r.state, r.started_at, r.ended_at, r.error,
        extract(epoch FROM r.ended_at - r.started_at)::float AS seconds
    FROM run r WHERE {where} ORDER BY r.started_at DESC, r.run_id DESC LIMIT :limit) AS found
LEFT JOIN LATERAL (
    SELECT coalesce(sum(taken), 0)::bigint AS taken, coalesce(sum(new), 0)::bigint AS new,
        coalesce(sum(changed), 0)::bigint AS changed, coalesce(sum(unchanged), 0)::bigint AS unchanged,
        coalesce(sum(held), 0)::bigint AS held, coalesce(sum(refused), 0)::bigint AS refused,
        coalesce(bool_and(taken = new + changed + unchanged + held + refused), true) AS closes
    FROM balance b WHERE b.run_id = found.run_id) AS books ON true
ORDER BY found.started_at DESC, found.run_id DESC
"""


def paces(store: Store) -> list[Row]:
    """Each flow and account with how long its last runs took, the newest last, and how the last one ended."""
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_PACES).mappings()]


# From pair to pair along the index: as many steps as there are pairs, however many runs.
_PACES = sa.text(f"""
WITH RECURSIVE pair(flow, account, step) AS (
    (SELECT flow, subject, 1 FROM run ORDER BY flow, subject LIMIT 1)
    UNION ALL
    SELECT next.flow, next.subject, pair.step + 1 FROM pair CROSS JOIN LATERAL (
        SELECT flow, subject FROM run WHERE (flow, subject) > (pair.flow, pair.account)
        ORDER BY flow, subject LIMIT 1) AS next
    WHERE pair.step < {PAIRS})
SELECT pair.flow, pair.account, last.* FROM pair CROSS JOIN LATERAL (
    SELECT array_agg(seconds ORDER BY started_at) AS seconds, max(started_at) AS started_at,
        (array_agg(state ORDER BY started_at DESC))[1] AS state
    FROM (SELECT state, started_at,
              round(extract(epoch FROM coalesce(ended_at, now()) - started_at)::numeric, 1)::float AS seconds
          FROM run WHERE flow = pair.flow AND subject = pair.account ORDER BY started_at DESC LIMIT {LAST}) AS newest
) AS last ORDER BY last.started_at DESC
""")


def pushed(store: Store, run_id: str) -> list[Row]:
    """What the run wrote to the CRM: by plan, object and action, how many, and how they ended."""
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_PUSHED, {"run": run_id}).mappings()]


_PUSHED = sa.text(f"""
SELECT plan_id, object, action, state, count(*) AS changes FROM (
    SELECT plan_id, object, action, state FROM change c WHERE sent_run_id = :run AND NOT {CLAIMED}
    UNION ALL
    SELECT c.plan_id, c.object, c.action, 'sending' FROM bulk_job j JOIN claim k USING (account, job_id)
    JOIN change c USING (change_id) WHERE j.run_id = :run) sent
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""")


def held(store: Store, run_id: str) -> list[Row]:
    """What the run held back, by reason, the most first."""
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_HELD, {"run": run_id}).mappings()]


_HELD = sa.text("""
SELECT stage, expectation, count(*) AS held, count(*) FILTER (WHERE state = 'held') AS still
FROM quarantine WHERE run_id = :run GROUP BY 1, 2 ORDER BY held DESC, 1, 2 LIMIT 30
""")


def choices(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """The flows and the accounts that there are, for the filters."""
    return sorted({row["flow"] for row in rows}), sorted({row["account"] for row in rows if row["account"]})
