"""From an address to what answers it.

Addresses are taken apart before they are decoded, so that `%2F` in an external id is no slash; a slash at the end and
the case of fixed words do not count, as with Salesforce.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.errors import Refused, not_found
from sandbox.salesforce.replies import Call, json_reply, refusal_reply
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.usage import Usage

Endpoint = Callable[[Call], Awaitable[Response]]
_VERSION = re.compile(r"v(\d\d)\.0")
_OLDEST, _OLDEST_SERVED, _NEWEST = 21, 31, 66
_RELEASES = {66: "Spring '26", 65: "Winter '26", 64: "Summer '25"}


class Api:
    """The resources under /services/data: a table of method and path, behind the session check and the limits."""

    def __init__(self, sessions: Sessions, usage: Usage, table: Iterable[tuple[str, str, Endpoint]]) -> None:
        self.sessions = sessions
        self.usage = usage
        self._table = [(method, tuple(filter(None, path.split("/"))), endpoint) for method, path, endpoint in table]

    async def answer(self, request: Request) -> Response:
        """The reply to one request; a refusal becomes a reply too."""
        try:
            return await self._answer(request)
        except Refused as refused:
            reply = refusal_reply(refused)
            reply.headers.update(self.usage.header())
            return reply

    async def _answer(self, request: Request) -> Response:
        segments = _segments(request)[2:]
        if not segments:
            return json_reply(_versions())
        version = _version(segments[0])
        user_id = self.sessions.user(request.headers.get("authorization", ""))
        self.usage.spend()
        endpoint, parts = self._find(_method(request), segments[1:])
        reply = await endpoint(Call(request, version, parts, user_id))
        reply.headers.update(self.usage.header())
        return reply

    def _find(self, method: str, segments: list[str]) -> tuple[Endpoint, Mapping[str, str]]:
        """The first entry that fits; METHOD_NOT_ALLOWED if only the method does not."""
        fitting = [
            (allowed, endpoint, parts)
            for allowed, pattern, endpoint in self._table
            if (parts := _fit(pattern, segments)) is not None
        ]
        for allowed, endpoint, parts in fitting:
            if method == allowed or (method == "HEAD" and allowed == "GET"):
                return endpoint, parts
        if not fitting:
            raise not_found()
        listed = ", ".join(dict.fromkeys(allowed for allowed, _, _ in fitting))
        message = f"HTTP Method '{method}' not allowed. Allowed are {listed}"
        raise Refused("METHOD_NOT_ALLOWED", message, http_status=405)


def _fit(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    parts: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            parts[wanted[1:-1]] = given
        elif wanted.lower() != given.lower():
            return None
    return parts


def _segments(request: Request) -> list[str]:
    """The parts of the path, each decoded by itself."""
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode()).partition(b"?")[0]
    return [unquote(part) for part in raw.decode("latin-1").strip("/").split("/")]


def _method(request: Request) -> str:
    """The method; clients that cannot send PATCH say so in the address of a POST."""
    override = request.query_params.get("_HttpMethod", "").upper()
    return override if request.method == "POST" and override else request.method


def _version(segment: str) -> str:
    match = _VERSION.fullmatch(segment)
    number = int(match[1]) if match else 0
    if _OLDEST <= number < _OLDEST_SERVED:
        raise Refused(
            "UNSUPPORTED_API_VERSION", "The requested API version is retired or unavailable.", http_status=410
        )
    if not _OLDEST_SERVED <= number <= _NEWEST:
        raise not_found()
    return f"{number}.0"


def _versions() -> list[dict[str, str]]:
    """Which versions there are; anyone may ask."""
    return [
        {
            "label": _RELEASES.get(number, f"Release {number}"),
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(_OLDEST_SERVED, _NEWEST + 1)
    ]
