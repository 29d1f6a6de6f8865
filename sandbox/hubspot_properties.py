"""The properties of contacts: their types, who may write them, and how definitions look at GET /crm/v3/properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Property:
    """``kind`` is HubSpot's type: string, number, datetime, bool or enumeration. Values are text whatever it is."""

    name: str
    label: str
    kind: str = "string"
    group: str = "contactinformation"
    read_only: bool = False
    unique: bool = False
    options: tuple[str, ...] = ()


_STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "other")
_MAIL, _FORMS, _VISITS = "emailinformation", "conversioninformation", "analyticsinformation"

CATALOGUE = {
    entry.name: entry
    for entry in (
        Property("email", "Email", unique=True),
        Property("firstname", "First Name"),
        Property("lastname", "Last Name"),
        Property("phone", "Phone Number"),
        Property("mobilephone", "Mobile Phone Number"),
        Property("company", "Company Name"),
        Property("jobtitle", "Job Title"),
        Property("website", "Website URL"),
        Property("address", "Street Address"),
        Property("city", "City"),
        Property("state", "State/Region"),
        Property("zip", "Postal Code"),
        Property("country", "Country/Region"),
        Property("hs_language", "Preferred language"),
        Property("twitterhandle", "Twitter Username"),
        Property("date_of_birth", "Date of birth"),
        Property("lifecyclestage", "Lifecycle Stage", "enumeration", options=_STAGES),
        Property("salesforceleadid", "Salesforce Lead ID", group="salesforceinformation"),
        Property("salesforcecontactid", "Salesforce Contact ID", group="salesforceinformation"),
        Property("hs_additional_emails", "Additional email addresses", "enumeration"),
        Property("hs_email_optout", "Unsubscribed from all email", "bool", _MAIL, read_only=True),
        Property("hs_email_last_email_name", "Last marketing email name", "string", _MAIL, read_only=True),
        Property("hs_email_last_open_date", "Last marketing email open date", "datetime", _MAIL, read_only=True),
        Property("hs_email_last_open_name", "Last marketing email opened", "string", _MAIL, read_only=True),
        Property("hs_email_last_click_date", "Last marketing email click date", "datetime", _MAIL, read_only=True),
        Property("hs_email_last_click_name", "Last marketing email clicked", "string", _MAIL, read_only=True),
        Property("recent_conversion_event_name", "Recent Conversion", "string", _FORMS, read_only=True),
        Property("recent_conversion_date", "Recent Conversion Date", "datetime", _FORMS, read_only=True),
        Property("hs_analytics_last_timestamp", "Time Last Seen", "datetime", _VISITS, read_only=True),
        Property("hs_analytics_last_url", "Last Page Seen", "string", _VISITS, read_only=True),
        Property("createdate", "Create Date", "datetime", read_only=True),
        Property("lastmodifieddate", "Last Modified Date", "datetime", read_only=True),
        Property("hs_object_id", "Record ID", "number", read_only=True),
        Property("hs_merged_object_ids", "Merged record IDs", "enumeration", read_only=True),
    )
}
"""Every property there is, by name."""

ALWAYS = ("createdate", "hs_object_id", "lastmodifieddate")
"""These come with every answer."""
UNASKED = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")
"""These come when none is asked for by name."""
_FIELD_TYPES = {"string": "text", "number": "number", "datetime": "date", "bool": "booleancheckbox"}


def definition(entry: Property) -> dict[str, Any]:
    """The property as the properties API shows it."""
    return {
        "name": entry.name,
        "label": entry.label,
        "type": entry.kind,
        "fieldType": _FIELD_TYPES.get(entry.kind, "select"),
        "description": entry.label,
        "groupName": entry.group,
        "options": [
            {"label": text.capitalize(), "value": text, "displayOrder": place, "hidden": False}
            for place, text in enumerate(entry.options)
        ],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": entry.unique,
        "hidden": False,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": entry.read_only,
        },
        "formField": not entry.read_only,
        "archived": False,
    }


def stamp(at: datetime) -> str:
    """A time as HubSpot writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=100_000)
def milliseconds(text: str) -> int:
    """The Unix millisecond of a stamp."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
