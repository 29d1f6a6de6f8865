"""The queue for review: what waits, claiming, answering, undoing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from landbridge.console.read import review as read
from landbridge.console.web.caller import Caller, Reviews, Sees, hub_of, store_of
from landbridge.console.web.veil import Veil
from landbridge.desk import answers, claims

router = APIRouter(prefix="/review", tags=["review"])


class Question(BaseModel):
    """Two profiles of whom it is asked whether they are one person."""

    left_id: str
    right_id: str
    left_identity: str
    right_identity: str
    reason: str = Field(description="Why it is asked, in words.")
    holds: bool = Field(description="Whether a lead stays back until it is answered.")
    probability: float | None
    moves: int = Field(description="Profiles that the answer would bring together or part.")
    deals: float = Field(description="Open deals of either, in the CRM's money.")
    score: int
    value: float = Field(description="What the answer is worth; the queue's order.")
    state: Literal["open", "later", "answered"]
    first_by: str | None = Field(description="Who gave a verdict that waits for another person's.")
    first_verdict: str | None
    claimed_by: str | None
    claimed_until: datetime | None


class Record(BaseModel):
    """A profile of either side; personal values are veiled for callers without the right 'personal'."""

    profile_id: str
    side: str = Field(description="'a' or 'b'.")
    asked: bool
    gone: bool
    values: dict[str, Any]


class Step(BaseModel):
    """A piece of evidence: bits for it, or against it."""

    bits: float
    words: str


class Case(BaseModel):
    """A question with what speaks to it."""

    question: Question
    records: list[Record]
    evidence: list[Step]
    same: list[str] = Field(description="What 'same' would do to the CRM.")
    different: list[str]


class Count(BaseModel):
    """How many questions to claim."""

    count: int = Field(default=1, ge=1, le=20)


class Pair(BaseModel):
    """Which question."""

    left_id: str = Field(max_length=500)
    right_id: str = Field(max_length=500)


class Answer(Pair):
    """What somebody says."""

    verdict: Literal["same", "different", "later"]
    reason: str = Field(default="", max_length=500)


class Undo(BaseModel):
    """Which act; the caller's last when none is named."""

    act_id: int | None = None


class Act(BaseModel):
    """What a reviewer did."""

    act_id: int
    left_id: str
    right_id: str
    act: Literal["same", "different", "later"]
    waits: bool = Field(description="For another person's verdict.")
    actor: str
    reason: str
    at: datetime


@router.get("")
def waiting(
    request: Request,
    caller: Sees,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after_left: str | None = None,
    after_right: str | None = None,
) -> list[Question]:
    """What waits, worth most first. `after_left`, `after_right`: the last of the page before."""
    after = (after_left, after_right) if after_left and after_right else None
    return [_question(each, caller) for each in claims.waiting(store_of(request), caller.login, limit, after)]


@router.post("/claims")
def claim(request: Request, caller: Reviews, body: Count) -> list[Question]:
    """The most valuable questions, the caller's from now on; whatever else the caller had is free again."""
    hub = hub_of(request)
    claimed = claims.claim_next(hub.store, hub.review_rules, caller.login, body.count)
    return [_question(each, caller) for each in claimed]


@router.get("/question")
def question(request: Request, caller: Sees, left_id: str, right_id: str) -> Case:
    """A question and what speaks to it. Claims nothing."""
    hub = hub_of(request)
    with hub.store.begin() as connection:
        asked = claims.locked(connection, (left_id, right_id))
    found = read.case(hub.store, asked, read.crm_account(hub.project.settings))
    explained = str if caller.may("personal") else read.without_values
    return Case(
        question=_question(asked, caller),
        records=[_record(each, caller) for each in found.records],
        evidence=[Step(bits=step.bits, words=explained(step.words)) for step in found.steps],
        same=found.effects.same,
        different=found.effects.different,
    )


@router.post("/answers")
def answer(request: Request, caller: Reviews, body: Answer) -> Act:
    """Same, different, or later."""
    hub, pair = hub_of(request), (body.left_id, body.right_id)
    if body.verdict == "later":
        return _act(answers.put_off(hub.store, hub.review_rules, caller.login, pair, body.reason))
    return _act(answers.answer(hub.store, hub.review_rules, caller.login, pair, body.verdict, body.reason))


@router.post("/undo")
def undo(request: Request, caller: Reviews, body: Undo) -> Act:
    """Take back what the caller did."""
    hub = hub_of(request)
    return _act(answers.undo(hub.store, hub.review_rules, caller.login, body.act_id))


def _question(found: claims.Question, caller: Caller) -> Question:
    """Without the right to answer it, its pair is nobody's to know."""
    veil = Veil.of(caller)
    pair = {name: veil.handle(getattr(found, name)) for name in ("left_id", "right_id")}
    return Question.model_validate({**vars(found), "reason": found.reason, "holds": found.holds, **pair})


def _act(done: answers.Act) -> Act:
    return Act.model_validate(vars(done))


def _record(record: read.Record, caller: Caller) -> Record:
    veil = Veil.of(caller)
    values = {name: veil(record.fields[name]) for name in read.SHOWN if record.fields[name]}
    profile = veil.key(record.profile_id) or ""
    return Record(profile_id=profile, side=record.side, asked=record.asked, gone=record.gone, values=values)
