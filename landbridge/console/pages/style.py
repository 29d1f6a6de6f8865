"""/style: the console's own parts, described on a page of the console."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.console.web.caller import Sees
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import render

router = APIRouter()

_ROWS = [
    {"name": "Albert Lindau", "email": "albert@lindau.example", "score": 82, "state": "done"},
    {"name": "Zoë Ångström", "email": "zoe@angstrom.example", "score": 41, "state": "held"},
    {"name": "محمد علي", "email": "m.ali@acme.example", "score": 7, "state": "refused"},
]


@router.get("/style")
def style(request: Request, caller: Sees) -> Response:
    """Tokens and parts, each as it is used."""
    listing = Listing.of(request, sorts=("name", "score"), default="-score", filters=("q", "state"))
    return render(
        request,
        "style/show.html",
        listing=listing,
        shown=listing.shown(_ROWS),
        day=timedelta(days=1),
        bars=[3, 5, 4, 9, 7],
    )
