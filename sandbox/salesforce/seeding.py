"""The org as the world has it: filled once, and kept up as life goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.ids import salesforce_id
from sandbox.model import Appearance, Event
from sandbox.salesforce.org import Org, changed
from sandbox.salesforce.people import (
    account_row,
    call_row,
    campaign_row,
    contact_role_row,
    contact_row,
    lead_row,
    opportunity_row,
    organization_row,
    staff_rows,
)
from sandbox.salesforce.tables import Row
from sandbox.texts import CAMPAIGNS
from sandbox.world import World

_FIRST_ACCOUNT = 1_000


class Seeding:
    """Puts the world's people and events into the org's tables.

    An edit in the world changes only the fields that it changed there: what clients wrote into others stays.
    """

    def __init__(self, org: Org, world: World) -> None:
        self.org = org
        self.world = world
        self._since = world.now - timedelta(days=4 * 365)
        self._accounts: dict[str, str] = {}
        self._said: dict[str, Row] = {}

    def fill(self) -> None:
        """All that the world holds now. Call it once, on an empty org."""
        for row in staff_rows(self._since):
            self.org.tables["User"].put(row)
        self.org.tables["Organization"].put(organization_row(self._since))
        for number, campaign in enumerate(CAMPAIGNS, 1):
            self.org.tables["Campaign"].put(campaign_row(number, campaign, self._since))
        for company in self.world.companies:
            self._account(company.name, self._since)
        for person in self.world.appearances("salesforce"):
            self.take(person)
        for event in self.world.events("salesforce"):
            self.take(event)

    def take(self, news: Appearance | Event) -> None:
        """Add or change what the world says."""
        if isinstance(news, Event):
            self._take_event(news)
        elif news.kind == "contact":
            self._put("Contact", contact_row(news, self._account(news.company, news.created_at)))
        else:
            account = self._account(news.company, news.created_at) if news.converted_to else None
            self._put("Lead", lead_row(news, account))

    def _take_event(self, event: Event) -> None:
        if event.kind == "call":
            self._put("Task", call_row(event))
        else:
            contact = self.org.tables["Contact"].rows.get(event.appearance_key, {})
            account = contact.get("AccountId")
            self._put("Opportunity", opportunity_row(event, str(account) if account else None))
            if contact:
                self._put("OpportunityContactRole", contact_role_row(event))

    def _account(self, name: str | None, since: datetime) -> str | None:
        """The account of that name, opened when somebody first works there."""
        if name is None:
            return None
        if name not in self._accounts:
            account_id = salesforce_id("account", _FIRST_ACCOUNT + len(self._accounts))
            self._accounts[name] = account_id
            self.org.tables["Account"].put(account_row(account_id, name, since))
        return self._accounts[name]

    def _put(self, name: str, row: Row) -> None:
        """The row as the world has it now, on top of what clients made of it."""
        row_id = str(row["Id"])
        before, held = self._said.get(row_id, {}), self.org.tables[name].rows.get(row_id, {})
        changes = {field: row.get(field) for field in {**before, **row} if before.get(field) != row.get(field)}
        if "SystemModstamp" in changes:
            changes["SystemModstamp"] = max(str(row["SystemModstamp"]), str(held.get("SystemModstamp", "")))
        self._said[row_id] = row
        self.org.tables[name].put(changed(held, changes))
