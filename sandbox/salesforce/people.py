"""What the world's people and events are in this org: leads, contacts with their accounts, opportunities, calls."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from sandbox.ids import long_salesforce_id, salesforce_id
from sandbox.model import Appearance, Event
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import is_email, stamp

ADMIN_ID = salesforce_id("user", 1)
INTEGRATION_ID = salesforce_id("user", 2)
_REPS = tuple(salesforce_id("user", number) for number in (3, 4, 5))
_STAFF = (
    (ADMIN_ID, "Admin", "Brightwell", "admin"),
    (INTEGRATION_ID, "Landbridge", "Integration", "landbridge.integration"),
    (_REPS[0], "Maria", "Novak", "maria"),
    (_REPS[1], "Ben", "Okafor", "ben"),
    (_REPS[2], "Chloe", "Martin", "chloe"),
)
_PROBABILITY = {
    "Prospecting": 10.0, "Qualification": 20.0, "Needs Analysis": 30.0, "Value Proposition": 50.0,
    "Id. Decision Makers": 60.0, "Perception Analysis": 70.0, "Proposal/Price Quote": 75.0,
    "Negotiation/Review": 90.0, "Closed Won": 100.0, "Closed Lost": 0.0,
}  # fmt: skip
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def staff_rows(since: datetime) -> list[Row]:
    """The org's users: an administrator, the one that integrations log in as, and three who sell."""
    return [
        {
            "Id": user_id,
            "Username": f"{name}@brightwell.example",
            "FirstName": first,
            "LastName": last,
            "Name": f"{first} {last}",
            "Email": f"{name}@brightwell.example",
            "IsActive": True,
            **_system(ADMIN_ID, since, since),
        }
        for user_id, first, last, name in _STAFF
    ]


def organization_row(since: datetime) -> Row:
    """The org itself, as `SELECT ... FROM Organization` tells it."""
    return {
        "Id": ORGANIZATION_ID,
        "Name": "Brightwell",
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "GK1",
        "IsSandbox": True,
        "LanguageLocaleKey": "en_US",
        **_system(ADMIN_ID, since, since),
    }


ORGANIZATION_ID = "00D5f000000Sbx1EAC"


def account_row(account_id: str, name: str, since: datetime) -> Row:
    """A company as the account team opened it."""
    return {"Id": account_id, "Name": name, "OwnerId": _owner(account_id), **_system(ADMIN_ID, since, since)}


def lead_row(known: Appearance, account_id: str | None) -> Row:
    """A lead; a converted one names the contact (and its account) that it became."""
    row = {
        **_person(known),
        "Company": known.company or "[not provided]",
        "Street": known.street,
        "City": known.city,
        "State": known.region,
        "PostalCode": known.postcode,
        "Country": known.country,
        "Website": known.website,
        "Birthdate__c": _iso_date(known.birth_date),
        "Status": "Closed - Converted" if known.converted_to else "Open - Not Contacted",
        "IsConverted": known.converted_to is not None,
        "IsUnreadByOwner": False,
    }
    if known.converted_to:
        row |= {
            "ConvertedContactId": known.converted_to,
            "ConvertedAccountId": account_id,
            "ConvertedDate": known.updated_at.date().isoformat(),
        }
    return _filled(row)


def contact_row(known: Appearance, account_id: str | None) -> Row:
    """A contact of an account, or of none."""
    return _filled(
        {
            **_person(known),
            "AccountId": account_id,
            "MailingStreet": known.street,
            "MailingCity": known.city,
            "MailingState": known.region,
            "MailingPostalCode": known.postcode,
            "MailingCountry": known.country,
            "Birthdate": _iso_date(known.birth_date),
        }
    )


def opportunity_row(event: Event, account_id: str | None) -> Row:
    """A deal with a contact; it should close two months after it was opened."""
    stage = event.status or "Prospecting"
    return _filled(
        {
            "Id": event.key,
            "Name": event.subject,
            "StageName": stage,
            "Amount": float(event.amount) if event.amount is not None else None,
            "Probability": _PROBABILITY.get(stage),
            "CloseDate": (event.at + timedelta(days=60)).date().isoformat(),
            "IsWon": stage == "Closed Won",
            "IsClosed": stage.startswith("Closed"),
            "AccountId": account_id,
            "ContactId": event.appearance_key,
            "OwnerId": _owner(event.key),
            **_system(_owner(event.key), event.at, event.updated_at),
        }
    )


def campaign_row(number: int, name: str, since: datetime) -> Row:
    """A campaign that marketing runs under that name in its own tool too."""
    row_id = salesforce_id("campaign", number)
    kind = "Email" if "webinar" not in name.lower() else "Webinar"
    return {"Id": row_id, "Name": name, "Type": kind, "Status": "In Progress", "IsActive": True,
            "OwnerId": _owner(row_id), **_system(ADMIN_ID, since, since)}  # fmt: skip


def contact_role_row(event: Event) -> Row:
    """Who decides in a deal: its contact, as Salesforce itself enters it."""
    row_id = "00K" + event.key[3:15]
    return {"Id": long_salesforce_id(row_id), "OpportunityId": event.key, "ContactId": event.appearance_key,
            "Role": "Decision Maker", "IsPrimary": True, **_system(_owner(event.key), event.at, event.at)}  # fmt: skip


def call_row(event: Event) -> Row:
    """A call that was made."""
    return _filled(
        {
            "Id": event.key,
            "WhoId": event.appearance_key,
            "Subject": event.subject,
            "Description": event.text,
            "Type": "Call",
            "Status": "Completed",
            "Priority": "Normal",
            "IsClosed": True,
            "ActivityDate": event.at.date().isoformat(),
            "OwnerId": _owner(event.appearance_key),
            **_system(_owner(event.appearance_key), event.at, event.updated_at),
        }
    )


def _person(known: Appearance) -> Row:
    """What leads and contacts share."""
    owner = _owner(known.key)
    emails = [address.strip().lower() for address in known.emails if is_email(address.strip())]
    refused = {consent.channel for consent in known.consents if consent.state == "refused"}
    last = known.family or known.display_name or "[not provided]"
    return {
        "Id": known.key,
        "FirstName": known.given,
        "LastName": last,
        "Name": " ".join(filter(None, (known.given, last))),
        "Title": known.title,
        "Email": emails[0] if emails else None,
        "Secondary_Email__c": emails[1] if len(emails) > 1 else None,
        "Phone": known.phones[0] if known.phones else None,
        "MobilePhone": known.phones[1] if len(known.phones) > 1 else None,
        "Social_Handle__c": known.handle.name if known.handle and known.handle.network == "x" else None,
        "Language__c": known.language,
        "HasOptedOutOfEmail": "email" in refused,
        "HasOptedOutOfFax": False,
        "DoNotCall": "phone" in refused,
        "OwnerId": owner,
        **_system(owner, known.created_at, known.updated_at),
        "IsDeleted": known.deleted,
    }


def _system(user_id: str, created: datetime, updated: datetime) -> Row:
    changed = stamp(updated)
    return {
        "IsDeleted": False,
        "CreatedDate": stamp(created),
        "CreatedById": user_id,
        "LastModifiedDate": changed,
        "LastModifiedById": user_id,
        "SystemModstamp": changed,
    }


def _owner(key: str) -> str:
    """Who sells to whom: the same in every run."""
    return _REPS[sum(map(ord, key)) % len(_REPS)]


def _iso_date(text: str | None) -> str | None:
    """A date column holds dates only; what was typed in another form never got in."""
    try:
        return date.fromisoformat(text).isoformat() if text and _ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


def _filled(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None and value != ""}
