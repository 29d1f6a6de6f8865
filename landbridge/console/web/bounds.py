"""What is refused before anything reads it: bodies that are too large, and bytes that no text of ours can hold."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 256 * 1024
"""Bytes of a request's body. Forms and answers are a few hundred; nobody sends files."""

_NOTHING = (b"\0", b"%00", b"\\u0000")
"""A NUL as itself, in a URL or a form, and in JSON: PostgreSQL's text holds none."""


class Bounds:
    """Refuses with 413 or 400 while the body comes, signed in or not; also one that does not say its size."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        said = headers.get(b"content-length", b"0")
        taken = int(said) if said.isdigit() and len(said) < 12 else LARGEST + 1
        if taken > LARGEST:
            await refused(413)(scope, receive, send)
        elif any(nothing in scope["raw_path"] + b"?" + scope["query_string"] for nothing in _NOTHING):
            await refused(400)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)


def _bounded(receive: Receive) -> Receive:
    taken, last = 0, b""

    async def bounded() -> Message:
        nonlocal taken, last
        message = await receive()
        body = message.get("body", b"")
        taken += len(body)
        if taken > LARGEST:
            raise HTTPException(413)
        if any(nothing in last + body for nothing in _NOTHING):
            raise HTTPException(400)
        last = body[-8:]
        return message

    return bounded


def refused(status: int) -> ASGIApp:
    """An answer without a page: whoever sends such a thing reads none."""
    from starlette.responses import PlainTextResponse

    told = {413: "That is more than is read here.", 400: "That cannot be text."}
    return PlainTextResponse(told[status], status, headers={"connection": "close"})
