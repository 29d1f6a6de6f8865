"""What happened goes where it belongs in the CRM, each touchpoint once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from landbridge.push import holds
from landbridge.push.activities.rules import Activities, TaskRule
from landbridge.push.holds import About
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, books, changes, put_lead, sync

ANNA: dict[str, Any] = {"last_name": "Arnesen", "email": "anna@fjord.example"}
DEAL, OWNER, CAMPAIGN = "006000000000000AAA", "005000000000000AAA", "701000000000000AAA"


def land(store: Store, stream: str, key: str, **payload: Any) -> None:
    """A record of the CRM that stands for no person, as landing keeps it."""
    where = {"account": ACCOUNT, "stream": stream, "key": key}
    row = where | {"payload": json.dumps({"Id": key, "IsDeleted": False} | payload)}
    with store.begin() as c:
        c.execute(
            sa.text("DELETE FROM record_head WHERE account = :account AND stream = :stream AND key = :key"), where
        )
        made = c.scalar(
            sa.text("""INSERT INTO record (account, stream, key, version, digest, payload, run_id)
                       VALUES (:account, :stream, :key, 1, 'd', :payload, 'r') RETURNING record_id"""),
            row,
        )
        c.execute(
            sa.text("INSERT INTO record_head VALUES (:account, :stream, :key, :record, 1, 'd')"),
            where | {"record": made},
        )


def touch(
    store: Store, touchpoint: str, identity: str, kind: str, at: str = "2026-05-01T10:00:00Z", **said: Any
) -> None:
    """Something that happened with a person, who is known in Zendesk."""
    profile = f"zendesk/users/{identity}"
    with store.begin() as c:
        if not c.scalar(sa.text("SELECT count(*) FROM link WHERE profile_id = :p"), {"p": profile}):
            c.execute(
                sa.text("""INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
                           VALUES (:p, 'zendesk', 'users', :i, 1, 'm', 'd', 'r')"""),
                {"p": profile, "i": identity},
            )
            c.execute(
                sa.text("""INSERT INTO link (profile_id, identity_id, how, model, run_id)
                           SELECT :p, :i, 'single', '1', run_id FROM run LIMIT 1"""),
                {"p": profile, "i": identity},
            )
        row = {"subject": None, "text": None, "url": None, "campaign": None} | said
        c.execute(
            sa.text("""INSERT INTO touchpoint (touchpoint_id, account, stream, record_id, person, kind, at, subject,
                                               text, url, campaign, mapping, digest, run_id)
                       VALUES (:t, 'zendesk', 'tickets', 1, :p, :kind, :at, :subject,
                               :text, :url, :campaign, 'm', 'd', 'r')"""),
            row | {"t": touchpoint, "p": profile, "kind": kind, "at": at},
        )


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def made(store: Store, kind: str) -> list[dict[str, Any]]:
    return [c["after"] for c in changes(store) if c["object"] == kind and c["state"] == "done"]


def activities(run: Run) -> dict[str, int]:
    return books(run, "activities")


@pytest.mark.parametrize("way", ["names", "part", "company"])
def test_a_contacts_touch_becomes_a_task_for_the_owner_of_the_open_deal(
    store: Store, crm: Crm, line: Line, way: str
) -> None:
    contact = crm.put("Contact", LastName="Arnesen", AccountId="001000000000000AAA")
    put(store, anna=ANNA)
    named = {"names": {"ContactId": contact}, "company": {"AccountId": "001000000000000AAA"}}.get(way, {})
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, CreatedDate="2026-01-01", **named)
    land(store, "Opportunity", "006000000000000BBB", OwnerId="closed", IsClosed=True, ContactId=contact)
    if way == "part":
        land(store, "OpportunityContactRole", "00K000000000000AAA", OpportunityId=DEAL, ContactId=contact)
    hostile = "=cmd|' /C calc'!A0 \x07 <b>\n'; DROP TABLE lead; --" + "x" * 9000
    touch(store, "zendesk/tickets/1", "anna", "ticket", subject=hostile, text=hostile, url="https://x.example")
    first = line({contact: "anna"})
    (task,) = made(store, "Task")
    assert (task["WhoId"], task["WhatId"], task["OwnerId"], task[EXTERNAL]) == (
        contact,
        DEAL,
        OWNER,
        "zendesk/tickets/1",
    )
    assert task["Subject"].startswith("Ticket: =cmd|' /C calc'!A0 <b> '; DROP TABLE lead; --")
    assert "\x07" not in task["Subject"]
    assert (len(task["Subject"]), len(task["Description"]) <= 5000, task["ActivityDate"]) == (255, True, "2026-05-01")
    assert activities(first) == {"taken": 1, "new": 1}
    again = line({contact: "anna"})
    assert activities(again) == {"taken": 1, "unchanged": 1}
    assert books(again, "push") == {}
    touch(store, "zendesk/tickets/2", "anna", "ticket", at="2026-05-02T10:00:00Z", subject="Again")
    assert activities(line({contact: "anna"})) == {"taken": 2, "unchanged": 1, "new": 1}
    assert len(made(store, "Task")) == 2


def test_touchpoints_whose_ids_differ_in_case_alone_make_two_tasks(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA)
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, CreatedDate="2026-01-01", ContactId=contact)
    for key in ("aB", "Ab", "ab"):
        touch(store, f"other/posts/{key}", "anna", "ticket", subject=key)
    line({contact: "anna"})
    assert {task["Subject"] for task in crm.rows["Task"].values()} == {"Ticket: aB", "Ticket: Ab", "Ticket: ab"}
    assert books(line({contact: "anna"}), "push") == {}


def test_no_task_without_an_open_deal_for_a_lead_or_for_what_is_old(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA, bo={"last_name": "Bo"})
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, ContactId="003000000000000ZZZ")
    touch(store, "zendesk/tickets/1", "anna", "ticket")
    touch(store, "zendesk/tickets/2", "bo", "ticket")
    touch(store, "zendesk/tickets/3", "anna", "ticket", at="2026-04-01T10:00:00Z")
    touch(store, "zendesk/tickets/4", "anna", "page_seen")
    run = line({contact: "anna"})
    assert activities(run) == {"taken": 1, "held": 1}, "only what is new, of a kind that the rules name, of a contact"
    assert made(store, "Task") == []


def test_the_newest_few_and_never_the_rest_later(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA)
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, ContactId=contact)
    for day in range(1, 6):
        touch(store, f"zendesk/tickets/{day}", "anna", "ticket", at=f"2026-05-0{day}T10:00:00Z")
    assert activities(line({contact: "anna"})) == {"taken": 5, "new": 3, "held": 2}
    assert activities(line({contact: "anna"})) == {"taken": 5, "unchanged": 3, "held": 2}
    assert [task[EXTERNAL][-1] for task in made(store, "Task")] == ["5", "4", "3"] or len(made(store, "Task")) == 3


def test_a_campaigns_touch_makes_a_member_of_a_lead_made_in_the_same_plan(store: Store, crm: Crm, line: Line) -> None:
    land(store, "Campaign", CAMPAIGN, Name="Winter check")
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA, bo={"last_name": "Bo"}, cy={"last_name": "Cy", "email_opt_out": True})
    for number, who in enumerate(("anna", "bo", "cy")):
        touch(store, f"zendesk/tickets/{number}", who, "email_opened", campaign=" winter CHECK")
    touch(store, "zendesk/tickets/7", "bo", "form_filled", campaign=CAMPAIGN[:15])
    touch(store, "zendesk/tickets/8", "bo", "form_filled", campaign="Unheard of")
    first = line({contact: "anna"})
    members = {m[EXTERNAL]: m for m in made(store, "CampaignMember")}
    assert members == {
        f"{CAMPAIGN}/anna": {
            EXTERNAL: f"{CAMPAIGN}/anna", "CampaignId": CAMPAIGN, "ContactId": contact, "Status": "Sent"
        },
        f"{CAMPAIGN}/bo": {
            EXTERNAL: f"{CAMPAIGN}/bo", "CampaignId": CAMPAIGN, "Lead": {EXTERNAL: "bo"}, "Status": "Responded"
        },
    }  # fmt: skip
    assert activities(first)["new"] == 2
    again = line({contact: "anna"})
    assert "new" not in activities(again)
    assert books(again, "push") == {}


def test_a_member_whom_marketing_made_is_one_already(store: Store, crm: Crm, line: Line) -> None:
    land(store, "Campaign", CAMPAIGN, Name="Winter check")
    contact = crm.put("Contact", LastName="Arnesen")
    land(store, "CampaignMember", "00v000000000000AAA", CampaignId=CAMPAIGN, ContactId=contact)
    put(store, anna=ANNA)
    touch(store, "zendesk/tickets/1", "anna", "email_opened", campaign="Winter check")
    assert activities(line({contact: "anna"})) == {"taken": 1, "unchanged": 1}


def test_activities_are_held_like_anything_else(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA)
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, ContactId=contact)
    touch(store, "zendesk/tickets/1", "anna", "ticket")
    holds.place(store, ACCOUNT, About("anna", "Task"), actor="kim", reason="")
    assert activities(line({contact: "anna"})) == {"taken": 1, "held": 1}
    holds.release(store, ACCOUNT, "anna", actor="kim", reason="")
    assert activities(line({contact: "anna"})) == {"taken": 1, "new": 1}


@pytest.mark.parametrize(("zone", "date"), [("UTC", "2026-05-01"), ("Pacific/Auckland", "2026-05-02")])
def test_a_task_has_the_date_of_the_orgs_time_zone(
    store: Store, crm: Crm, policy: Policy, zone: str, date: str
) -> None:
    tasks = TaskRule(touchpoints=("ticket",), time_zone=zone)
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA)
    land(store, "Opportunity", DEAL, OwnerId=OWNER, IsClosed=False, CreatedDate="2026-01-01", ContactId=contact)
    touch(store, "zendesk/tickets/1", "anna", "ticket", at="2026-05-01T20:00:00Z", subject="Evening")
    with a_run(store) as run:
        sync(store, run, crm, {contact: "anna"})
        make_plan(run, replace(policy, activities=Activities(tasks=tasks)), ACCOUNT)
    (task,) = (change["after"] for change in changes(store) if change["object"] == "Task")
    assert task["ActivityDate"] == date
    assert "2026-05-01 20:00 UTC" in task["Description"]


def test_a_time_zone_that_is_none_is_told() -> None:
    with pytest.raises(ValidationError, match="'Oslo' is no time zone"):
        TaskRule(touchpoints=("ticket",), time_zone="Oslo")
