"""Settings, Users: who may sign in, with which roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from landbridge.console.people import invites, provided, users
from landbridge.console.people.users import User
from landbridge.console.web.caller import Manages, hub_of, roles_of, store_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.render import redirect, render
from landbridge.errors import LandbridgeError, NotFound, RecordRejected

router = APIRouter()

COLUMNS = ("login", "name", "roles", "has_password", "linked", "at", "seen_at", "disabled_at")


@router.get("/settings/users")
def everybody(request: Request, caller: Manages) -> Response:
    """Who may sign in."""
    listing = _listing(request)
    if listing.csv:
        return csv_response("users", COLUMNS, map(_row, _sorted(request, listing)))
    return _page(request)


def _listing(request: Request) -> Listing:
    return Listing.of(request, sorts=("login", "seen_at", "at"), default="login")


def _sorted(request: Request, listing: Listing) -> list[User]:
    """They are as many as a company has in its CRM's team; whoever was never seen was so longest ago."""
    never = datetime.min.replace(tzinfo=UTC)
    found = users.everybody(store_of(request))
    return sorted(found, key=lambda user: getattr(user, listing.sort) or never, reverse=listing.descending)


def _row(user: User) -> Mapping[str, Any]:
    return {**vars(user), "roles": "+".join(user.roles), "linked": user.subject is not None}


def _page(request: Request, status: int = 200, *, link: str = "", whom: str = "", wrong: str = "") -> Response:
    oidc, listing = hub_of(request).project.settings.console.oidc, replace(_listing(request), path="/settings/users")
    return render(
        request,
        "settings/users.html",
        status,
        listing=listing,
        users=_sorted(request, listing),
        roles=roles_of(request).roles,
        provider=oidc.name if oidc else "",
        link=link,
        whom=whom,
        wrong=wrong,
    )


def _wrong(request: Request, error: LandbridgeError) -> Response:
    return _page(request, 422, wrong=f"{error} {error.do}".strip())


@router.post("/settings/users/invite")
def invite(
    request: Request,
    caller: Manages,
    login: Annotated[str, Form()] = "",
    role: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """A link that lets somebody in, once; it is shown on this answer and never again."""
    try:
        word = invites.invite(store_of(request), login, role or [], known=roles_of(request), actor=caller.login)
    except (RecordRejected, NotFound) as error:
        return _wrong(request, error)
    return _page(request, link=str(request.url_for("welcome", word=word)), whom=login)


@router.post("/settings/users/{user_id}/roles")
def give(request: Request, caller: Manages, user_id: int, role: Annotated[list[str] | None, Form()] = None) -> Response:
    """These roles and no others."""
    try:
        user = users.set_roles(store_of(request), user_id, role or [], known=roles_of(request), actor=caller.login)
    except (RecordRejected, NotFound) as error:
        return _wrong(request, error)
    return redirect(request, "/settings/users", f"{user.login} is {', '.join(user.roles) or 'without a role'} now.")


@router.post("/settings/users/{user_id}/disable")
def disable(request: Request, caller: Manages, user_id: int) -> Response:
    """Let somebody in no more, from this moment on."""
    try:
        user = users.disable(store_of(request), user_id, known=roles_of(request), actor=caller.login)
    except (RecordRejected, NotFound) as error:
        return _wrong(request, error)
    undo = {"undo_url": f"/settings/users/{user_id}/enable"}
    return redirect(request, "/settings/users", f"{user.login} is signed out and may come in no more.", **undo)


@router.post("/settings/users/{user_id}/enable")
def enable(request: Request, caller: Manages, user_id: int) -> Response:
    """Let them in again."""
    try:
        user = users.enable(store_of(request), user_id, actor=caller.login)
    except NotFound as error:
        return _wrong(request, error)
    return redirect(request, "/settings/users", f"{user.login} may come in again.")


@router.post("/settings/users/{user_id}/link")
def link(request: Request, caller: Manages, user_id: int) -> Response:
    """Let whoever the provider calls by this login be this user, from their next sign-in on."""
    try:
        provided.let_link(store_of(request), user_id, actor=caller.login)
    except NotFound as error:
        return _wrong(request, error)
    return redirect(request, "/settings/users", "They are linked at their next sign-in there.")


@router.post("/settings/users/{user_id}/unlink")
def unlink(request: Request, caller: Manages, user_id: int) -> Response:
    """Part a user and somebody of the provider, or link them not at all."""
    try:
        user = provided.unlink(store_of(request), user_id, actor=caller.login)
    except NotFound as error:
        return _wrong(request, error)
    said = f"{user.login} is signed out, and linked no more." if user.subject else f"{user.login} is not to be linked."
    return redirect(request, "/settings/users", said)
