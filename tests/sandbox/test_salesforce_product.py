"""What the stand-in holds and what Landbridge asks of it fit: the world is all there, no field is a surprise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from connectors.base import Access, Secret
from connectors.salesforce import read
from connectors.salesforce_write import describe
from landbridge.mapping.apply import apply
from landbridge.mapping.load import load
from tests.mapping.conftest import batch
from tests.sandbox.salesforce_calls import KEY, Row, SalesforceOrg, running_org
from tests.sandbox_process import ROOT

_TYPES = {"email": {"email"}, "number": {"double", "currency"}, "flag": {"boolean"}, "time": {"datetime"}}
_TEXT = {"reference", "string", "textarea", "phone", "url", "email"}


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org(people=1000) as org:
        yield org


@pytest.fixture(scope="module")
def access(org: SalesforceOrg) -> Access:
    keys = org.ready["salesforce"]
    secrets = {name: Secret(keys[name]) for name in ("client_id", "client_secret")}
    return Access("salesforce", keys["base_url"], secrets, {}, ca_file=keys["ca"])


def rows(access: Access, stream: str) -> list[Row]:
    return [row for page in read(access, stream, None) for row in page.rows]


def test_everybody_that_the_world_knows_is_there(org: SalesforceOrg, access: Access) -> None:
    truth = httpx.get(f"{org.ready['control']}/truth").json()
    told = {(row["stream"], row["key"]) for row in truth if row["system"] == "salesforce"}
    assert told == {(stream, row["Id"]) for stream in ("Lead", "Contact") for row in rows(access, stream)}


def test_whoever_was_converted_points_to_a_contact(access: Access) -> None:
    contacts = {row["Id"] for row in rows(access, "Contact")}
    converted = [row for row in rows(access, "Lead") if row["IsConverted"]]
    assert converted and all(row["ConvertedContactId"] in contacts for row in converted)
    assert all(row["ContactId"] in contacts for row in rows(access, "Opportunity"))


@pytest.mark.parametrize("stream", ["Lead", "Contact", "Opportunity"])
def test_the_shipped_mapping_meets_no_unknown_field(access: Access, stream: str) -> None:
    mapping = load(ROOT / "mappings")["salesforce"]
    result = apply(mapping, stream, batch(*rows(access, stream)), "salesforce")
    assert (result.drift, len(result.rejected), len(result.notes)) == ([], 0, 0)


@pytest.mark.parametrize("name", ["Lead", "Contact"])
def test_the_shipped_policy_can_be_written(access: Access, name: str) -> None:
    policy: dict[str, Any] = yaml.safe_load((ROOT / "mappings/crm/salesforce.yaml").read_text(encoding="utf-8"))
    fields = describe(access, name)
    assert fields[KEY]["externalId"] and fields[KEY]["unique"]
    for field, rule in policy["objects"][name]["fields"].items():
        told = fields[field]
        assert told["createable"] and told["updateable"], field
        assert told["type"] in _TYPES.get(rule.get("type", "text"), _TEXT), field
        assert told["length"] >= rule.get("max", 0), field


def test_an_edit_by_a_seller_is_read_the_next_time(org: SalesforceOrg, access: Access) -> None:
    first = list(read(access, "Lead", None))
    row_id = first[0].rows[0]["Id"]
    org.order("clock", advance=60)
    org.ask("PATCH", f"sobjects/Lead/{row_id}", json={"Title": "Edited"})
    after = [row for page in read(access, "Lead", first[-1].checkpoint) for row in page.rows]
    assert {row["Id"]: row["Title"] for row in after}[row_id] == "Edited"
    assert len(after) < sum(len(page.rows) for page in first)
