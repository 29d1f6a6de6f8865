"""The audit trail as the console shows it: found by index, page after page, over ten million events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from landbridge.errors import RecordRejected
from landbridge.store.engine import Store
from landbridge.store.numbers import number
from landbridge.trail.span import Span, bounds

FILTERS = ("actor", "kind", "subject", "run", "from", "to", "before")
PATIENCE = "4s"
"""A question that no index answers (an actor and a kind that never met) is given up after so long, and says so."""

Row = Mapping[str, Any]

_COLUMNS = "seq, at, kind, actor, subject, detail, previous, hash"


def listed(store: Store, filters: Mapping[str, str], limit: int) -> list[Row]:
    """The newest events that are asked for; `before`: an event's number, and only older ones follow."""
    with store.begin() as connection:
        where, values = _where(connection, filters)
        query = sa.text(f"SELECT {_COLUMNS} FROM audit_event WHERE {where} ORDER BY seq DESC LIMIT :limit")
        connection.execute(sa.text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
        try:
            return [dict(row) for row in connection.execute(query, {**values, "limit": limit}).mappings()]
        except sa.exc.OperationalError as error:
            raise RecordRejected("That question takes too long.", do="Narrow it down: name days.") from error


def every(store: Store, filters: Mapping[str, str]) -> Iterator[Row]:
    """All of them, newest first, as they come from the database: memory stays bounded."""
    with store.begin() as connection:
        where, values = _where(connection, {**filters, "before": ""})
        columns = _COLUMNS.replace("detail", "detail::text AS detail")  # as it was hashed
        query = sa.text(f"SELECT {columns} FROM audit_event WHERE {where} ORDER BY seq DESC")
        yield from (dict(row) for row in connection.execution_options(yield_per=2000).execute(query, values).mappings())


def _where(connection: sa.Connection, filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    said = {name: filters[name] for name in FILTERS if filters.get(name)}
    values: dict[str, Any] = dict(said)
    found = [f"{name} = :{name}" for name in ("actor", "kind", "subject") if name in said]
    if "run" in said:
        found.append("detail ? 'run' AND detail ->> 'run' = :run")
    if "from" in said or "to" in said:
        values["first"], values["last"] = bounds(connection, Span.of(said))
        found.append("seq BETWEEN :first AND :last")
    if (before := number(said.get("before", ""))) is not None:
        values["before"] = before
        found.append("seq < :before")
    return " AND ".join(found) or "true", values


def of_run(store: Store, run_id: str, limit: int = 200) -> list[Row]:
    """What the trail says of a run, in order."""
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_OF_RUN, {"run": run_id, "limit": limit}).mappings()]


_OF_RUN = sa.text(f"""
SELECT {_COLUMNS} FROM audit_event WHERE detail ? 'run' AND detail ->> 'run' = :run ORDER BY seq LIMIT :limit
""")


def plans_of(store: Store, run_id: str) -> list[str]:
    """The plans that a run made."""
    with store.begin() as connection:
        return list(connection.execute(_PLANS, {"run": run_id}).scalars())


_PLANS = sa.text("""
SELECT subject FROM audit_event
WHERE detail ? 'run' AND detail ->> 'run' = :run AND kind IN ('plan.made', 'revert.planned') ORDER BY seq LIMIT 20
""")
