"""Somebody who is to be forgotten: the CRM's records go or are blanked, and nothing of them is written again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.push import refused
from landbridge.push.mirror.erasing import erase
from landbridge.push.mirror.rules import Erased, Merged
from landbridge.push.policy import Policy
from landbridge.push.revert.planning import subject
from landbridge.store.engine import Store
from tests.push.crm import ACCOUNT, books, changes
from tests.push.org import Org
from tests.push.test_mirror import People, anna, made

WORDS = {"LastName": "[erased]", "Company": "[erased]"}


def people_of(store: Store, org: Org, policy: Policy, **how: Any) -> People:
    people = People(store, org, policy, Merged(way="note"))
    people.policy = replace(people.policy, erased=Erased(**how))
    return people


def converted(org: Org, who: str) -> tuple[str, str]:
    """A lead and a contact of the same person."""
    return made(org, "Lead", f"{who}-l", Email=f"{who}@x.example"), made(org, "Contact", f"{who}-c", MobilePhone="1")


def test_all_records_go_once_somebody_approved_and_no_value_stays_with_us(
    store: Store, org: Org, policy: Policy
) -> None:
    people = people_of(store, org, policy, way="delete")
    lead, contact = converted(org, "go")
    people.links = {lead: "go-anna", contact: "go-anna"}
    anna(people, "go-anna", title="Mate")
    written = people.go()
    anna(people, "go-anna", title="Captain", phone="7")
    assert people.plan()[1], "something is planned for her when she asks to be forgotten"
    assert erase(store, ACCOUNT, "go-anna", actor="kim", reason="letter of May 3") == "go-anna"
    assert not any(each["state"] == "planned" for each in changes(store))
    run, plan_id = people.plan()
    assert plan_id and books(run, "erased") == {"taken": 2, "changed": 2}
    with pytest.raises(GateClosed, match="deletions"):
        people.go()
    people.go(by="kim")
    assert people.row(lead)["IsDeleted"] and people.row(contact)["IsDeleted"]
    gone = [each for each in changes(store) if each["action"] == "delete"]
    assert [(each["before"], each["after"]) for each in gone] == [({}, {}), ({}, {})]
    with store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM pushed WHERE identity_id = 'go-anna'")) == 0
    assert people.silent()
    with pytest.raises(NotFound):
        subject(store, ACCOUNT, written.run_id)


def test_a_record_is_blanked_and_stays_blank(store: Store, org: Org, policy: Policy) -> None:
    people = people_of(store, org, policy, way="blank", fields=("MobilePhone", "Description"), words=WORDS)
    lead, contact = converted(org, "blank")
    people.links = {lead: "blank-anna", contact: "blank-anna"}
    anna(people, "blank-anna", title="Mate", handles=["x:anna"])
    people.go()
    erase(store, ACCOUNT, "blank-anna", actor="kim", reason="her letter")
    people.go(by="kim")
    hers, his = people.row(contact), people.row(lead)
    shown = ("LastName", "Email", "MobilePhone", "Title", "Landbridge_Handles__c")
    assert [hers[field] for field in shown] == ["[erased]", None, None, None, None]
    assert (his["LastName"], his["Company"], his["Email"]) == ("[erased]", "[erased]", None)
    with store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM pushed WHERE identity_id = 'blank-anna'")) == 0
    assert people.silent()
    anna(people, "blank-anna", title="Captain", email="new@x.example")
    assert people.silent() and people.row(contact)["Email"] is None, "what comes in later does not go out"


def test_somebody_is_asked_record_by_record(store: Store, org: Org, policy: Policy) -> None:
    people = people_of(store, org, policy, way="ask")
    lead, contact = converted(org, "asked")
    people.links = {lead: "asked-anna", contact: "asked-anna"}
    erased_before = len(refused.standing(store, ACCOUNT))
    anna(people, "asked-anna")
    people.go()
    erase(store, ACCOUNT, "asked-anna", actor="kim", reason="her letter")
    people.go()
    asked = {one.crm_id: one for one in refused.standing(store, ACCOUNT)}
    assert set(asked) == {lead, contact} and erased_before == 0
    assert {one.code for one in asked.values()} == {"ERASED"}
    refused.settle(store, asked[lead].number, "released", actor="kim", reason="yes")
    refused.settle(store, asked[contact].number, "dropped", actor="kim", reason="the law wants her invoices")
    people.go(by="kim")
    assert (people.row(lead)["IsDeleted"], people.row(contact)["IsDeleted"]) == (True, False)
    assert people.silent() and refused.standing(store, ACCOUNT) == []


def test_whoever_is_erased_stays_so_through_a_merge(store: Store, org: Org, policy: Policy) -> None:
    people = people_of(store, org, policy, way="delete")
    lead, contact = converted(org, "merge")
    people.links = {lead: "merge-bo", contact: "merge-anna"}
    anna(people, "merge-anna")
    anna(people, "merge-bo")
    people.go()
    erase(store, ACCOUNT, "merge-bo", actor="kim", reason="letter")
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE identity SET redirect_to = 'merge-anna' WHERE identity_id = 'merge-bo'"))
    people.links[lead] = "merge-anna"
    people.go(by="kim")
    assert people.row(lead)["IsDeleted"] and people.row(contact)["IsDeleted"]


def test_an_erasure_wants_a_name_a_reason_and_somebody_who_is_there(store: Store) -> None:
    with pytest.raises(GateClosed):
        erase(store, ACCOUNT, "nobody", actor="kim", reason=" ")
    with pytest.raises(NotFound):
        erase(store, ACCOUNT, "nobody", actor="kim", reason="letter")
