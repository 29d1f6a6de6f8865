"""What the org says about itself: its resources, limits, objects and fields."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.responses import Response

from sandbox.salesforce.describe import describe, summary
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.replies import Call, json_reply
from sandbox.salesforce.rows import table_of
from sandbox.salesforce.usage import Usage

_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits", "jobs")


class AboutApi:
    """The version's resources, /limits, /sobjects, /sobjects/{object} and /describe.

    The schema counts as changed at `since`, when the stand-in started.
    """

    def __init__(self, org: Org, usage: Usage, since: datetime) -> None:
        self.org = org
        self.usage = usage
        self.since = since.replace(microsecond=0)

    async def resources(self, call: Call) -> Response:
        return json_reply({name: f"{call.base}/{name}" for name in _RESOURCES})

    async def limits(self, call: Call) -> Response:
        return json_reply(self.usage.limits())

    async def objects(self, call: Call) -> Response:
        listed = [summary(definition, call.base) for _, definition in sorted(OBJECTS.items())]
        return self._unless_known(call, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    async def basics(self, call: Call) -> Response:
        """What an object is, and rows that were lately looked at: here none."""
        definition = table_of(self.org, call.parts["object"]).definition
        return json_reply({"objectDescribe": summary(definition, call.base), "recentItems": []})

    async def describe(self, call: Call) -> Response:
        definition = table_of(self.org, call.parts["object"]).definition
        return self._unless_known(call, describe(definition, call.base))

    def _unless_known(self, call: Call, body: object) -> Response:
        """The body, or 304 if the caller has seen it since it changed (If-Modified-Since)."""
        headers = {"Last-Modified": format_datetime(self.since, usegmt=True)}
        asked = call.request.headers.get("if-modified-since")
        if asked and _read_date(asked, self.since) >= self.since:
            return Response(status_code=304, headers=headers)
        return json_reply(body, headers=headers)


def _read_date(text: str, since: datetime) -> datetime:
    """An HTTP date; one that cannot be read, or names no zone, is long ago."""
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return since.replace(year=1970)
    return read if read.tzinfo else since.replace(year=1970)
