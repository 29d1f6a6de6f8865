"""Faults on demand: a seeded, repeatable share of requests fails the way real vendors fail.

Kinds: ``rate_limit``, ``server_error`` and ``expired_token`` answer in the vendor's own words; ``timeout`` answers only
after a long delay; ``cut`` closes the connection in the middle of a body; ``malformed_row`` puts a broken copy beside a
real row of a list; ``slow_page`` is late by a second. For calls that write, half of the time-outs and cuts come before
the write was done and half after it: the caller cannot know which.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.asgi import Answer, capture, hung_up, read_body, replay
from sandbox.standin import FaultReply, Rows
from sandbox.traffic import Traffic

KINDS = ("rate_limit", "server_error", "timeout", "cut", "expired_token", "malformed_row", "slow_page")


class FaultsInvalidError(ValueError):
    """The wish for faults cannot be read; the message says what can."""


@dataclass
class FaultPlan:
    """Which share of requests fails how. May be changed while the servers run."""

    rates: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    timeout_seconds: float = 20.0
    slow_seconds: float = 1.0

    def draw(self, system: str, number: int) -> str | None:
        """The fault for the ``number``-th request to ``system``, or None. The same in every run with this seed."""
        share = fraction(self.seed, system, number)
        for kind, rate in self.rates.items():
            if share < rate:
                return kind
            share -= rate
        return None


def fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but ``parts``."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def parse_faults(wish: str | None) -> dict[str, float]:
    """Rates by kind from ``10%`` (all kinds alike, together ten in a hundred) or ``rate_limit=5%,cut=2%``.

    Raises FaultsInvalidError for an unknown kind, an unreadable number, or rates that sum up to more than 100 %.
    """
    rates: dict[str, float] = {}
    for part in filter(None, (wish or "").replace(" ", "").split(",")):
        kind, _, share = part.rpartition("=")
        if kind and kind not in KINDS:
            raise FaultsInvalidError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}")
        for one in [kind] if kind else KINDS:
            rates[one] = _share(share) / (1 if kind else len(KINDS))
    if sum(rates.values()) > 1:
        raise FaultsInvalidError("the rates of all faults together are more than 100%")
    return rates


def _share(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise FaultsInvalidError(f"{text!r} is no share; write 10% or 0.1") from None
    if not 0 <= value <= 1:
        raise FaultsInvalidError(f"{text!r} is no share between 0% and 100%")
    return value


class Faults:
    """ASGI middleware around one stand-in. Requests that draw no fault pass untouched."""

    def __init__(
        self,
        app: ASGIApp,
        traffic: Traffic,
        plan: FaultPlan,
        replies: dict[str, FaultReply],
        rows: Iterable[Rows],
    ) -> None:
        self.app = app
        self.traffic = traffic
        self.plan = plan
        self.replies = replies
        self.rows = tuple(rows)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):  # a test's question, no client's
            await self.app(scope, receive, send)
            return
        number = self.traffic.count(scope)
        kind = self.plan.draw(self.traffic.system, number)
        if kind is None or (kind == "expired_token" and scope["path"].endswith("/token")):
            await self.app(scope, receive, send)
            return
        body = await read_body(receive)
        await self._fail(kind, number, scope, replay(body, receive), receive, send)

    async def _fail(self, kind: str, number: int, scope: Scope, again: Receive, receive: Receive, send: Send) -> None:
        if kind == "malformed_row":
            await self._malformed(number, scope, again, send)
            return
        self.traffic.faults[kind] += 1
        after = fraction(self.plan.seed, self.traffic.system, number, "after") < 0.5
        if kind in self.replies:
            await _worded(self.replies[kind]).send(send)
        elif kind == "cut":
            await _cut(await capture(self.app, scope, again) if after or not self.traffic.writes(scope) else None, send)
        else:
            late = after and kind == "timeout" and self.traffic.writes(scope)
            await self._late(kind, late, scope, again, receive, send)

    async def _late(self, kind: str, applied: bool, scope: Scope, again: Receive, receive: Receive, send: Send) -> None:
        """Answer after the delay, the work done before it or after; a client that hangs up ends the wait."""
        seconds = self.plan.timeout_seconds if kind == "timeout" else self.plan.slow_seconds
        answer = await capture(self.app, scope, again) if applied else None
        if await hung_up(receive, seconds):
            return
        answer = answer or await capture(self.app, scope, again)
        await answer.send(send)

    async def _malformed(self, number: int, scope: Scope, again: Receive, send: Send) -> None:
        answer = await capture(self.app, scope, again)
        rows = next((rows for rows in self.rows if re.search(rows.path, scope["path"])), None)
        broken = _with_broken_row(answer, rows, number) if rows and answer.status == 200 else None
        if broken is not None:
            self.traffic.faults["malformed_row"] += 1
        await (broken or answer).send(send)


def _worded(reply: FaultReply) -> Answer:
    """The vendor's own words, with the reset time filled in."""
    headers = {"content-type": reply.content_type, **reply.headers}
    if reply.reset_header:
        headers[reply.reset_header] = str(int(time.time()) + reply.wait)
    body = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return Answer(reply.status, raw, b"").with_body(body)


async def _cut(answer: Answer | None, send: Send) -> None:
    """Promise a body, send half of it, and leave: the server then closes the connection."""
    if answer is None or len(answer.body) < 2:
        answer = Answer(200, ((b"content-type", b"application/json"),), b"").with_body(b"{" + b" " * 200)
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


def _with_broken_row(answer: Answer, rows: Rows, number: int) -> Answer | None:
    """The answer with a broken copy of one row right behind the real one; None if it holds no rows."""
    try:
        document = json.loads(answer.body)
    except ValueError:
        return None
    found = document.get(rows.key) if isinstance(document, dict) else None
    if not isinstance(found, list) or not found:
        return None
    place = number % len(found)
    found.insert(place + 1, _broken(found[place], rows.id_key, number))
    return answer.with_body(json.dumps(document).encode())


def _broken(row: Any, id_key: str, number: int) -> object:
    """A row without its id, a text where an object should be, or an object where the id should be."""
    if not isinstance(row, dict) or number % 3 == 0:
        return "�� upstream record truncated"
    if number % 3 == 1:
        return {name: value for name, value in row.items() if name != id_key}
    return {**row, id_key: {"unexpected": [None]}}
