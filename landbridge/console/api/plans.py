"""Plans: what would change in the CRM, what became of it, and what people decide about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from landbridge.console.acts import plans as acts
from landbridge.console.read import plan_waits as waits
from landbridge.console.read import plans as read
from landbridge.console.web.bodies import Body, Why, said
from landbridge.console.web.caller import Approves, Operates, Sees, hub_of
from landbridge.console.web.conductor import start_deployment
from landbridge.console.web.veil import Veil
from landbridge.push import halt

router = APIRouter(prefix="/plans", tags=["plans"])


class Line(BaseModel):
    """A plan in the history."""

    plan_id: str
    kind: str
    subject: str | None = Field(description="Of a revert: what it takes back.")
    state: str
    at: datetime
    approved_by: str | None
    reason: str | None
    dropped_by: str | None
    dropped_why: str | None
    states: dict[str, int] = Field(description="Its changes by state.")


class Group(BaseModel):
    """A reason that changes of a plan share."""

    key: str
    words: str
    changes: int
    conflict: bool
    fields: list[tuple[str, int]]


class Plan(BaseModel):
    """A plan in numbers."""

    plan_id: str
    kind: str
    state: str
    creates: int
    updates: int
    deletes: int
    open: int
    seen: str = Field(description="A mark of what waits in it now; an approval brings it back.")
    sorted: bool = Field(description="False while a large plan is being sorted: groups and their numbers come then.")
    api_calls: int
    waits: list[str] = Field(description="Why a person must look at it; empty where the policy lets it through.")
    approved_by: str | None
    states: dict[str, int]
    groups: list[Group]


class FieldOfChange(BaseModel):
    """One field of a change. Personal values are veiled for callers without the right 'personal'."""

    name: str
    kind: str
    before: Any
    after: Any
    reason: str
    profile: str | None
    record: int | None
    conflict: bool
    held: bool


class Change(BaseModel):
    """One planned CRM write."""

    change_id: int
    object: str
    action: str
    state: str
    record: str | None
    identity_id: str
    name: str
    code: str | None
    message: str | None
    fields: list[FieldOfChange]


class Page(acts.Which):
    """Which changes."""

    after: int = Field(default=0, ge=0, description="The last change of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class Approval(Why):
    """What somebody puts their name on."""

    seen: str = Field(max_length=60, description="The plan's `seen`, as it was when you looked at it.")


class What(Why):
    """What to let go: a hold `h7`, all of one act `b7`, a change's number, a customer."""

    what: str = Field(max_length=300)


class Back(Body):
    """What to take back: a run, a plan, a change's number, a customer."""

    what: str = Field(max_length=300)
    over_edits: bool = False


class Done(BaseModel):
    """How much came of it. `hold`: the first hold that was placed, to release with `b` before it."""

    changes: int
    holds: int = 0
    hold: int | None = None


class Sent(BaseModel):
    """What Prefect calls the run."""

    flow_run: str


@router.get("")
def history(
    request: Request,
    caller: Sees,
    state: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[str, Query(max_length=100, description="a plan: only older ones follow")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[Line]:
    """Plans, the newest first. For the next page ask `before` the last one's id."""
    hub = hub_of(request)
    asked = {name: said for name, said in (("state", state), ("beyond", before)) if said}
    return [Line(**vars(each)) for each in waits.history(hub.store, hub.crm, asked, limit, 0, Veil.of(caller))]


@router.get("/{plan_id}")
def plan(request: Request, caller: Sees, plan_id: str) -> Plan:
    """One plan, with its groups."""
    hub = hub_of(request)
    head = acts.look(hub, plan_id, Veil.of(caller))
    why = hub.gate.why(plan_id, head.states.get("planned")) if head.waits else []
    groups = [
        Group(key=each.key, words=each.words, changes=each.changes, conflict=each.conflict, fields=list(each.fields))
        for each in read.groups(hub.store, plan_id)
    ]
    same = {
        name: getattr(head, name)
        for name in Plan.model_fields
        if hasattr(head, name) and name not in ("waits", "states")
    }
    return Plan(**same, api_calls=head.calls(hub.policy.sending), waits=why, states=dict(head.states), groups=groups)


@router.get("/{plan_id}/changes")
def changes(
    request: Request,
    caller: Sees,
    plan_id: str,
    page: Annotated[Page, Query()],
) -> list[Change]:
    """A plan's changes beyond the change `after`, in order. 503 while a large plan is being sorted."""
    acts.see_sorted(hub_of(request), plan_id)
    chosen, store = page.selection(plan_id), hub_of(request).store
    return [_change(each) for each in read.changes(store, chosen, page.after, page.limit, Veil.of(caller))]


def _change(each: read.ChangeShown) -> Change:
    told = {name: getattr(each, name) for name in Change.model_fields if name != "fields"}
    return Change(**told, fields=[FieldOfChange(**vars(one)) for one in each.fields])


@router.post("/{plan_id}/approve")
def approve(request: Request, caller: Approves, plan_id: str, wish: Approval) -> Done:
    """Let the plan leave, with the next push. 409 where it is not as it was seen."""
    changes = acts.approve(hub_of(request), plan_id, actor=caller.login, reason=wish.reason, seen=wish.seen)
    return Done(changes=changes)


@router.post("/{plan_id}/drop")
def drop(request: Request, caller: Approves, plan_id: str, why: Why) -> Done:
    """Say that the plan shall not leave."""
    return Done(changes=acts.drop(hub_of(request), plan_id, actor=caller.login, reason=why.reason))


@router.post("/{plan_id}/hold")
def hold(request: Request, caller: Approves, plan_id: str, wish: acts.Wish) -> Done:
    """Hold records or fields; the rest of the plan stands."""
    placed = acts.hold(hub_of(request), plan_id, wish, caller.login)
    return Done(changes=placed.changes, holds=placed.holds, hold=placed.first or None)


@router.post("/{plan_id}/approve-only")
def approve_only(request: Request, caller: Approves, plan_id: str, wish: acts.Only) -> Done:
    """Approve the records that are selected, with all their fields, and hold the rest. 409 where the plan is not as it
    was seen."""
    count, held = acts.approve_only(hub_of(request), plan_id, wish, caller.login)
    return Done(changes=count, holds=held)


@router.post("/release")
def release(request: Request, caller: Approves, wish: What) -> Done:
    """Let go what is held. `changes`: those that stand in a plan again; the others come with the next one."""
    done = acts.release(hub_of(request), wish.what, actor=caller.login, reason=wish.reason)
    return Done(changes=done.changes, holds=done.holds)


@router.post("/revert", status_code=202)
def revert(request: Request, caller: Approves, wish: Back) -> None:
    """Begin to plan a revert: it reads the CRM first, and comes as a plan that waits."""
    acts.start_revert(hub_of(request), wish.what, wish.over_edits, caller.login)


@router.post("/send", status_code=202)
def send(request: Request, caller: Approves) -> Sent:
    """Have the publish flow run now, as its schedule would."""
    return Sent(flow_run=start_deployment(hub_of(request), "publish", "publish"))


@router.post("/halt", status_code=204)
def stop(request: Request, caller: Operates, why: Why) -> None:
    """Halt all writing to the CRM at once."""
    hub = hub_of(request)
    halt.halt(hub.store, hub.crm, actor=caller.login, reason=said(why.reason, "Halting"))


@router.post("/resume", status_code=204)
def go_on(request: Request, caller: Approves, why: Why) -> None:
    """Let writing go on."""
    hub = hub_of(request)
    halt.resume(hub.store, hub.crm, actor=caller.login, reason=said(why.reason, "Resuming"))
