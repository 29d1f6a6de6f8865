"""From and to, as people give them to a list: days, both included, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from landbridge.errors import RecordRejected
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Range:
    """Events by number, both included; `asked`: the words that they were asked for by."""

    first: int
    last: int
    asked: str = ""


@dataclass(frozen=True)
class Span:
    """A time from `since` (included) to `until` (not included); None: open on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        since = f"From {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "From the beginning"
        return f"{since} {f'to {self.until:%Y-%m-%d %H:%M} UTC' if self.until else 'to the end'}"

    @classmethod
    def of(cls, filters: Mapping[str, str]) -> Span:
        """What `from` and `to` say: a day (2026-11-22), or a time on it. What is none of these counts as absent."""
        return cls(_start(filters.get("from", "")), _end(filters.get("to", "")))


def days(since: str, until: str) -> Span:
    """The same from a command line, where a slip of the pen is told. Raises RecordRejected."""
    found = Span.of({"from": since, "to": until})
    if (since and found.since is None) or (until and found.until is None):
        raise RecordRejected("A day is written 2026-11-22.", do="Times may follow it: 2026-11-22T08:00:00Z.")
    return found


def events(store: Store, span: Span) -> Range:
    """The numbers of the first and the last event of a time; an empty time gives a last before its first."""
    with store.begin() as connection:
        first, last = bounds(connection, span)
    return Range(first, last, str(span))


def bounds(connection: sa.Connection, span: Span) -> tuple[int, int]:
    """The same, in a transaction of the caller's."""
    first, last = connection.execute(_BOUNDS, {"since": span.since, "until": span.until}).one()
    return (first, last) if first and last else (1, 0)


_BOUNDS = sa.text("""
SELECT
    (SELECT seq FROM audit_event WHERE at >= coalesce(CAST(:since AS timestamptz), '-infinity')
     ORDER BY at, seq LIMIT 1),
    (SELECT seq FROM audit_event WHERE at < coalesce(CAST(:until AS timestamptz), 'infinity')
     ORDER BY at DESC, seq DESC LIMIT 1)
""")


def _start(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _end(text: str) -> datetime | None:
    at = _start(text)
    try:
        return at + timedelta(days=1) if at and len(text) == len("2026-11-22") else at
    except OverflowError:
        return None
