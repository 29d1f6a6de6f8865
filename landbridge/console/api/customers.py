"""Customers: finding them, one whole, split, and values set by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from landbridge.console.read import customers as read
from landbridge.console.read.review import crm_account
from landbridge.console.read.touches import Touch as Happened
from landbridge.console.web.caller import Reviews, Sees, hub_of, store_of
from landbridge.console.web.veil import Veil
from landbridge.errors import NotFound
from landbridge.identity import parting
from landbridge.leads import overrides

router = APIRouter(prefix="/customers", tags=["customers"])


class Customer(BaseModel):
    """A customer in a few values; personal ones are veiled for callers without the right 'personal'."""

    identity_id: str
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    city: str | None
    profiles: int = Field(description="Records that are this customer.")
    score: int
    valid: bool | None = Field(description="Whether the lead may leave; null: not judged yet.")
    how: str = Field(description="How a search found them: exact, begins, near.")


class Override(BaseModel):
    """A person's word about a value."""

    override_id: int
    field: str
    value: str
    actor: str
    reason: str
    at: datetime


class Value(BaseModel):
    """A golden value, where it came from, and what else was said."""

    field: str
    value: Any
    profile: str | None
    why: str = Field(description="The rule that chose it, in words.")
    others: list[str]
    override: Override | None


class Touch(BaseModel):
    """Something that happened between the customer and us."""

    touchpoint_id: str
    person: str
    kind: str
    at: datetime | None
    channel: str | None
    direction: str | None
    subject: str | None
    text: str | None = Field(description="Its first 600 characters.")


class Whole(BaseModel):
    """A customer with all values, records and former ids."""

    identity_id: str
    formerly: list[str]
    profiles: list[str]
    values: list[Value]
    doubts: list[str]
    crm: list[str] = Field(description="The CRM's records, the one that we write to first.")
    touches: list[Touch] = Field(description="A page of what happened, newest first.")
    more: bool = Field(description="Whether there are older ones.")


class Split(BaseModel):
    """Which records are somebody else's."""

    profiles: list[str] = Field(min_length=1, max_length=500)
    reason: str = Field(default="", max_length=500)


class Decisions(BaseModel):
    """The decisions that were made."""

    decisions: list[int]


class Said(BaseModel):
    """A value to stand."""

    field: str = Field(max_length=50)
    value: str = Field(max_length=1000)
    reason: str = Field(min_length=1, max_length=500)


class Why(BaseModel):
    """A reason."""

    reason: str = Field(default="", max_length=500)


@router.get("")
def search(
    request: Request,
    caller: Sees,
    q: Annotated[str, Query(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[Customer]:
    """Whom a text could mean: name, e-mail, phone, social name, CRM id, id of old; the likeliest first."""
    veil = Veil.of(caller)
    return [_customer(each, veil) for each in read.search(store_of(request), q, limit, personal=veil.personal)]


@router.get("/{identity}")
def customer(request: Request, caller: Sees, identity: str, page: Annotated[int, Query(ge=1, le=400)] = 1) -> Whole:
    """One customer, by any id of it, old ones too."""
    hub, veil = hub_of(request), Veil.of(caller)
    found = read.whole(hub.store, identity, crm_account(hub.project.settings), page)
    return Whole(
        identity_id=found.identity_id,
        formerly=found.story.formerly,
        profiles=[veil.handle(member.profile_id) or "" for member in found.story.members],
        values=[_value(each, veil) for each in found.values if each.value or each.others or each.override],
        doubts=found.story.doubts,
        crm=[str(each) for each in found.crm],
        touches=[_touch(each, veil) for each in found.touches],
        more=found.more,
    )


@router.post("/{identity}/split")
def split(request: Request, caller: Reviews, identity: str, body: Split) -> Decisions:
    """These records are somebody else's: 'different' of every pair across, obeyed at the next run."""
    store = store_of(request)
    members = [member.profile_id for member in read.whole(store, identity, None).story.members]
    if unknown := set(body.profiles) - set(members):
        raise NotFound(f"{len(unknown)} of these records are not this customer's.", do="Read the customer again.")
    staying = [member for member in members if member not in set(body.profiles)]
    two_over = hub_of(request).review_rules.second_person_over
    said = {"actor": caller.login, "reason": body.reason}
    made = parting.part(store, body.profiles, staying, **said, two_over=two_over)
    return Decisions(decisions=made)


@router.post("/{identity}/split/undo")
def unsplit(request: Request, caller: Reviews, identity: str, body: Decisions) -> Decisions:
    """Take back those of these decisions that are the caller's own and stand."""
    parting.unpart(store_of(request), body.decisions, actor=caller.login)
    return body


@router.post("/{identity}/overrides")
def place(request: Request, caller: Reviews, identity: str, body: Said) -> Override:
    """Let a value stand over all sources."""
    hub = hub_of(request)
    said = {"actor": caller.login, "reason": body.reason}
    return _override(overrides.place(hub.store, hub.golden_rules, identity, body.field, body.value, **said))


@router.post("/{identity}/overrides/{override_id}/undo")
def undo(request: Request, caller: Reviews, identity: str, override_id: int) -> Override:
    """Take back what the caller set; what it replaced stands again."""
    return _override(overrides.undo(store_of(request), override_id, actor=caller.login))


@router.post("/{identity}/overrides/{override_id}/release")
def release(request: Request, caller: Reviews, identity: str, override_id: int, body: Why) -> Override:
    """Let the rules choose again."""
    return _override(overrides.release(store_of(request), override_id, actor=caller.login, reason=body.reason))


def _override(said: overrides.Override) -> Override:
    return Override.model_validate(vars(said))


def _customer(found: read.Customer, veil: Veil) -> Customer:
    said = vars(found)
    return Customer.model_validate({**said, **{name: veil(said[name]) for name in read.PERSONAL}})


def _value(value: read.Value, veil: Veil) -> Value:
    said = value.override
    told = said and replace(said, value=veil(said.value), reason=veil.said(said.reason) or "")
    return Value(
        field=value.field,
        value=veil(value.value),
        profile=veil.handle(value.profile),
        why=value.why,
        others=[veil(other) for other, _ in value.others],
        override=_override(told) if told else None,
    )


def _touch(touch: Happened, veil: Veil) -> Touch:
    """Who may split by a record must name it; what was written is for who may read it."""
    ids = {name: veil.handle(getattr(touch, name)) for name in ("touchpoint_id", "person")}
    hidden = {} if veil.personal else {"subject": None, "text": None}
    return Touch.model_validate({**vars(touch), **ids, **hidden})
