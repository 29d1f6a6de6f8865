"""What a stand-in is.

Each system has one module (``sandbox/zendesk.py``) that exposes::

    def app(world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette
    FAULTS: dict[str, FaultReply]      # "rate_limit", "server_error", "expired_token" as this vendor words them
    ROWS: tuple[Rows, ...]             # where list answers keep their rows
    READS: tuple[str, ...]             # paths of calls that are not GET and yet write nothing (searches, logins)

``app`` reads the world once, subscribes with ``world.listen(system, take)`` for what happens later, and keeps its
own state (what clients wrote) in memory and, if ``state_dir`` is given, in one file there, so that a restart on the
same folder continues. It must not look at the time but through ``clock``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette

from sandbox.world import World


class Clock:
    """Time as the stand-ins see it: the machine's, plus an offset that tests move by ``advance``."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What clients must present. Made up, the same in every run, and worthless outside the sandbox."""

    x_bearer_token: str = "sandbox-x-bearer"
    x_user_token: str = "sandbox-x-user"
    zendesk_email: str = "admin@brightwell.example"
    zendesk_token: str = "sandbox-zendesk-token"
    hubspot_token: str = "sandbox-hubspot-token"
    salesforce_client_id: str = "sandbox-client-id"
    salesforce_client_secret: str = "sandbox-client-secret"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a stand-in behaves in this run.

    ``real_limits`` counts the vendor's true call limits; without it they are so generous that a demo never waits.
    ``switches`` are a stand-in's own oddities by name (each module names its own), changed at run time by POST /switch.
    """

    credentials: Credentials = Credentials()
    real_limits: bool = False
    switches: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaultReply:
    """A vendor's own words for a fault. ``body`` is sent as JSON unless it is text.

    If ``reset_header`` is given, that header carries the Unix second ``wait`` seconds from now.
    """

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    reset_header: str | None = None
    wait: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """That answers to paths matching ``path`` (a regular expression, searched) hold rows under the top-level ``key``.

    ``id_key`` is the field that makes a row recognisable; a malformed row lacks it or holds nonsense in it.
    """

    path: str
    key: str
    id_key: str = "id"


class StandIn(Protocol):
    """The shape of a stand-in's module."""

    FAULTS: dict[str, FaultReply]
    ROWS: tuple[Rows, ...]
    READS: tuple[str, ...]

    def app(self, world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette: ...
