"""A run: one execution of a flow, with its books, its versions and its end, however it ended."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from landbridge import __version__
from landbridge.errors import LandbridgeError, NotFound
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit, balance
from landbridge.trail.balance import Books

_run = tables.run


class Run:
    """A run that is under way."""

    def __init__(self, store: Store, run_id: str, actor: str) -> None:
        self.store = store
        self.run_id = run_id
        self.actor = actor
        self.books = Books(store, run_id)

    def event(self, kind: str, subject: str, **detail: audit.Detail) -> audit.Event:
        """An audit event that this run causes."""
        return audit.Event(kind, self.actor, subject, {"run": self.run_id, **detail})

    def note(self, column: str, **values: Any) -> None:
        """Keep versions in force or links to elsewhere with the run: column 'versions' or 'links'."""
        kept = _run.c[column]
        with self.store.begin() as connection:
            connection.execute(
                sa.update(_run)
                .where(_run.c.run_id == self.run_id)
                .values({column: kept.op("||")(sa.cast(values, kept.type))})
            )


@contextmanager
def running(store: Store, flow: str, subject: str = "", *, actor: str) -> Iterator[Run]:
    """Open a run, close it as done or failed. A process that dies leaves 'running', which the next run calls lost."""
    run = Run(store, _new_id(), actor)
    with store.only_one(_lock(run.run_id)):
        yield from _lived(run, flow, subject)


def _lived(run: Run, flow: str, subject: str) -> Iterator[Run]:
    with run.store.begin() as connection:
        values = {"run_id": run.run_id, "flow": flow, "subject": subject, "versions": {"landbridge": __version__}}
        connection.execute(sa.insert(_run).values(values))
        audit.record(connection, run.event("run.started", run.run_id, flow=flow, about=subject))
    try:
        yield run
    except BaseException as error:
        _end(run, "failed", _sentence(error))
        raise
    _end(run, "done", None)


def _sentence(error: BaseException) -> str:
    """What may be kept of an error: our own sentences are free of personal values, others' texts may not be. What to
    do stands on a line of its own."""
    return f"{error}\n{error.do}".strip() if isinstance(error, LandbridgeError) else type(error).__name__


def _end(run: Run, state: str, error: str | None) -> None:
    with run.store.begin() as connection:
        connection.execute(
            sa.update(_run)
            .where(_run.c.run_id == run.run_id)
            .values(state=state, error=error, ended_at=sa.func.clock_timestamp())
        )
        taken = sum(entry.taken for entry in run.books.entries)
        audit.record(connection, run.event(f"run.{state}", run.run_id, taken=taken))


def call_lost(store: Store, *, actor: str) -> int:
    """Mark runs whose process is gone as lost: they say 'running', yet nobody holds their lock. Answers how many."""
    dead = [run_id for run_id in _said_running(store) if not alive(store, run_id)]
    with store.begin() as connection:
        ended = {"state": "lost", "ended_at": sa.func.now(), "error": "Its process ended without a word."}
        still = _run.c.run_id.in_(dead), _run.c.state == "running"  # one that ended just now gave its lock back as well
        lost = connection.execute(sa.update(_run).where(*still).values(ended).returning(_run.c.run_id)).scalars().all()
        audit.record(connection, *(audit.Event("run.lost", actor, run_id, {}) for run_id in lost))
    return len(lost)


def _said_running(store: Store) -> list[str]:
    with store.begin() as connection:
        return list(connection.execute(sa.select(_run.c.run_id).where(_run.c.state == "running")).scalars())


def alive(store: Store, run_id: str) -> bool:
    """Whether its process still lives: it holds the run's lock. Nobody is disturbed by the question."""
    with store.begin() as connection:
        return bool(connection.scalar(sa.text(_HELD), {"name": _lock(run_id)}))


_HELD = """
SELECT EXISTS (SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32 | objid::bigint) = hashtextextended(:name, 0))
"""


def _lock(run_id: str) -> str:
    return f"run {run_id}"


def newest(store: Store, limit: int) -> list[Mapping[str, Any]]:
    """The newest runs, newest first."""
    query = sa.select(_run).order_by(_run.c.started_at.desc()).limit(limit)
    with store.begin() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def one(store: Store, run_id: str) -> tuple[Mapping[str, Any], list[balance.Entry]]:
    """One run and its books, by its id or an unambiguous beginning of it. Raises NotFound."""
    query = sa.select(_run).where(_run.c.run_id.startswith(run_id, autoescape=True)).limit(2)
    with store.begin() as connection:
        exact = connection.execute(sa.select(_run).where(_run.c.run_id == run_id)).all()
        rows = exact or connection.execute(query).all()
        if len(rows) != 1:
            few = "No run begins" if not rows else "More than one run begins"
            raise NotFound(f"{few} with '{run_id}'.", do="`landbridge runs` lists them.")
        return dict(rows[0]._mapping), balance.of_run(connection, rows[0].run_id)


def _new_id() -> str:
    """Sortable by time, short enough to type: 20261122-041500-3fa9c1. Schedules begin several in the same second."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
