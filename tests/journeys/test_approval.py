"""The first contact with a CRM is a dry run, somebody approves it, holds part of it, and drops what shall not leave."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.journeys.conftest import Begin, Journey

pytestmark = pytest.mark.slow


def shown(journey: Journey, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(journey.landbridge("plan", *words, "--json"))
    return told


def asking(journey: Journey) -> None:
    """The account as a real one is: its first load waits for somebody."""
    file = journey.home / "landbridge.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["accounts"]["salesforce"].pop("options")
    file.write_text(yaml.safe_dump(settings))


def test_first_contact_is_looked_at_held_in_part_and_approved(begin: Begin) -> None:
    with begin(people=40) as journey:
        asking(journey)
        told = journey.landbridge("run", code=3)
        assert "never wrote to" in told and "landbridge plan" in told
        assert journey.crm_writes() == 0, "a dry run"
        plan = shown(journey)
        assert (plan["state"], plan["creates"] > 3) == ("planned", True)

        # No name, no reason: nothing leaves.
        assert "wants a reason" in journey.landbridge("push", "--approve", plan["plan_id"], "--as", "kim", code=3)
        words = ("push", "--approve", plan["plan_id"], "--as", "somebody", "--reason", "fine")
        assert "wants a name" in journey.landbridge(*words, code=3)
        assert journey.crm_writes() == 0

        # One customer is held, and one field of everybody.
        held = next(row for row in plan["changes"] if row["action"] == "create")
        number, whom = str(held["change_id"]), held["identity"]
        journey.landbridge("hold", number, "--as", "kim", "--reason", "she asked us to wait")
        journey.landbridge("hold", "everybody", "--field", "Title", "--as", "kim", "--reason", "titles are wrong")
        listed = json.loads(journey.landbridge("hold", "--json"))
        assert {(one["identity_id"], one["field"], one["actor"]) for one in listed} == {
            (whom, None, "kim"), (None, "Title", "kim"),
        }  # fmt: skip
        assert "h1" in journey.landbridge("hold") and "titles are wrong" in journey.landbridge("hold")

        # What is left of the plan is approved, and goes; what is held does not.
        plan = shown(journey)
        assert whom not in {row["identity"] for row in plan["changes"] if row["object"] == "Lead"}
        assert "Title" not in {row["field"] for row in plan["changes"] if row["kind"] != "keep"}
        before = titles(journey)
        journey.landbridge("push", "--approve", plan["plan_id"], "--as", "kim", "--reason", "looks right")
        assert journey.crm_writes() > 0
        assert (whom not in ours(journey), titles(journey)) == (True, before)
        leads = (row for row in plan["changes"] if row["object"] == "Lead")
        creates = {row["identity"] for row in leads if row["action"] == "create"}
        assert creates and creates <= ours(journey)

        # Let go again, it is a small plan: it leaves by itself.
        journey.landbridge("hold", number, "--release", "--as", "kim", "--reason", "she said yes")
        assert "Nothing is held" in journey.landbridge("hold", number, "--release", "--as", "kim", code=66)
        journey.run()
        assert whom in ours(journey)
        assert journey.landbridge("hold", "--json") != "[]", "the titles are held still"


def test_a_plan_that_shall_not_leave_is_dropped_by_somebody(begin: Begin) -> None:
    with begin(people=40) as journey:
        asking(journey)
        journey.landbridge("run", code=3)
        plan = shown(journey)["plan_id"]
        journey.landbridge("plan", plan, "--drop", "--as", "kim", code=2)
        journey.landbridge("plan", plan, "--drop", "--as", "kim", "--reason", "the wrong rules")
        dropped = shown(journey, plan)
        assert (dropped["state"], dropped["changes"]) == ("superseded", [])
        assert journey.rows(f"SELECT dropped_by, dropped_why FROM plan WHERE plan_id = '{plan}'") == [
            ("kim", "the wrong rules")
        ]
        words = ("push", "--approve", plan, "--as", "kim", "--reason", "after all")
        assert "No plan" in journey.landbridge(*words, code=66)
        assert journey.crm_writes() == 0
        assert shown(journey)["plan_id"] != plan, "what we still want is planned anew"
        assert "plan.dropped" in journey.landbridge("audit", "list")


def ours(journey: Journey) -> set[str]:
    """The external ids that we wrote."""
    return {row["Landbridge_Id__c"] for row in journey.crm()["Lead"].values() if row.get("Landbridge_Id__c")}


def titles(journey: Journey) -> list[str]:
    """The titles that stand in the CRM."""
    return sorted(
        row["Title"] for name in ("Lead", "Contact") for row in journey.crm()[name].values() if row.get("Title")
    )
