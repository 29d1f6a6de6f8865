"""Holding a request still, so that a test can kill its client exactly between the vendor's write and its own note."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.asgi import capture, hung_up, read_body, replay

LONGEST_SECONDS = 60.0


@dataclass
class Hold:
    """Hold the next ``count`` requests that fit, ``when`` "before" or "after" the stand-in has worked on them."""

    system: str
    method: str = ""
    path_contains: str = ""
    when: str = "after"
    count: int = 1

    def fits(self, system: str, scope: Scope) -> bool:
        return (
            self.count > 0
            and self.system == system
            and self.method.upper() in ("", scope["method"])
            and self.path_contains in scope["path"]
        )


@dataclass
class Holds:
    """All holds of a sandbox, and the requests held at this moment."""

    waiting: list[Hold] = field(default_factory=list)
    held: list[dict[str, str]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, hold: Hold) -> None:
        self.waiting.append(hold)

    def take(self, system: str, scope: Scope) -> Hold | None:
        """The first hold that fits the request, used up by one."""
        hold = next((hold for hold in self.waiting if hold.fits(system, scope)), None)
        if hold:
            hold.count -= 1
        return hold

    def release(self) -> None:
        """Let every held request go on and forget holds not yet used."""
        self.waiting.clear()
        self.released.set()
        self.released = asyncio.Event()


class Gate:
    """ASGI middleware, innermost: whatever it holds has passed the faults and truly reaches the stand-in."""

    def __init__(self, app: ASGIApp, system: str, holds: Holds) -> None:
        self.app = app
        self.system = system
        self.holds = holds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hold = self.holds.take(self.system, scope) if scope["type"] == "http" else None
        if hold is None:
            await self.app(scope, receive, send)
            return
        body = await read_body(receive)
        again = replay(body, receive)
        answer = await capture(self.app, scope, again) if hold.when == "after" else None
        if await self._hold_still(hold, scope, receive):
            return
        answer = answer or await capture(self.app, scope, again)
        await answer.send(send)

    async def _hold_still(self, hold: Hold, scope: Scope, receive: Receive) -> bool:
        """Wait for the release; True if the client has gone: a request held before the work is then never done."""
        note = {"system": self.system, "method": scope["method"], "path": scope["path"], "when": hold.when}
        self.holds.held.append(note)
        try:
            return await hung_up(receive, LONGEST_SECONDS, self.holds.released)
        finally:
            self.holds.held.remove(note)
