"""Coming in and going out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from landbridge.console.people import door, invites, passwords
from landbridge.console.people.door import MEMORY, TooManyTries
from landbridge.console.people.passwords import SHORTEST
from landbridge.console.people.users import User
from landbridge.console.web import session
from landbridge.console.web.caller import Sees, address_of, hub_of, store_of
from landbridge.console.web.csrf import see_where_it_comes_from
from landbridge.console.web.render import redirect, render
from landbridge.errors import RecordRejected

router = APIRouter()


def _from_here(request: Request) -> None:
    see_where_it_comes_from(request)


@router.get("/sign-in")
def form(request: Request, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form."""
    return _form(request, onward)


def _form(request: Request, onward: str, login: str = "", wrong: str = "", status: int = 200) -> Response:
    provider = hub_of(request).project.settings.console.oidc
    name = provider.name if provider else None
    return render(request, "people/sign_in.html", status, onward=onward, login=login, wrong=wrong, provider=name)


@router.post("/sign-in", dependencies=[Depends(_from_here)])
def enter(
    request: Request,
    login: Annotated[str, Form()],
    password: Annotated[str, Form()],
    onward: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Come in with a password. A wrong login and a wrong password are one answer."""
    try:
        user = passwords.proved(store_of(request), login, password, address_of(request))
    except TooManyTries:
        return stopped(request, onward, login)
    if user is None:
        return _form(request, onward, login, "Login or password is wrong.", 401)
    return let_in(request, user, onward, "password")


def stopped(request: Request, onward: str, login: str = "") -> Response:
    """The form, for somebody who tried too often."""
    minutes = int(MEMORY.total_seconds() // 60)
    return _form(request, onward, login, f"Too many tries. Wait {minutes} minutes, then try again.", 429)


def let_in(request: Request, user: User, onward: str, how: str) -> RedirectResponse:
    """A session for somebody who proved who they are. What session the browser had before ends."""
    store = store_of(request)
    former, by_token = session.given(request)
    if former and not by_token:
        session.end(store, former)
    door.come_in(store, user, how)
    response = redirect(request, onward)
    session.put_cookie(request, response, session.begin(store, user.user_id))
    return response


@router.post("/sign-out", dependencies=[Depends(_from_here)])
def leave(request: Request) -> Response:
    """Go out; the session is gone from the database too. Whoever lost every role may still do so."""
    secret, _ = session.given(request)
    if secret:
        door.go_out(store_of(request), secret)
    response = RedirectResponse("/sign-in", 303)
    session.drop_cookie(response)
    return response


@router.get("/welcome/{word}")
def welcome(request: Request, word: str) -> Response:
    """A link that works once: shows whom it is for, and asks for a password."""
    found = invites.look(store_of(request), word)
    return render(request, "people/welcome.html", invite=found, word=word, name="", wrong="", shortest=SHORTEST)


@router.post("/welcome/{word}", dependencies=[Depends(_from_here)])
def accept(
    request: Request, word: str, password: Annotated[str, Form()], name: Annotated[str, Form()] = ""
) -> Response:
    """Use it."""
    store = store_of(request)
    try:
        user = invites.accept(store, word, name, password)
    except RecordRejected as error:
        said = {"name": name, "wrong": f"{error} {error.do}", "shortest": SHORTEST}
        return render(request, "people/welcome.html", 422, invite=invites.look(store, word), word=word, **said)
    return let_in(request, user, "/", "link")


@router.post("/theme")
def theme(
    request: Request, caller: Sees, to: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "/"
) -> Response:
    """Light, dark, or as the system has it."""
    response = redirect(request, back)
    if to in ("light", "dark"):
        response.set_cookie("theme", to, max_age=31_536_000, samesite="lax", httponly=True, path="/")
    else:
        response.delete_cookie("theme", path="/")
    return response
