"""/: the map. Every system, the hub, the CRM, and what flows between them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from landbridge.bootstrap import Hub
from landbridge.console.read import flows, picture
from landbridge.console.read.flows import Fare
from landbridge.console.read.standing import Standing, standing
from landbridge.console.web.caller import Sees, hub_of
from landbridge.console.web.render import render

router = APIRouter()


@router.get("/")
def show(request: Request, caller: Sees) -> Response:
    """The picture, wide and tall, and beside it the same as a table: one glance, or one line at a time."""
    hub = hub_of(request)
    crm, fares, publish, stands = numbers(hub)
    sources = [(_system(hub, name), fare) for name, fare in fares.items() if name != crm]
    target = (_system(hub, crm), fares[crm]) if crm in fares else None
    drawn = [draw(sources, target, publish, stands.pushed) for draw in (picture.wide, picture.tall)]
    ill = [fare for fare in (*fares.values(), publish) if not fare.healthy]
    return render(
        request,
        "map/show.html",
        pictures=drawn,
        fares=[*fares.values(), publish],
        ill=ill,
        stands=stands,
        cause=picture.cause,
        crm=crm,
    )


def numbers(hub: Hub) -> tuple[str, dict[str, Fare], Fare, Standing]:
    """What the map tells: the CRM's account, how each account fares, how publishing does, how the hub stands."""
    crm = hub.project.settings.crm
    return crm, flows.accounts(hub.store, hub.accounts), flows.publishing(hub.store), standing(hub.store, crm)


def _system(hub: Hub, account: str) -> str:
    return hub.project.account(account).system
