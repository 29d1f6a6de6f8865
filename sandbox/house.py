"""The house of stand-ins: one asyncio loop, one uvicorn server each, one way to end."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from sandbox.control import Desk, control, relive
from sandbox.faults import FaultPlan, Faults
from sandbox.holds import Gate
from sandbox.journal import Journal
from sandbox.standin import Clock, Settings, StandIn
from sandbox.state import recall, write_whole
from sandbox.tls import Certificates, make_certificates
from sandbox.traffic import Traffic
from sandbox.world import make_world

_HOST = "127.0.0.1"
_OVER_TLS = {"salesforce"}


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for. ``parent``: a process whose end ends this one."""

    people: int
    seed: int
    now: datetime
    now_given: bool
    systems: tuple[str, ...]
    rates: dict[str, float]
    fault_timeout: float
    real_limits: bool
    port_base: int
    ready: Path | None
    max_seconds: float | None
    parent: int | None


class _Server(uvicorn.Server):
    """A server that leaves signals to the house."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class House:
    """Builds the world and its stand-ins and runs them until something says stop.

    ``state`` is the folder that outlives the run, if any; ``throw_away`` takes the certificates otherwise.
    """

    def __init__(self, wishes: Wishes, state: Path | None, throw_away: Path) -> None:
        self.wishes = wishes
        self.state = state
        self.folder = state or throw_away
        self.now = recall(self.folder, wishes.people, wishes.seed, wishes.now, wishes.now_given)
        self.servers: dict[str, _Server] = {}
        self.sockets: dict[str, socket.socket] = {}

    async def run(self) -> None:
        """Serve until the end; the ready file exists from the moment that all answer until then."""
        logging.getLogger("uvicorn.error").addFilter(_not_a_fault)
        desk = self._desk()
        certificates = make_certificates(self.folder / "tls")
        self._add("control", control(desk), None)
        for system in self.wishes.systems:
            self._add(system, self._standin(system, desk), certificates if system in _OVER_TLS else None)
        serving = asyncio.gather(*(s.serve(sockets=[self.sockets[name]]) for name, s in self.servers.items()))
        endings = self._endings(desk, serving)
        try:
            await self._answering()
            self._announce(desk.settings, certificates)
            await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        finally:
            desk.holds.release()
            for server in self.servers.values():
                server.should_exit = True
            await serving
            self._close(endings)

    def _desk(self) -> Desk:
        world = make_world(self.wishes.people, self.wishes.seed, self.now)
        plan = FaultPlan(self.wishes.rates, self.wishes.seed, self.wishes.fault_timeout)
        settings = Settings(real_limits=self.wishes.real_limits)
        journal = Journal(self.state / "live.jsonl" if self.state else None)
        desk = Desk(world, Clock(), plan, settings, journal=journal)
        relive(desk)  # before the stand-ins read the world: what clients wrote comes after
        return desk

    def _standin(self, system: str, desk: Desk) -> ASGIApp:
        """The stand-in behind the gate that can hold requests, behind the faults."""
        module = cast(StandIn, importlib.import_module(f"sandbox.{system}"))
        traffic = desk.traffic[system] = Traffic(system, tuple(module.READS))
        app = module.app(desk.world, desk.clock, self.state, desk.settings)
        return Faults(Gate(app, system, desk.holds), traffic, desk.plan, module.FAULTS, module.ROWS)

    def _add(self, name: str, app: ASGIApp, certificates: Certificates | None) -> None:
        """A server for ``app`` on its own socket, bound at once so that its port is known."""
        place = len(self.servers)
        bound = _bound(self.wishes.port_base + place if self.wishes.port_base else 0)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            http="h11",
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,  # a client that asks every five seconds would meet the default in the act of closing
            ssl_certfile=certificates.server if certificates else None,
            ssl_keyfile=certificates.key if certificates else None,
        )
        self.sockets[name], self.servers[name] = bound, _Server(config)

    def _url(self, name: str) -> str:
        scheme = "https" if name in _OVER_TLS else "http"
        return f"{scheme}://{_HOST}:{self.sockets[name].getsockname()[1]}"

    async def _answering(self) -> None:
        while not all(server.started for server in self.servers.values()):
            await asyncio.sleep(0.02)

    def _announce(self, settings: Settings, certificates: Certificates) -> None:
        """Say where everything is: a line each for people, the ready file for programs."""
        ready = self._ready(settings, certificates)
        if self.wishes.ready:
            write_whole(self.wishes.ready, ready)
        for name in self.servers:
            print(f"{name:<12}{self._url(name)}", flush=True)
        print(f"ready: {self.wishes.people} people, seed {self.wishes.seed}", flush=True)

    def _ready(self, settings: Settings, certificates: Certificates) -> dict[str, object]:
        keys = settings.credentials
        about: dict[str, object] = {
            "pid": os.getpid(),
            "people": self.wishes.people,
            "seed": self.wishes.seed,
            "now": self.now.isoformat(),
            "control": self._url("control"),
        }
        logins = {
            "x": {"bearer_token": keys.x_bearer_token, "user_token": keys.x_user_token},
            "zendesk": {"email": keys.zendesk_email, "token": keys.zendesk_token},
            "hubspot": {"token": keys.hubspot_token},
            "salesforce": {
                "client_id": keys.salesforce_client_id,
                "client_secret": keys.salesforce_client_secret,
                "ca": str(certificates.ca.resolve()),
            },
        }
        return about | {name: {"base_url": self._url(name), **logins[name]} for name in self.wishes.systems}

    def _endings(self, desk: Desk, serving: asyncio.Future[list[None]]) -> list[asyncio.Future[object]]:
        """Each of these, once done, ends the run: a signal, an order, the parent's end, time, a failed server."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        waits: list[asyncio.Future[object]] = [
            asyncio.ensure_future(stop.wait()),
            asyncio.ensure_future(desk.closing.wait()),
        ]
        waits.append(asyncio.ensure_future(asyncio.shield(serving)))
        if self.wishes.max_seconds is not None:
            waits.append(asyncio.ensure_future(asyncio.sleep(self.wishes.max_seconds)))
        if self.wishes.parent is not None:
            waits.append(asyncio.ensure_future(_end_of(self.wishes.parent)))
        return waits

    def _close(self, endings: list[asyncio.Future[object]]) -> None:
        for ending in endings:
            ending.cancel()
        if self.wishes.ready:
            self.wishes.ready.unlink(missing_ok=True)


def _not_a_fault(record: logging.LogRecord) -> bool:
    """Errors of the stand-ins are told; answers that a fault cut short on purpose are not."""
    return not record.getMessage().startswith("ASGI callable returned without completing response")


def _bound(port: int) -> socket.socket:
    """A listening socket. Its protocol is named, for only then does asyncio turn Nagle's delay off (40 ms a call)."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_HOST, port))
    return bound


async def _end_of(parent: int) -> None:
    """Return when the process is gone."""
    ours = os.getppid() == parent
    while os.getppid() == parent if ours else _alive(parent):
        await asyncio.sleep(0.5)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
