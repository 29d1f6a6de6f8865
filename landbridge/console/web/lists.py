"""Lists whose whole state stands in their URL: sort, filters, page. A link to a list is that list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Request

from landbridge.store.numbers import number

SIZE = 50
DEEPEST = 200
"""Pages. Beyond, a list says: narrow it down. Nobody reads row 10,000, and counting up to it costs as many rows."""
_LONGEST = 200

Row = TypeVar("Row")


@dataclass(frozen=True)
class Listing:
    """What a URL asks of a list. `sort` is one of the list's own columns, never text from outside."""

    path: str
    sort: str
    descending: bool
    page: int
    filters: Mapping[str, str]
    size: int = SIZE
    csv: bool = False
    default: str = ""

    @classmethod
    def of(
        cls, request: Request, *, sorts: Sequence[str], default: str, filters: Sequence[str] = (), size: int = SIZE
    ) -> Listing:
        """Read it. `sorts`: columns it can be sorted by; `default` one of them, with a '-' before it for descending.
        What makes no sense in the URL counts as absent: an old link still shows something."""
        asked = request.query_params
        sort = asked.get("sort", default)
        if sort.removeprefix("-") not in sorts:
            sort = default
        chosen = {name: asked[name].strip()[:_LONGEST] for name in filters if asked.get(name, "").strip()}
        page = min(max(number(asked.get("page", "")) or 1, 1), DEEPEST)
        csv = asked.get("format") == "csv"
        path = request.url.path
        return cls(path, sort.removeprefix("-"), sort.startswith("-"), page, chosen, size, csv, default)

    @property
    def offset(self) -> int:
        """Rows to skip."""
        return (self.page - 1) * self.size

    @property
    def fetch(self) -> int:
        """Rows to read: one more than shown tells whether there is a next page, without counting."""
        return self.size + 1

    def url(self, **changes: Any) -> str:
        """This list with something else: `url(page=2)`, `url(state=None)` takes a filter away. Other than a page's
        number, any change leads back to page one."""
        values: dict[str, Any] = {**self.filters, "sort": ("-" if self.descending else "") + self.sort}
        values |= {"page": self.page} if not changes.keys() - {"page", "format"} else {}
        values |= changes
        if values.get("sort") == self.default:
            del values["sort"]
        if values.get("page") == 1 or "format" in changes:
            values.pop("page", None)
        kept = {name: value for name, value in values.items() if value not in (None, "")}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sorted_by(self, column: str) -> str:
        """The URL that sorts by a column; the other way round when it is sorted by it already."""
        return self.url(sort=("" if self.descending else "-") + column if column == self.sort else column)

    def shown(self, rows: Sequence[Row]) -> Shown[Row]:
        """What `fetch` rows make on the page."""
        return Shown(list(rows[: self.size]), len(rows) > self.size and self.page < DEEPEST, self)


@dataclass(frozen=True)
class Shown(Generic[Row]):
    """A page of a list."""

    rows: list[Row]
    more: bool
    listing: Listing
