"""Audit: who changed what and when, proved on the page, exported with what proves it elsewhere."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from landbridge.console.read import audit as read
from landbridge.console.web.caller import Audits, hub_of, store_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.download import archive_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.looks import prover_of
from landbridge.console.web.render import redirect, render
from landbridge.trail import archive, chain, signing, span
from landbridge.trail import audit as audit_trail
from landbridge.trail.chain import Event

router = APIRouter()

COLUMNS = ("seq", "at", "kind", "actor", "subject", "detail", "previous", "hash")


@router.get("/audit")
def audit(request: Request, caller: Audits) -> Response:
    """The newest events, by what they are asked for; each one shown is recomputed before the reader's eyes."""
    listing = Listing.of(request, sorts=("seq",), default="-seq", filters=read.FILTERS)
    store = store_of(request)
    if listing.csv:
        with store.begin() as connection:
            audit_trail.record(connection, audit_trail.Event("audit.exported", caller.login, "audit", {"as": "csv"}))
        return csv_response("audit", COLUMNS, read.every(store, listing.filters))
    shown = listing.shown(read.listed(store, listing.filters, listing.fetch))
    wrong = chain.each(store, [event["seq"] for event in shown.rows])
    return render(request, "audit/list.html", shown=shown, wrong=wrong, head=chain.head(store), key=_key(request))


def _key(request: Request) -> signing.Key:
    return signing.key(hub_of(request).project.data)


@router.post("/audit/export")
def export(
    request: Request,
    caller: Audits,
    since: Annotated[str, Form(alias="from")] = "",
    until: Annotated[str, Form(alias="to")] = "",
) -> Response:
    """A signed archive of a time, sent as it is written. That somebody took it is an event."""
    store = store_of(request)
    wanted = span.events(store, span.days(since, until))
    return archive_response(archive.export(store, _key(request), wanted, actor=caller.login), wanted.first, wanted.last)


@router.post("/audit/verify")
def prove(request: Request, caller: Audits) -> Response:
    """Begin to prove the whole chain."""
    prover_of(request).start(store_of(request), caller.login)
    return redirect(request, "/audit/verify")


@router.get("/audit/verify")
def proof(request: Request, caller: Audits, noted: Annotated[str, Query(max_length=120)] = "") -> Response:
    """How far the proof has come; and whether a head that was noted elsewhere still stands."""
    held = _held(request, noted) if noted else None
    last, head = prover_of(request).last, chain.head(store_of(request))
    return render(request, "audit/proof.html", proof=last, head=head, noted=noted, held=held)


_NOTED = re.compile(r"([0-9][0-9,.]{0,23})[:; ]+([0-9a-fA-F]{16,64})")


def _held(request: Request, noted: str) -> tuple[bool, str]:
    """Whether the event with the noted number has the noted hash, and the words for it."""
    if not (said := _NOTED.fullmatch(" ".join(noted.split()))):
        return False, "Give an event's number and its hash, such as 1234 9f86d081884c7d65…"
    number = int(re.sub(r"\D", "", said[1]) or "0")
    event: Event | None = chain.some(store_of(request), [number]).get(number) if number < 2**62 else None
    if event is None:
        return False, f"There is no event {number:,}: the chain was cut, or the number is another's."
    if not event.hash.startswith(said[2].lower()):
        return False, f"Event {number:,} has another hash: what was noted is not this chain."
    return (
        True,
        f"Event {number:,} of {event.at[:10]} has this hash: in an intact chain nothing before it was changed.",
    )
