"""Explain: from a value in the CRM back to the record that it came from, step by step, on a page."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.console.read import explained as read
from landbridge.console.web.caller import Sees, store_of
from landbridge.console.web.render import render
from landbridge.errors import NotFound
from landbridge.trail.lineage import explain as follow

router = APIRouter()

LONGEST = 400


@router.get("/explain")
def explain(request: Request, caller: Sees, what: str = "") -> Response:
    """Every value that we wrote to one CRM record: named by its id there, a customer's id, or a profile."""
    asked, found, wrong = what.strip()[:LONGEST], None, ""
    if asked:
        try:
            found = follow(store_of(request), asked)
        except NotFound as error:
            wrong = f"{error} {error.do}"
    counted = Counter(value.write.change_id for value in found.values) if found else Counter[int]()
    usual = next((change for change, _ in counted.most_common(1)), None)
    return render(
        request, "explain/show.html", 404 if wrong else 200, what=asked, found=found, wrong=wrong, usual=usual
    )


@router.get("/explain/record/{record_id}")
def record(request: Request, caller: Sees, record_id: int, value: str = "") -> Response:
    """A record exactly as it was landed, as text; the lines that hold the value are lit."""
    row = read.record(store_of(request), record_id)
    wanted = value[:LONGEST] if caller.may("personal") else ""
    lines = read.lines(row["payload"], wanted, personal=caller.may("personal"))
    return render(request, "explain/record.html", record=row, lines=lines)
