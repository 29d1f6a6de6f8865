"""How the tests of Salesforce's stand-in speak to it: real HTTP over TLS, logged in."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.orders import Ordered
from tests.sandbox_process import start_sandbox

BASE = "/services/data/v62.0"
ONLY = ("--systems=salesforce",)
KEY = "Landbridge_Id__c"
Row = dict[str, Any]


@dataclass
class SalesforceOrg(Ordered):
    """A running org: `ready` is the parsed ready file, `client` is logged in and trusts the sandbox's CA."""

    ready: dict[str, Any]
    client: httpx.Client

    def log_in(self, **changed: str) -> httpx.Response:
        """What the token endpoint says to the client credentials, changed as wished."""
        keys = self.ready["salesforce"]
        form = {
            "grant_type": "client_credentials",
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
        }
        return self.client.post("/services/oauth2/token", data=form | changed)

    def use_new_session(self) -> None:
        self.client.headers["authorization"] = f"Bearer {self.log_in().json()['access_token']}"

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """A call below the API version's path."""
        return self.client.request(method, f"{BASE}/{path}", **how)

    def query(self, soql: str, **headers: str) -> Row:
        answer = self.ask("GET", "query", params={"q": soql}, headers=headers)
        assert answer.status_code == 200, answer.text
        parsed: Row = answer.json()
        return parsed

    def column(self, soql: str) -> list[Any]:
        """The one column that the query selects, of all rows of the first page."""
        return [next(value for name, value in row.items() if name != "attributes") for row in rows_of(self.query(soql))]

    def create(self, name: str = "Lead", **values: Any) -> str:
        """The id of a new row; a lead has what it must have."""
        needed = {"LastName": "Doe", "Company": "Acme"} if name == "Lead" else {}
        answer = self.ask("POST", f"sobjects/{name}", json=needed | values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def row(self, row_id: str, name: str = "Lead") -> Row:
        answer = self.ask("GET", f"sobjects/{name}/{row_id}")
        assert answer.status_code == 200, answer.text
        parsed: Row = answer.json()
        return parsed

    def refused(self, method: str, path: str, **how: Any) -> tuple[int, str]:
        """Status and code of a call that fails; its body is a list of one error."""
        answer = self.ask(method, path, **how)
        (error,) = answer.json()
        assert error["message"]
        return answer.status_code, error["errorCode"]

    def dump(self, stable: bool = True) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.ready['salesforce']['base_url']}/_sandbox/dump{'?stable=1' if stable else ''}",
            verify=trust(self.ready),
            timeout=60,
        )
        parsed: dict[str, Any] = answer.json()
        return parsed

    def collect(self, method: str, records: list[Row], path: str = "", **more: Any) -> list[Row]:
        """The results of a collections call."""
        body = {"records": [{"attributes": {"type": "Lead"}, **record} for record in records], **more}
        answer = self.ask(method, f"composite/sobjects{path}", json=body)
        assert answer.status_code == 200, answer.text
        results: list[Row] = answer.json()
        assert len(results) == len(records)
        return results

    def upsert_all(self, records: list[Row], **more: Any) -> list[Row]:
        return self.collect("PATCH", records, f"/Lead/{KEY}", **more)

    def new_job(self, operation: str = "upsert", **more: Any) -> Row:
        key = {"externalIdFieldName": KEY} if operation == "upsert" else {}
        answer = self.ask("POST", "jobs/ingest", json={"object": "Lead", "operation": operation, **key, **more})
        assert answer.status_code == 200, answer.text
        job: Row = answer.json()
        return job

    def load(self, csv: str, operation: str = "upsert", **more: Any) -> Row:
        """The ended job that a file was uploaded to."""
        path = f"jobs/ingest/{self.new_job(operation, **more)['id']}"
        assert self.ask("PUT", f"{path}/batches", content=csv.encode()).status_code == 201
        assert self.ask("PATCH", path, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
        return self.ended(path)

    def ended(self, path: str) -> Row:
        """The job at the path, once it has ended."""
        for _ in range(600):
            job: Row = self.ask("GET", path).json()
            if job["state"] in ("JobComplete", "Failed", "Aborted"):
                return job
            time.sleep(0.05)
        raise AssertionError(f"the job did not end: {job}")

    def results(self, job: Mapping[str, Any], kind: str) -> str:
        answer = self.ask("GET", f"jobs/ingest/{job['id']}/{kind}")
        assert answer.headers["content-type"] == "text/csv; charset=UTF-8"
        return answer.text


@contextmanager
def running_org(people: int = 150, **how: Any) -> Iterator[SalesforceOrg]:
    """An org of its own process."""
    with start_sandbox(people, options=ONLY, **how) as ready:
        base = ready["salesforce"]["base_url"]
        with httpx.Client(base_url=base, verify=trust(ready), timeout=60) as client:
            org = SalesforceOrg(ready, client)
            org.use_new_session()
            yield org


def trust(ready: Mapping[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ready["salesforce"]["ca"])


def rows_of(page: Row) -> list[Row]:
    rows: list[Row] = page["records"]
    return rows
