"""What people decide about plans. Each form calls one command of landbridge.push, in the caller's name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from landbridge.console.acts import plans as acts
from landbridge.console.web.caller import Approves, Operates, hub_of
from landbridge.console.web.conductor import start_deployment
from landbridge.console.web.render import redirect
from landbridge.console.web.words import plural
from landbridge.push import approval, halt, holds

router = APIRouter()

Word = Annotated[str, Form(max_length=300)]
Reason = Annotated[str, Form(max_length=500)]


@router.post("/plan/halt")
def stop(request: Request, caller: Operates, reason: Reason = "") -> Response:
    """Halt all writing to the CRM at once."""
    hub = hub_of(request)
    made = halt.halt(hub.store, hub.crm, actor=caller.login, reason=acts.said(reason, "Halting"))
    return redirect(
        request, "/plan", f"Nothing is written to {hub.crm} any more." if made else "It was halted already."
    )


@router.post("/plan/resume")
def go_on(request: Request, caller: Approves, reason: Reason = "") -> Response:
    """Let writing go on."""
    hub = hub_of(request)
    halt.resume(hub.store, hub.crm, actor=caller.login, reason=acts.said(reason, "Resuming"))
    return redirect(request, "/plan", f"Writing to {hub.crm} may go on, with the next push.")


@router.post("/plan/revert")
def revert(request: Request, caller: Approves, what: Word, over_edits: Annotated[bool, Form()] = False) -> Response:
    """Plan to take something back: in a process of its own, for it reads the CRM first."""
    hub = hub_of(request)
    acts.start_revert(hub, what.strip(), over_edits)
    said = "The CRM is being read. What can be taken back comes as a plan, which waits for approval like any other."
    return redirect(request, "/plan/history", said)


@router.post("/plan/send")
def send(request: Request, caller: Approves) -> Response:
    """Have the publish flow run now."""
    name = start_deployment(hub_of(request), "publish", "publish")
    return redirect(request, "/plan", f"Publishing begins: Prefect calls it {name}.")


@router.post("/plan/release")
def release(request: Request, caller: Approves, what: Word, reason: Reason = "", back: Word = "/plan") -> Response:
    """Let go what is held: a hold, all of one act, all of a customer."""
    hub = hub_of(request)
    count = holds.release(hub.store, hub.crm, what, actor=caller.login, reason=reason or "released in the console")
    return redirect(request, back, f"{plural(count, 'hold')} released.")


@router.post("/plan/release/{what}")
def undo(request: Request, caller: Approves, what: str) -> Response:
    """The same, as the undo of a hold."""
    return release(request, caller, what, "taken back at once")


@router.post("/plan/{plan_id}/approve")
def approve(request: Request, caller: Approves, plan_id: str, reason: Reason = "") -> Response:
    """Let the plan leave."""
    changes = approval.approve(hub_of(request).store, plan_id, actor=caller.login, reason=reason)
    return redirect(
        request, f"/plan/{plan_id}", f"{plural(changes, 'change')} approved. They leave with the next push."
    )


@router.post("/plan/{plan_id}/drop")
def drop(request: Request, caller: Approves, plan_id: str, reason: Reason = "") -> Response:
    """Say that the plan shall not leave."""
    changes = approval.drop(
        hub_of(request).store, plan_id, actor=caller.login, reason=acts.said(reason, "Dropping a plan")
    )
    said = f"{plural(changes, 'change')} dropped. What we still want is planned anew next time; a hold keeps it away."
    return redirect(request, f"/plan/{plan_id}", said)


@router.post("/plan/{plan_id}/hold")
def hold(request: Request, caller: Approves, plan_id: str, wish: Annotated[acts.Wish, Form()]) -> Response:
    """Hold a record, a field of it, or a group; the plan goes without it."""
    chosen = wish.selection(plan_id)
    placed = acts.hold(hub_of(request), chosen, actor=caller.login, reason=wish.reason)
    if not placed.holds:
        return redirect(request, wish.page(plan_id), "Nothing of that waits any more.", mark="wrong")
    what = plural(placed.holds, "field" if chosen.of_fields else "record")
    undo = f"/plan/release/b{placed.first}"
    return redirect(request, wish.page(plan_id), f"{what} held. The rest of the plan stands.", undo_url=undo)


@router.post("/plan/{plan_id}/approve-only")
def approve_only(request: Request, caller: Approves, plan_id: str, wish: Annotated[acts.Wish, Form()]) -> Response:
    """Approve what is selected, and hold the rest of the plan."""
    chosen = wish.selection(plan_id)
    changes, held = acts.approve_only(hub_of(request), chosen, actor=caller.login, reason=wish.reason)
    return redirect(
        request, f"/plan/{plan_id}", f"{plural(changes, 'change')} approved, {plural(held, 'record')} held."
    )
