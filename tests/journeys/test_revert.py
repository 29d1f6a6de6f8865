"""A run is taken back: the CRM is byte for byte what it was before it, except where people edited since."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Begin, Journey
from tests.sandbox.salesforce_calls import SalesforceOrg

pytestmark = pytest.mark.slow

STAMPS = ("LastModifiedDate", "LastModifiedById", "SystemModstamp")
"""What every write leaves behind, whoever takes it back."""

PROFILES = "SELECT profile_id, digest, updated_at FROM profile ORDER BY profile_id"

Rows = dict[str, dict[str, Any]]


@contextmanager
def the_org(journey: Journey) -> Iterator[SalesforceOrg]:
    """The CRM, as somebody who works in it has it before them."""
    told = journey.world["salesforce"]
    trusted = ssl.create_default_context(cafile=told["ca"])
    with httpx.Client(base_url=told["base_url"], verify=trusted) as client:
        org = SalesforceOrg(journey.world, client)
        org.use_new_session()
        yield org


def living(org: SalesforceOrg) -> Rows:
    """Every row that is not in the bin, by Id, without the stamps."""
    tables = org.client.get("/_sandbox/dump").json()
    rows = (row for table in tables.values() for row in table if not row.get("IsDeleted"))
    return {row["Id"]: {name: value for name, value in row.items() if name not in STAMPS} for row in rows}


def take_back(journey: Journey, *words: str) -> dict[str, Any]:
    """Revert, and let the plan leave in somebody's name."""
    told: dict[str, Any] = json.loads(journey.landbridge("revert", *words, "--as", "rita", "--json"))
    if told["plan_id"]:
        assert "takes back" in journey.landbridge("push", code=3), "not before somebody approved it"
        words = ("--approve", told["plan_id"], "--as", "kim", "--reason", "wrong rule", "--json")
        books = json.loads(journey.landbridge("push", *words))["balance"]
        stages = [line["stage"] for line in books]
        assert "land" in stages[stages.index("push") :], "what was written is read back, by whatever command it was"
    return told


def test_a_run_is_taken_back(begin: Begin) -> None:
    with begin(people=60) as journey, the_org(journey) as org:
        before = living(org)
        run = journey.run()["run_id"]
        profiles = journey.rows(PROFILES)
        pushed = living(org)
        made = sorted(pushed.keys() - before.keys())
        changed = sorted(key for key in before if pushed[key] != before[key])
        assert len(made) > 5
        assert len(changed) > 5

        hers, theirs = made[0], changed[0]
        field = "Landbridge_Reasons__c"
        for row_id, values in ((hers, {"Rating": "Hot"}), (theirs, {field: "I know better"})):
            kind = "Lead" if row_id.startswith("00Q") else "Contact"
            assert org.ask("PATCH", f"sobjects/{kind}/{row_id}", json=values).status_code == 204
        edited = living(org)

        told = take_back(journey, run)
        assert journey.rows("SELECT actor FROM audit_event WHERE kind = 'revert.planned'") == [("rita",)]
        assert {(left["crm_id"], left["field"]) for left in told["left"]} == {(hers, None), (theirs, field)}
        after = living(org)
        assert after.pop(hers) == edited[hers], "a lead that somebody works on stays as it is"
        assert after.pop(theirs) == before.pop(theirs) | {field: "I know better"}
        assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)

        again = journey.run()
        newly = [line for line in again["balance"] if line["stage"] == "push" and line["taken"]]
        assert newly == [], "not the same again"
        changed_since = set(journey.rows(PROFILES)) ^ set(profiles)
        assert {profile[0] for profile in changed_since} == {f"salesforce/{kind}/{theirs}"}, "our writes are no news"

        journey.landbridge("revert", told["plan_id"])
        plan = json.loads(journey.landbridge("revert", told["plan_id"], "--json"))
        journey.landbridge("push", "--approve", plan["plan_id"], "--as", "kim", "--reason", "split")
        assert _by_key(living(org)) == _by_key(edited), "and what was taken back can be brought back"
        assert "intact" in journey.landbridge("audit", "verify")


def _by_key(rows: Rows) -> dict[str, Any]:
    """Rows by our own id where they have it: what is made again gets another Id there, and another day of birth."""
    gone = ("Id", "CreatedDate", "LeadId")
    return {
        str(row.get("Landbridge_Id__c", key)): {name: value for name, value in row.items() if name not in gone}
        for key, row in rows.items()
    }
