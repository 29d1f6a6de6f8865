"""Which company of the CRM a lead belongs to, and why."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.store import tables
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, Crm, a_run, books, put_lead
from tests.push.test_activities import land

ACME = {"Name": "Acmé Pumps Ltd.", "BillingCity": "Leeds", "CreatedDate": "2020-01-01T00:00:00.000+0000"}


def company(store: Store, key: str, *mails: str, deal: bool = False, **fields: Any) -> None:
    """A company with contacts of these addresses."""
    land(store, "Account", key, **ACME | fields)
    for number, mail in enumerate(mails):
        land(store, "Contact", f"{key}-{number}", AccountId=key, Email=mail)
    if deal:
        land(store, "Opportunity", f"{key}-deal", AccountId=key, IsClosed=False)


def lead(store: Store, **fields: Any) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Arnesen", **fields)


def told(crm: Crm, line: Line) -> tuple[Any, Any]:
    line()
    (row,) = crm.rows["Lead"].values()
    return row["Landbridge_Account__c"], row["Landbridge_Account_Reason__c"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"email": "anna@acme.example"}, "the domain acme.example"),
        ({"website": "https://www.acme.example/pumps"}, "the domain acme.example"),
        ({"company": "ACME Pumps GmbH"}, "the name Acmé Pumps Ltd."),
        (
            {"company": "acme pumps", "email": "a@ACME.example", "city": "leeds"},
            "the domain acme.example and the name Acmé Pumps Ltd. and the place",
        ),
    ],
)
def test_a_lead_finds_its_company(store: Store, crm: Crm, line: Line, fields: dict[str, Any], reason: str) -> None:
    company(store, "001A", "bo@acme.example")
    company(store, "001B", "bo@other.example", Name="Other")
    lead(store, **fields)
    assert told(crm, line) == ("001A", reason)
    assert books(line(), "push") == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "anna@gmail.com"},
        {"company": "[not provided]"},
        {"company": "Ltd"},
        {"company": "n/a"},
        {"company": "Student"},
        {"website": "https://de-de.facebook.com/someone-else"},
        {"website": "linkedin.com/in/anna"},
        {"city": "Leeds"},
        {"email": "anna@notacme.example", "website": "acme.example.evil.example"},
        {},
    ],
)
def test_what_tells_nothing_finds_none(store: Store, crm: Crm, line: Line, fields: dict[str, Any]) -> None:
    company(store, "001A", "bo@acme.example", "cy@gmail.com", Website="http://acme.example")
    company(store, "001B", Name="[not provided]")
    company(store, "001C", Name="N/A", Website="https://www.facebook.com/bakery")
    company(store, "001D", Name="student", Website="https://www.linkedin.com/company/acme")
    lead(store, **fields)
    assert told(crm, line) == (None, None)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"deal": True}, {"CreatedDate": "2019-01-01"}, "001A"),
        ({}, {"deal": True}, "001B"),
        ({}, {"mails": ("x@acme.example", "y@acme.example")}, "001B"),
        ({"CreatedDate": "2018-01-01"}, {}, "001A"),
    ],
)
def test_among_equals_the_tie_breakers_decide(
    store: Store, crm: Crm, line: Line, first: dict[str, Any], second: dict[str, Any], found: str
) -> None:
    for key, said in (("001A", first), ("001B", second)):
        company(store, key, *said.get("mails", ("bo@acme.example",)), **{k: v for k, v in said.items() if k != "mails"})
    lead(store, email="anna@acme.example")
    account, reason = told(crm, line)
    assert account == found
    assert "; of 2 alike by an open deal, then most contacts, then the oldest" in reason


def test_where_two_remain_there_is_none_and_it_is_said(store: Store, crm: Crm, line: Line) -> None:
    for key in ("001A", "001B"):
        company(store, key, "bo@acme.example")
    lead(store, email="anna@acme.example")
    assert told(crm, line) == (None, "none: 2 companies fit alike, such as Acmé Pumps Ltd.")


def test_a_company_that_is_no_longer_theirs_is_taken_out(store: Store, crm: Crm, line: Line) -> None:
    company(store, "001A", "bo@acme.example")
    lead(store, email="anna@acme.example")
    assert told(crm, line)[0] == "001A"
    lead(store, email="anna@new.example")
    assert told(crm, line) == (None, None)


def test_an_address_that_we_wrote_to_a_contact_tells_no_company(store: Store, crm: Crm, line: Line) -> None:
    """Else a second run would find what the first one wrote, and write again."""
    company(store, "001B", "bo@acme.example", Name="Other")
    lead(store, email="anna@acme.example")
    with a_run(store) as run, store.begin() as connection:
        put_lead(store, run, "bo", last_name="Bo")
        row = {"identity_id": "bo", "account": ACCOUNT, "object": "Contact", "crm_id": "001B-0", "run_id": run.run_id}
        values = {"fields": {"Email": "bo@acme.example"}, "base": {"Email": None}}
        connection.execute(sa.insert(tables.pushed).values(row | values))
    line()
    assert [row["Landbridge_Account__c"] for row in crm.rows["Lead"].values() if row["LastName"] == "Arnesen"] == [None]
