"""The chain of audit events, recomputed apart from the database's code that wrote it (migrations/audit_chain.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.store.engine import Store

_CHUNK = 10_000


@dataclass(frozen=True)
class Event:
    """One event as the chain has it: times and details as the text that was hashed."""

    seq: int
    at: str
    kind: str
    actor: str
    subject: str
    detail: str
    previous: str
    hash: str

    @property
    def computed(self) -> str:
        """The hash that its content has."""
        told = (str(self.seq), self.at, self.kind, self.actor, self.subject, self.detail, self.previous)
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What verification found. `head` is the last hash: note it elsewhere, and nobody can rewrite the chain unseen."""

    events: int
    head: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        """Whether every event is as it was written, in its place."""
        return self.broken_at is None


_COLUMNS = """seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, kind, actor, subject,
    detail::text AS detail, previous, hash"""


def read(store: Store, first: int = 1, last: int | None = None) -> Iterator[Event]:
    """The events from number `first` to number `last` (included), in order, in bounded memory."""
    upto = "" if last is None else "AND seq <= :last"
    query = sa.text(f"SELECT {_COLUMNS} FROM audit_event WHERE seq >= :first {upto} ORDER BY seq")
    with store.begin() as connection:
        rows = connection.execution_options(yield_per=_CHUNK).execute(query, {"first": first, "last": last})
        yield from (Event(*row) for row in rows)


def some(store: Store, numbers: Sequence[int]) -> dict[int, Event]:
    """The events with these numbers."""
    query = sa.text(f"SELECT {_COLUMNS} FROM audit_event WHERE seq = ANY(:numbers)")
    with store.begin() as connection:
        return {row.seq: Event(*row) for row in connection.execute(query, {"numbers": list(numbers)})}


def head(store: Store) -> Event | None:
    """The last event; None before the first."""
    query = sa.text(f"SELECT {_COLUMNS} FROM audit_event ORDER BY seq DESC LIMIT 1")
    with store.begin() as connection:
        row = connection.execute(query).first()
    return Event(*row) if row else None


def verdict(
    events: Iterable[Event], first: int = 1, previous: str = "", told: Callable[[int], None] | None = None
) -> Verdict:
    """Whether the events follow each other from number `first` on, which must follow the hash `previous`, and are as
    they were written. Stops at the first that is not; `told` hears now and then how many were found good."""
    expected, count = first, 0
    for event in events:
        if problem := problem_of(event, expected, previous):
            return Verdict(count, previous, event.seq, problem)
        expected, previous, count = event.seq + 1, event.hash, count + 1
        if told and count % _CHUNK == 0:
            told(count)
    return Verdict(count, previous)


def problem_of(event: Event, seq: int, previous: str) -> str:
    """What is wrong with an event that should have this number and follow this hash; empty when nothing is."""
    if event.seq != seq:
        return f"event {seq} is missing"
    if event.previous != previous:
        return "it does not follow the event before it"
    return "" if event.computed == event.hash else "its content was altered"


def each(store: Store, numbers: Sequence[int]) -> dict[int, str]:
    """What is wrong with each of some events, wherever they stand: its content, or its place after the one before.

    Empty words where nothing is. This proves these events and their neighbours, not what lies between.
    """
    known = some(store, [*numbers, *(number - 1 for number in numbers)])
    found = {}
    for number in numbers:
        before = known.get(number - 1)
        missing = number > 1 and before is None
        follows = before.hash if before else ""
        found[number] = f"event {number - 1} is missing" if missing else problem_of(known[number], number, follows)
    return found
