"""Who has the last word in a field, as the policy's owners say it, on the way that leads take to the CRM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import GateClosed
from landbridge.push import policy as policies
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, Crm, a_run, access, books, changes, put_lead, sync

TRUST = ("billing", "salesforce", "zendesk")
WORDS = "--- Landbridge ---\n"


def rules(folder: Path, field: str, said: str) -> Policy:
    """A policy of one field beside the last name."""
    (folder / "crm").mkdir(exist_ok=True)
    file = folder / "crm" / "salesforce.yaml"
    head = "system: salesforce\nversion: 1\nexternal_id: Landbridge_Id__c\nobjects:\n  Lead:\n    create: true\n"
    fields = f"    fields:\n      LastName: {{from: last_name, max: 80, default: '?'}}\n      {field}: {said}\n"
    file.write_text(head + fields, encoding="utf-8")
    return policies.load_policy(file)


def go(store: Store, crm: Crm, policy: Policy, links: dict[str, str]) -> Run:
    with a_run(store) as run:
        sync(store, run, crm, links)
        make_plan(run, policy, ACCOUNT, TRUST)
        push(run, crm.connector(), access(), policy)
    return run


def put(store: Store, *, source: str = "zendesk/users/1", at: str = "2026-05-01T00:00:00Z", **fields: Any) -> None:
    """Anna's lead, whose values come from `source`, which was last changed `at`."""
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Arnesen", **fields)
    account, stream, key = source.split("/")
    with store.begin() as connection:
        connection.execute(sa.text("DELETE FROM profile WHERE profile_id = :id"), {"id": source})
        connection.execute(
            sa.text("""INSERT INTO profile (profile_id, account, stream, key, record_id, updated_at, mapping, digest,
                                            run_id)
                       VALUES (:id, :account, :stream, :key, 1, :at, 'm', 'd', 'r')"""),
            {"id": source, "account": account, "stream": stream, "key": key, "at": at},
        )
        connection.execute(
            sa.text(
                """UPDATE lead SET origin = (SELECT jsonb_object_agg(k, jsonb_build_object('profile', :id::text))
                                                 FROM jsonb_object_keys(fields) k)""".replace(
                    ":id::text", "CAST(:id AS text)"
                )
            ),
            {"id": source},
        )


@pytest.mark.parametrize(
    ("edited", "ours", "wins"),
    [
        ("2026-04-30T23:59:59.000+0000", "2026-05-01T00:00:00Z", True),
        ("2026-05-01T00:00:00.000+0000", "2026-05-01T00:00:00Z", False),
    ],
)
def test_the_newest_wins(store: Store, crm: Crm, tmp_path: Path, edited: str, ours: str, wins: bool) -> None:
    policy = rules(tmp_path, "Title", "{from: title, owner: newest}")
    lead = crm.put("Lead", LastName="Arnesen", Title="Mate", LastModifiedDate=edited)
    put(store, at=ours, title="Captain")
    go(store, crm, policy, {lead: "anna"})
    assert crm.rows["Lead"][lead]["Title"] == ("Captain" if wins else "Mate")
    told = changes(store)[-1]["conflicts"]["Title"]
    assert (told["kept"], told["why"]) == ("ours" if wins else "theirs", "newest")


@pytest.mark.parametrize(
    ("source", "wins"), [("billing/customers/1", True), ("zendesk/users/1", False), ("x/users/1", False)]
)
def test_the_most_trusted_wins(store: Store, crm: Crm, tmp_path: Path, source: str, wins: bool) -> None:
    policy = rules(tmp_path, "Title", "{from: title, owner: most_trusted}")
    lead = crm.put("Lead", LastName="Arnesen", Title="Mate")
    put(store, source=source, title="Captain")
    go(store, crm, policy, {lead: "anna"})
    assert crm.rows["Lead"][lead]["Title"] == ("Captain" if wins else "Mate")


def test_what_we_append_stands_once_below_what_people_wrote(store: Store, crm: Crm, tmp_path: Path) -> None:
    policy = rules(tmp_path, "Landbridge_Reasons__c", "{from: reasons, owner: append, max: 100}")
    lead = crm.put("Lead", LastName="Arnesen", Landbridge_Reasons__c="Met in Bergen.\r\nLikes boats.")
    row, links = crm.rows["Lead"][lead], {lead: "anna"}
    put(store, reasons="asked for a price")
    go(store, crm, policy, links)
    assert row["Landbridge_Reasons__c"] == f"Met in Bergen.\nLikes boats.\n{WORDS}asked for a price"
    go(store, crm, policy, links)
    assert row["Landbridge_Reasons__c"].count("asked for a price") == 1
    row["Landbridge_Reasons__c"] = row["Landbridge_Reasons__c"].replace("Likes boats.", "Likes ships.")
    put(store, reasons="asked for a demo")
    go(store, crm, policy, links)
    assert row["Landbridge_Reasons__c"] == f"Met in Bergen.\nLikes ships.\n{WORDS}asked for a demo"
    put(store, reasons="x" * 90)
    writes = len(crm.writes)
    assert books(go(store, crm, policy, links), "plan") == {"taken": 1, "held": 1}, "nobody's words are cut for ours"
    row["Landbridge_Reasons__c"] = "Mine again."
    put(store, reasons="asked for a demo again")
    assert books(go(store, crm, policy, links), "plan") == {"taken": 1, "held": 1}, "what somebody took away stays away"
    assert len(crm.writes) == writes


def test_what_we_wrote_is_emptied_where_the_policy_says_so(store: Store, crm: Crm, tmp_path: Path) -> None:
    policy = rules(tmp_path, "Title", "{from: title, when_empty: clear}")
    put(store, title="Captain")
    go(store, crm, policy, {})
    (row,) = crm.rows["Lead"].values()
    put(store)
    go(store, crm, policy, {})
    assert row["Title"] is None
    assert books(go(store, crm, policy, {}), "plan") == {"taken": 1, "unchanged": 1}
    row["Title"] = "Mate"
    assert books(go(store, crm, policy, {}), "plan")["taken"] == 1
    assert row["Title"] == "Mate"


@pytest.mark.parametrize(
    ("field", "said", "value", "why"),
    [
        ("Email", "{from: email, type: email, max: 20}", "a@a-very-long-domain.example", "too_long"),
        ("Landbridge_Intent__c", "{from: intent, one_of: [Hot, Cold]}", "Tepid", "not_listed"),
    ],
)
def test_a_value_that_cannot_stand_there_is_left_out_and_told(
    store: Store, crm: Crm, tmp_path: Path, field: str, said: str, value: str, why: str
) -> None:
    policy = rules(tmp_path, field, said)
    source = {"Email": "email", "Landbridge_Intent__c": "intent"}[field]
    put(store, **{source: value})
    go(store, crm, policy, {})
    (row,) = crm.rows["Lead"].values()
    assert row.get(field) is None
    assert changes(store)[-1]["conflicts"][field] == {
        "ours": value,
        "theirs": None,
        "last": None,
        "kept": "theirs",
        "why": why,
    }
    assert books(go(store, crm, policy, {}), "plan") == {"taken": 1, "held": 1}


def test_a_protected_field_waits_for_somebody(store: Store, crm: Crm, tmp_path: Path) -> None:
    policy = rules(tmp_path, "Title", "{from: title, conflict: hub, protected: true}")
    put(store, title="Captain")
    go(store, crm, policy, {})
    assert len(crm.writes) == 1, "a record that we create has nothing yet that could be protected"
    put(store, title="Owner")
    with pytest.raises(GateClosed, match="1 change, 1 of them of a protected field"):
        go(store, crm, policy, {})
    approve(store, changes(store)[-1]["plan_id"], actor="kim", reason="asked her")
    go(store, crm, policy, {})
    (row,) = crm.rows["Lead"].values()
    assert row["Title"] == "Owner"
