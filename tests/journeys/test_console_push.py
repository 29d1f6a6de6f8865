"""From the plan's page into the CRM: half a plan is approved and exactly that arrives; a lead that is held is mended,
judged again and arrives; in a real browser, and without JavaScript."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from landbridge import config
from landbridge.bootstrap import Hub
from landbridge.console import serve
from landbridge.console.people import users
from landbridge.console.web import session
from tests.console.conftest import browser  # noqa: F401  (a fixture)
from tests.journeys.conftest import Begin, Journey

pytestmark = pytest.mark.slow


def ask_first(journey: Journey) -> None:
    """Let the first load wait for a person."""
    path = journey.home / "landbridge.yaml"
    said = yaml.safe_load(path.read_text())
    said["accounts"]["salesforce"]["options"]["first_load"] = "ask"
    path.write_text(yaml.safe_dump(said))


@contextmanager
def page_of(journey: Journey, browser: Browser, role: str, **settings: Any) -> Iterator[Page]:  # noqa: F811
    """A browser before the project's console."""
    hub = Hub(config.load(journey.home / "landbridge.yaml"))
    hub.project.settings.__dict__["database"] = journey.database
    with hub.store.begin() as connection:
        who = users.make(connection, f"kim-{role}", "Kim", [role], actor="test").user_id
    with serve.served(hub) as address:
        context = browser.new_context(base_url=address, **settings)
        cookie = {"name": "landbridge", "value": session.begin(hub.store, who), "url": address}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page
        context.close()
    hub.close()


def leads(journey: Journey) -> dict[str, dict[str, Any]]:
    """The CRM's leads that we know, by our id."""
    told = journey.world["salesforce"]
    trusted = ssl.create_default_context(cafile=told["ca"])
    rows = httpx.get(f"{told['base_url']}/_sandbox/dump", verify=trusted).json()["Lead"]
    return {row["Landbridge_Id__c"]: row for row in rows if row.get("Landbridge_Id__c") and not row.get("IsDeleted")}


def planned(journey: Journey) -> dict[str, dict[str, Any]]:
    """The leads that stand in the plan, by our id: what would be written."""
    rows = journey.rows("SELECT identity_id, after FROM change WHERE object = 'Lead' AND state = 'planned'")
    return {row[0]: row[1] for row in rows}


def hold(page: Page, card: Any, button: str, reason: str) -> None:
    """Open the small form behind `Hold`, say why, send it."""
    card.locator("summary", has_text="Hold").first.click()
    form = card.locator("details[open] form")
    form.locator("input[name=reason]").fill(reason)
    form.get_by_role("button", name=button).click()
    expect(page.locator(".said").first).to_contain_text("held")


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_half_a_plan_is_approved_and_exactly_that_arrives(begin: Begin, browser: Browser, script: bool) -> None:  # noqa: F811
    with begin(people=40) as journey:
        ask_first(journey)
        journey.landbridge("run", code=3)
        before = leads(journey)
        with page_of(journey, browser, "approver", java_script_enabled=script) as page:
            page.goto("/plan?action=create&object=Lead")
            expect(page.locator(".waits")).to_contain_text("It waits.")
            cards = page.locator("article.change")
            whole, part = (cards.nth(n).locator("a.who").get_attribute("href").rsplit("/", 1)[1] for n in (0, 1))
            hold(page, cards.nth(0).locator("> header"), "Hold this record", "she asked us to wait")
            page.goto(f"/plan?search={part}&object=Lead")
            company = page.locator("tr", has=page.locator("th", has_text="Country")).first
            hold(page, company, "Hold this field", "ask her first")
            page.goto("/plan")
            page.locator("details.act", has_text="Approve").first.locator("summary").click()
            page.locator("details[open] input[name=reason]").fill("looked at all the others")
            page.get_by_role("button", name="Approve", exact=False).last.click()
            expect(page.locator(".said").first).to_contain_text("approved")
            wanted = planned(journey)
            assert whole not in wanted
            assert "Country" not in wanted[part]
            assert len(wanted) > 10
            plan = page.url

            page.goto("/plan")  # shows the newest that is open: this one, and nothing when it has gone
            journey.landbridge("push")
            arrived = leads(journey)
            assert arrived.keys() - before.keys() | before.keys() == wanted.keys() | before.keys()
            for identity, after in wanted.items():
                for field, value in after.items():
                    if not isinstance(value, dict):
                        assert _same(arrived[identity][field], value), (identity, field)
            assert arrived[part].get("Country") is None
            if not script:
                page.goto(plan)
            expect(page, "it stays with the plan, and tells its end by itself").to_have_url(plan)
            expect(page.locator(".head .state")).to_contain_text("done")
            expect(page.locator("#progress")).to_contain_text("done")
            page.goto("/plan/history")
            expect(page.locator("tbody tr").first).to_contain_text("kim-approver")


def _same(there: Any, ours: Any) -> bool:
    if isinstance(ours, str) and "T" in ours and ours.endswith("Z"):
        return str(there)[:19] == ours[:19]
    return bool(there == ours)


def test_a_held_lead_is_mended_replayed_and_arrives(begin: Begin, browser: Browser) -> None:  # noqa: F811
    with begin(people=60) as journey:
        journey.run()
        query = """SELECT q.quarantine_id, q.subject FROM quarantine q WHERE stage = 'validate' AND state = 'held'
                   AND field = 'email' AND subject NOT IN (SELECT identity_id FROM pushed)
                   AND (SELECT count(*) FROM quarantine o WHERE o.subject = q.subject AND o.state = 'held') = 1
                   ORDER BY 1"""
        number, who = journey.rows(query)[0]
        assert who not in leads(journey)
        with page_of(journey, browser, "admin") as page:
            page.goto("/quarantine?stage=validate")
            page.goto(f"/quarantine/{number}")
            page.get_by_label("Email").fill("found@fjord.example")
            page.get_by_label("Reason").last.fill("she told me on the phone")
            page.get_by_role("button", name="Set and replay").click()
            expect(page.locator(".said").first).to_contain_text("by your word")
            page.goto(f"/quarantine/{number}")
            page.get_by_role("button", name="Replay", exact=True).click()  # twice is once
            for _ in range(90):
                page.goto(f"/quarantine/{number}")
                told = page.locator(".head .state").inner_text(), page.locator("#beside").inner_text()
                if "released" in told[0] and "replay done" in told[1] and "follows" not in told[1]:
                    break
                page.wait_for_timeout(500)
            assert "released" in told[0], told
        journey.run()
        assert leads(journey)[who]["Email"] == "found@fjord.example"
        assert journey.rows(f"SELECT count(*) FROM quarantine WHERE subject = '{who}' AND state = 'held'") == [(0,)]
        replays = journey.rows("SELECT state, count(*) FROM run WHERE flow = 'replay' GROUP BY state")
        assert replays == [("done", 2)]
        assert "intact" in journey.landbridge("audit", "verify")
