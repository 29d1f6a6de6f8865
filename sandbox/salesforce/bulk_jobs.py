"""An ingest job: its states, its three lists of results, and how its rows are saved, chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from sandbox.salesforce import bulk_rows
from sandbox.salesforce.bulk_csv import CsvRefused, read_csv, write_csv
from sandbox.salesforce.bulk_rows import Columns
from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.saving import Writing
from sandbox.salesforce.schema import Field
from sandbox.salesforce.tables import Table
from sandbox.salesforce.usage import Usage
from sandbox.salesforce.values import stamp

_SAVED_TOGETHER = 200
_RETRIES = 10


@dataclass
class IngestJob:
    """One job as clients see it. States: Open, UploadComplete, InProgress, JobComplete, Failed, Aborted."""

    id: str
    operation: str
    table: Table
    key: Field | None
    user_id: str
    version: str
    delimiter: str
    line_ending: str
    created: datetime
    state: str = "Open"
    changed: datetime | None = None
    data: bytes | None = None
    error: str | None = None
    retries: int = 0
    header: list[str] = field(default_factory=list)
    succeeded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The job as a reply has it; counts from the moment that it is closed."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.table.definition.name,
            "createdById": self.user_id,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(self.changed or self.created),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
        }
        if self.key is not None:
            body["externalIdFieldName"] = self.key.name
        if self.state == "Open":
            return {**body, "contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"}
        return {**body, **self._counts()}

    def _counts(self) -> dict[str, Any]:
        spent = int(((self.changed or self.created) - self.created).total_seconds() * 1000)
        counts: dict[str, Any] = {
            "jobType": "V2Ingest",
            "numberRecordsProcessed": len(self.succeeded) + len(self.failed),
            "numberRecordsFailed": len(self.failed),
            "retries": self.retries,
            "totalProcessingTime": spent,
            "apiActiveProcessingTime": spent,
            "apexProcessingTime": 0,
        }
        return {**counts, "errorMessage": self.error} if self.error else counts

    def results(self, kind: str) -> str:
        """CSV of `succeeded`, `failed` or `unprocessed` rows. The first two come in no order that means anything."""
        own = {"succeeded": ["sf__Id", "sf__Created"], "failed": ["sf__Id", "sf__Error"], "unprocessed": []}[kind]
        rows = list(getattr(self, kind))
        if kind != "unprocessed":
            Random(f"{self.id}/{kind}").shuffle(rows)
        return write_csv([*own, *self.header], rows, self.delimiter, self.line_ending)

    def move(self, state: str, at: datetime) -> None:
        self.state, self.changed = state, at


class Work:
    """Does jobs in the background, giving way to other calls every few rows."""

    def __init__(self, org: Org, usage: Usage) -> None:
        self.org = org
        self.usage = usage
        self._running: set[asyncio.Task[None]] = set()

    def start(self, job: IngestJob) -> None:
        """Begin with a job that is closed; at its end it is JobComplete or Failed, or stays Aborted."""
        task = asyncio.get_running_loop().create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, job: IngestJob) -> None:
        await asyncio.sleep(0)
        if job.state == "Aborted":
            return
        job.move("InProgress", self.org.now())
        try:
            job.header, rows = read_csv(job.data or b"", job.delimiter, job.line_ending)
            job.unprocessed = list(rows)
            columns = bulk_rows.understand(self.org, job.table, job.header, _needed(job))
        except CsvRefused as refused:
            self._fail(job, str(refused))
            return
        await self._all_chunks(job, columns, rows)
        if job.state == "InProgress":
            job.move("JobComplete", self.org.now())

    async def _all_chunks(self, job: IngestJob, columns: Columns, rows: list[list[str]]) -> None:
        """Chunk by chunk, until all are done, the job is aborted, or a chunk fails too often."""
        switches = self.org.switches
        for number, chunk in enumerate(_pieces(rows, switches.bulk_chunk)):
            if switches.bulk_chunks_before_failure is not None and number >= switches.bulk_chunks_before_failure:
                job.retries = _RETRIES
                self._fail(job, f"TooManyRetries : Chunk {number + 1} was retried {_RETRIES} times without success")
                return
            if switches.bulk_seconds_per_chunk:
                await asyncio.sleep(switches.bulk_seconds_per_chunk)
            self.usage.jobs["DailyBulkApiBatches"] += 1
            await self._chunk(job, columns, chunk)

    async def _chunk(self, job: IngestJob, columns: Columns, rows: list[list[str]]) -> None:
        for together in _pieces(rows, _SAVED_TOGETHER):
            if job.state != "InProgress":
                return
            named: set[str] = set()
            with self.org.transaction(job.user_id) as transaction:
                writing = Writing(transaction, job.table)
                for cells in together:
                    self._row(job, writing, columns, cells, named)
            del job.unprocessed[: len(together)]
            await asyncio.sleep(0)

    def _row(self, job: IngestJob, writing: Writing, columns: Columns, cells: list[str], named: set[str]) -> None:
        row_id = ""
        try:
            values = columns.values(cells)
            row_id = str(values.get("Id") or "")
            done = bulk_rows.save(writing, job.operation, job.key, values, named)
        except Refused as refused:
            job.failed.append([row_id, refused.as_cell(), *cells])
        else:
            job.succeeded.append([done.id, "true" if done.created else "false", *cells])

    def _fail(self, job: IngestJob, message: str) -> None:
        """End a job; what it did not come to stays among the unprocessed rows."""
        job.error = message
        job.move("Failed", self.org.now())


def _needed(job: IngestJob) -> list[str]:
    """Columns without which no row of the job can be found."""
    if job.operation == "insert":
        return []
    return [job.key.name] if job.key is not None else ["Id"]


def _pieces(rows: Sequence[list[str]], size: int) -> Iterator[list[list[str]]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])
