"""simple-salesforce, the client that most people use, works against the stand-in unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from sandbox.salesforce.values import read_time
from tests.sandbox.salesforce_calls import KEY, SalesforceOrg, running_org


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org(people=1500) as org:
        yield org


@pytest.fixture
def force(org: SalesforceOrg) -> Any:
    """A client, untyped: its own annotations leave half of its calls out."""
    session = requests.Session()
    session.verify, session.trust_env = org.ready["salesforce"]["ca"], False
    token = org.log_in().json()
    return Salesforce(session_id=token["access_token"], instance_url=token["instance_url"], session=session)


def test_query_and_its_further_pages(force: Any) -> None:
    page = force.query("SELECT Id, Email FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
    seen = list(page["records"])
    while not page["done"]:
        page = force.query_more(page["nextRecordsUrl"], identifier_is_url=True)
        seen += page["records"]
    assert len(seen) == len({row["Id"] for row in seen}) == page["totalSize"] > 200
    assert len(force.query_all("SELECT Id FROM Lead")["records"]) == len(seen)
    assert len(list(force.query_all_iter("SELECT Id FROM Lead"))) == len(seen)


def test_describe(force: Any) -> None:
    assert {"Lead", "Contact", "Account"} <= {each["name"] for each in force.describe()["sobjects"]}
    assert KEY in [field["name"] for field in force.Lead.describe()["fields"]]
    assert force.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"


def test_rows(force: Any) -> None:
    made = force.Lead.create({"LastName": "Doe", "Company": "Acme", "Legacy_Id__c": "twins"})
    assert made["success"] and force.Lead.get(made["id"])["LastName"] == "Doe"
    assert force.Lead.update(made["id"], {"Title": "Boss"}) == 204
    assert force.Lead.upsert(f"{KEY}/s-1", {"LastName": "x", "Company": "y", "Legacy_Id__c": "twins"}) == 201
    assert force.Lead.upsert(f"{KEY}/s-1", {"Title": "z"}) == 200
    assert force.Lead.get_by_custom_id(KEY, "S-1")["Title"] == "z"
    with pytest.raises(SalesforceMoreThanOneRecord):
        force.Lead.upsert("Legacy_Id__c/twins", {"Title": "z"})
    assert force.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        force.Lead.get(made["id"])
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        force.Lead.create({"LastName": "x"})


def test_updated_and_deleted(force: Any, org: SalesforceOrg) -> None:
    gone = force.Lead.create({"LastName": "Gone", "Company": "Acme"})["id"]
    at = read_time(force.Lead.get(gone)["SystemModstamp"])
    force.Lead.delete(gone)
    deleted = force.Lead.deleted(at - timedelta(minutes=2), at + timedelta(minutes=2))
    assert gone in [each["id"] for each in deleted["deletedRecords"]]
    assert gone not in force.Lead.updated(at - timedelta(minutes=2), at + timedelta(minutes=2))["ids"]


def test_limits(force: Any, org: SalesforceOrg) -> None:
    assert force.limits()["DailyApiRequests"]["Remaining"] > 0
    assert force.api_usage["api-usage"].used > 0
    with org.switched(daily_api_requests=1), pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        force.limits()


def test_a_session_that_ended(force: Any, org: SalesforceOrg) -> None:
    org.client.post("/services/oauth2/revoke", data={"token": force.session_id})
    with pytest.raises(SalesforceExpiredSession):
        force.query("SELECT Id FROM Lead LIMIT 1")


def test_bulk_upsert_and_its_results(force: Any) -> None:
    rows = [
        {KEY: f"b-{n}", "LastName": f'N "{n}"\n', "Company": "Ac,me", "Email": f"b{n}@x.example"} for n in range(90)
    ]
    rows[7]["Email"] = "nonsense"
    jobs = force.bulk2.Lead.upsert(records=rows, external_id_field=KEY, batch_size=50, wait=0.1)
    assert [(job["numberRecordsProcessed"], job["numberRecordsFailed"]) for job in jobs] == [(50, 1), (40, 0)]
    texts = force.bulk2.Lead.get_all_ingest_records(jobs[0]["job_id"])
    (failed,) = texts["failedRecords"]
    assert (failed[KEY], failed["sf__Error"].split(":")[0]) == ("b-7", "INVALID_EMAIL_ADDRESS")
    assert {row[KEY] for row in texts["successfulRecords"]} == {f"b-{n}" for n in range(50) if n != 7}
    assert texts["successfulRecords"][0]["LastName"].startswith('N "')
    assert texts["unprocessedRecords"] == []


def test_bulk_query(force: Any) -> None:
    total = force.query("SELECT COUNT() FROM Contact")["totalSize"]
    pages = list(force.bulk2.Contact.query("SELECT Id, Name, Account.Name FROM Contact", max_records=100))
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
    assert len(pages) > 1 and len({row["Id"] for row in rows}) == total
    assert any(row["Account.Name"] for row in rows)
