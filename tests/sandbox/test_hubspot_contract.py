"""HubSpot's stand-in keeps to the contract of HubSpot's own client, and the product's mapping knows all it says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from connectors.base import Access, Secret
from connectors.hubspot import CONNECTOR
from landbridge.mapping.apply import apply
from landbridge.mapping.load import load
from sandbox.hubspot_logins import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.sandbox.hubspot_calls import CONTACTS, ONLY, client_of
from tests.sandbox_process import ROOT, start_sandbox

Contract = dict[str, Any]


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(150, options=ONLY) as ready:
        yield ready


@pytest.fixture
def hubspot(ready: dict[str, Any]) -> Iterator[httpx.Client]:
    with client_of(ready) as client:
        yield client


@pytest.fixture
def contract(shared: Path) -> Contract:
    """The contract, with what it leaves out: the client takes null for a value although the contract says text."""
    file = shared / "specs" / "hubspot-crm-v3.derived.openapi.json"
    if not file.exists():
        pytest.skip("HubSpot's contract is not here")
    document: Contract = json.loads(file.read_text(encoding="utf-8"))
    for name in ("SimplePublicObject", "SimplePublicObjectWithAssociations", "SimplePublicUpsertObject"):
        values = document["components"]["schemas"][f"Contacts_{name}"]["properties"]["properties"]
        values["additionalProperties"] = {"type": "string", "nullable": True}
    return document


def check(contract: Contract, path: str, answer: httpx.Response) -> None:
    """The answer's status and body are among those that the contract has for the path, and hold no unknown field."""
    responses = contract["paths"][path][answer.request.method.lower()]["responses"]
    response = responses.get(str(answer.status_code)) or responses["default"]
    if "content" not in response:
        assert answer.content == b""
        return
    schema = response["content"]["application/json"]["schema"]["$ref"]
    registry: Registry[Any] = Registry().with_resource("urn:hubspot", DRAFT4.create_resource(closed(contract)))
    OAS30Validator({"$ref": f"urn:hubspot{schema}"}, registry=registry).validate(answer.json())


def closed(contract: Contract) -> Contract:
    """The contract with no room for fields that it does not name, but in errors, which say ``status`` too."""
    document = copy.deepcopy(contract)
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema and not name.endswith("_Error"):
            schema["additionalProperties"] = False
    return document


def somebody(client: httpx.Client) -> str:
    return str(client.get(CONTACTS).json()["results"][0]["id"])


def test_a_wrong_answer_would_be_noticed(contract: Contract, hubspot: httpx.Client) -> None:
    answer = hubspot.get(CONTACTS)
    for wrong in ({"results": [{"id": 5}]}, answer.json() | {"offset": 3}):
        again = httpx.Response(200, json=wrong, request=answer.request)
        with pytest.raises(Exception, match=r"not of type|required|unexpected"):
            check(contract, CONTACTS, again)


def test_reading(contract: Contract, hubspot: httpx.Client) -> None:
    check(contract, CONTACTS, hubspot.get(CONTACTS, params={"properties": "email,city"}))
    check(contract, CONTACTS, hubspot.get(CONTACTS, params={"limit": 500}))
    for key in (somebody(hubspot), "none"):
        check(contract, f"{CONTACTS}/{{contactId}}", hubspot.get(f"{CONTACTS}/{key}"))
    for wish in ({"limit": 3}, {"after": "10000"}):
        check(contract, f"{CONTACTS}/search", hubspot.post(f"{CONTACTS}/search", json=wish))
    kinds = "/crm/v3/properties/{objectType}"
    check(contract, kinds, hubspot.get("/crm/v3/properties/contacts"))
    check(contract, f"{kinds}/{{propertyName}}", hubspot.get("/crm/v3/properties/contacts/lifecyclestage"))
    for path in ("memberships", "memberships/join-order"):
        check(contract, f"/crm/v3/lists/{{listId}}/{path}", hubspot.get(f"/crm/v3/lists/1/{path}", params={"limit": 5}))


def test_writing(contract: Contract, hubspot: httpx.Client) -> None:
    ids = []
    for address in ("a@contract.example", "b@contract.example", "a@contract.example", "nonsense"):
        made = hubspot.post(CONTACTS, json={"properties": {"email": address}})
        check(contract, CONTACTS, made)
        ids += [made.json()["id"]] if made.status_code == 201 else []
    one = f"{CONTACTS}/{{contactId}}"
    check(contract, one, hubspot.patch(f"{CONTACTS}/{ids[0]}", json={"properties": {"city": "Ulm"}}))
    merge = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
    merged = hubspot.post(f"{CONTACTS}/merge", json=merge)
    check(contract, f"{CONTACTS}/merge", merged)
    check(contract, one, hubspot.delete(f"{CONTACTS}/{merged.json()['id']}"))
    check(contract, CONTACTS, hubspot.get(CONTACTS, params={"archived": "true"}))
    forget = f"{CONTACTS}/gdpr-delete"
    check(contract, forget, hubspot.post(forget, json={"objectId": merged.json()["id"]}))


def test_batches(contract: Contract, hubspot: httpx.Client) -> None:
    known, new = somebody(hubspot), {"properties": {"email": "new@batches.example"}}
    traced = {**new, "objectWriteTraceId": "first"}
    city = {"properties": {"city": "Ulm"}}
    by_email = {"id": "up@batches.example", "idProperty": "email", **city}
    calls: list[tuple[str, list[dict[str, Any]], int]] = [
        ("create", [new], 201),
        ("create", [new], 409),
        ("create", [traced], 207),
        ("read", [{"id": known}], 200),
        ("read", [{"id": known}, {"id": "7"}], 207),
        ("update", [{"id": known, **city}], 200),
        ("update", [{"id": "7", **city}], 207),
        ("upsert", [by_email], 200),
        ("upsert", [by_email, {"id": "7", **city}], 207),
        ("archive", [{"id": "7"}], 204),
    ]
    for name, inputs, status in calls:
        wish = {"inputs": inputs, "properties": [], "propertiesWithHistory": []}
        answer = hubspot.post(f"{CONTACTS}/batch/{name}", json=wish)
        assert answer.status_code == status, answer.text
        check(contract, f"{CONTACTS}/batch/{name}", answer)


def test_logging_in(contract: Contract, hubspot: httpx.Client) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    granted = hubspot.post("/oauth/v1/token", data={**form, "refresh_token": REFRESH_TOKEN})
    assert granted.status_code == 200
    check(contract, "/oauth/v1/token", granted)
    refused = hubspot.get(CONTACTS, headers={"authorization": ""})
    assert refused.status_code == 401
    check(contract, CONTACTS, refused)


def test_the_mapping_knows_all_that_the_connector_reads(ready: dict[str, Any]) -> None:
    login = {"token": Secret(ready["hubspot"]["token"])}
    way_in = Access("hubspot", ready["hubspot"]["base_url"], login)
    rows = [row for page in CONNECTOR.read(way_in, "contacts", None) for row in page.rows]
    records = pa.table(
        {
            "record_id": list(range(len(rows))),
            "key": [row["id"] for row in rows],
            "payload": [json.dumps(row) for row in rows],
        }
    )
    mapped = apply(load(ROOT / "mappings")["hubspot"], "contacts", records, "hubspot")
    assert mapped.drift == []
    assert (len(mapped.profiles), len(mapped.rejected), len(mapped.notes)) == (len(rows), 0, 0)
    assert set(mapped.touchpoints.column("kind").to_pylist()) == {"email_opened", "form_filled"}
