"""Who the token or cookie belongs to."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from landbridge.console.web.caller import Sees

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """The caller."""

    login: str
    name: str
    roles: list[str]
    rights: list[str]


@router.get("/me")
def me(caller: Sees) -> Me:
    """Who you are, and what you may do."""
    return Me(login=caller.login, name=caller.name, roles=list(caller.roles), rights=sorted(caller.rights))
