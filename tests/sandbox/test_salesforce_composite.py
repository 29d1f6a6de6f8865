"""Salesforce's stand-in: several calls in one, and who a token is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from tests.sandbox.salesforce_calls import BASE, KEY, Row, SalesforceOrg, running_org


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org() as org:
        yield org


def chain(prefix: str, title: str) -> list[Row]:
    """An account, a contact of it, and a question about the contact; the title may be too long."""
    account = {"Name": prefix, KEY: f"{prefix}-a"}
    contact = {"LastName": prefix, "AccountId": "@{account.id}", "Title": title}
    soql = "SELECT+Name,+Account.Name+FROM+Contact+WHERE+Id='@{contact.id}'"
    return [
        {"method": "POST", "url": f"{BASE}/sobjects/Account", "referenceId": "account", "body": account},
        {"method": "POST", "url": f"{BASE}/sobjects/Contact", "referenceId": "contact", "body": contact},
        {"method": "GET", "url": f"{BASE}/query/?q={soql}", "referenceId": "asked"},
    ]


def statuses(org: SalesforceOrg, wanted: list[Row], whole: bool) -> list[int]:
    answer = org.ask("POST", "composite", json={"allOrNone": whole, "compositeRequest": wanted})
    assert answer.status_code == 200, answer.text
    replies = answer.json()["compositeResponse"]
    assert [reply["referenceId"] for reply in replies] == [one["referenceId"] for one in wanted]
    return [reply["httpStatusCode"] for reply in replies]


def test_later_calls_use_what_earlier_ones_gave(org: SalesforceOrg) -> None:
    used = _used(org)
    answer = org.ask("POST", "composite/", json={"compositeRequest": chain("chain", "Boss")}).json()
    asked = answer["compositeResponse"][2]["body"]
    assert (asked["totalSize"], asked["records"][0]["Account"]["Name"]) == (1, "chain")
    assert _used(org) == used + 2


def test_a_failure_takes_all_back_if_told_so(org: SalesforceOrg) -> None:
    before = org.dump()
    assert statuses(org, chain("whole", "x" * 200), whole=True) == [400, 400, 400]
    assert org.dump() == before
    assert statuses(org, chain("part", "x" * 200), whole=False) == [201, 400, 400]
    assert org.column(f"SELECT Name FROM Account WHERE {KEY} = 'part-a'") == ["part"]


def test_what_was_taken_back_is_not_there_after_a_restart(tmp_path: Path) -> None:
    with running_org(state=tmp_path) as org:
        statuses(org, chain("gone", "x" * 200), whole=True)
        statuses(org, chain("kept", "Boss"), whole=True)
        before = org.dump(stable=False)
    with running_org(state=tmp_path) as org:
        assert org.dump(stable=False) == before
        assert org.column(f"SELECT Name FROM Account WHERE {KEY} != null") == ["kept"]


def test_a_batch_of_strangers(org: SalesforceOrg) -> None:
    wanted = [
        {
            "method": "PATCH",
            "url": f"v62.0/sobjects/Lead/{KEY}/batch-1",
            "richInput": {"LastName": "x", "Company": "y"},
        },
        {"method": "GET", "url": "v62.0/sobjects/Lead/nothing"},
        {"method": "GET", "url": "v62.0/limits"},
    ]
    for halt, expected in ((False, [201, 404, 200]), (True, [200, 404, 412])):
        said = org.ask("POST", "composite/batch", json={"batchRequests": wanted, "haltOnError": halt}).json()
        assert (said["hasErrors"], [result["statusCode"] for result in said["results"]]) == (True, expected)


def test_a_tree_of_rows_is_all_or_none(org: SalesforceOrg) -> None:
    rows = [
        {"attributes": {"type": "Lead", "referenceId": f"r{n}"}, "LastName": "Tree", "Company": "y"} for n in (1, 2)
    ]
    made = org.ask("POST", "composite/tree/Lead", json={"records": rows})
    assert (made.status_code, [each["referenceId"] for each in made.json()["results"]]) == (201, ["r1", "r2"])
    del rows[1]["Company"]
    failed = org.ask("POST", "composite/tree/Lead", json={"records": rows})
    (error,) = failed.json()["results"]
    assert (failed.status_code, error["referenceId"]) == (400, "r2")
    assert error["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.column("SELECT COUNT(Id) FROM Lead WHERE LastName = 'Tree'") == [2]


def test_too_many_at_once(org: SalesforceOrg) -> None:
    wanted = [{"method": "GET", "url": f"{BASE}/limits", "referenceId": f"r{n}"} for n in range(26)]
    assert org.refused("POST", "composite", json={"compositeRequest": wanted}) == (400, "LIMIT_EXCEEDED")
    assert org.refused("POST", "composite/batch", json={}) == (400, "JSON_PARSER_ERROR")


def test_a_token_tells_whose_it_is(org: SalesforceOrg) -> None:
    identity = org.client.get(org.log_in().json()["id"]).json()
    assert identity["username"] == "landbridge.integration@brightwell.example"
    assert org.client.get("/services/oauth2/userinfo").json()["user_id"] == identity["user_id"]
    assert org.client.get("/services/oauth2/userinfo", headers={"authorization": "x"}).status_code == 401


def test_soap_login_is_shut(org: SalesforceOrg) -> None:
    session = requests.Session()
    session.verify, session.trust_env = org.ready["salesforce"]["ca"], False
    host = org.ready["salesforce"]["base_url"].removeprefix("https://")
    answer = session.post(f"https://{host}/services/Soap/u/59.0", data="<x/>", headers={"SOAPAction": "login"})
    assert (answer.status_code, "INVALID_OPERATION" in answer.text) == (500, True)
    session.hooks["response"] = []
    session.mount("https://any.salesforce.com", _Elsewhere(host))
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_OPERATION"):
        Salesforce(username="u", password="p", security_token="t", domain="any", session=session)


class _Elsewhere(requests.adapters.HTTPAdapter):
    """Sends to the stand-in what is meant for a login host that cannot be changed."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        request.url = (request.url or "").replace("any.salesforce.com", self.host)
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]


def _used(org: SalesforceOrg) -> int:
    return int(org.ask("GET", "limits").headers["sforce-limit-info"].split("=")[1].split("/")[0])
