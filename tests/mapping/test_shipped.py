"""The mappings that we ship: they load, editors know their form, and the stand-ins' rows hold no surprise for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connectors import hubspot, salesforce
from connectors.registry import connector
from landbridge.mapping import form
from landbridge.mapping.apply import Mapped, apply
from landbridge.mapping.load import Mapping, load
from landbridge.schemas import file_of, schema
from sandbox.model import Appearance, Event
from sandbox.world import World, make_world
from sandbox.x_store import XStore
from sandbox.zendesk_rows import shown, ticket_row, user_row
from tests.mapping.conftest import SHIPPED, batch

SOURCES = sorted((SHIPPED / "sources").glob("*.yaml"))


def test_the_schema_for_editors_is_current() -> None:
    assert (SHIPPED / file_of("source")).read_text(encoding="utf-8") == schema("source"), (
        "run: python -m landbridge.schemas"
    )


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_editors_find_nothing_wrong(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schema/source.schema.json\n")
    jsonschema.Draft202012Validator(json.loads(schema("source"))).validate(yaml.safe_load(text))


def test_editors_find_what_loading_finds() -> None:
    wrong = {"system": "a", "version": 1, "streams": {"s": {"key": "id", "person": {"fullname": "x"}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(schema("source"))).validate(wrong)


@pytest.mark.parametrize("system", ["hubspot", "salesforce", "x", "zendesk"])
def test_every_stream_of_a_connector_is_mapped_by_its_key(shipped: dict[str, Mapping], system: str) -> None:
    for stream in connector(system).streams:
        rules = shipped[system].stream(stream.name)
        assert rules.unused or rules.key == stream.key


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(200, 7, datetime(2026, 11, 1, tzinfo=UTC))


def run(mapping: Mapping, stream: str, rows: list[dict[str, Any]]) -> Mapped:
    result = apply(mapping, stream, batch(*rows), mapping.system, "DE")
    assert rows and result.drift == [] and len(result.rejected) == 0
    return result


def test_x(shipped: dict[str, Mapping], world: World) -> None:
    store = XStore(world)
    users = run(shipped["x"], "users", list(store.users.values()))
    assert users.profiles["handle"].null_count == 0 and users.profiles["created_at"].null_count == 0
    mentions = run(shipped["x"], "mentions", store.newest_first())
    row = mentions.touchpoints.slice(0, 1).to_pylist()[0]
    assert row["person"].startswith("x/users/") and row["url"].startswith("https://x.com/i/web/status/")
    assert row["at"] and row["text"] and row["kind"] == "mention"


def _user(row: Appearance) -> dict[str, Any]:
    return dict(shown({"user": user_row(row, 5, 0)})["user"])


def _ticket(event: Event) -> dict[str, Any]:
    return dict(shown({"ticket": ticket_row(event, 5, 0)})["ticket"])


def test_zendesk(shipped: dict[str, Mapping], world: World) -> None:
    rows: list[Appearance] = world.appearances("zendesk")
    users = run(shipped["zendesk"], "users", [_user(row) for row in rows])
    emails = {address for found in users.profiles["email"].to_pylist() for address in found or ()}
    assert emails == {address.strip().lower() for row in rows for address in row.emails[:2]}
    references = {each for found in users.profiles["reference"].to_pylist() for each in found or ()}
    assert references == {f"salesforce/{r.references[0].stream}/{r.references[0].key}" for r in rows if r.references}
    events: list[Event] = [event for event in world.events("zendesk") if event.kind == "ticket"]
    tickets = run(shipped["zendesk"], "tickets", [_ticket(event) for event in events])
    assert set(tickets.touchpoints["person"].to_pylist()) == {f"zendesk/users/{e.appearance_key}" for e in events}


def test_zendesk_staff_are_no_customers(shipped: dict[str, Mapping]) -> None:
    result = apply(shipped["zendesk"], "users", batch({"id": 1, "name": "Agent", "role": "agent"}), "zendesk")
    assert len(result.profiles) == 0 and result.unused.to_pylist() == [1]


def test_hubspot(shipped: dict[str, Mapping]) -> None:
    properties = dict.fromkeys(hubspot.PROPERTIES, "x") | {
        "email": "a@x.org",
        "hs_additional_emails": "b@x.org;c@x.org",
        "hs_email_optout": "true",
        "hs_email_last_open_date": "2026-01-02T03:04:05Z",
        "recent_conversion_date": "1767323045000",
    }
    row = {"id": "51", "properties": properties, "archived": False, "createdAt": "2026-01-01T00:00:00.000Z"}
    result = run(shipped["hubspot"], "contacts", [row | {"updatedAt": "2026-02-01T00:00:00.000Z"}])
    profile = result.profiles.to_pylist()[0]
    assert profile["email"] == ["a@x.org", "b@x.org", "c@x.org"] and profile["handle"] == ["x:x"]
    assert profile["consent"] == ["email:refused:2026-02-01T00:00:00Z"] and not profile["gone"]
    assert result.touchpoints["kind"].to_pylist() == ["email_opened", "form_filled"]
    assert result.touchpoints["at"].null_count == 0


@pytest.mark.parametrize("stream", ["Lead", "Contact", "Opportunity"])
def test_salesforce(shipped: dict[str, Mapping], stream: str) -> None:
    fields = (*salesforce.FIELDS[stream], "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp", "OwnerId")
    row: dict[str, Any] = dict.fromkeys(fields, "x") | {
        "attributes": {"type": stream, "url": "/x"},
        "IsDeleted": False,
        "CreatedDate": "2026-01-01T00:00:00.000+0000",
        "LastModifiedDate": "2026-02-01T00:00:00.000+0000",
        "Landbridge_Id__c": "L1",
        "Account": {"attributes": {"type": "Account"}, "Name": "Acme"},
    }
    if stream != "Contact":
        del row["Account"]
    if stream != "Opportunity":
        row |= {"HasOptedOutOfEmail": True, "DoNotCall": False}
    result = run(shipped["salesforce"], stream, [row])
    if stream == "Opportunity":
        assert result.touchpoints["person"].to_pylist() == ["salesforce/Contact/x"]
        return
    profile = result.profiles.to_pylist()[0]
    assert profile["consent"] == ["email:refused:2026-02-01T00:00:00Z"]
    assert profile["company"] == ("Acme" if stream == "Contact" else "x")
    assert profile["reference"] == (["salesforce/Contact/x"] if stream == "Lead" else None)


def test_a_company_makes_no_person(shipped: dict[str, Mapping]) -> None:
    result = apply(shipped["salesforce"], "Account", batch({"Id": "001", "Name": "Acme"}), "salesforce")
    assert result.unused.to_pylist() == [1]


def test_the_example_of_the_docs_loads(tmp_path: Path) -> None:
    text = (SHIPPED.parent / "docs" / "mappings.md").read_text(encoding="utf-8")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "acme.yaml").write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert load(tmp_path)["acme"].stream("customers").touchpoints


def test_the_docs_name_every_word() -> None:
    text = (SHIPPED.parent / "docs" / "mappings.md").read_text(encoding="utf-8")
    models = (form.Rule, form.Condition, form.Stream, form.Person)
    words = {info.alias or name for model in models for name, info in model.model_fields.items()}
    assert {word for word in words if word not in text} == set()
