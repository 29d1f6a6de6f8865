"""What clients write to HubSpot's stand-in: one contact at a time, in batches, merges, and deletions for good."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.hubspot_calls import CONTACTS, ONLY, batch, client_of, new_contact, search, where
from tests.sandbox_process import start_sandbox


@pytest.fixture(scope="module")
def hubspot() -> Iterator[httpx.Client]:
    with start_sandbox(100, options=ONLY) as ready, client_of(ready) as client:
        yield client


def test_an_address_belongs_to_one_contact(hubspot: httpx.Client) -> None:
    first = new_contact(hubspot, "one@holder.example")
    again = hubspot.post(CONTACTS, json={"properties": {"email": " ONE@holder.example"}})
    assert (again.status_code, again.json()["category"]) == (409, "CONFLICT")
    assert again.json()["message"] == f"Contact already exists. Existing ID: {first}"
    second = new_contact(hubspot, "two@holder.example")
    stolen = hubspot.patch(f"{CONTACTS}/{second}", json={"properties": {"email": "one@holder.example"}})
    assert stolen.status_code == 409


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"shoe_size": "44"}, "PROPERTY_DOESNT_EXIST"),
        ({"createdate": "0"}, "READ_ONLY_VALUE"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
        ({"lifecyclestage": "butterfly"}, "INVALID_OPTION"),
    ],
)
def test_values_that_are_refused(hubspot: httpx.Client, properties: dict[str, str], code: str) -> None:
    answer = hubspot.post(CONTACTS, json={"properties": properties})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["message"].startswith("Property values were not valid: ")
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_get_and_update(hubspot: httpx.Client) -> None:
    contact = new_contact(hubspot, "get@show.example", firstname="Gita")
    by_email = hubspot.get(f"{CONTACTS}/get@show.example", params={"idProperty": "email"}).json()
    assert (by_email["id"], by_email["properties"]["firstname"]) == (contact, "Gita")
    changed = hubspot.patch(f"{CONTACTS}/{contact}", json={"properties": {"firstname": "", "city": "Ulm"}}).json()
    assert (changed["properties"]["firstname"], changed["properties"]["city"]) == (None, "Ulm")
    assert changed["updatedAt"] > by_email["updatedAt"]
    assert hubspot.get(f"{CONTACTS}/999").json()["category"] == "OBJECT_NOT_FOUND"


def test_the_recycle_bin(hubspot: httpx.Client) -> None:
    contact = new_contact(hubspot, "bin@waste.example")
    assert hubspot.delete(f"{CONTACTS}/{contact}").status_code == 204
    assert hubspot.delete(f"{CONTACTS}/{contact}").status_code == 204
    assert hubspot.get(f"{CONTACTS}/{contact}").status_code == 404
    binned = hubspot.get(CONTACTS, params={"archived": "true"}).json()["results"]
    assert [(row["id"], row["archived"]) for row in binned] == [(contact, True)]
    assert binned[0]["archivedAt"] == binned[0]["updatedAt"]
    assert search(hubspot, filterGroups=where("hs_object_id", "EQ", contact))["total"] == 0
    new_contact(hubspot, "bin@waste.example")


def test_gdpr_delete_leaves_nothing(hubspot: httpx.Client) -> None:
    contact, other = new_contact(hubspot, "a@gone.example"), new_contact(hubspot, "b@gone.example")
    path = f"{CONTACTS}/gdpr-delete"
    assert hubspot.post(path, json={"objectId": contact}).status_code == 204
    assert hubspot.post(path, json={"objectId": "b@gone.example", "idProperty": "email"}).status_code == 204
    for archived in ("true", "false"):
        for gone in (contact, other):
            assert hubspot.get(f"{CONTACTS}/{gone}", params={"archived": archived}).status_code == 404
    assert hubspot.post(path, json={"objectId": contact}).status_code == 404


def test_a_merge_makes_a_new_id(hubspot: httpx.Client) -> None:
    first = new_contact(hubspot, "a@merge.example", firstname="Ada")
    second = new_contact(hubspot, "b@merge.example", firstname="Bea", city="Ulm")
    answer = hubspot.post(f"{CONTACTS}/merge", json={"primaryObjectId": first, "objectIdToMerge": second})
    merged = answer.json()["id"]
    assert merged not in (first, second)
    asked = {"properties": "firstname,city,email,hs_additional_emails,hs_merged_object_ids"}
    values = hubspot.get(f"{CONTACTS}/{merged}", params=asked).json()["properties"]
    assert (values["firstname"], values["city"]) == ("Ada", "Ulm")
    assert (values["email"], values["hs_additional_emails"]) == ("a@merge.example", "b@merge.example")
    assert values["hs_merged_object_ids"] == f"{first};{second}"
    assert hubspot.get(f"{CONTACTS}/{second}").json()["id"] == merged  # old ids lead there
    ids = where("hs_object_id", "IN", values=[first, second, merged])
    assert [row["id"] for row in search(hubspot, filterGroups=ids)["results"]] == [merged]
    itself = hubspot.post(f"{CONTACTS}/merge", json={"primaryObjectId": first, "objectIdToMerge": merged})
    assert itself.status_code == 400


def test_batch_read_tells_what_is_missing(hubspot: httpx.Client) -> None:
    contact = new_contact(hubspot, "read@batch.example", city="Ulm")
    answer = batch(hubspot, "read", [{"id": contact}, {"id": "999"}], properties=["city"])
    assert answer.status_code == 207
    told = answer.json()
    assert (told["status"], told["numErrors"]) == ("COMPLETE", 1)
    assert (told["errors"][0]["category"], told["errors"][0]["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["999"]})
    assert [row["properties"]["city"] for row in told["results"]] == ["Ulm"]
    by_email = batch(hubspot, "read", [{"id": "read@batch.example"}], idProperty="email", properties=[])
    assert (by_email.status_code, by_email.json()["results"][0]["id"]) == (200, contact)


def test_batch_create_writes_all_or_nothing(hubspot: httpx.Client) -> None:
    old = new_contact(hubspot, "old@batch.example")
    wishes = [{"properties": {"email": f"{name}@batch.example"}} for name in ("new", "old")]
    refused = batch(hubspot, "create", wishes)
    assert (refused.status_code, refused.json()["message"]) == (409, f"Contact already exists. Existing ID: {old}")
    assert search(hubspot, filterGroups=where("email", "EQ", "new@batch.example"))["total"] == 0
    made = batch(hubspot, "create", [wishes[0], {"properties": {"email": "newer@batch.example"}}])
    assert made.status_code == 201
    assert len({row["id"] for row in made.json()["results"]}) == 2


def test_batch_create_with_trace_ids_does_what_it_can(hubspot: httpx.Client) -> None:
    new_contact(hubspot, "held@trace.example")
    names = ("free", "held")
    wishes = [{"objectWriteTraceId": name, "properties": {"email": f"{name}@trace.example"}} for name in names]
    answer = batch(hubspot, "create", wishes)
    assert answer.status_code == 207
    assert [row["objectWriteTraceId"] for row in answer.json()["results"]] == ["free"]
    assert answer.json()["errors"][0]["context"] == {"objectWriteTraceId": ["held"]}


def test_batch_update_with_unknown_ids(hubspot: httpx.Client) -> None:
    contact = new_contact(hubspot, "update@batch.example")
    city = {"properties": {"city": "Ulm"}}
    answer = batch(hubspot, "update", [{"id": contact, **city}, {"id": "999", **city}])
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert [row["properties"]["city"] for row in answer.json()["results"]] == ["Ulm"]
    twice = batch(hubspot, "update", [{"id": contact, **city}] * 2)
    assert (twice.status_code, twice.json()["category"]) == (400, "VALIDATION_ERROR")
    assert batch(hubspot, "update", [{"id": str(i), **city} for i in range(101)]).status_code == 400


def test_batch_upsert_is_idempotent(hubspot: httpx.Client) -> None:
    wish = {"id": "up@batch.example", "idProperty": "email", "properties": {"city": "Ulm"}}
    first, again = (batch(hubspot, "upsert", [wish]).json()["results"][0] for _ in range(2))
    assert (first["new"], again["new"]) == (True, False)
    assert first["id"] == again["id"]
    by_city = batch(hubspot, "upsert", [{**wish, "idProperty": "city"}])
    assert "not a unique property" in by_city.json()["message"]


def test_batch_archive(hubspot: httpx.Client) -> None:
    contacts = [new_contact(hubspot, f"{name}@away.example") for name in "ab"]
    assert batch(hubspot, "archive", [{"id": contact} for contact in contacts]).status_code == 204
    assert batch(hubspot, "read", [{"id": contacts[0]}], properties=[]).json()["results"] == []
    for contact in contacts:
        hubspot.post(f"{CONTACTS}/gdpr-delete", json={"objectId": contact})
