"""What people decide about plans. Each form calls one command of landbridge.push, in the caller's name."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from landbridge.console.acts import plans as acts
from landbridge.console.web.bodies import said
from landbridge.console.web.caller import Approves, Operates, hub_of
from landbridge.console.web.conductor import start_deployment
from landbridge.console.web.render import redirect
from landbridge.counted import counted
from landbridge.push import halt
from landbridge.push.holds import Released

router = APIRouter()

Word = Annotated[str, Form(max_length=300)]
Reason = Annotated[str, Form(max_length=500)]
Seen = Annotated[str, Form(max_length=60)]
"""The mark of the plan as it was on the page that the form stands on."""


@router.post("/plan/halt")
def stop(request: Request, caller: Operates, reason: Reason = "") -> Response:
    """Halt all writing to the CRM at once."""
    hub = hub_of(request)
    made = halt.halt(hub.store, hub.crm, actor=caller.login, reason=said(reason, "Halting"))
    return redirect(
        request, "/plan", f"Nothing is written to {hub.crm} any more." if made else "It was halted already."
    )


@router.post("/plan/resume")
def go_on(request: Request, caller: Approves, reason: Reason = "") -> Response:
    """Let writing go on."""
    hub = hub_of(request)
    halt.resume(hub.store, hub.crm, actor=caller.login, reason=said(reason, "Resuming"))
    return redirect(request, "/plan", f"Writing to {hub.crm} may go on, with the next push.")


@router.post("/plan/revert")
def revert(request: Request, caller: Approves, what: Word, over_edits: Annotated[bool, Form()] = False) -> Response:
    """Plan to take something back: in a process of its own, for it reads the CRM first."""
    begins = acts.start_revert(hub_of(request), what.strip(), over_edits, caller.login)
    told = "The CRM is being read." if begins else "It begins when the revert that is being planned is done."
    told += " What can be taken back comes as a plan, which waits for approval like any other."
    return redirect(request, "/plan/history", told)


@router.post("/plan/send")
def send(request: Request, caller: Approves, back: Word = "/plan") -> Response:
    """Have the publish flow run now."""
    name = start_deployment(hub_of(request), "publish", "publish")
    return redirect(request, back, f"Publishing begins: Prefect calls it {name}.")


@router.post("/plan/release")
def release(request: Request, caller: Approves, what: Word, reason: Reason = "", back: Word = "/plan") -> Response:
    """Let go what is held: a hold, all of one act, all of a customer."""
    return redirect(request, back, _let_go(acts.release(hub_of(request), what, actor=caller.login, reason=reason)))


@router.post("/plan/release/{number}")
def undo(request: Request, caller: Approves, number: int, back: str = "/plan") -> Response:
    """Take back at once what one held oneself."""
    return redirect(request, back, _let_go(acts.undo(hub_of(request), number, caller.login)))


def _let_go(released: Released) -> str:
    told = f"{counted(released.holds, 'hold')} released."
    return told if released.changes else f"{told} What was held comes with the next plan."


@router.post("/plan/{plan_id}/approve")
def approve(request: Request, caller: Approves, plan_id: str, seen: Seen = "", reason: Reason = "") -> Response:
    """Let the plan leave, as it was on the page."""
    changes = acts.approve(hub_of(request), plan_id, actor=caller.login, reason=reason, seen=seen)
    told = f"{counted(changes, 'change')} approved. They leave with the next push."
    return redirect(request, f"/plan/{plan_id}", told)


@router.post("/plan/{plan_id}/drop")
def drop(request: Request, caller: Approves, plan_id: str, reason: Reason = "") -> Response:
    """Say that the plan shall not leave."""
    changes = acts.drop(hub_of(request), plan_id, actor=caller.login, reason=reason)
    told = f"{counted(changes, 'change')} dropped. What is still wanted comes with the next plan; a hold keeps it away."
    return redirect(request, f"/plan/{plan_id}", told)


class WishForm(acts.Wish):
    """A wish from a form of ours."""

    form_token: str = ""


class OnlyForm(acts.Only):
    """What shall be approved alone, from a form of ours."""

    form_token: str = ""
    seen: str = ""


@router.post("/plan/{plan_id}/hold")
def hold(request: Request, caller: Approves, plan_id: str, wish: Annotated[WishForm, Form()]) -> Response:
    """Hold a record, a field of it, a group, or everything; the plan goes without it."""
    placed = acts.hold(hub_of(request), plan_id, wish, caller.login)
    back = wish.page(plan_id)
    if not placed.holds:
        return redirect(request, back, "Nothing of that waits any more.", mark="wrong")
    what = counted(placed.holds, "field" if wish.selection(plan_id).of_fields else "record")
    undo_url = f"/plan/release/{placed.first}?{urlencode({'back': back})}"
    return redirect(request, back, f"{what} held. The rest of the plan stands.", undo_url=undo_url)


@router.post("/plan/{plan_id}/approve-only")
def approve_only(request: Request, caller: Approves, plan_id: str, wish: Annotated[OnlyForm, Form()]) -> Response:
    """Approve the records that are selected, and hold the rest of the plan."""
    changes, held = acts.approve_only(hub_of(request), plan_id, wish, caller.login)
    told = f"{counted(changes, 'change')} approved, {counted(held, 'record')} held."
    return redirect(request, f"/plan/{plan_id}", told)
