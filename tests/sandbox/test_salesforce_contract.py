"""Salesforce's stand-in keeps to the contract: status, media type and body of each answer are among those it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import ValidationError
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.sandbox.salesforce_calls import BASE, KEY, SalesforceOrg, running_org

Contract = dict[str, Any]


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org() as org:
        yield org


@pytest.fixture
def contract(shared: Path) -> Contract:
    file = shared / "specs" / "salesforce-rest.contract.yaml"
    if not file.exists():
        pytest.skip("Salesforce's contract is not here")
    return _read(file)


@cache
def _read(file: Path) -> Contract:
    document: Contract = yaml.safe_load(file.read_text(encoding="utf-8"))
    return document


@pytest.fixture
def checked(contract: Contract, org: SalesforceOrg) -> Iterator[SalesforceOrg]:
    """The org, each of whose answers during a test is checked."""

    def check_read(answer: httpx.Response) -> None:
        answer.read()
        check(contract, answer)

    org.client.event_hooks = {"response": [check_read]}
    yield org
    org.client.event_hooks = {"response": []}


def check(contract: Contract, answer: httpx.Response) -> None:
    path, method = _path(contract, answer.request), answer.request.method.lower()
    response = contract["paths"][path][method]["responses"][str(answer.status_code)]
    media = answer.headers.get("content-type", "").partition(";")[0]
    if "content" not in response:
        assert media in ("", "application/json")
        return
    schema = response["content"][media]["schema"]
    if media != "application/json":
        return
    registry: Registry[Any] = Registry().with_resource("urn:sf", DRAFT4.create_resource(contract))
    OAS30Validator(_absolute(schema), registry=registry).validate(answer.json())


def _path(contract: Contract, request: httpx.Request) -> str:
    """The contract's path for the request: the one with the most fixed parts of those that fit."""
    asked = request.url.raw_path.decode().partition("?")[0].rstrip("/").split("/")
    fitting: list[str] = [path for path in contract["paths"] if _fits(path.split("/"), asked)]
    return max(fitting, key=lambda path: sum("{" not in part for part in path.split("/")))


def _fits(pattern: list[str], asked: list[str]) -> bool:
    if len(pattern) != len(asked):
        return False
    as_expression = (re.sub(r"\\{\w+\\}", ".+", re.escape(part)) for part in pattern)
    return all(re.fullmatch(part, given, re.IGNORECASE) for part, given in zip(as_expression, asked, strict=True))


def _absolute(schema: Any) -> Any:
    """The schema with its references pointing into the whole contract."""
    if isinstance(schema, list):
        return [_absolute(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: f"urn:sf{v}" if k == "$ref" else _absolute(v) for k, v in schema.items()}


def test_a_wrong_answer_would_be_noticed(contract: Contract) -> None:
    request = httpx.Request("GET", f"https://x.example{BASE}/query/?q=x")
    with pytest.raises(ValidationError, match="'records' is a required property"):
        check(contract, httpx.Response(200, json={"totalSize": 1, "done": True}, request=request))
    with pytest.raises(KeyError):
        check(contract, httpx.Response(204, request=request))


def test_login(checked: SalesforceOrg) -> None:
    assert checked.log_in().status_code == 200
    assert checked.log_in(client_id="x").status_code == 400
    assert checked.client.post("/services/oauth2/revoke", data={"token": "x"}).status_code == 400
    assert checked.client.get("/services/data").status_code == 200
    assert checked.ask("GET", "limits", headers={"authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["limits", "sobjects", "sobjects/Lead", "sobjects/Lead/describe", "query", "query?q=SELECT+Id+FROM+Lead",
     "query?q=SELECT+Nothing+FROM+Lead", "queryAll?q=SELECT+Id+FROM+Contact", "query/01gnone-2000",
     "sobjects/Lead/none", f"sobjects/Lead/{KEY}/none", "sobjects/Nothing/describe", "jobs/ingest", "jobs/query/none"],
)  # fmt: skip
def test_reads(checked: SalesforceOrg, path: str) -> None:
    assert checked.ask("GET", path).status_code in (200, 400, 404)


def test_describe_again(checked: SalesforceOrg) -> None:
    known = {"if-modified-since": checked.ask("GET", "sobjects/Lead/describe").headers["last-modified"]}
    assert checked.ask("GET", "sobjects/Lead/describe", headers=known).status_code == 304


def test_rows_and_changes(checked: SalesforceOrg) -> None:
    row_id = checked.create(Legacy_Id__c="c-twin")
    checked.create(Legacy_Id__c="c-twin")
    assert checked.ask("PATCH", f"sobjects/Lead/{row_id}", json={"Title": "x"}).status_code == 204
    assert checked.ask("PATCH", f"sobjects/Lead/{row_id}", json={"Title": "x" * 500}).status_code == 400
    assert checked.ask("PATCH", "sobjects/Lead/Legacy_Id__c/c-twin", json={"Title": "x"}).status_code == 300
    statuses = [
        checked.ask("PATCH", f"sobjects/Lead/{KEY}/c-1", json={"LastName": "x", "Company": "y"}).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 200]
    assert checked.row(row_id)["Id"] == checked.ask("GET", f"sobjects/Lead/{row_id}").json()["Id"]
    assert checked.ask("DELETE", f"sobjects/Lead/{KEY}/c-1").status_code == 204
    assert checked.ask("DELETE", f"sobjects/Lead/{row_id}").status_code == 204
    at = checked.column("SELECT MAX(SystemModstamp) FROM Lead")[0]
    stretch = {"start": f"{at[:10]}T00:00:00Z", "end": f"{at[:10]}T23:59:00Z"}
    assert checked.ask("GET", "sobjects/Lead/updated", params=stretch).status_code == 200
    assert checked.ask("GET", "sobjects/Lead/deleted", params=stretch).status_code == 200


def test_collections(checked: SalesforceOrg) -> None:
    results = checked.upsert_all([{KEY: "cc-1", "LastName": "x", "Company": "y"}, {KEY: "cc-2"}])
    assert [result["success"] for result in results] == [True, False]
    (made,) = checked.collect("POST", [{"LastName": "x", "Company": "y"}])
    assert checked.collect("PATCH", [{"id": made["id"], "City": "z"}, {"id": "none"}])[0]["success"]
    assert checked.ask("DELETE", f"composite/sobjects?ids={made['id']},none").status_code == 200
    assert checked.ask("PATCH", f"composite/sobjects/Lead/{KEY}", json={}).status_code == 400


def test_duplicates_and_limits(checked: SalesforceOrg) -> None:
    checked.create(Email="twin@x.example")
    body = {"LastName": "x", "Company": "y", "Email": "twin@x.example"}
    with checked.switched(duplicate_rule="block"):
        assert checked.refused("POST", "sobjects/Lead", json=body) == (400, "DUPLICATES_DETECTED")
    with checked.switched(daily_api_requests=1):
        assert checked.refused("GET", "limits") == (403, "REQUEST_LIMIT_EXCEEDED")


def test_bulk(checked: SalesforceOrg) -> None:
    job = checked.load(f"{KEY},LastName,Company\ncb-1,x,y\ncb-2,,y\n")
    for kind in ("successfulResults", "failedResults", "unprocessedrecords"):
        assert checked.results(job, kind)
    assert checked.ask("DELETE", f"jobs/ingest/{job['id']}").status_code == 204
    assert checked.ask("PATCH", f"jobs/ingest/{checked.new_job()['id']}", json={"state": "Aborted"}).status_code == 200
    query = {"operation": "query", "query": "SELECT Id FROM Lead"}
    path = f"jobs/query/{checked.ask('POST', 'jobs/query', json=query).json()['id']}"
    assert checked.ended(path)["state"] == "JobComplete"
    assert checked.ask("GET", f"{path}/results?maxRecords=5").status_code == 200
    assert checked.ask("DELETE", path).status_code == 204


@pytest.mark.parametrize("kind", ["rate_limit", "server_error", "expired_token"])
def test_faults_are_worded_as_the_vendor_does(checked: SalesforceOrg, kind: str) -> None:
    checked.order("faults", faults=f"{kind}=100%")
    try:
        assert checked.ask("GET", "limits").status_code in (401, 403, 503)
    finally:
        checked.order("faults", faults="")
