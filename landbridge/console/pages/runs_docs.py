"""Data Docs: pages that Great Expectations built into the data folder, shown where they can do nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response

from landbridge.console.web.caller import Caller, hub_of, may
from landbridge.errors import NotFound

router = APIRouter()

APART = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}
"""A page that another program built is shown with no script and as of no origin: whatever it holds, it reaches neither
the console's cookie nor its pages. Decision 28."""


@router.get("/runs/docs/{path:path}")
def docs(request: Request, path: str, caller: Annotated[Caller, Depends(may("personal"))]) -> Response:
    """A page of Data Docs. They quote values that failed, so it takes the right to see personal values."""
    folder = hub_of(request).docs.resolve()
    try:
        file = (folder / (path or "index.html")).resolve()
        found = file.is_relative_to(folder) and file.suffix == ".html" and file.is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        raise NotFound("There is no such page of Data Docs.", do="A run's page links to its own, while they are kept.")
    return FileResponse(file, media_type="text/html; charset=utf-8", headers=APART)
