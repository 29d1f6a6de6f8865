"""Bulk API 2.0 ingest: make a job, upload one CSV, close it, poll, fetch what became of each row.

Source: "Bulk API 2.0 and Bulk API Developer Guide"; the words of refusals in part from memory. Jobs live in memory.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS, MOST_BYTES
from sandbox.salesforce.bulk_jobs import IngestJob, Work
from sandbox.salesforce.errors import Refused, not_found
from sandbox.salesforce.multipart import is_multipart, parts
from sandbox.salesforce.org import Org
from sandbox.salesforce.record_ids import MalformedId, make_id, normal_id
from sandbox.salesforce.replies import Call, csv_reply, empty_reply, json_reply
from sandbox.salesforce.rows import named_table
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.usage import Usage

JOB_PREFIX = "750"
_KEPT = timedelta(days=7)
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


class BulkApi:
    """The endpoints under /jobs/ingest."""

    def __init__(self, org: Org, usage: Usage) -> None:
        self.org = org
        self.work = Work(org, usage)
        self._jobs: dict[str, IngestJob] = {}

    async def create(self, call: Call) -> Response:
        """A job; with its file in the same call it is closed at once."""
        if not is_multipart(call):
            return json_reply(self._made(call, await call.document()).shown())
        said, content = await parts(call)
        job = self._made(call, said)
        job.data = content
        job.move("UploadComplete", self.org.now())
        self.work.start(job)
        return json_reply(job.shown())

    def _made(self, call: Call, said: dict[str, Any]) -> IngestJob:
        operation = _choice(said, "operation", _OPERATIONS, None)
        if operation == "hardDelete":
            raise Refused("FEATURENOTENABLED", "hardDelete operation requires special user profile permission")
        _choice(said, "contentType", ("CSV",), "CSV")
        table = named_table(self.org, said.get("object"))
        job = IngestJob(
            id=make_id(JOB_PREFIX, 2 * len(self._jobs) + 1),
            operation=operation,
            table=table,
            key=_key(table.definition, said) if operation == "upsert" else None,
            user_id=call.user_id,
            version=call.version,
            delimiter=_choice(said, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
            line_ending=_choice(said, "lineEnding", tuple(LINE_ENDINGS), "LF"),
            created=self.org.now(),
        )
        self._jobs[job.id] = job
        return job

    async def upload(self, call: Call) -> Response:
        """The file: one a job, while it is open."""
        job = self._job(call)
        if job.state != "Open":
            raise _wrong_state(f"Job is not in Open state, state : {job.state}")
        if job.data is not None:
            message = (
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job "
                "then create a new Job and make sure you only do 'PUT' once on a given Job."
            )
            raise Refused("CLIENTINPUTERROR", message)
        data = await call.body()
        if len(data) > MOST_BYTES:
            raise Refused("EXCEEDEDQUOTA", "Maximum size of a file is 150 MB", http_status=413)
        job.data = data
        return Response(status_code=201)

    async def change(self, call: Call) -> Response:
        """Close a job (UploadComplete), or abort it."""
        job, said = self._job(call), await call.document()
        wanted = _choice(said, "state", ("UploadComplete", "Aborted"), None)
        if wanted == "Aborted" and job.state in ("Open", "UploadComplete", "InProgress"):
            job.move("Aborted", self.org.now())
        elif wanted == "UploadComplete" and job.state == "Open":
            if job.data is None:
                raise _wrong_state(f"Unable to find any Batches to process for job: <{job.id}>")
            job.move("UploadComplete", self.org.now())
            self.work.start(job)
        else:
            doing = "Aborting" if wanted == "Aborted" else "Closing"
            raise _wrong_state(f"{doing} already {job.state} Job not allowed")
        return json_reply(job.shown())

    async def show(self, call: Call) -> Response:
        return json_reply(self._job(call).shown())

    async def list_all(self, call: Call) -> Response:
        records = [job.shown() for job in self._jobs.values()]
        return json_reply({"done": True, "records": records, "nextRecordsUrl": None})

    async def delete(self, call: Call) -> Response:
        """Forget a job that is closed and not running."""
        job = self._job(call)
        if job.state in ("Open", "InProgress"):
            raise _wrong_state(f"Deleting {job.state} Job not allowed")
        job.move("Deleted", self.org.now())
        return empty_reply()

    async def succeeded(self, call: Call) -> Response:
        return csv_reply(self._job(call).results("succeeded"))

    async def failed(self, call: Call) -> Response:
        return csv_reply(self._job(call).results("failed"))

    async def unprocessed(self, call: Call) -> Response:
        return csv_reply(self._job(call).results("unprocessed"))

    def _job(self, call: Call) -> IngestJob:
        job = self._jobs.get(_whole(call.parts["id"]))
        if job is None or job.state == "Deleted" or self.org.now() - job.created > _KEPT:
            raise not_found()
        return job


def _key(definition: SObject, said: dict[str, Any]) -> Field:
    name = said.get("externalIdFieldName")
    if not name:
        message = f"External ID was blank for {definition.name}. An External ID must be specified for upsert."
        raise Refused("INVALIDJOB", message)
    field = definition.find(str(name))
    if field is None or not field.lookup:
        known = f"does not match an External ID, Salesforce Id, or indexed field for {definition.name}"
        raise Refused("INVALID_FIELD", f"Field name provided, {name} {known}")
    return field


def _choice(said: dict[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    """A member of the body that holds one of a few words."""
    value = said.get(name, default)
    if value not in allowed:
        listed = ", ".join(allowed)
        raise Refused("JSON_PARSER_ERROR", f"{name}: {value!r} is not one of the values accepted: [{listed}]")
    return str(value)


def _wrong_state(message: str) -> Refused:
    return Refused("INVALIDJOBSTATE", message)


def _whole(job_id: str) -> str:
    try:
        return normal_id(job_id)
    except MalformedId:
        return job_id
