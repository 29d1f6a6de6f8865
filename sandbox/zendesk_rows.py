"""Zendesk's users, organizations, tickets and comments as its API words them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.model import Appearance, Company, Event

Row = dict[str, Any]
AGENT_ID, ADMIN_ID, GROUP_ID, BRAND_ID = 360_000_001, 360_000_002, 360_000_011, 360_000_021
CHANGED = "_changed"  # the second that the exports order by; clients see it of tickets, as generated_timestamp
_FIRST_ORGANIZATION = 361_000_001
_SITE = "https://brightwell.zendesk.example"
_LOCALES = {"en": "en-US", "ja": "ja", "de": "de", "fr": "fr", "es": "es", "it": "it", "nl": "nl", "pl": "pl"}


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def organization_row(company: Company, at: datetime) -> Row:
    return {
        "id": _FIRST_ORGANIZATION + company.number,
        "url": f"{_SITE}/api/v2/organizations/{_FIRST_ORGANIZATION + company.number}.json",
        "name": company.name,
        "domain_names": [company.domain],
        "details": None,
        "notes": None,
        "external_id": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "tags": [company.industry.replace(" ", "_")],
        "organization_fields": {},
        "created_at": stamp(at),
        "updated_at": stamp(at),
        CHANGED: seconds(at),
    }


def staff_row(user_id: int, name: str, email: str, role: str, at: datetime) -> Row:
    """One of our own people: an agent or an admin."""
    return {**_user_base(user_id, name, email, stamp(at), stamp(at), seconds(at)), "role": role}


def user_row(row: Appearance, organization: int | None, touched: int) -> Row:
    """A requester. ``touched`` is the second of the last change of any kind, the system's own included."""
    user = _user_base(
        int(row.key),
        row.display_name or "",
        row.emails[0].strip().lower() if row.emails else None,
        stamp(row.created_at),
        stamp(row.updated_at),
        touched,
    )
    return user | {
        "phone": row.phones[0] if row.phones else None,
        "locale": _LOCALES.get(row.language or "", "en-US"),
        "organization_id": organization,
        "external_id": row.references[0].key if row.references else None,
        "active": not row.deleted,
        "user_fields": {
            "company": row.company,
            "job_title": row.title,
            "city": row.city,
            "country": row.country,
            "website": row.website,
            "twitter": row.handle.name if row.handle else None,
            "second_phone": row.phones[1] if len(row.phones) > 1 else None,
            "second_email": row.emails[1].strip().lower() if len(row.emails) > 1 else None,
        },
    }


def _user_base(user_id: int, name: str, email: str | None, created: str, updated: str, touched: int) -> Row:
    return {
        "id": user_id,
        "url": f"{_SITE}/api/v2/users/{user_id}.json",
        "name": name,
        "email": email,
        "created_at": created,
        "updated_at": updated,
        CHANGED: touched,
        "time_zone": "Amsterdam",
        "iana_time_zone": "Europe/Amsterdam",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": "end-user",
        "verified": email is not None,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": False,
        "signature": None,
        "details": None,
        "notes": None,
        "suspended": False,
        "user_fields": {},
    }


def ticket_row(event: Event, organization: int | None, touched: int) -> Row:
    requester = int(event.appearance_key)
    return {
        "id": int(event.key),
        "url": f"{_SITE}/api/v2/tickets/{event.key}.json",
        "external_id": None,
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": stamp(event.at),
        "updated_at": stamp(event.updated_at),
        "generated_timestamp": touched,
        CHANGED: touched,
        "type": None,
        "subject": event.subject,
        "raw_subject": event.subject,
        "description": event.text,
        "priority": None,
        "status": event.status or "new",
        "recipient": None,
        "requester_id": requester,
        "submitter_id": requester,
        "assignee_id": AGENT_ID,
        "organization_id": organization,
        "group_id": GROUP_ID,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": [],
        "custom_fields": [],
        "fields": [],
        "satisfaction_rating": {"score": "unoffered"},
        "brand_id": BRAND_ID,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def comment_row(comment_id: int, author: int, text: str, at: datetime, public: bool = True) -> Row:
    return {
        "id": comment_id,
        "type": "Comment",
        "author_id": author,
        "body": text,
        "html_body": f'<div class="zd-comment" dir="auto">{_escaped(text)}</div>',
        "plain_body": text,
        "public": public,
        "attachments": [],
        "audit_id": comment_id + 500_000_000,
        "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
        "metadata": {"system": {}, "custom": {}},
        "created_at": stamp(at),
    }


def shown(document: Row) -> Row:
    """An answer without what is ours alone: names that start with an underscore."""
    return {name: _public(value) for name, value in document.items()}


def _public(value: Any) -> Any:
    if isinstance(value, list):
        return [_public(item) for item in value]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if not name.startswith("_")}
    return value


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
