"""Runs and their books."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from landbridge.console.read import runs as read
from landbridge.console.web.caller import Sees, store_of
from landbridge.trail import runs as trail

router = APIRouter(tags=["runs"])


class Asked(BaseModel):
    """Which runs; what is left out does not matter."""

    flow: str = Field("", max_length=200)
    account: str = Field("", max_length=200)
    state: Literal["", "running", "done", "failed", "lost"] = ""
    since: date | None = None
    until: date | None = Field(None, description="included")
    before: str = Field("", max_length=200, description="a run: only older ones follow")
    limit: int = Field(50, ge=1, le=500)


class Run(BaseModel):
    """A run, with the sums of its books over all stages."""

    run_id: str
    flow: str
    account: str
    state: Literal["running", "done", "failed", "lost"]
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    error: str | None
    taken: int
    new: int
    changed: int
    unchanged: int
    held: int
    refused: int
    closes: bool


class Stage(BaseModel):
    """One line of the books: taken = new + changed + unchanged + held + refused."""

    stage: str
    subject: str
    taken: int
    new: int
    changed: int
    unchanged: int
    held: int
    refused: int
    seconds: float
    closes: bool


class Whole(BaseModel):
    """One run, its books stage by stage, and the versions that were in force."""

    run_id: str
    flow: str
    account: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    versions: dict[str, str]
    books: list[Stage]


@router.get("/runs")
def runs(request: Request, caller: Sees, asked: Annotated[Asked, Query()]) -> list[Run]:
    """Runs, newest first. For the next page ask `before` the last one's id."""
    days = {
        "from": asked.since.isoformat() if asked.since else "",
        "to": asked.until.isoformat() if asked.until else "",
    }
    filters = {name: getattr(asked, name) for name in ("flow", "account", "state", "before")}
    return [Run.model_validate(row) for row in read.listed(store_of(request), filters | days, asked.limit)]


@router.get("/runs/{run_id}")
def run(request: Request, run_id: str, caller: Sees) -> Whole:
    """One run, by its id or an unambiguous beginning of it."""
    row, entries = trail.one(store_of(request), run_id)
    books = [Stage(**vars(entry), closes=entry.closes) for entry in entries]
    versions = {name: str(value) for name, value in row["versions"].items()}
    kept = {name: row[name] for name in ("run_id", "flow", "state", "started_at", "ended_at", "error")}
    return Whole(**kept, account=row["subject"], versions=versions, books=books)
