"""From and to, as people give them to a list: days, both included, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Span:
    """A time from `since` (included) to `until` (not included); None: open on that side."""

    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, filters: Mapping[str, str]) -> Span:
        """What `from` and `to` say: a day (2026-11-22), or a time on it. What is none of these counts as absent."""
        return cls(_start(filters.get("from", "")), _end(filters.get("to", "")))


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
