"""The few ASGI moves that the sandbox's middlewares share: read a request, capture an answer, wait for a hang-up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer, kept back so that it can be changed, delayed or cut."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def with_body(self, body: bytes) -> Answer:
        """The same answer with another body and the content-length that belongs to it."""
        kept = tuple((name, value) for name, value in self.headers if name.lower() != b"content-length")
        return replace(self, body=body, headers=(*kept, (b"content-length", str(len(body)).encode())))

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


async def read_body(receive: Receive) -> bytes:
    """The whole body of the request."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that hands out a body already read, and then what the client does next."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return parts.pop() if parts else await receive()

    return replayed


async def capture(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Let ``app`` work and keep its answer back."""
    starts: list[Message] = []
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(starts[0]["status"], tuple((bytes(k), bytes(v)) for k, v in starts[0]["headers"]), bytes(body))


async def hung_up(receive: Receive, seconds: float, released: asyncio.Event | None = None) -> bool:
    """Wait ``seconds``, or until released, or until the client hangs up; only the last gives True.

    Call it after the request's body was read: what comes then is the disconnect.
    """
    gone = asyncio.ensure_future(receive())
    waits = [gone, *([asyncio.ensure_future(released.wait())] if released else [])]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return gone.done() and gone.result()["type"] == "http.disconnect"
    finally:
        for wait in waits:
            wait.cancel()
