"""A wrong merge that has left for the CRM is undone: both leads are there as before, and old ids mean their persons."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.journeys.conftest import Begin, Journey
from tests.journeys.test_revert import Rows, living, the_org
from tests.sandbox.salesforce_calls import SalesforceOrg

pytestmark = pytest.mark.slow

PEOPLE = """id,first name,last name,email,phone,company,city,created at
1,Ben,Stone,ben@stone.example,+44 20 7946 0018,Stone Ltd,,2020-01-01
2,Ben,Stone,ben@stone.example,+44 20 7946 0018,Stone Ltd,,2020-01-02
3,Carl,Ost,carl@ost.example,,Ost Ltd,Leeds,2021-01-01
4,Carl,Ost,carl@ost.example,,Ost Ltd,Leeds,2021-01-02
"""

BENS_PHONE = "+442079460018"


def profile(number: int) -> str:
    return f"exports/rows/people.csv:{number}"


def only_a_file_and_the_crm(journey: Journey) -> None:
    told = yaml.safe_load((journey.home / "landbridge.yaml").read_text())
    told["accounts"] = {
        "exports": {"system": "files", "options": {"folder": "exports"}},
        "salesforce": told["accounts"]["salesforce"],
    }
    (journey.home / "landbridge.yaml").write_text(yaml.safe_dump(told))
    (journey.home / "exports").mkdir()
    (journey.home / "exports" / "people.csv").write_text(PEOPLE)


def shown(journey: Journey, what: str) -> Any:
    return json.loads(journey.landbridge("identity", "show", what, "--json"))


def leads(org: SalesforceOrg) -> Rows:
    """The two in the CRM, and any more of their name, with what stands in them."""
    rows = ((key, row) for key, row in living(org).items() if row.get("LastName") in ("Stone", "Ost"))
    return {key: {name: value for name, value in row.items() if value is not None} for key, row in rows}


def test_a_wrong_merge_is_pushed_and_undone(begin: Begin) -> None:
    with begin(people=5) as journey, the_org(journey) as org:
        only_a_file_and_the_crm(journey)
        journey.run()
        before = leads(org)
        ben, carl = (shown(journey, profile(n))["identity_id"] for n in (1, 3))
        assert {row["Landbridge_Id__c"] for row in before.values()} == {ben, carl}

        pair = (profile(1), profile(3))
        journey.landbridge("identity", "same", *pair, "--reason", "a slip", "--as", "ada")
        journey.run()
        merged = leads(org)
        assert [row["Phone"] for row in merged.values()] == [BENS_PHONE] * 2, "the wrong merge has left"
        assert shown(journey, carl)["identity_id"] == ben

        journey.landbridge("identity", "withdraw", *pair, "--reason", "sorry", "--as", "ada")
        journey.landbridge("identity", "different", *pair, "--reason", "two", "--as", "ada")
        journey.run()
        assert leads(org) == before
        told = shown(journey, carl)
        assert [member["profile_id"] for member in told["members"]] == [profile(3), profile(4)]
        assert (told["identity_id"], told["formerly"]) == (carl, [])
        assert [event["kind"] for event in told["history"]] == ["created", "redirected", "restored"]
        assert f"{carl} means {ben} no more" in " ".join(journey.landbridge("identity", "show", carl).split())
        feed = json.loads(journey.landbridge("identity", "feed", "--json"))["events"]
        assert [(e["kind"], e["identity_id"], e["other_id"]) for e in feed[-2:]] == [
            ("restored", carl, ben),
            ("split", ben, carl),
        ]
        assert f"customer {carl}, known as" in journey.landbridge("explain", carl)
        assert [line for line in journey.run()["balance"] if line["new"] or line["changed"]] == []
        assert "intact" in journey.landbridge("audit", "verify")
