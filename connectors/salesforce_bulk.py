"""Bulk API 2.0: whole files of writes handed to Salesforce, and whole files of records read from it.

A job takes one file: made (state Open), uploaded, closed (UploadComplete), worked off in chunks of 10,000, and ended as
JobComplete, Failed or Aborted. JobComplete does not mean that every row went in, results come in any order, and a job
with its results vanishes after seven days. A row is found again by the column that it was sent with.
Source: developer.salesforce.com "Bulk API 2.0"; facts with their sources in docs/decisions/0012.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.answers import Absent, Answer, need
from connectors.base import Access, Job, Results, SourceChanged, SourceUnavailable
from connectors.salesforce_client import API_NAME, Client, client
from connectors.salesforce_login import session

_CSV = {"Content-Type": "text/csv; charset=UTF-8"}
_ASKS_CSV = {"Accept": "text/csv"}
_WAITS = (0.2, 0.4, 0.8, 1.5, 3.0, 5.0)
_LONGEST_QUERY = 900.0
"""Seconds that a query job may take. What it reads is what changed since the last reading; hours would be no look."""

PAGE_ROWS = 100_000

_CODE = re.compile(r"((?:[A-Z][a-z]+){2,}|[A-Z]+(?:_[A-Z]+)+|Timeout|Unknown)\s*(?::|$)")
"""How Salesforce names what is wrong with a job, before it says it in words."""


class SalesforceBulk:
    """connectors.base.Bulk, for Salesforce. Keeps nothing between calls: a job's id is all that there is to know."""

    nothing = "#N/A"
    most_bytes = 100_000_000
    """150 MB after base64, as the documentation has it."""
    longest_cell = 32_000
    gone = frozenset({"ENTITY_IS_DELETED"})

    def open(self, access: Access, object_name: str, match_field: str, *, delete: bool) -> str:
        job = _kind(object_name, match_field, delete)
        form = {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}
        with client(access) as force:
            return _id(force.job("POST", "ingest", job | form).json())

    def left_open(
        self, access: Access, object_name: str, match_field: str, *, delete: bool, since: datetime
    ) -> Sequence[str]:
        ours = _kind(object_name, match_field, delete) | {"state": "Open", "createdById": session(access).user_id}
        with client(access) as force:
            return [_id(job) for job in _all_jobs(force) if _fits(job, ours) and _made(job) >= since]

    def send(self, access: Access, job_id: str, file: Path) -> None:
        with client(access) as force:
            force.job("PUT", f"ingest/{_plain(job_id)}/batches", content=file, headers=_CSV)
            access.may_write()
            force.job("PATCH", f"ingest/{_plain(job_id)}", {"state": "UploadComplete"})

    def ask(self, access: Access, job_id: str) -> Job | None:
        with client(access) as force:
            said = _unless_gone(lambda: force.job("GET", f"ingest/{_plain(job_id)}"))
        return None if said is None else _job(said.json())

    def abort(self, access: Access, job_id: str) -> None:
        with client(access) as force:
            force.job("PATCH", f"ingest/{_plain(job_id)}", {"state": "Aborted"})

    def results(self, access: Access, job_id: str, new_file: Callable[[], Path]) -> Results:
        kinds = {"done": "successfulResults", "failed": "failedResults", "left": "unprocessedrecords"}
        files = {name: new_file() for name in kinds}
        with client(access) as force:
            for name, kind in kinds.items():
                force.job("GET", f"ingest/{_plain(job_id)}/{kind}", into=files[name], headers=_ASKS_CSV)
        return Results(**files, id="sf__Id", created="sf__Created", error="sf__Error")

    def changed(
        self, access: Access, object_name: str, fields: Sequence[str], since: str | None, pages: Callable[[], Path]
    ) -> Sequence[Path]:
        names = dict.fromkeys(("Id", *fields))
        if not all(API_NAME.fullmatch(name) for name in (object_name, *names)):
            raise ValueError("not the API name of an object or field")
        where = f" WHERE SystemModstamp >= {since}" if since else ""
        soql = f"SELECT {', '.join(names)} FROM {object_name}{where}"
        with client(access) as force:
            job_id = _id(force.job("POST", "query", {"operation": "query", "query": soql}).json())
            _await_query(force, job_id)
            return _pages(force, job_id, pages)


def _kind(object_name: str, match_field: str, delete: bool) -> dict[str, str]:
    by_id = match_field.lower() == "id"
    kind = {"object": object_name, "operation": "delete" if delete else "update" if by_id else "upsert"}
    return kind if by_id else kind | {"externalIdFieldName": match_field}


def _all_jobs(force: Client) -> Iterator[dict[str, Any]]:
    """Every ingest job that the org still knows. Raises SourceChanged when the pages go round in a circle."""
    said, seen = force.job("GET", "ingest").json(), set[str]()
    while True:
        yield from (job for job in need("Salesforce", said, "records", list) if isinstance(job, dict))
        if need("Salesforce", said, "done", bool):
            return
        address = need("Salesforce", said, "nextRecordsUrl", str)
        if address in seen:
            raise SourceChanged("Salesforce's pages of bulk jobs never end.")
        seen.add(address)
        said = force.more(address)


def _fits(job: Mapping[str, Any], wanted: Mapping[str, str | None]) -> bool:
    """Whether the job is of that kind. A user's id counts by its 15 characters."""
    return all(value is not None and str(job.get(name))[: len(value)] == value for name, value in wanted.items())


def _made(job: Mapping[str, Any]) -> datetime:
    stamp = need("Salesforce", job, "createdDate", str)
    return datetime.fromisoformat(stamp.replace("+0000", "+00:00"))


def _await_query(force: Client, job_id: str) -> None:
    deadline = time.monotonic() + _LONGEST_QUERY
    for wait in itertools.chain(_WAITS, itertools.repeat(_WAITS[-1])):
        said = force.job("GET", f"query/{_plain(job_id)}").json()
        state = need("Salesforce", said, "state", str)
        if state == "JobComplete":
            return
        if state in ("Failed", "Aborted") or time.monotonic() > deadline:
            raise SourceUnavailable(f"Salesforce did not answer a bulk query: {state}.")
        time.sleep(wait)


def _pages(force: Client, job_id: str, pages: Callable[[], Path]) -> list[Path]:
    """Every page of a query's answer, in files. Raises SourceChanged when the pages go round in a circle."""
    files: list[Path] = []
    asked: dict[str, Any] = {"maxRecords": PAGE_ROWS}
    seen = {"", "null"}
    while True:
        file = pages()
        answer = force.job("GET", f"query/{_plain(job_id)}/results", params=asked, into=file, headers=_ASKS_CSV)
        files.append(file)
        locator = answer.headers.get("sforce-locator", "null")
        if locator in ("", "null"):
            return files
        if locator in seen:
            raise SourceChanged("Salesforce's pages of a bulk answer never end.")
        seen.add(locator)
        asked = {"maxRecords": PAGE_ROWS, "locator": locator}


def _unless_gone(call: Callable[[], Answer]) -> Answer | None:
    """The answer; None when the job is no longer known. Every other refusal is raised."""
    try:
        return call()
    except Absent:
        return None


def _job(said: Any) -> Job:
    state = need("Salesforce", said, "state", str)
    processed, failed = said.get("numberRecordsProcessed", 0), said.get("numberRecordsFailed", 0)
    if state == "Open":
        return Job("open")
    if state in ("UploadComplete", "InProgress"):
        return Job("working", int(processed), int(failed))
    if state not in ("JobComplete", "Failed", "Aborted"):
        raise SourceChanged("Salesforce names a state of a bulk job that is not documented.")
    return Job("ended", int(processed), int(failed), _reason(said.get("errorMessage")) if state == "Failed" else None)


def _reason(message: Any) -> str:
    """The code that a failed job's message begins with ("InvalidBatch : Field name not found : …"). The rest may quote
    a person's values, and goes into no error and no log."""
    code = _CODE.match(message) if isinstance(message, str) else None
    return code[1] if code else "Failed"


def _id(said: Any) -> str:
    return _plain(need("Salesforce", said, "id", str))


def _plain(job_id: str) -> str:
    """A job's id, which goes into an address as it is. Raises SourceChanged for anything but letters and digits."""
    if not (job_id.isascii() and job_id.isalnum()):
        raise SourceChanged("Salesforce named a bulk job with an id that is none.")
    return job_id


BULK = SalesforceBulk()
