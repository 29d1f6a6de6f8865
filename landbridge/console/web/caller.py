"""Who calls: the person behind a cookie or a token, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from landbridge.console.web.csrf import see_that_it_is_ours
from landbridge.console.web.rights import Right, Roles
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Caller:
    """Somebody signed in. `login` is the actor in the trail; `secret` is what their forms are signed with."""

    user_id: int
    login: str
    name: str
    roles: tuple[str, ...]
    rights: frozenset[Right]
    by_token: bool = False
    secret: str = field(default="", repr=False)

    def may(self, right: Right) -> bool:
        """Whether they have the right."""
        return right in self.rights


BY_ITSELF = "again"
"""What a page says in `x-part` when nobody asked: it looks whether its numbers are others by now."""


class NotSignedIn(Exception):
    """Nobody is behind the request; a page sends them to sign in, the API answers 401."""


class NotAllowed(Exception):
    """They are signed in and lack a right; 403."""

    def __init__(self, right: Right) -> None:
        super().__init__(right)
        self.right = right


def hub_of(request: Request) -> Hub:
    """The project that the console shows."""
    hub: Hub = request.app.state.hub
    return hub


def store_of(request: Request) -> Store:
    """The project's database."""
    return hub_of(request).store


def address_of(request: Request) -> str:
    """Where the browser calls from, as far as the connection tells."""
    return request.client.host if request.client else ""


def roles_of(request: Request) -> Roles:
    """The roles in force."""
    roles: Roles = request.app.state.roles
    return roles


def for_programs(request: Request) -> bool:
    """Whether a program asks."""
    return request.url.path.startswith("/api/")


def signed_in(request: Request) -> Caller:
    """Who calls. A token opens the API and no page. Raises NotSignedIn."""
    secret, by_token = session.given(request)
    if by_token and not for_programs(request):
        raise NotSignedIn
    part = request.headers.get("x-part")
    whole = part is None and not for_programs(request)
    found = session.of(store_of(request), secret, shown=whole, lively=part != BY_ITSELF) if secret else None
    if found is None or (found.kind == "token") != by_token:
        raise NotSignedIn
    rights = roles_of(request).rights_of(found.roles)
    caller = Caller(found.user_id, found.login, found.name, found.roles, rights, by_token, secret)
    request.state.caller, request.state.said = caller, found.said
    return caller


def may(right: Right) -> Callable[..., Any]:
    """A dependency: the Caller, who has the right, and whose form is ours. Raises NotSignedIn, NotAllowed, NotOurs."""

    async def allowed(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
        if not caller.may(right):
            raise NotAllowed(right)
        if not caller.by_token:
            await see_that_it_is_ours(request, caller.secret)
        return caller

    allowed.right = right  # type: ignore[attr-defined]  # read by the test of the table page x role
    return allowed


Sees = Annotated[Caller, Depends(may("see"))]
Reviews = Annotated[Caller, Depends(may("review"))]
Operates = Annotated[Caller, Depends(may("operate"))]
Approves = Annotated[Caller, Depends(may("approve"))]
Audits = Annotated[Caller, Depends(may("audit"))]
Manages = Annotated[Caller, Depends(may("admin"))]
