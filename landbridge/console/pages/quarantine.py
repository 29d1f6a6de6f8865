"""Quarantine: what is held at any stage, why, what would mend it, and the replay after the mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from landbridge.console.acts import quarantine as acts
from landbridge.console.read import quarantine as read
from landbridge.console.read.beside import newest
from landbridge.console.read.quarantine_item import whole
from landbridge.console.read.quarantine_words import ANSWERS, Answers, kind_of
from landbridge.console.web.caller import Operates, Reviews, Sees, hub_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import redirect, render
from landbridge.console.web.veil import Veil

router = APIRouter()

COLUMNS = ("number", "stage", "expectation", "subject", "field", "value", "reason", "since", "run")
FOLLOWS = "A replay is at work; one more follows it, for all who ask until then."
Reason = Annotated[str, Form(max_length=500)]


@router.get("/quarantine")
def show(request: Request, caller: Sees) -> Response:
    """By expectation, and the list."""
    hub, veil = hub_of(request), Veil.of(caller)
    filters = ("stage", "expectation", "subject", "before")
    listing = Listing.of(request, sorts=("at",), default="-at", filters=filters)
    if listing.csv:
        return csv_response("quarantine", COLUMNS, _rows(read.every(hub.store, listing.filters, veil)))
    found = read.listed(hub.store, listing.filters, listing.fetch, veil)
    return render(
        request,
        "quarantine/list.html",
        listing=listing,
        shown=listing.shown(found),
        groups=read.groups(hub.store, veil),
        stages=read.STAGES,
        beside=newest(hub, "replay"),
        doing="replay",
        named=read.named,
        many=read.MANY,
        answers=_answers_of_group(listing.filters),
    )


def _rows(items: Iterable[read.Item]) -> Iterator[Mapping[str, Any]]:
    for each in items:
        told = (each.quarantine_id, each.stage, each.expectation, each.subject, each.field, each.value)
        yield dict(zip(COLUMNS, (*told, each.reason, each.at.isoformat(), each.run_id), strict=True))


def _answers_of_group(filters: Mapping[str, str]) -> Answers | None:
    """What can be said to all that the page is narrowed down to, where that is one reason and no subject."""
    stage, expectation = filters.get("stage", ""), filters.get("expectation", "")
    if stage not in read.STAGES or not expectation or "subject" in filters:
        return None
    answers = ANSWERS[kind_of(stage, expectation)]
    return None if answers.alone else answers


class GroupForm(acts.OfGroup):
    """An answer to a group, from a form of ours."""

    form_token: str = ""


@router.get("/quarantine/{number}")
def item(request: Request, caller: Sees, number: int) -> Response:
    """One, whole."""
    hub, veil = hub_of(request), Veil.of(caller)
    found = read.one(hub.store, number)
    return render(
        request,
        "quarantine/item.html",
        item=read.as_seen(found, veil),
        whole=whole(hub, found, veil),
        others=read.of_subject(hub.store, found, veil),
        stages=read.STAGES,
        answers=ANSWERS[found.kind],
        beside=newest(hub, "replay"),
        doing="replay",
    )


@router.post("/quarantine/replay")
def replay(request: Request, caller: Operates, back: Annotated[str, Form()] = "/quarantine") -> Response:
    """Judge again what is held."""
    begins = acts.replay(hub_of(request), caller.login)
    return redirect(request, back, "The replay begins." if begins else FOLLOWS)


@router.post("/quarantine/release")
def release_all(request: Request, caller: Operates, group: Annotated[GroupForm, Form()]) -> Response:
    """Let go all that is held for one reason, as far as the page showed it."""
    count = acts.settle_group(hub_of(request), group.group, "released", actor=caller.login, reason=group.reason)
    return redirect(request, f"/quarantine?stage={quote(group.stage)}", f"{count:,} released.")


@router.post("/quarantine/drop")
def drop_all(request: Request, caller: Operates, group: Annotated[GroupForm, Form()]) -> Response:
    """Be done with all that is held for one reason, as far as the page showed it."""
    count = acts.settle_group(hub_of(request), group.group, "dropped", actor=caller.login, reason=group.reason)
    return redirect(request, f"/quarantine?stage={quote(group.stage)}", f"{count:,} dropped.")


@router.post("/quarantine/{number}/release")
def release(request: Request, caller: Operates, number: int, reason: Reason = "") -> Response:
    """Say yes: to letting a value go, to another try, to a deletion, to a merge."""
    word = acts.settle(hub_of(request), number, "released", actor=caller.login, reason=reason)
    return redirect(request, f"/quarantine/{number}", word.told)


@router.post("/quarantine/{number}/drop")
def drop(request: Request, caller: Operates, number: int, reason: Reason = "") -> Response:
    """Say no, or be done with it."""
    word = acts.settle(hub_of(request), number, "dropped", actor=caller.login, reason=reason)
    return redirect(request, f"/quarantine/{number}", word.told)


@router.post("/quarantine/{number}/repair")
def repair(
    request: Request,
    caller: Reviews,
    number: int,
    field: Annotated[str, Form(max_length=50)],
    value: Annotated[str, Form(max_length=2000)],
    reason: Reason = "",
) -> Response:
    """Set the value by hand, and replay."""
    made, begins = acts.repair(hub_of(request), number, field, value, actor=caller.login, reason=reason)
    told = (
        f"Set: {made.field.replace('_', ' ')} is {made.value}, by your word. If it passes, the next publish sends it."
    )
    return redirect(request, f"/quarantine/{number}", f"{told} {'The replay begins.' if begins else FOLLOWS}")
