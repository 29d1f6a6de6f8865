"""Settings: accounts and how they fare, rules as they stand, identity's thresholds, roles. What is decided in files is
shown here and changed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.console.read import accounts as read
from landbridge.console.read import plan_waits as waits
from landbridge.console.read import rules
from landbridge.console.web.caller import Operates, Sees, hub_of, roles_of, store_of
from landbridge.console.web.csv_out import csv_response
from landbridge.console.web.lists import Listing
from landbridge.console.web.looks import checks_of
from landbridge.console.web.nav import NAV
from landbridge.console.web.render import redirect, render
from landbridge.console.web.rights import RIGHTS
from landbridge.console.web.veil import Veil
from landbridge.errors import LandbridgeError
from landbridge.identity import models
from landbridge.push import budget

router = APIRouter()

MODELS = ("version", "in_force", "adopted_at", "adopted_by", "reason")


@router.get("/settings")
def settings(request: Request, caller: Sees) -> Response:
    """The accounts, the CRM's calls, and whether writing is halted."""
    hub = hub_of(request)
    crm = hub.project.settings.crm
    known = crm in hub.accounts
    options = hub.project.account(crm).options if known else {}
    return render(
        request,
        "settings/accounts.html",
        accounts=read.health(hub, checks_of(request)),
        crm=crm if known else "",
        left=_or_none(lambda: budget.left(hub.store, crm, options)),
        halted=waits.halted(hub.store, crm, Veil.of(caller)),
    )


def _or_none(ask: Callable[[], Any]) -> Any:
    """What is asked for; None where a setting is wrong: the page that shows settings must not fall over one."""
    try:
        return ask()
    except LandbridgeError:
        return None


@router.post("/settings/accounts/{account}/check")
def check(request: Request, caller: Operates, account: str) -> Response:
    """Look whether an account answers, beside the page."""
    checks_of(request).start(hub_of(request), account)
    return redirect(request, "/settings")


@router.get("/settings/mappings")
def mappings(request: Request, caller: Sees, file: str = "") -> Response:
    """The files of rules, one of them line by line, and what systems send that no rule names."""
    listing = Listing.of(request, sorts=("account",), default="account")
    if listing.csv:
        return csv_response("drift", read.DRIFT, read.drifted(store_of(request), None))
    drift = read.drifted(store_of(request))
    folder = hub_of(request).project.mappings
    names = rules.files(folder)
    systems = [f"sources/{account.system}.yaml" for account in hub_of(request).project.settings.accounts.values()]
    shown = file or next((name for name in [*systems, *names] if name in names), "")
    lines = rules.lines(folder, shown) if shown else []
    return render(request, "settings/mappings.html", files=names, file=shown, lines=lines, drift=drift, most=read.SHOWN)


@router.get("/settings/identity")
def identity(request: Request, caller: Sees) -> Response:
    """The model in force, what came into force before, and what other thresholds would come to."""
    hub = hub_of(request)
    model, history = hub.model, models.history(hub.store)
    if request.query_params.get("format") == "csv":
        return csv_response("models", MODELS, map(vars, history))
    return render(
        request,
        "settings/identity.html",
        model=model,
        wanted=hub.project.settings.identity,
        history=history,
        curve=request.app.state.curves.of(hub, model),
    )


@router.get("/settings/roles")
def roles(request: Request, caller: Sees) -> Response:
    """Which role may do what, and see which page."""
    return render(request, "settings/roles.html", roles=roles_of(request).roles, rights=RIGHTS, pages=NAV)
