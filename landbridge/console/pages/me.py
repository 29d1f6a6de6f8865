"""One's own page: where one is signed in, tokens for the API, the password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from landbridge.console.people import own
from landbridge.console.people.door import TooManyTries
from landbridge.console.people.passwords import SHORTEST
from landbridge.console.web.caller import Caller, Sees, address_of, store_of
from landbridge.console.web.render import redirect, render
from landbridge.errors import RecordRejected

router = APIRouter()


@router.get("/me")
def me(request: Request, caller: Sees) -> Response:
    """The page."""
    return _page(request, caller)


def _page(request: Request, caller: Caller, status: int = 200, *, made: str = "", wrong: str = "") -> Response:
    store = store_of(request)
    return render(
        request,
        "me/show.html",
        status,
        sessions=own.sessions(store, caller.user_id),
        current=own.name_of(caller.secret),
        made=made,
        wrong=wrong,
        shortest=SHORTEST,
        has_password=own.has_password(store, caller.login),
    )


@router.post("/me/tokens")
def make(request: Request, caller: Sees, label: Annotated[str, Form()] = "") -> Response:
    """A token, shown on this answer and never again."""
    try:
        made = own.make_token(store_of(request), caller.user_id, label, actor=caller.login)
    except RecordRejected as error:
        return _page(request, caller, 422, wrong=f"{error} {error.do}")
    return _page(request, caller, made=made)


@router.post("/me/sessions/{name}/end")
def end(request: Request, caller: Sees, name: str) -> Response:
    """End a session, or revoke a token."""
    own.end(store_of(request), caller.user_id, name, actor=caller.login)
    return redirect(request, "/me", "Ended.")


@router.post("/me/password")
def password(
    request: Request, caller: Sees, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
) -> Response:
    """Another password."""
    try:
        own.change_password(store_of(request), caller.login, old, new, address=address_of(request), keep=caller.secret)
    except RecordRejected as error:
        return _page(request, caller, 422, wrong=f"{error} {error.do}")
    except TooManyTries:
        return _page(request, caller, 429, wrong="Too many tries. Wait a while, then try again.")
    return redirect(request, "/me", "The password is changed. You are signed out everywhere else.")
