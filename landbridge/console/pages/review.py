"""Review: are these two one customer? The queue, one question at a time, by keyboard or by forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, Response

from landbridge.bootstrap import Hub
from landbridge.console.read import review as read
from landbridge.console.web.caller import Caller, Reviews, Sees, hub_of
from landbridge.console.web.render import redirect, render
from landbridge.desk import answers, claims
from landbridge.desk.answers import Act
from landbridge.desk.claims import Pair, Question
from landbridge.errors import NotFound, TakenAlready

router = APIRouter()

LISTED = 14
Profile = Annotated[str, Query(max_length=500)]
Named = Annotated[str, Form(max_length=500)]
Reason = Annotated[str, Form(max_length=500)]

DONE = {"same": "One customer.", "different": "Two customers.", "later": "Put off."}


@router.get("/review")
def show(
    request: Request, caller: Sees, left: Profile = "", right: Profile = "", place: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """The queue, and its most valuable question, or the one that was asked for: by its pair, or, by whoever may not
    answer it, by its place."""
    hub, pair = hub_of(request), (left, right) if left and right else None
    if pair and "x-part" in request.headers and caller.may("review"):
        return _part(request, caller, pair)
    question, upcoming, told = _question(hub, caller, pair, place)
    waiting = claims.waiting(hub.store, caller.login, LISTED)
    return render(
        request,
        "review/show.html",
        case=question and read.case(hub.store, question, read.crm_account(hub.project.settings)),
        upcoming=upcoming,
        lines=read.lines(hub.store, waiting),
        told=told,
        open_questions=read.open_questions(hub.store),
        many=read.MANY,
        today=answers.answered_today(hub.store, caller.login),
        last=answers.undoable(hub.store, caller.login) if caller.may("review") else None,
        rules=hub.review_rules,
        explained=_explained(caller),
    )


@router.post("/review/answer")
def answer(
    request: Request,
    caller: Reviews,
    left: Named,
    right: Named,
    verdict: Annotated[Literal["same", "different", "later"], Form()],
    reason: Reason = "",
    shown: Annotated[str, Form(max_length=1100)] = "",
) -> Response:
    """Same, different or later. `shown`: the question that is on the screen by now, which stays mine."""
    hub = hub_of(request)
    pair, me, rules = (left, right), caller.login, hub.review_rules
    if verdict == "later":
        act = answers.put_off(hub.store, rules, me, pair, reason)
    else:
        act = answers.answer(hub.store, rules, me, pair, verdict, reason)
    if "x-part" in request.headers:
        kept = [tuple(shown.split("\n", 1))] if "\n" in shown else []
        return _onward(hub, me, act, kept)  # type: ignore[arg-type]
    return redirect(request, "/review", _said(act), undo_url=f"/review/undo/{act.act_id}")


@router.post("/review/undo")
def undo_last(request: Request, caller: Reviews) -> Response:
    """Take back the last thing I did."""
    return _undone(request, caller, None)


@router.post("/review/undo/{act_id}")
def undo(request: Request, caller: Reviews, act_id: int) -> Response:
    """Take back this."""
    return _undone(request, caller, act_id)


def _part(request: Request, caller: Caller, pair: Pair) -> Response:
    """A question alone, claimed: what the page fetches ahead, so that the next one is there at once."""
    hub = hub_of(request)
    question = claims.claim(hub.store, hub.review_rules, caller.login, pair)
    found = read.case(hub.store, question, read.crm_account(hub.project.settings))
    explained, rules = _explained(caller), hub.review_rules
    return render(request, "review/part.html", case=found, upcoming=None, rules=rules, explained=explained)


def _undone(request: Request, caller: Caller, act_id: int | None) -> Response:
    hub = hub_of(request)
    act = answers.undo(hub.store, hub.review_rules, caller.login, act_id)
    if "x-part" in request.headers:
        return JSONResponse({"left": act.left_id, "right": act.right_id, "said": "Taken back."})
    return redirect(request, f"/review?{_query(act.pair)}", "Taken back.")


def _question(hub: Hub, caller: Caller, pair: Pair | None, place: int) -> tuple[Question | None, Question | None, str]:
    """What to show, what comes after it, and what to tell where it could not be what was asked for."""
    if not caller.may("review"):
        ahead = claims.waiting(hub.store, caller.login, LISTED)
        return next((q for q in ahead[place - 1 :]), None), None, ""
    told = ""
    if pair:
        try:
            question = claims.claim(hub.store, hub.review_rules, caller.login, pair)
            ahead = claims.claim_next(hub.store, hub.review_rules, caller.login, 2, [pair])
            return question, next((q for q in ahead if q.pair != pair), None), ""
        except (NotFound, TakenAlready) as error:
            told = f"{error} {error.do}"
    ahead = claims.claim_next(hub.store, hub.review_rules, caller.login, 2)
    return (ahead[0] if ahead else None), (ahead[1] if len(ahead) > 1 else None), told


def _onward(hub: Hub, me: str, act: Act, kept: list[Pair]) -> Response:
    ahead = claims.claim_next(hub.store, hub.review_rules, me, 2, kept)
    after = next((question for question in ahead if question.pair not in kept), None)
    return JSONResponse(
        {
            "act": act.act_id,
            "said": _said(act),
            "next": {"left": after.left_id, "right": after.right_id} if after else None,
            "today": answers.answered_today(hub.store, me),
        }
    )


def _said(act: Act) -> str:
    return f"{DONE[act.act]} It waits for another person to say the same." if act.waits else DONE[act.act]


def _explained(caller: Caller) -> Callable[[str], str]:
    """Evidence as this caller may read it."""
    return str if caller.may("personal") else read.without_values


def _query(pair: Pair) -> str:
    from urllib.parse import urlencode

    return urlencode({"left": pair[0], "right": pair[1]})
