"""The sandbox's own service desk, on its own port: truth, counts, faults at run time, held requests, new life.

It is no vendor: only tests and demos talk to it, over loopback, without a log-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultPlan, FaultsInvalidError, parse_faults
from sandbox.holds import Hold, Holds
from sandbox.journal import Journal
from sandbox.live import live as make_live
from sandbox.model import SYSTEMS, Appearance
from sandbox.standin import Clock, Settings
from sandbox.traffic import Traffic
from sandbox.world import World

_STREAMS = {"user": "users", "contact": "contacts", "lead": "leads"}
_LIVE_AGO = 90  # seconds: younger things are held back by Zendesk (60 s) and X (30 s)


@dataclass
class Desk:
    """Everything that the control service shows or turns."""

    world: World
    clock: Clock
    plan: FaultPlan
    settings: Settings
    holds: Holds = field(default_factory=Holds)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    journal: Journal = field(default_factory=lambda: Journal(None))
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def stream(row: Appearance) -> str:
    """The stream that a connector finds the appearance in: users, contacts; for Salesforce Lead or Contact."""
    return row.kind.title() if row.system == "salesforce" else _STREAMS[row.kind]


def relive(desk: Desk) -> None:
    """Let happen again what the journal of an earlier run on this state says has happened."""
    for entry in desk.journal.entries():
        make_live(desk.world, entry["events"], datetime.fromisoformat(entry["at"]))


def control(desk: Desk) -> Starlette:
    """The control application over ``desk``."""
    service = _Service(desk)
    orders = (service.faults, service.switch, service.hold, service.release, service.live, service.clock)
    routes = [Route(f"/{read.__name__}", read) for read in (service.truth, service.stats, service.held)]
    routes += [Route(f"/{order.__name__}", order, methods=["POST"]) for order in (*orders, service.shutdown)]
    return Starlette(routes=routes)


class _Service:
    """One method a path."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def truth(self, request: Request) -> Response:
        """Who is who: one line for each appearance."""
        return JSONResponse(list(_truth(self.desk.world)))

    async def stats(self, request: Request) -> Response:
        """What each stand-in was asked since it started."""
        systems = {name: traffic.report() for name, traffic in self.desk.traffic.items()}
        totals = {name: sum(_number(report[name]) for report in systems.values()) for name in ("requests", "writes")}
        return JSONResponse({**totals, "systems": systems})

    async def faults(self, request: Request) -> Response:
        """Change the rates: {"faults": "10%"}, and with it {"fault_timeout": 3}."""
        body = await request.json()
        try:
            self.desk.plan.rates = parse_faults(body.get("faults"))
        except FaultsInvalidError as error:
            return JSONResponse({"error": str(error)}, 400)
        self.desk.plan.timeout_seconds = float(body.get("fault_timeout", self.desk.plan.timeout_seconds))
        return JSONResponse({"rates": self.desk.plan.rates, "fault_timeout": self.desk.plan.timeout_seconds})

    async def switch(self, request: Request) -> Response:
        """Set the oddities of stand-ins by name: {"x.usage_capped": true}; null takes one away."""
        for name, value in (await request.json()).items():
            self.desk.settings.switches[name] = value
        return JSONResponse(self.desk.settings.switches)

    async def hold(self, request: Request) -> Response:
        """Hold the next requests that fit: {"system", "method", "path_contains", "when", "count"}."""
        try:
            wanted = Hold(**(await request.json()))
        except TypeError as error:
            return JSONResponse({"error": str(error)}, 400)
        self.desk.holds.add(wanted)
        return JSONResponse(asdict(wanted))

    async def held(self, request: Request) -> Response:
        """The requests held at this moment."""
        return JSONResponse(self.desk.holds.held)

    async def release(self, request: Request) -> Response:
        """Let all of them go on."""
        count = len(self.desk.holds.held)
        self.desk.holds.release()
        return JSONResponse({"released": count})

    async def live(self, request: Request) -> Response:
        """Make {"events": n} things happen, dated {"ago": seconds} back so that polls need not wait for them."""
        body = await request.json()
        at = self.desk.clock.now() - timedelta(seconds=float(body.get("ago", _LIVE_AGO)))
        at = at.replace(microsecond=0)
        self.desk.journal.add({"events": int(body.get("events", 1)), "at": at.isoformat()})
        news = make_live(self.desk.world, int(body.get("events", 1)), at)
        return JSONResponse([{"system": n.system, "kind": n.kind, "key": n.key, "person": n.person_id} for n in news])

    async def clock(self, request: Request) -> Response:
        """Move the stand-ins' time: {"advance": seconds}."""
        self.desk.clock.advance(float((await request.json())["advance"]))
        return JSONResponse({"now": self.desk.clock.now().isoformat()})

    async def shutdown(self, request: Request) -> Response:
        """End the sandbox."""
        self.desk.holds.release()
        self.desk.closing.set()
        return JSONResponse({"closing": True})


def _truth(world: World) -> Iterable[dict[str, str]]:
    for system in SYSTEMS:
        for row in world.appearances(system):
            yield {"system": system, "stream": stream(row), "key": row.key, "person": row.person_id}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
