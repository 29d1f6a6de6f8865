"""Queries and their pages: up to 2,000 rows at a time, the rest behind a locator that expires.

A user has at most ten cursors open; opening one more closes the oldest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.record_ids import MalformedId, make_id, normal_id
from sandbox.salesforce.replies import Call, json_reply
from sandbox.salesforce.select import Answer, answer

_PREFIX, _MOST_OPEN = "01g", 10
_SMALLEST, _LARGEST = 200, 2000


@dataclass(frozen=True)
class _Cursor:
    answer: Answer
    user_id: str
    until: datetime


class QueryApi:
    """GET /query, /queryAll and /query/{locator}."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._cursors: dict[str, _Cursor] = {}
        self._opened = 0

    async def query(self, call: Call) -> Response:
        return self._first(call, deleted=False)

    async def query_all(self, call: Call) -> Response:
        """The same with the recycle bin."""
        return self._first(call, deleted=True)

    async def more(self, call: Call) -> Response:
        """A further page, by the last part of a nextRecordsUrl."""
        locator, _, start = call.parts["locator"].partition("-")
        cursor = self._cursors.get(_whole(locator))
        if cursor is None or cursor.user_id != call.user_id or self.org.now() >= cursor.until or not start.isdigit():
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return json_reply(self._page(call, _whole(locator), cursor.answer, int(start)))

    def _first(self, call: Call, deleted: bool) -> Response:
        found = answer(self.org, call.needed("q"), call.version, deleted)
        if found.count is not None:
            return json_reply({"totalSize": found.count, "done": True, "records": []})
        if len(found.rows) <= batch_size(call.options("sforce-query-options")):
            return json_reply(self._page(call, "", found, 0))
        return json_reply(self._page(call, self._open(call, found), found, 0))

    def _open(self, call: Call, found: Answer) -> str:
        """A cursor over the rows as they are now."""
        mine = [locator for locator, cursor in self._cursors.items() if cursor.user_id == call.user_id]
        if len(mine) >= _MOST_OPEN:
            del self._cursors[mine[0]]
        self._opened += 1
        locator = make_id(_PREFIX, self._opened)
        until = self.org.now() + timedelta(minutes=self.org.switches.locator_minutes)
        self._cursors[locator] = _Cursor(found, call.user_id, until)
        return locator

    def _page(self, call: Call, locator: str, found: Answer, start: int) -> dict[str, Any]:
        end = start + batch_size(call.options("sforce-query-options"))
        records = [found.shape(row) for row in found.rows[start:end]]
        if end >= len(found.rows):
            return {"totalSize": len(found.rows), "done": True, "records": records}
        following = f"{call.base}/query/{locator}-{end}"
        return {"totalSize": len(found.rows), "done": False, "nextRecordsUrl": following, "records": records}


def batch_size(options: Mapping[str, str]) -> int:
    """Rows a page: what the header asks for, as far as it may."""
    asked = options.get("batchsize", "")
    return min(max(int(asked), _SMALLEST), _LARGEST) if asked.isdigit() else _LARGEST


def _whole(locator: str) -> str:
    try:
        return normal_id(locator)
    except MalformedId:
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator") from None
