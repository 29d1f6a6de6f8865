"""Several CRM records of one person become one, by the policy's word; and two again when they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_write import write
from landbridge.errors import GateClosed
from landbridge.push import refused
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.mirror.combining import _FOLDED, _LAID
from landbridge.push.mirror.rules import Merged
from landbridge.push.plan import _STAGED, make_plan
from landbridge.push.policy import Policy
from landbridge.push.revert.planning import revert, subject
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, a_run, books, put_lead, take_in
from tests.push.org import Org
from tests.push.test_activities import touch
from tests.push.test_split import state

STREAMS = ("Lead", "Contact", "Campaign", "CampaignMember")
MARK = "Landbridge_Merged_Into__c"
FILL = ("Description", "MobilePhone")


def made(org: Org, name: str, key: str, **values: Any) -> str:
    """A record that a rep typed into the CRM; answers its Id."""
    needed = {"Lead": {"LastName": "Berg", "Company": "Berg AS"}, "Contact": {"LastName": "Berg"}}.get(name, {})
    field = "Legacy_Id__c" if name in ("Lead", "Contact") else "Landbridge_Id__c"
    (receipt,) = write(org.access, [Write("r", name, field, key, needed | values)])
    assert receipt.id, receipt
    return receipt.id


class People:
    """A store and an org that are read, planned and pushed by one policy; `links` says whose a record is."""

    def __init__(self, store: Store, org: Org, policy: Policy, merged: Merged) -> None:
        self.store, self.org = store, org
        self.policy = replace(policy, merged=merged)
        self.links: dict[str, str] = {}

    def rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What hangs together with our people, deleted or not, by object and Id."""
        read = {
            name: {row["Id"]: row for page in CONNECTOR.read(self.org.access, name, None) for row in page.rows}
            for name in STREAMS
        }
        mine = set(self.links)
        read["CampaignMember"] = {
            key: row for key, row in read["CampaignMember"].items() if {row["LeadId"], row["ContactId"]} & mine
        }
        return {name: {k: r for k, r in rows.items() if k in mine or name not in ("Lead", "Contact")}
                for name, rows in read.items()}  # fmt: skip

    def row(self, crm_id: str) -> dict[str, Any]:
        return next(rows[crm_id] for rows in self.rows().values() if crm_id in rows)

    def plan(self) -> tuple[Run, str | None]:
        with a_run(self.store) as run:
            take_in(self.store, run, self.rows(), self.links)
            return run, make_plan(run, self.policy, ACCOUNT)

    def go(self, by: str | None = None) -> Run:
        """Read, plan, approve where somebody does, push."""
        _, plan_id = self.plan()
        if by and plan_id:
            approve(self.store, plan_id, actor=by, reason="the same person")
        with a_run(self.store) as run:
            push(run, CONNECTOR, self.org.access, self.policy)
        return run

    def silent(self) -> bool:
        """Whether another run writes nothing and asks nothing."""
        before = self.org.writes()
        self.go()
        return self.org.writes() == before


def anna(people: People, who: str, **fields: Any) -> None:
    with a_run(people.store) as run:
        put_lead(people.store, run, who, last_name="Berg", company="Berg AS", **fields)


def test_two_leads_become_one_and_the_other_is_marked(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master", fill=FILL))
    old = made(org, "Lead", "mark-1", MobilePhone="1")
    new = made(org, "Lead", "mark-2", MobilePhone="2", Description="Met at the fair")
    people.links = {old: "mark-anna", new: "mark-anna"}
    anna(people, "mark-anna", title="Mate")
    run, _ = people.plan()
    assert books(run, "mirror") == {"taken": 1, "changed": 1}
    people.go()
    kept, other = people.row(old), people.row(new)
    assert (kept["MobilePhone"], kept["Description"], kept["Title"]) == ("1", "Met at the fair", "Mate")
    assert (other[MARK], other["MobilePhone"], other["IsDeleted"]) == (old, "2", False)
    assert people.silent()


def test_what_was_made_one_is_two_again_after_a_split(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master", fill=FILL))
    old, new = made(org, "Lead", "split-1"), made(org, "Lead", "split-2", Description="His own")
    people.links = {old: "split-anna", new: "split-anna"}
    anna(people, "split-anna")
    people.go()
    assert (people.row(old)["Description"], people.row(new)[MARK]) == ("His own", old)
    people.links[new] = "split-carl"
    anna(people, "split-carl")
    with a_run(store) as run:
        event = f"VALUES ('split', 'split-anna', 'split-carl', '{run.run_id}')"
        state(store, f"INSERT INTO identity_event (kind, identity_id, other_id, run_id) {event}")
    people.go()
    assert (people.row(old)["Description"], people.row(new)[MARK], people.row(new)["Description"]) == (
        None, None, "His own",
    )  # fmt: skip
    assert people.silent()


def test_a_lead_goes_into_a_contact_only_when_somebody_said_so(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master", others="delete", fill=FILL))
    contact = made(org, "Contact", "gone-c")
    lead = made(org, "Lead", "gone-l", Description="Wants a boat", Status="Working - Contacted", Title="Skipper")
    people.links = {contact: "gone-anna", lead: "gone-anna"}
    anna(people, "gone-anna")
    with pytest.raises(GateClosed, match="1 of them deletions"):
        people.go()
    assert people.row(lead)["IsDeleted"] is False
    people.go(by="kim")
    assert people.row(lead)["IsDeleted"] is True
    assert people.row(contact)["Description"] == "Wants a boat"
    assert people.silent()
    # Two again: the lead is made again, with what it held and not only what we know of him.
    people.links[lead] = "gone-carl"
    anna(people, "gone-carl")
    with a_run(store) as run:
        event = f"VALUES ('split', 'gone-anna', 'gone-carl', '{run.run_id}')"
        state(store, f"INSERT INTO identity_event (kind, identity_id, other_id, run_id) {event}")
    people.go()
    (again,) = org.rows("gone-carl").values()
    assert (again["Description"], again["Title"], people.row(contact)["Description"]) == (
        "Wants a boat", "Skipper", None,
    )  # fmt: skip
    people.links[again["Id"]] = "gone-carl"
    assert people.silent()


def test_a_lead_on_which_people_worked_is_marked_and_not_deleted(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master", others="delete"))
    contact, lead = made(org, "Contact", "work-c"), made(org, "Lead", "work-l")
    campaign = made(org, "Campaign", "work-campaign", Name="Winter")
    made(org, "CampaignMember", "work-member", CampaignId=campaign, LeadId=lead)
    people.links = {contact: "work-anna", lead: "work-anna"}
    anna(people, "work-anna")
    people.go()
    assert (people.row(lead)["IsDeleted"], people.row(lead)[MARK]) == (False, contact)
    assert people.silent()


def test_our_places_in_campaigns_go_with_the_person(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master", others="delete"))
    campaign = made(org, "Campaign", "place-campaign", Name="Spring")
    lead = made(org, "Lead", "place-l")
    people.links = {lead: "place-anna"}
    anna(people, "place-anna")
    with a_run(store) as run:
        take_in(store, run, people.rows(), people.links)
    touch(store, "zendesk/tickets/place", "place-anna", "email_clicked", campaign=campaign)
    people.go()
    (place,) = people.rows()["CampaignMember"].values()
    assert (place["LeadId"], place["Status"]) == (lead, "Responded")
    contact = made(org, "Contact", "place-c")
    people.links[contact] = "place-anna"
    people.go(by="kim")
    places = [row for row in people.rows()["CampaignMember"].values() if not row["IsDeleted"]]
    assert contact in [row["ContactId"] for row in places]
    assert people.silent()


def test_a_task_moves_to_the_contact_that_stays(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="master"))
    second = made(org, "Contact", "task-2")
    deal = made(org, "Opportunity", "task-deal", Name="Boats", StageName="Prospecting", CloseDate="2027-01-01",
                ContactId=second)  # fmt: skip
    people.links = {second: "task-anna"}
    anna(people, "task-anna")
    with a_run(store) as run:
        rows = {row["Id"]: row for page in CONNECTOR.read(org.access, "Opportunity", None) for row in page.rows}
        take_in(store, run, people.rows() | {"Opportunity": {deal: rows[deal]}}, people.links)
    touch(store, "zendesk/tickets/task", "task-anna", "ticket")
    people.go()
    task = the_task(org)
    assert task["WhoId"] == second
    first = made(org, "Contact", "task-1")
    state(store, 'UPDATE record SET payload = replace(payload, \'"CreatedDate": "2\', \'"CreatedDate": "3\')')
    people.links[first] = "task-anna"
    with a_run(store) as run:
        take_in(store, run, people.rows(), people.links)
    state(
        store,
        f"""UPDATE record SET payload = jsonb_set(payload::jsonb, '{{CreatedDate}}', '"2001-01-01T00:00:00Z"')::text
            WHERE key = '{first}'""",
    )
    with a_run(store) as run:
        make_plan(run, people.policy, ACCOUNT)
        push(run, CONNECTOR, org.access, people.policy)
    stays, goes = (second, first) if people.row(first)[MARK] else (first, second)
    assert people.row(goes)[MARK] == stays
    assert the_task(org)["WhoId"] == stays


def the_task(org: Org) -> dict[str, Any]:
    assert CONNECTOR.look_up
    found = CONNECTOR.look_up(
        org.access, "Task", "Landbridge_Id__c", ["zendesk/tickets/task"], ["Id", "WhoId", "Subject"]
    )
    return dict(found["zendesk/tickets/task"])


def test_a_note_is_left_once_and_nothing_else(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="note"))
    contact, lead = made(org, "Contact", "note-c"), made(org, "Lead", "note-l")
    people.links = {contact: "note-anna", lead: "note-anna"}
    anna(people, "note-anna")
    people.go()
    assert CONNECTOR.look_up
    key = f"merged/{lead}/{contact}".lower()
    told = CONNECTOR.look_up(org.access, "Task", "Landbridge_Id__c", [key], ["WhoId", "OwnerId", "Description"])[key]
    assert (told["WhoId"], told["OwnerId"]) == (contact, people.row(contact)["OwnerId"])
    assert lead in told["Description"]
    assert people.row(lead)[MARK] is None and people.silent()


def test_a_question_waits_for_a_yes_or_a_no(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="ask"))
    old, yes, no = (made(org, "Lead", f"ask-{number}") for number in range(3))
    people.links = dict.fromkeys((old, yes, no), "ask-anna")
    anna(people, "ask-anna")
    people.go()
    asked = {one.crm_id: one for one in refused.standing(store, ACCOUNT)}
    assert set(asked) == {yes, no} and {one.code for one in asked.values()} == {"MERGED"}
    assert old in asked[yes].message and people.silent()
    refused.settle(store, asked[yes].number, "released", actor="kim", reason="I know her")
    refused.settle(store, asked[no].number, "dropped", actor="kim", reason="her brother")
    people.go()
    assert (people.row(yes)[MARK], people.row(no)[MARK]) == (old, None)
    assert refused.standing(store, ACCOUNT) == [] and people.silent()


def test_a_question_that_nobody_need_answer_is_withdrawn(store: Store, org: Org, policy: Policy) -> None:
    people = People(store, org, policy, Merged(way="ask"))
    one, two = made(org, "Lead", "idle-1"), made(org, "Lead", "idle-2")
    people.links = {one: "idle-anna", two: "idle-anna"}
    anna(people, "idle-anna")
    people.go()
    assert len(refused.standing(store, ACCOUNT)) == 1
    people.links[two] = "idle-bo"
    people.go()
    assert refused.standing(store, ACCOUNT) == []


def taken_back(people: People, what: str) -> None:
    """Revert, in somebody's name."""
    describe = CONNECTOR.describe
    assert describe
    with a_run(people.store) as run:
        take_in(people.store, run, people.rows(), people.links)
        about = subject(people.store, ACCOUNT, what)
        told = revert(run, people.policy, ACCOUNT, about, describe=lambda name: describe(people.org.access, name))
    assert told.plan_id
    approve(people.store, told.plan_id, actor="kim", reason="two after all")
    with a_run(people.store) as run:
        push(run, CONNECTOR, people.org.access, people.policy)


def done(store: Store, action: str) -> Any:
    """The newest change of a Lead that did so."""
    query = f"""SELECT change_id, crm_id FROM change WHERE action = '{action}' AND object = 'Lead' AND state = 'done'
                ORDER BY change_id DESC LIMIT 1"""
    with store.begin() as connection:
        return connection.execute(sa.text(query)).one()


@pytest.mark.parametrize("others", ["mark", "delete"])
def test_being_made_one_is_taken_back_and_not_done_again(store: Store, org: Org, policy: Policy, others: Any) -> None:
    people = People(store, org, policy, Merged(way="master", others=others, fill=FILL))
    contact, lead = made(org, "Contact", f"back-{others}-1"), made(org, "Lead", f"back-{others}-2", Description="Hers")
    people.links = dict.fromkeys((contact, lead), f"back-{others}")
    anna(people, f"back-{others}")
    run = people.go(by="kim")
    assert people.row(contact)["Description"] == "Hers"
    taken_back(people, run.run_id)
    assert people.row(contact)["Description"] is None
    if others == "delete":
        again = done(store, "create").crm_id
        people.links[again] = f"back-{others}"
        lead = again
    row = people.row(lead)
    assert (row[MARK], row["Description"], row["IsDeleted"]) == (None, "Hers", False)
    assert people.silent()


def test_a_lead_that_is_made_again_beside_its_master_is_not_taken_for_it(
    store: Store, org: Org, policy: Policy
) -> None:
    people = People(store, org, policy, Merged(way="master", others="delete"))
    master, other = made(org, "Lead", "beside-1"), made(org, "Lead", "beside-2", Title="Skipper")
    people.links = dict.fromkeys((master, other), "beside-anna")
    anna(people, "beside-anna")
    people.go(by="kim")
    taken_back(people, str(done(store, "delete").change_id))
    again = done(store, "create").crm_id
    people.links[again] = "beside-anna"
    assert again not in (master, other) and people.row(again)["Title"] == "Skipper"
    assert people.row(master)["Title"] is None
    assert people.silent()


_TWO = """
INSERT INTO mirrored (identity_id, object, action, match_field, match_value, before, after, origin, lead_digest)
VALUES ('anna', 'Lead', 'update', 'Id', '00Q1', '{"Title": null}', '{"Title": "Mate"}', '{"Title": {}}', 'd'),
       ('anna', 'Lead', 'update', 'Id', '00Q1', '{"City": "Rome"}', '{"City": "Oslo"}', '{"City": {}}', 'd'),
       ('bo', 'Lead', 'delete', 'Id', '00Q2', '{"City": "Rome"}', '{}', '{}', 'd')
"""


def test_what_mirrors_is_laid_together_in_one_reading(store: Store) -> None:
    """A first load may have tens of thousands of duplicates: looking through all of them for each takes minutes."""
    with store.begin() as connection:
        for statement in (_STAGED, "CREATE TEMP TABLE mirrored (LIKE wanted) ON COMMIT DROP", _TWO, _LAID):
            connection.execute(sa.text(statement))
        steps = "\n".join(connection.scalars(sa.text(f"EXPLAIN {_FOLDED}")))
        assert steps.count("Scan on mirrored") == 1 and "SubPlan" not in steps
        connection.execute(sa.text(_FOLDED))
        rows = connection.execute(sa.text("SELECT match_value, before, after, origin FROM folded ORDER BY 1"))
        assert [tuple(row) for row in rows] == [
            ("00Q1", {"Title": None, "City": "Rome"}, {"Title": "Mate", "City": "Oslo"}, {"Title": {}, "City": {}}),
            ("00Q2", {"City": "Rome"}, {}, {}),
        ]
