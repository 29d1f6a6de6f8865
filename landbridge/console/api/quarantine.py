"""Quarantine: what is held back at any stage, and what people do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from landbridge.console.acts import quarantine as acts
from landbridge.console.read import quarantine as read
from landbridge.console.read.quarantine_item import whole
from landbridge.console.web.bodies import Body, Why
from landbridge.console.web.caller import Operates, Reviews, Sees, hub_of
from landbridge.console.web.veil import Veil

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


class Group(BaseModel):
    """What is held for one reason."""

    stage: str
    expectation: str
    held: int
    reason: str


class Item(BaseModel):
    """One thing that is held, or was. Values are veiled for callers without the right 'personal'."""

    quarantine_id: int
    stage: str
    kind: str = Field(
        description="What is asked: the stage; or `erase` (release: yes, delete the CRM's record; drop: no, keep it), "
        "or `merge` (release: yes, make the CRM's records one; drop: no, keep both)."
    )
    subject: str
    expectation: str
    field: str | None
    value: str | None
    reason: str
    state: str
    run_id: str
    at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_why: str | None


class Cell(BaseModel):
    """One value of the failing row."""

    name: str
    value: str
    whence: str | None
    record_id: int | None
    fails: bool


class Whole(BaseModel):
    """An item with its row, or its raw bytes as text, and the place to mend it."""

    item: Item
    cells: list[Cell]
    raw: str | None
    place: str | None


class Asked(Body):
    """Which."""

    stage: str | None = None
    expectation: str | None = None
    subject: str | None = None
    before: str = Field(default="", description="Only older ones than this number.")
    limit: int = Field(default=50, ge=1, le=200)


class Settled(BaseModel):
    """How many it was."""

    items: int


class Repair(Why):
    """A value by a person's word."""

    field: str = Field(max_length=50)
    value: str = Field(max_length=2000)


def _item(each: read.Item) -> Item:
    return Item(**{name: getattr(each, name) for name in Item.model_fields})


@router.get("/groups")
def groups(request: Request, caller: Sees) -> list[Group]:
    """What is held, by stage and expectation."""
    found = read.groups(hub_of(request).store, Veil.of(caller))
    return [Group(**{name: getattr(each, name) for name in Group.model_fields}) for each in found]


@router.get("")
def listed(request: Request, caller: Sees, asked: Annotated[Asked, Query()]) -> list[Item]:
    """What is held, the newest first."""
    filters = {name: value for name, value in asked.model_dump().items() if value and name != "limit"}
    return [_item(each) for each in read.listed(hub_of(request).store, filters, asked.limit, Veil.of(caller))]


@router.get("/{number}")
def one(request: Request, caller: Sees, number: int) -> Whole:
    """One, whole."""
    hub, veil = hub_of(request), Veil.of(caller)
    found = read.one(hub.store, number)
    all_of = whole(hub, found, veil)
    cells = [Cell(**vars(cell)) for cell in all_of.cells]
    return Whole(item=_item(read.as_seen(found, veil)), cells=cells, raw=all_of.raw, place=all_of.place)


@router.post("/replay", status_code=202)
def replay(request: Request, caller: Operates) -> None:
    """Judge again what is held; a run of the flow `replay` tells what came of it."""
    acts.replay(hub_of(request), caller.login)


@router.post("/release")
def release_all(request: Request, caller: Operates, group: acts.OfGroup) -> Settled:
    """Let go all that is held for one reason. Questions whose `kind` is erase or merge are answered one by one."""
    hub = hub_of(request)
    return Settled(items=acts.settle_group(hub, group.group, "released", actor=caller.login, reason=group.reason))


@router.post("/drop")
def drop_all(request: Request, caller: Operates, group: acts.OfGroup) -> Settled:
    """Be done with all that is held for one reason. Questions are answered one by one."""
    hub = hub_of(request)
    return Settled(items=acts.settle_group(hub, group.group, "dropped", actor=caller.login, reason=group.reason))


@router.post("/{number}/release", status_code=204)
def release(request: Request, caller: Operates, number: int, why: Why) -> None:
    """Say yes, which by the item's `kind` means: let the value go (validate), send it again (push), delete the CRM's
    record (erase), make the CRM's records one (merge)."""
    acts.settle(hub_of(request), number, "released", actor=caller.login, reason=why.reason)


@router.post("/{number}/drop", status_code=204)
def drop(request: Request, caller: Operates, number: int, why: Why) -> None:
    """Say no, which by the item's `kind` means: be done with it (land, map, validate, push), keep the CRM's record
    (erase), keep both (merge)."""
    acts.settle(hub_of(request), number, "dropped", actor=caller.login, reason=why.reason)


@router.post("/{number}/repair", status_code=202)
def repair(request: Request, caller: Reviews, number: int, wish: Repair) -> None:
    """Set the failing value by hand, and begin the replay: of a lead, or of what the CRM refused for that value."""
    acts.repair(hub_of(request), number, wish.field, wish.value, actor=caller.login, reason=wish.reason)
