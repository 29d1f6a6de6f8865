"""Customers: search as one types, and one customer whole: values, touchpoints, links, history, split, overrides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from landbridge.console.read import customers as read
from landbridge.console.read.review import crm_account, without_values
from landbridge.console.web.caller import Reviews, Sees, hub_of, store_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import redirect, render
from landbridge.console.web.veil import Veil
from landbridge.desk.find import LONGEST_QUERY
from landbridge.errors import NotFound
from landbridge.identity import parting
from landbridge.leads import overrides
from landbridge.store.numbers import number

router = APIRouter()

FOUND = 30
COLUMNS = ("identity_id", *read.PERSONAL, "profiles", "score")


@router.get("/customers")
def show(request: Request, caller: Sees) -> Response:
    """Whom a search finds; without one the hottest leads."""
    store = store_of(request)
    listing = Listing.of(request, sorts=("score",), default="-score", filters=("q",))
    asked = listing.filters.get("q", "")[:LONGEST_QUERY]
    if asked:
        rows: Iterable[read.Customer] = read.search(store, asked, FOUND, personal=caller.may("personal"))
    else:
        page = {"limit": listing.fetch, "offset": listing.offset}
        rows = read.hottest(store, descending=listing.descending, **page)
    if listing.csv and not asked:
        rows = read.every(store, descending=listing.descending)
    if listing.csv:
        return csv_response("customers", COLUMNS, (_cells(row, Veil.of(caller)) for row in rows))
    rows = list(rows)
    template = "customers/results.html" if "x-part" in request.headers else "customers/list.html"
    return render(request, template, listing=listing, asked=asked, shown=listing.shown(rows), most=FOUND)


@router.get("/customers/{identity}")
def customer(request: Request, caller: Sees, identity: str, page: Annotated[int, Query(ge=1, le=400)] = 1) -> Response:
    """One customer. An id of old leads to whom it means today."""
    hub = hub_of(request)
    today = read.living(hub.store, identity)
    if today != identity:
        return redirect(request, f"/customers/{today}", f"{identity} is part of this customer now.")
    found = read.whole(hub.store, identity, crm_account(hub.project.settings), page)
    explained = str if caller.may("personal") else without_values
    return render(request, "customers/show.html", customer=found, page=page, explained=explained)


@router.get("/customers/{identity}/split")
def split_form(
    request: Request,
    caller: Reviews,
    identity: str,
    profile: Annotated[list[str], Query(max_length=500)] = [],  # noqa: B006
) -> Response:
    """What a split would make, before it is made."""
    found = read.whole(store_of(request), identity, None)
    leaving, staying = _sides(found, profile)
    ties = [(tie.left_id, tie.right_id) for tie in found.story.ties]
    parted = parting.parted(ties, leaving, staying)
    return render(request, "customers/split.html", customer=found, leaving=leaving, parted=parted)


@router.post("/customers/{identity}/split")
def split(
    request: Request,
    caller: Reviews,
    identity: str,
    profile: Annotated[list[str], Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """These records are somebody else's."""
    store = store_of(request)
    leaving, staying = _sides(read.whole(store, identity, None), profile)
    two_over = hub_of(request).review_rules.second_person_over
    made = parting.part(store, leaving, staying, actor=caller.login, reason=reason, two_over=two_over)
    ids = "-".join(map(str, made)) or "0"
    said = f"{len(leaving)} of {len(leaving) + len(staying)} records part at the next run."
    return redirect(request, f"/customers/{identity}", said, undo_url=f"/customers/{identity}/split/undo?made={ids}")


@router.post("/customers/{identity}/split/undo")
def unsplit(
    request: Request, caller: Reviews, identity: str, made: Annotated[str, Query(max_length=20_000)]
) -> Response:
    """Take a split back."""
    ids = [found for each in made.split("-") if (found := number(each)) is not None]
    count = parting.unpart(store_of(request), ids, actor=caller.login)
    return redirect(
        request, f"/customers/{identity}", "The split is taken back." if count else "Nothing was to take back."
    )


@router.post("/customers/{identity}/override")
def override(
    request: Request,
    caller: Reviews,
    identity: str,
    field: Annotated[str, Form(max_length=50)],
    value: Annotated[str, Form(max_length=1000)],
    reason: Annotated[str, Form(max_length=500)],
) -> Response:
    """A value that stands whatever the sources say."""
    hub = hub_of(request)
    placed = overrides.place(hub.store, hub.golden_rules, identity, field, value, actor=caller.login, reason=reason)
    undo = f"/customers/{identity}/override/{placed.override_id}/undo"
    said = f"{read.LABELS.get(field, field)} stands from the next run on."
    return redirect(request, f"/customers/{identity}", said, undo_url=undo)


@router.post("/customers/{identity}/override/{override_id}/undo")
def undo_override(request: Request, caller: Reviews, identity: str, override_id: int) -> Response:
    """Take back what I set; what it replaced stands again."""
    overrides.undo(store_of(request), override_id, actor=caller.login)
    return redirect(request, f"/customers/{identity}", "Taken back: what stood before stands again.")


@router.post("/customers/{identity}/override/{override_id}/release")
def release(
    request: Request,
    caller: Reviews,
    identity: str,
    override_id: int,
    reason: Annotated[str, Form(max_length=500)] = "taken back",
) -> Response:
    """Let the rules choose again."""
    overrides.release(store_of(request), override_id, actor=caller.login, reason=reason)
    return redirect(request, f"/customers/{identity}", "The rules choose again, from the next run on.")


def _cells(row: read.Customer, veil: Veil) -> dict[str, object]:
    said = vars(row)
    return {**said, **{name: veil(said[name]) for name in read.PERSONAL}}


def _sides(found: read.Whole, chosen: Sequence[str]) -> tuple[list[str], list[str]]:
    members = [member.profile_id for member in found.story.members]
    leaving = [member for member in members if member in set(chosen)]
    staying = [member for member in members if member not in set(chosen)]
    if not leaving or not staying:
        raise NotFound("A split takes some records away and leaves some.", do="Choose some of the customer's records.")
    return leaving, staying
