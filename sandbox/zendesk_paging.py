"""Zendesk's three styles of paging: incremental by cursor, incremental by time, and lists by cursor or page number."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from sandbox.zendesk_rows import CHANGED, Row

LARGEST_EXPORT = 1000


class RefusedError(Exception):
    """An answer that is an error, in Zendesk's words."""

    def __init__(self, status: int, error: str, description: str, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "description": description, **more}
        self.headers = headers or {}


@dataclass(frozen=True)
class Export:
    """The rows of one incremental export. ``stamp`` is the field with the second that a row is ordered by."""

    name: str
    rows: Iterable[Row]
    stamp: str = CHANGED

    def settled(self, before: int) -> list[Row]:
        """The rows changed no later than ``before``, in export order."""
        rows = [row for row in self.rows if row[self.stamp] <= before]
        return sorted(rows, key=lambda row: (row[self.stamp], row["id"]))


def by_cursor(request: Request, export: Export, now: int, hold_back: int) -> dict[str, Any]:
    """A page behind ``cursor``, or from ``start_time``. There is always a cursor to go on with, at the end too."""
    size = _size(request, "per_page", LARGEST_EXPORT, LARGEST_EXPORT)
    behind = _position(request, now)
    rows = [row for row in export.settled(now - hold_back) if (row[export.stamp], row["id"]) > behind]
    page = rows[:size]
    after = _cursor(page[-1][export.stamp], page[-1]["id"]) if page else _cursor(*behind)
    return {
        export.name: page,
        "after_url": _url(request, cursor=after),
        "after_cursor": after,
        "before_url": None,
        "before_cursor": None,
        "end_of_stream": len(rows) <= size,
    }


def _position(request: Request, now: int) -> tuple[int, int]:
    given = request.query_params.get("cursor")
    if given is None:
        return start_time(request, now), -1
    try:
        second, _, rest = base64.b64decode(given, validate=True).decode().partition(".0||")
        return int(second), int(rest.rstrip("|"))
    except (binascii.Error, ValueError):
        raise RefusedError(400, "InvalidCursor", "cursor is not valid") from None


def _cursor(second: int, row_id: int) -> str:
    return base64.b64encode(f"{second}.0||{row_id}|".encode()).decode()


def start_time(request: Request, now: int) -> int:
    """The ``start_time`` parameter: Unix seconds, older than a minute."""
    text = request.query_params.get("start_time", "")
    if not text.isdigit():
        message = "You passed an invalid value for the start_time attribute. must be an integer"
        raise RefusedError(400, "InvalidValue", message)
    if int(text) > now - 60:
        raise RefusedError(400, "InvalidValue", "Too recent start_time. Use a start_time older than 60 seconds")
    return int(text)


def by_time(request: Request, export: Export, now: int, hold_back: int) -> dict[str, Any]:
    """A page from ``start_time`` on, that second included; so the next page repeats the last rows of this one.

    As with the vendor, a second with more rows than a page never ends.
    """
    size = _size(request, "per_page", LARGEST_EXPORT, LARGEST_EXPORT)
    start = _start_of_next(request, now)
    rows = [row for row in export.settled(now - hold_back) if row[export.stamp] >= start]
    page = rows[:size]
    end = page[-1][export.stamp] if page else start
    return {
        export.name: page,
        "count": len(page),
        "next_page": _url(request, start_time=str(end)),
        "end_time": end,
        "end_of_stream": len(page) < size,
    }


def _start_of_next(request: Request, now: int) -> int:
    """A ``start_time``; one that we handed out ourselves may be as young as the newest row."""
    text = request.query_params.get("start_time", "")
    return start_time(request, now) if not text.isdigit() or int(text) > now - 60 else int(text)


def listed(request: Request, name: str, rows: list[Row], newest_first: bool = False) -> dict[str, Any]:
    """A list page: by cursor where ``page[size]`` or ``page[after]`` is given, else by page number."""
    rows = sorted(rows, key=lambda row: int(row["id"]), reverse=newest_first)
    if {"page[size]", "page[after]", "page[before]"} & request.query_params.keys():
        return _by_list_cursor(request, name, rows)
    size, number = _size(request, "per_page", 100, 100), _size(request, "page", 1, 10_000)
    if number * size > 10_000:
        raise RefusedError(400, "InvalidPaginationDepth", "Offset pagination is limited to 10,000 records")
    page = rows[(number - 1) * size : number * size]
    more, first = number * size < len(rows), number == 1
    return {
        name: page,
        "count": len(rows),
        "next_page": _url(request, page=str(number + 1)) if more else None,
        "previous_page": None if first else _url(request, page=str(number - 1)),
    }


def _by_list_cursor(request: Request, name: str, rows: list[Row]) -> dict[str, Any]:
    size = _size(request, "page[size]", 100, 100)
    start = _after(request.query_params.get("page[after]"), rows)
    page = rows[start : start + size]
    more = start + size < len(rows)
    after = _encoded(page[-1]["id"]) if page else None
    return {
        name: page,
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": _encoded(page[0]["id"]) if page else None},
        "links": {"prev": None, "next": _url(request, **{"page[after]": after}) if more and after else None},
    }


def _after(cursor: str | None, rows: list[Row]) -> int:
    if cursor is None:
        return 0
    places: Callable[[str], int | None] = {_encoded(row["id"]): place for place, row in enumerate(rows)}.get
    place = places(cursor)
    if place is None:
        raise RefusedError(400, "InvalidPaginationParameter", "page[after] is not valid")
    return place + 1


def _encoded(row_id: object) -> str:
    return base64.urlsafe_b64encode(f'{{"o":"id","v":"{row_id}"}}'.encode()).decode().rstrip("=")


def _size(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise RefusedError(400, "InvalidPaginationParameter", f"{name} must be a whole number from 1")
    return min(int(text), most)


def _url(request: Request, **changes: str | None) -> str:
    """The request's own address with some parameters changed; a cursor and a start time exclude each other."""
    exclusive = {"cursor", "start_time"}
    dropped = exclusive if exclusive & changes.keys() else set()
    kept = {name: value for name, value in request.query_params.items() if name not in dropped}
    return f"{str(request.url).partition('?')[0]}?{urlencode({**kept, **changes})}"
