"""Results of a file that are not as they should be: nothing is believed, nothing is lost, and nothing waits for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Access, Results
from connectors.salesforce import CONNECTOR
from connectors.salesforce_bulk import SalesforceBulk
from connectors.salesforce_client import client
from landbridge.errors import SourceChanged
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.revert.planning import revert, subject
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.push.crm import ACCOUNT, EXTERNAL, a_run, books, changes
from tests.push.org import Org, by_file
from tests.push.test_actions import plan_by_hand
from tests.push.test_bulk import go, jobs, leads

PEOPLE, OPTIONS = 5, ("--fault-timeout", "2")
Rows = list[dict[str, str]]
RAGGED = f'"sf__Id","sf__Error","{EXTERNAL}"\n1,2,3,4\n'


@pytest.fixture
def filing(policy: Policy) -> Policy:
    return by_file(policy)


class Edited(SalesforceBulk):
    """A CRM of which one list of results is another."""

    def __init__(self, edit: Callable[[Path], None], name: str = "done") -> None:
        self.edit, self.name = edit, name

    def results(self, access: Access, job_id: str, new_file: Callable[[], Path]) -> Results:
        told = super().results(access, job_id, new_file)
        self.edit(getattr(told, self.name))
        return told


def rows(change: Callable[[Rows], Rows]) -> Callable[[Path], None]:
    """An edit of a list's rows."""

    def edit(file: Path) -> None:
        told = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        out = io.StringIO()
        writer = csv.DictWriter(out, told[0])
        writer.writeheader()
        writer.writerows(change(told))
        file.write_text(out.getvalue(), encoding="utf-8")

    return edit


ODD = {
    "no id": lambda told: [row | {"sf__Id": ""} for row in told],
    "no such id": lambda told: [row | {"sf__Id": "<b>00Q</b>"} for row in told],
    "one id": lambda told: [row | {"sf__Id": told[0]["sf__Id"]} for row in told],
    "one twice, one never": lambda told: [told[0], told[0], *told[2:]],
    "a stranger": lambda told: [told[0] | {EXTERNAL: "whoever"}, *told[1:]],
}


@pytest.mark.parametrize("kind", ODD)
def test_rows_that_cannot_be_are_looked_up_and_told(store: Store, org: Org, filing: Policy, kind: str) -> None:
    prefix = kind.title().replace(" ", "").replace(",", "")
    leads(store, prefix, 3)
    with a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=Edited(rows(ODD[kind]))), org.access, filing)
    assert books(run, "push") == {"taken": 3, "new": 3}
    ids = {row["Id"] for row in org.rows(f"{prefix}-").values()}
    assert {change["crm_id"] for change in changes(store)} == ids and len(ids) == 3
    assert [job["state"] for job in jobs(store)] == ["aborted"]
    assert "bulk.unbalanced" in {event.kind for event in audit.newest(store, 50)}


def test_a_list_without_rows_lacks_no_columns(store: Store, org: Org, filing: Policy) -> None:
    def bare(file: Path) -> None:
        file.write_text('"sf__Id","sf__Error"\n')

    leads(store, "Bare", 3)
    with a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=Edited(bare, "failed")), org.access, filing)
    assert books(run, "push") == {"taken": 3, "new": 3} and jobs(store)[0]["state"] == "settled"


def test_results_that_nobody_can_read_hold_up_one_run_only(store: Store, org: Org, filing: Policy) -> None:
    def ragged(file: Path) -> None:
        file.write_text(RAGGED)

    odd = replace(CONNECTOR, bulk=Edited(ragged, "failed"))
    leads(store, "Ragged", 3)
    with pytest.raises(SourceChanged), a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, odd, org.access, filing)
    with a_run(store) as run:
        push(run, odd, org.access, filing)
    assert books(run, "push") == {"taken": 3, "new": 3}
    assert {change["state"] for change in changes(store)} == {"done"} and len(org.rows("Ragged-")) == 3


def test_campaign_places_that_were_given_by_file_are_taken_back_by_file(store: Store, org: Org, filing: Policy) -> None:
    """Their before-image names the lead by its external id: that is no field which could be looked at."""
    with client(org.access) as force:
        campaign = force.query("SELECT Id FROM Campaign LIMIT 1")["records"][0]["Id"]
    leads(store, "Place", 2)
    go(store, org, filing)
    place = {"object": "CampaignMember", "action": "create", "match_field": EXTERNAL}
    members = [
        place
        | {"match_value": f"m{n}", "identity_id": f"Place-{n}"}
        | {"after": {"Status": "Responded", "CampaignId": campaign, "Lead": {EXTERNAL: f"Place-{n}"}}}
        for n in range(2)
    ]
    with a_run(store) as run:
        plan_by_hand(store, run, *members, kind="push")
        push(run, CONNECTOR, org.access, by_file(filing, least=1000))
        planned = revert(run, filing, ACCOUNT, subject(store, ACCOUNT, run.run_id))
    assert planned.plan_id is not None and planned.changes == 2
    approve(store, planned.plan_id, actor="kim", reason="not invited")
    with a_run(store) as again:
        push(again, CONNECTOR, org.access, filing)
    assert books(again, "push") == {"taken": 2, "changed": 2}
    assert [job["object"] for job in jobs(store)] == ["Lead", "CampaignMember"]
