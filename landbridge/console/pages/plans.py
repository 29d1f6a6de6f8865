"""Plan and push: what would change in the CRM, as a diff by reason; and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.console.acts import plans as acts
from landbridge.console.read import plan_waits as waits
from landbridge.console.read import plans as read
from landbridge.console.read.beside import newest as beside
from landbridge.console.web.caller import Sees, hub_of, roles_of
from landbridge.console.web.conductor import prefect_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import render
from landbridge.console.web.veil import Veil
from landbridge.push import sorting, words
from landbridge.push.plan import newest_open
from landbridge.push.selection import Selection
from landbridge.store.numbers import number

router = APIRouter()

SIZE = 25
FILTERS = ("reason", "field", "object", "action", "state", "search", "after")
COLUMNS = (
    "change", "action", "state", "object", "record", "name", "customer", "field", "kind", "before", "after", "why",
    "source",
)  # fmt: skip


@router.get("/plan")
def newest(request: Request, caller: Sees) -> Response:
    """The newest plan that is open."""
    hub, veil = hub_of(request), Veil.of(caller)
    plan_id = newest_open(hub.store, hub.crm)
    if plan_id:
        return show(request, caller, plan_id)
    last = waits.history(hub.store, hub.crm, {}, 5, 0, veil)
    return render(request, "plans/none.html", last=last, halted=waits.halted(hub.store, hub.crm, veil), crm=hub.crm)


@router.get("/plan/history")
def history(request: Request, caller: Sees) -> Response:
    """Every plan and what became of it."""
    hub, veil = hub_of(request), Veil.of(caller)
    listing = Listing.of(request, sorts=("at",), default="-at", filters=("state", "kind"), size=SIZE)
    if listing.csv:
        names = (
            "plan_id",
            "kind",
            "state",
            "at",
            "approved_by",
            "reason",
            "dropped_by",
            "dropped_why",
            "done",
            "refused",
        )
        every = waits.every(hub.store, hub.crm, listing.filters, veil, oldest=not listing.descending)
        return csv_response("plans", names, map(_history_row, every))
    given = listing.filters, listing.fetch, listing.offset
    lines = waits.history(hub.store, hub.crm, *given, veil, oldest=not listing.descending)
    return render(
        request,
        "plans/history.html",
        listing=listing,
        shown=listing.shown(lines),
        crm=hub.crm,
        halted=waits.halted(hub.store, hub.crm, veil),
        beside=beside(hub, "revert"),
        doing="revert",
    )


def _history_row(line: waits.Line) -> Mapping[str, Any]:
    return {**vars(line), "at": line.at.isoformat(), "done": line.of("done"), "refused": line.of("refused")}


@router.get("/plan/{plan_id}")
def show(request: Request, caller: Sees, plan_id: str) -> Response:
    """A plan: its numbers, its groups, and a page of its changes."""
    hub, veil = hub_of(request), Veil.of(caller)
    listing = Listing.of(request, sorts=("change",), default="change", filters=FILTERS, size=SIZE)
    listing = replace(listing, path=f"/plan/{plan_id}")  # a link to a part of it stays that, whatever is newest then
    chosen = Selection.of(plan_id, listing.filters)
    plan = acts.look(hub, plan_id, veil)
    if listing.csv:
        acts.sort(hub, plan_id)  # a download may take some seconds; half of a plan is none
        return csv_response(plan_id, COLUMNS, _rows(read.every_change(hub.store, chosen, veil)))
    found = read.changes(hub.store, chosen, _after(listing), listing.fetch, veil) if plan.sorted else []
    return render(
        request,
        "plans/show.html",
        plan=plan,
        listing=listing,
        chosen=chosen,
        shown=listing.shown(found),
        groups=read.groups(hub.store, plan_id),
        refusals=waits.refusals(hub.store, plan_id, veil) if plan.states.get("refused") else [],
        why=hub.gate.why(plan_id, plan.states.get("planned")) if plan.waits else [],
        calls=plan.calls(hub.policy.sending),
        others=waits.others_open(hub.store, hub.crm, plan_id),
        halted=waits.halted(hub.store, hub.crm, veil),
        approvers=[name for name, rights in roles_of(request).roles.items() if "approve" in rights],
        prefect=prefect_of(hub) is not None,
        crm=hub.crm,
        words_of=sorting.words_of,
    )


def _after(listing: Listing) -> int:
    return number(listing.filters.get("after", "")) or 0


def _rows(changes: Iterable[read.ChangeShown]) -> Iterator[Mapping[str, Any]]:
    """A line a field."""
    for each in changes:
        state = "held" if each.held else each.state
        whose = (
            each.change_id,
            each.action,
            state,
            each.object,
            each.record or "new",
            each.name,
            each.identity_id,
        )
        for one in each.fields:
            values = words.shown(one.before), words.shown(one.after)
            told = (one.name, "held" if one.held else one.kind, *values, one.reason, one.profile)
            yield dict(zip(COLUMNS, (*whose, *told), strict=True))
