"""What a world is made of: people (the truth), what each system knows of them, and what happened.

Every class here is frozen: a change is a new object with the same key. Text is as the system would
hold it (typos, odd formats, empty values as ``None``); only ``person_id`` is truth, and no stand-in
may show it to its clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

SYSTEMS = ("x", "zendesk", "hubspot", "salesforce")


class Handle(NamedTuple):
    """A name on a social network, e.g. ``Handle("x", "jsmith")``; never with a leading @."""

    network: str
    name: str


class Reference(NamedTuple):
    """That an appearance names a record of another system, e.g. ``("salesforce", "Contact", "003...")``."""

    system: str
    stream: str
    key: str


class Consent(NamedTuple):
    """What a person agreed to or refused: channel ``email``, ``phone`` or ``sms``; state ``granted`` or ``refused``."""

    channel: str
    state: str
    since: datetime


class Address(NamedTuple):
    """A postal address; ``country`` is an ISO-3166 alpha-2 code, ``region`` a state or province or ``None``."""

    street: str
    city: str
    region: str | None
    postcode: str
    country: str


class Phone(NamedTuple):
    """A number as the network dials it: country calling code and national digits, without trunk prefix."""

    calling_code: str
    national: str


@dataclass(frozen=True, slots=True)
class Company:
    """An employer. Its ``domain`` ends in .example; its ``switchboard`` is shared by all who work there."""

    number: int
    name: str
    domain: str
    industry: str
    address: Address
    switchboard: Phone


@dataclass(frozen=True, slots=True)
class Job:
    company: Company
    title: str
    email: str


@dataclass(frozen=True, slots=True)
class Person:
    """One real human being, exactly as they are: the truth that identity resolution is measured against.

    ``home`` and ``jobs`` are newest first; ``household`` is shared by those who live together.
    ``family_email`` is one mailbox that the whole household uses.
    """

    id: str
    number: int
    household: int
    locale: str
    language: str
    given: str
    middle: str | None
    family: str
    former_family: str | None
    suffix: str | None
    birth_date: date
    homes: tuple[Address, ...]
    jobs: tuple[Job, ...]
    emails: tuple[str, ...]
    family_email: str | None
    mobile: Phone
    landline: Phone | None
    handle: str | None


@dataclass(frozen=True, slots=True)
class Appearance:
    """What one system holds about one person, once. Two with the same person in one system are a duplicate there.

    ``key`` is the vendor's id as text: digits for X, Zendesk and HubSpot, an 18-character id for Salesforce
    (00Q for kind "lead", 003 for kind "contact"). It never changes.
    ``kind`` is "user" (X, Zendesk), "contact" (HubSpot) or "lead"/"contact" (Salesforce).
    ``converted_to`` is set on a converted lead: the key of the contact that it became.
    ``title`` is a job title. ``emails`` and ``phones`` are primary first. ``handle`` may be on any network.
    """

    system: str
    key: str
    person_id: str
    kind: str
    created_at: datetime
    updated_at: datetime
    given: str | None = None
    family: str | None = None
    display_name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str | None = None
    title: str | None = None
    website: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None
    handle: Handle | None = None
    language: str | None = None
    birth_date: str | None = None
    references: tuple[Reference, ...] = ()
    consents: tuple[Consent, ...] = ()
    bio: str | None = None
    converted_to: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened between a person and us, as one system recorded it.

    ``kind`` by system: x "mention" (names us) or "post" (only a keyword); zendesk "ticket" and "comment"
    (``parent`` is the ticket's key); hubspot "email_opened", "email_clicked", "form_filled", "page_visited";
    salesforce "opportunity" (``subject`` its name, ``status`` its stage, ``amount``) and "call" (a Task).
    ``direction`` is "in" (from the person) or "out". ``key`` is unique within system and kind.
    """

    system: str
    key: str
    appearance_key: str
    person_id: str
    kind: str
    at: datetime
    updated_at: datetime
    subject: str | None = None
    text: str | None = None
    campaign: str | None = None
    url: str | None = None
    direction: str = "in"
    parent: str | None = None
    status: str | None = None
    amount: int | None = None
