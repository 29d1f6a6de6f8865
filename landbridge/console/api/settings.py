"""Accounts and users."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from landbridge.console.people import invites, provided, users
from landbridge.console.people.users import User
from landbridge.console.read import accounts as read
from landbridge.console.web.caller import Manages, Operates, Sees, hub_of, roles_of, store_of
from landbridge.console.web.looks import checks_of

router = APIRouter(tags=["settings"])


class Stream(BaseModel):
    """What is read of an account: when its last page came, by which run, and how many fields no rule names."""

    stream: str
    at: datetime
    run_id: str
    drift: int


class Looked(BaseModel):
    """A look at an account that somebody asked for; `ended_at` is empty while it lasts."""

    started_at: datetime
    ended_at: datetime | None
    found: str
    wrong: str
    do: str


class AccountHealth(BaseModel):
    """How an account fares."""

    account: str
    system: str
    state: str
    said: str
    last_run: str | None
    last_at: datetime | None
    streams: list[Stream]
    check: Looked | None


class Somebody(BaseModel):
    """A user of the console."""

    user_id: int
    login: str
    name: str
    roles: list[str]
    seen_at: datetime | None
    disabled_at: datetime | None
    has_password: bool
    linked: bool = Field(description="Whether the OpenID provider says who they are.")
    may_link: bool = Field(description="Whether the provider's next sign-in by this login takes it over.")


class Invited(BaseModel):
    """Whom to let in, as what."""

    login: str = Field(max_length=200)
    roles: list[str] = Field(max_length=20)


class Link(BaseModel):
    """A link that works once, told once."""

    login: str
    link: str


class Roles(BaseModel):
    """These roles and no others."""

    roles: list[str] = Field(max_length=20)


class Drift(BaseModel):
    """A field that a system sends and no rule maps or ignores."""

    account: str
    stream: str
    path: str
    type: str
    first_run_id: str
    at: datetime


@router.get("/drift")
def drift(request: Request, caller: Sees) -> list[Drift]:
    """Every field that no rule names."""
    return [Drift.model_validate(row) for row in read.drifted(store_of(request), None)]


@router.get("/roles")
def roles(request: Request, caller: Sees) -> dict[str, list[str]]:
    """Every role with its rights."""
    return {name: list(rights) for name, rights in roles_of(request).roles.items()}


@router.get("/accounts")
def accounts(request: Request, caller: Sees) -> list[AccountHealth]:
    """Every account and how it fares."""
    return [_told(each) for each in read.health(hub_of(request), checks_of(request))]


def _told(each: read.Health) -> AccountHealth:
    return AccountHealth(
        account=each.name,
        system=each.system,
        state=each.fare.state,
        said=each.fare.said,
        last_run=each.fare.run_id,
        last_at=each.fare.last,
        streams=[Stream.model_validate(row) for row in each.streams],
        check=Looked(**vars(each.check)) if each.check else None,
    )


@router.post("/accounts/{account}/check", status_code=202)
def check(request: Request, caller: Operates, account: str) -> Looked:
    """Look whether an account answers, or join the look that lasts; GET /accounts tells what it found."""
    return Looked(**vars(checks_of(request).start(hub_of(request), account)))


@router.get("/users")
def everybody(request: Request, caller: Manages) -> list[Somebody]:
    """Who may sign in."""
    return [_somebody(user) for user in users.everybody(store_of(request))]


def _somebody(user: User) -> Somebody:
    return Somebody.model_validate({**vars(user), "linked": user.subject is not None}, extra="ignore")


@router.post("/users", status_code=201)
def invite(request: Request, caller: Manages, whom: Invited) -> Link:
    """A link that lets somebody in, once, within three days."""
    word = invites.invite(store_of(request), whom.login, whom.roles, known=roles_of(request), actor=caller.login)
    return Link(login=whom.login, link=str(request.url_for("welcome", word=word)))


@router.put("/users/{user_id}/roles")
def give(request: Request, caller: Manages, user_id: int, wanted: Roles) -> Somebody:
    """Give somebody these roles and no others."""
    store, known = store_of(request), roles_of(request)
    return _somebody(users.set_roles(store, user_id, wanted.roles, known=known, actor=caller.login))


@router.post("/users/{user_id}/disable")
def disable(request: Request, caller: Manages, user_id: int) -> Somebody:
    """Let somebody in no more, from this moment on."""
    return _somebody(users.disable(store_of(request), user_id, known=roles_of(request), actor=caller.login))


@router.post("/users/{user_id}/enable")
def enable(request: Request, caller: Manages, user_id: int) -> Somebody:
    """Let them in again."""
    return _somebody(users.enable(store_of(request), user_id, actor=caller.login))


@router.post("/users/{user_id}/link", status_code=204)
def link(request: Request, caller: Manages, user_id: int) -> None:
    """Let whoever the provider calls by this login be this user, from their next sign-in on."""
    provided.let_link(store_of(request), user_id, actor=caller.login)


@router.post("/users/{user_id}/unlink", status_code=204)
def unlink(request: Request, caller: Manages, user_id: int) -> None:
    """Part a user and somebody of the provider, who is signed out everywhere; or link them not at all."""
    provided.unlink(store_of(request), user_id, actor=caller.login)
