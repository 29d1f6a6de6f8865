"""Which rows changed or went in a stretch of time: /updated and /deleted.

Seconds are ignored. Nothing older than 15 days for deleted rows, 30 for updated ones; a longer stretch is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.replies import Call, json_reply
from sandbox.salesforce.rows import table_of
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import read_time, stamp

_DELETED_DAYS, _UPDATED_DAYS = 15, 30


class ChangesApi:
    """The two endpoints under /sobjects/{object}; both need `start` and `end`."""

    def __init__(self, org: Org) -> None:
        self.org = org

    async def updated(self, call: Call) -> Response:
        """Ids of live rows that were made or changed."""
        start, end = self._stretch(call, _UPDATED_DAYS)
        rows = table_of(self.org, call.parts["object"]).live()
        ids = [row["Id"] for row in rows if start <= _touched(row) < end]
        return json_reply({"ids": ids, "latestDateCovered": end})

    async def deleted(self, call: Call) -> Response:
        """Ids of rows that went to the bin, and when. What was undeleted or merged is not told."""
        start, end = self._stretch(call, _DELETED_DAYS)
        rows = table_of(self.org, call.parts["object"]).rows.values()
        gone = [
            {"id": row["Id"], "deletedDate": _touched(row)}
            for row in rows
            if row.get("IsDeleted") and start <= _touched(row) < end
        ]
        earliest = stamp(self._minute(self.org.now() - timedelta(days=_DELETED_DAYS)))
        return json_reply({"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": end})

    def _stretch(self, call: Call, days: int) -> tuple[str, str]:
        """Start and end in the form that rows hold, in whole minutes."""
        start, end = (self._minute(_time(call, name)) for name in ("start", "end"))
        if start >= end:
            raise Refused("INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate")
        if start < self.org.now() - timedelta(days=days, minutes=1):
            raise Refused("INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
        return stamp(start), stamp(end)

    @staticmethod
    def _minute(at: datetime) -> datetime:
        return at.replace(second=0, microsecond=0)


def _touched(row: Row) -> str:
    return str(row["SystemModstamp"])


def _time(call: Call, name: str) -> datetime:
    """A time in the address; a plus that was not encoded arrives as a space."""
    text = call.needed(name).replace(" ", "+")
    try:
        return read_time(text)
    except ValueError:
        raise Refused("INVALID_REPLICATION_DATE", f"{name} is not a valid date and time: {text}") from None
