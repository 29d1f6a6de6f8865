"""The audit trail for programs: events, the chain's proof, exports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from landbridge.console.read import audit as read
from landbridge.console.read.proof import Proof
from landbridge.console.web.caller import Audits, hub_of, store_of
from landbridge.console.web.download import Download, archive_response
from landbridge.console.web.looks import prover_of
from landbridge.trail import archive, signing, span
from landbridge.trail.audit import Detail

router = APIRouter(tags=["audit"])

ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}}


class Asked(BaseModel):
    """Which events; what is left out does not matter."""

    actor: str = Field("", max_length=200)
    kind: str = Field("", max_length=200)
    subject: str = Field("", max_length=200)
    run: str = Field("", max_length=200)
    since: date | None = None
    until: date | None = Field(None, description="included")
    before: int | None = Field(None, ge=1, lt=2**62, description="an event: only older ones follow")
    limit: int = Field(50, ge=1, le=1000)


class AuditEvent(BaseModel):
    """One change of state. `hash` chains it to the event before it."""

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    detail: dict[str, Detail]
    previous: str
    hash: str


class Proved(BaseModel):
    """How far a proof of the whole chain has come; `intact` is there once it ended."""

    running: bool
    done: int
    total: int
    intact: bool | None
    head: str | None
    broken_at: int | None
    reason: str


class Days(BaseModel):
    """Which days to export; all when left out."""

    since: date | None = None
    until: date | None = Field(None, description="included")


@router.get("/audit")
def events(request: Request, caller: Audits, asked: Annotated[Asked, Query()]) -> list[AuditEvent]:
    """Events, newest first. For the next page ask `before` the last one's number."""
    filters = {name: getattr(asked, name) for name in ("actor", "kind", "subject", "run")}
    filters |= {"from": str(asked.since or ""), "to": str(asked.until or ""), "before": str(asked.before or "")}
    return [AuditEvent.model_validate(row) for row in read.listed(store_of(request), filters, asked.limit)]


@router.post("/audit/verify", status_code=202)
def verify(request: Request, caller: Audits) -> Proved:
    """Begin to prove the whole chain, or join the proof that is at work; ask GET how far it is."""
    return _proved(prover_of(request).start(store_of(request), caller.login))


@router.get("/audit/verify")
def verified(request: Request, caller: Audits) -> Proved:
    """How far the last proof has come."""
    return _proved(prover_of(request).last or Proof(0, ""))


def _proved(proof: Proof) -> Proved:
    verdict = proof.verdict
    return Proved(
        running=proof.running and bool(proof.asked_by),
        done=verdict.events if verdict else proof.done,
        total=proof.total,
        intact=verdict.intact if verdict else None,
        head=verdict.head if verdict else None,
        broken_at=verdict.broken_at if verdict else None,
        reason=verdict.reason if verdict else proof.trouble,
    )


@router.post("/audit/export", response_class=Response, responses=ZIP)
def export(request: Request, caller: Audits, days: Days) -> Download:
    """A signed archive (zip) of some days; that it was made is an event."""
    store = store_of(request)
    wanted = span.events(store, span.days(str(days.since or ""), str(days.until or "")))
    key = signing.key(hub_of(request).project.data)
    return archive_response(archive.export(store, key, wanted, actor=caller.login), wanted.first, wanted.last)
