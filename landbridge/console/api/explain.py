"""Explanations for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from landbridge.console.web.caller import Sees, store_of
from landbridge.console.web.veil import Veil
from landbridge.trail.lineage import explain as follow

router = APIRouter(tags=["audit"])


class Explanation(BaseModel):
    """Everything that we wrote to one CRM record, value by value, each with its write, rule, profile and record."""

    asked: str
    identity_id: str
    formerly: list[str]
    account: str
    object: str
    crm_id: str
    golden_rules: str | None
    golden_run: str | None
    profiles: list[str]
    values: list[dict[str, Any]]


@router.get("/explain")
def explain(request: Request, caller: Sees, what: Annotated[str, Query(max_length=400)]) -> Explanation:
    """Explain a CRM record by its id, a customer by theirs, or a profile such as zendesk/users/123."""
    found = asdict(follow(store_of(request), what))
    veil = Veil.of(caller)
    for value in found["values"]:
        value |= {name: veil(value[name]) for name in ("value", "before", "golden_now")}
        value["write"]["reason"] = veil.said(value["write"]["reason"])
        if source := value["source"]:
            source["profile_id"] = veil.key(source["profile_id"])
            if source["record"]:
                source["record"]["key"] = veil.said(source["record"]["key"])
    found["profiles"] = [veil.key(each) for each in found["profiles"]]
    return Explanation(**found)
