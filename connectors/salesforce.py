"""Salesforce: leads, contacts, accounts, opportunities with their contacts, and campaigns, read and written.

Reading goes by (SystemModstamp, Id), the one order that loses nothing at whole seconds: a page asks for what lies
beyond the last row of the page before, so that any page can be the place to resume, and no cursor can expire. A new
run goes back LOOKBACK first, for rows that were committed late with an older stamp. Deleted rows come with IsDeleted,
also where the bin was emptied (connectors/salesforce_deleted.py).
Source: developer.salesforce.com "REST API", "sObject Collections", "SOQL"; airbyte #27146 (rows 5 minutes late).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import salesforce_write
from connectors.answers import need, page_rows
from connectors.base import Access, Checkpoint, Connector, Page, SourceChanged, Stream
from connectors.salesforce_bulk import BULK
from connectors.salesforce_client import Client, client
from connectors.salesforce_deleted import purged

PAGE_ROWS = 2000
LOOKBACK = timedelta(minutes=10)

_ALWAYS = (
    "Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted",
    "OwnerId",
)  # fmt: skip
_PERSON = (
    "Salutation", "FirstName", "MiddleName", "LastName", "Suffix", "Name", "Title", "Email", "Phone", "MobilePhone",
    "Fax", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall", "LeadSource", "Description",
)  # fmt: skip
FIELDS = {
    "Lead": (*_PERSON, "Company", "Industry", "Website", "Street", "City", "State", "PostalCode", "Country", "Status",
             "Rating", "IsConverted", "ConvertedDate", "ConvertedContactId", "ConvertedAccountId",
             "ConvertedOpportunityId", "MasterRecordId", "LastActivityDate"),
    "Contact": (*_PERSON, "AccountId", "Birthdate", "Department", "MailingStreet", "MailingCity", "MailingState",
                "MailingPostalCode", "MailingCountry", "HomePhone", "OtherPhone", "MasterRecordId", "LastActivityDate"),
    "Account": ("Name", "Website", "Phone", "Industry", "Type", "BillingStreet", "BillingCity", "BillingState",
                "BillingPostalCode", "BillingCountry", "ParentId", "MasterRecordId"),
    "Opportunity": ("Name", "AccountId", "ContactId", "StageName", "Amount", "CurrencyIsoCode", "CloseDate", "IsWon",
                    "IsClosed", "Probability", "Type", "LeadSource", "CampaignId", "LastActivityDate"),
    "Campaign": ("Name", "Type", "Status", "StartDate", "EndDate", "IsActive", "ParentId"),
    "CampaignMember": ("CampaignId", "LeadId", "ContactId", "Status"),
    "OpportunityContactRole": ("OpportunityId", "ContactId", "Role", "IsPrimary"),
}  # fmt: skip
"""What we ask for, of what the org has; and all of the org's own fields (`...__c`), unless `options.fields.Lead` names
those that are wanted. External ids always come."""
SELECT_CHARACTERS = 10_000
"""Salesforce takes 16,384 bytes of address and headers together; the rest of the query is short."""

_ORDER = ("Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "Campaign", "CampaignMember")
_PARENTS = {"Contact": ("Account.Name",)}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+0000)")


def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """Pages of one object's rows, oldest change first.

    Checkpoint: {"at"} after a whole walk; {"at", "id"} inside one, the last row passed; with them {"deleted"}, until
    when the delete log was read.
    """
    CONNECTOR.stream(stream)
    with client(access) as force:
        fields = _fields(force, access, stream)
        before = checkpoint or {}
        place, size, in_bin = _start(before), page_rows(access.options, PAGE_ROWS), set[str]()
        log = {name: before[name] for name in ("deleted",) if name in before}
        while True:
            access.may_read()
            body = force.query(_soql(stream, fields, place, size), deleted=True)
            rows = need("Salesforce", body, "records", list)
            ended = need("Salesforce", body, "done", bool) and len(rows) < size
            place = _beyond(rows, place, ended)
            in_bin.update(str(row.get("Id")) for row in rows if isinstance(row, dict) and row.get("IsDeleted") is True)
            if ended:
                gone, until = purged(force, stream, before, in_bin)
                partly = [{"Id": each, "IsDeleted": True} for each in gone]
                yield Page(stream, rows, {**_end(place, before), "deleted": until}, partly)
                return
            yield Page(stream, rows, {**place, **log})


def check(access: Access) -> str:
    """That we are let in, and how many of the day's API calls are left."""
    with client(access) as force:
        calls = need("Salesforce", force.limits(), "DailyApiRequests", dict)
    return f"Salesforce: signed in; {calls.get('Remaining')} of {calls.get('Max')} API calls left today."


def _fields(force: Client, access: Access, stream: str) -> list[str]:
    """What to select: our fields as far as the org has them (orgs differ, also in standard ones), and its own.

    Raises SourceChanged when that is more than a query can hold: leaving some out unasked would lose values silently.
    """
    known = force.fields(stream)
    own = access.options.get("fields", {}).get(stream) or [name for name in known if name.endswith("__c")]
    external = [name for name, field in known.items() if field.get("externalId")]
    named = [name for name in dict.fromkeys((*_ALWAYS, *FIELDS[stream], *own, *external)) if name in known]
    if len(", ".join(named)) > SELECT_CHARACTERS:
        raise SourceChanged(
            f"Salesforce's {stream} has more fields than one query can ask for.",
            do=f"Name those that you need under the account's options.fields.{stream}.",
        )
    return [*named, *_PARENTS.get(stream, ())]


def _soql(stream: str, fields: list[str], place: Checkpoint, size: int) -> str:
    select = f"SELECT {', '.join(fields)} FROM {stream}"
    order = f"ORDER BY SystemModstamp, Id LIMIT {size}"
    if "id" in place:
        at = place["at"]
        return f"{select} WHERE SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{place['id']}') {order}"
    return f"{select} WHERE SystemModstamp >= {place['at']} {order}" if "at" in place else f"{select} {order}"


def _start(checkpoint: Checkpoint) -> Checkpoint:
    if "id" in checkpoint or "at" not in checkpoint:
        return {name: checkpoint[name] for name in ("at", "id") if name in checkpoint}
    back = datetime.fromisoformat(checkpoint["at"]) - LOOKBACK
    return {"at": back.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _beyond(rows: list[Any], place: Checkpoint, ended: bool) -> Checkpoint:
    """The place of the last row that has one. Raises SourceChanged when a page does not move on: a loop."""
    for row in reversed(rows):
        if isinstance(row, dict) and _is_stamp(row.get("SystemModstamp")) and _is_id(row.get("Id")):
            following = {"at": row["SystemModstamp"].replace("+0000", "Z"), "id": row["Id"]}
            if following != place:
                return following
    if not ended:
        raise SourceChanged("Salesforce's answer does not move on by SystemModstamp and Id; it would never end.")
    return place


def _end(place: Checkpoint, before: Checkpoint) -> Checkpoint:
    """Where the next walk starts; never earlier than this one was told, lest each look back reach further.

    Nor later than now: one row that claims to be of the year 2999 would hide all that change before then.
    """
    stamps = [each["at"] for each in (place, before) if "at" in each]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"at": min(max(stamps), now)} if stamps else {}


def _is_stamp(value: Any) -> bool:
    """Whether it is a time that we can go on from, and look back from."""
    try:
        return bool(_STAMP.fullmatch(str(value))) and datetime.fromisoformat(value).year > 1900
    except ValueError:
        return False


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalnum() and len(value) in (15, 18)


CONNECTOR = Connector(
    system="salesforce",
    streams=tuple(Stream(name, key="Id") for name in _ORDER),
    credentials=("client_id", "client_secret"),
    read=read,
    check=check,
    write=salesforce_write.write,
    look_up=salesforce_write.look_up,
    describe=salesforce_write.describe,
    org=salesforce_write.org,
    bulk=BULK,
)
