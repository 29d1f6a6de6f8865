"""What the world knows of a contact, in HubSpot's properties."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot_properties import ALWAYS, UNASKED, stamp
from sandbox.model import Appearance, Event

Row = dict[str, Any]
Values = dict[str, str | None]
"""Property values: text, or None where there is none."""


def values_of(person: Appearance) -> Values:
    """Every property that the contact's record fills; those without a value are None."""
    emails = [address.strip().lower() for address in person.emails]
    phones = dict(zip(("phone", "mobilephone"), person.phones, strict=False))
    email_consent = {consent.channel: consent.state for consent in person.consents}.get("email", "")
    crm = {reference.stream: reference.key for reference in person.references if reference.system == "salesforce"}
    return {
        "email": emails[0] if emails else None,
        "hs_additional_emails": ";".join(emails[1:]) or None,
        "firstname": person.given,
        "lastname": person.family,
        "phone": phones.get("phone"),
        "mobilephone": phones.get("mobilephone"),
        "company": person.company,
        "jobtitle": person.title,
        "website": person.website,
        "address": person.street,
        "city": person.city,
        "state": person.region,
        "zip": person.postcode,
        "country": person.country,
        "hs_language": person.language,
        "twitterhandle": person.handle.name if person.handle and person.handle.network == "x" else None,
        "date_of_birth": person.birth_date,
        "salesforceleadid": crm.get("Lead"),
        "salesforcecontactid": crm.get("Contact"),
        "hs_email_optout": {"refused": "true", "granted": "false"}.get(email_consent),
    }


def traces_of(event: Event) -> Values:
    """What an event leaves on its contact: HubSpot keeps the last of each kind only."""
    at = stamp(event.at)
    if event.kind == "email_opened":
        return {
            "hs_email_last_open_date": at,
            "hs_email_last_open_name": event.campaign,
            "hs_email_last_email_name": event.campaign,
        }
    if event.kind == "email_clicked":
        return {
            "hs_email_last_click_date": at,
            "hs_email_last_click_name": event.campaign,
            "hs_email_last_email_name": event.campaign,
        }
    if event.kind == "form_filled":
        return {"recent_conversion_date": at, "recent_conversion_event_name": event.subject, "lifecyclestage": "lead"}
    return {"hs_analytics_last_timestamp": at, "hs_analytics_last_url": event.url}


def new_row(contact_id: str, values: Values, created: str) -> Row:
    """A contact as the store keeps it: all its properties, made and last changed at ``created``."""
    known: Values = {"lifecyclestage": "subscriber", **values}
    row: Row = {"id": contact_id, "properties": known, "createdAt": created, "updatedAt": created, "archived": False}
    known |= {"hs_object_id": contact_id, "createdate": created, "lastmodifieddate": created}
    return row


def changed(row: Row, values: Values, at: str) -> Row:
    """A copy with ``values`` set, last changed at ``at`` or when it was, whichever is later."""
    at = max(at, row["updatedAt"])
    return {**row, "properties": {**row["properties"], **values, "lastmodifieddate": at}, "updatedAt": at}


def shown(row: Row, wanted: list[str]) -> Row:
    """The contact with the properties asked for and no others; what it does not have is null."""
    names = sorted({*ALWAYS, *wanted} if wanted else UNASKED)
    return {**row, "properties": {name: row["properties"].get(name) for name in names}}
