"""Runs: what ran, how long it took, whether its books close; and one run, whole."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.console.read import audit
from landbridge.console.read import runs as read
from landbridge.console.web.caller import Sees, hub_of, store_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import render
from landbridge.trail import runs as trail_runs

router = APIRouter()

COLUMNS = (
    *("run_id", "flow", "account", "state", "started_at", "ended_at", "seconds"),
    *("taken", "new", "changed", "unchanged", "held", "refused", "closes", "error"),
)


@router.get("/runs")
def runs(request: Request, caller: Sees) -> Response:
    """The newest runs, by what they are asked for."""
    listing = Listing.of(request, sorts=("started_at",), default="-started_at", filters=read.FILTERS)
    store = store_of(request)
    if listing.csv:
        return csv_response("runs", COLUMNS, read.every(store, listing.filters))
    found = read.listed(store, listing.filters, listing.fetch)
    paces = read.paces(store)
    flows, accounts = read.choices(paces)
    shown = listing.shown(found)
    first = "before" not in listing.filters
    return render(request, "runs/list.html", shown=shown, paces=paces if first else [], flows=flows, accounts=accounts)


@router.get("/runs/{run_id}")
def run(request: Request, run_id: str, caller: Sees) -> Response:
    """One run: its books, its versions, what it pushed and held back, what the trail says of it."""
    store = store_of(request)
    row, entries = trail_runs.one(store, run_id)
    error, _, do = (row["error"] or "").partition("\n")
    return render(
        request,
        "runs/show.html",
        run=row,
        entries=entries,
        error=error,
        do=do,
        links=_links(request, row),
        pushed=read.pushed(store, row["run_id"]),
        held=read.held(store, row["run_id"]),
        plans=audit.plans_of(store, row["run_id"]),
        events=audit.of_run(store, row["run_id"]) if caller.may("audit") else [],
    )


def _links(request: Request, row: Any) -> dict[str, str]:
    """Where else the run is shown: Prefect's page of it, and its Data Docs while they are there."""
    links = {"prefect": "", "data_docs": ""}
    if str(prefect := row["links"].get("prefect", "")).startswith(("http://", "https://")):
        links["prefect"] = str(prefect)
    page = row["links"].get("data_docs")
    if page and (hub_of(request).docs / page).is_file():
        links["data_docs"] = f"/runs/docs/{page}"
    return links
