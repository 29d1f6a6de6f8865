"""Bulk API 2.0 query jobs: the answer of a SOQL query as CSV pages, each naming the next by Sforce-Locator."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.bulk_api import JOB_PREFIX
from sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS, write_csv
from sandbox.salesforce.errors import Refused, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.record_ids import make_id
from sandbox.salesforce.replies import Call, csv_reply, empty_reply, json_reply
from sandbox.salesforce.select import Answer, answer
from sandbox.salesforce.soql_parser import parse
from sandbox.salesforce.usage import Usage
from sandbox.salesforce.values import stamp

_DEFAULT_PAGE = 50_000


@dataclass
class QueryJob:
    """A query, answered when it was made, and shown as done once it has taken its time."""

    id: str
    operation: str
    object_name: str
    answer: Answer
    user_id: str
    version: str
    delimiter: str
    line_ending: str
    created: datetime
    done_at: datetime
    ended: str | None = None

    def state(self, now: datetime) -> str:
        return self.ended or ("JobComplete" if now >= self.done_at else "InProgress")

    def shown(self, now: datetime, state: str | None = None) -> dict[str, Any]:
        """The job as a reply has it."""
        state = state or self.state(now)
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.user_id,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(min(now, self.done_at)),
            "state": state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "jobType": "V2Query",
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
            "numberRecordsProcessed": len(self.answer.rows) if state == "JobComplete" else 0,
            "retries": 0,
            "totalProcessingTime": int((min(now, self.done_at) - self.created).total_seconds() * 1000),
            "isPkChunkingSupported": True,
        }


class BulkQueryApi:
    """The endpoints under /jobs/query."""

    def __init__(self, org: Org, usage: Usage) -> None:
        self.org = org
        self.usage = usage
        self._jobs: dict[str, QueryJob] = {}

    async def create(self, call: Call) -> Response:
        said = await call.document()
        text, operation = str(said.get("query") or ""), str(said.get("operation"))
        if operation not in ("query", "queryAll"):
            raise Refused("JSON_PARSER_ERROR", f"operation: {operation!r} is not one of: [query, queryAll]")
        found = answer(self.org, text, call.version, deleted=operation == "queryAll")
        if not found.reads:
            raise Refused("INVALIDJOB", "Aggregate Relationships not supported in Bulk V2 Query")
        self.usage.jobs["DailyBulkV2QueryJobs"] += 1
        now = self.org.now()
        job = QueryJob(
            id=make_id(JOB_PREFIX, 2 * len(self._jobs) + 2),
            operation=operation,
            object_name=parse(text).object_name,
            answer=found,
            user_id=call.user_id,
            version=call.version,
            delimiter=_one_of(said, "columnDelimiter", DELIMITERS, "COMMA"),
            line_ending=_one_of(said, "lineEnding", LINE_ENDINGS, "LF"),
            created=now,
            done_at=now + timedelta(seconds=self.org.switches.bulk_seconds_per_chunk),
        )
        self._jobs[job.id] = job
        return json_reply(job.shown(now, "UploadComplete"))

    async def show(self, call: Call) -> Response:
        return json_reply(self._job(call).shown(self.org.now()))

    async def list_all(self, call: Call) -> Response:
        records = [job.shown(self.org.now()) for job in self._jobs.values()]
        return json_reply({"done": True, "records": records, "nextRecordsUrl": None})

    async def change(self, call: Call) -> Response:
        """Abort a job that still runs."""
        job, said = self._job(call), await call.document()
        if said.get("state") != "Aborted" or job.state(self.org.now()) != "InProgress":
            raise Refused("INVALIDJOBSTATE", f"Aborting already {job.state(self.org.now())} Job not allowed")
        job.ended = "Aborted"
        return json_reply(job.shown(self.org.now()))

    async def delete(self, call: Call) -> Response:
        del self._jobs[self._job(call).id]
        return empty_reply()

    async def results(self, call: Call) -> Response:
        """A page: `maxRecords` rows from the place that `locator` names."""
        job = self._job(call)
        if job.state(self.org.now()) != "JobComplete":
            raise Refused("INVALIDJOBSTATE", f"Results are not available, state : {job.state(self.org.now())}")
        start, size = _place(call.query("locator"), len(job.answer.rows)), _size(call.query("maxRecords"))
        rows = job.answer.rows[start : start + size]
        cells = ([_as_cell(read(row)) for read in job.answer.reads] for row in rows)
        header = [".".join(names) for names in job.answer.names]
        following = _locator(start + size) if start + size < len(job.answer.rows) else "null"
        return csv_reply(
            write_csv(header, cells, job.delimiter, job.line_ending),
            {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(rows))},
        )

    def _job(self, call: Call) -> QueryJob:
        wanted = call.parts["id"]
        job = next((job for job in self._jobs.values() if wanted in (job.id, job.id[:15])), None)
        if job is None:
            raise not_found()
        return job


def _as_cell(value: object) -> str:
    """A value as text; a time ends in Z here."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text[:-5] + "Z" if text.endswith(".000+0000") and len(text) == 28 else text


def _one_of(said: Mapping[str, Any], name: str, allowed: Mapping[str, str], default: str) -> str:
    value = said.get(name) or default
    if value not in allowed:
        raise Refused("JSON_PARSER_ERROR", f"{name}: {value!r} is not one of: [{', '.join(allowed)}]")
    return str(value)


def _locator(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _place(locator: str | None, rows: int) -> int:
    """Where a locator points; it must point into the rows."""
    if not locator:
        return 0
    try:
        place = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except ValueError:
        place = -1
    if not 0 < place < rows:
        raise Refused("INVALID_LOCATOR", f"The locator value {locator} is invalid")
    return place


def _size(asked: str | None) -> int:
    if asked is None:
        return _DEFAULT_PAGE
    if not asked.isdigit() or int(asked) == 0:
        raise Refused("INVALID_ARGUMENT", f"maxRecords must be a positive number: {asked}")
    return int(asked)
