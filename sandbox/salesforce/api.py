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
_ROOT = ("services", "data")
_VERSION = re.compile(r"v(\d\d)\.0")
_OLDEST, _OLDEST_SERVED, _NEWEST = 21, 31, 66
_RELEASES = {66: "Spring '26", 65: "Winter '26", 64: "Summer '25"}


class Api:
    """The resources under /services/data: a table of method and path, behind the session check and the limits."""

    def __init__(self, sessions: Sessions, usage: Usage, table: Iterable[tuple[str, str, Endpoint]]) -> None:
        self.sessions = sessions
        self.usage = usage
        self._table: list[tuple[str, tuple[str, ...], Endpoint]] = []
        self.add(table)

    def add(self, table: Iterable[tuple[str, str, Endpoint]]) -> None:
        """More resources. A pattern such as `sobjects/{object}` names the parts of the path that vary."""
        self._table += [(method, tuple(filter(None, path.split("/"))), endpoint) for method, path, endpoint in table]

    async def answer(self, request: Request) -> Response:
        """The reply to one request; a refusal becomes a reply too."""
        if tuple(_segments(request)) == _ROOT:
            return json_reply(_versions())
        try:
            user_id = self.sessions.user(request.headers.get("authorization", ""))
            self.usage.spend()
        except Refused as refused:
            reply = refusal_reply(refused)
        else:
            reply = await self.inside(request, user_id)
        reply.headers.update(self.usage.header())
        return reply

    async def inside(self, request: Request, user_id: str) -> Response:
        """The reply to a user who is logged in; nothing is counted."""
        try:
            segments = _segments(request)
            if tuple(segments[: len(_ROOT)]) != _ROOT or len(segments) == len(_ROOT):
                raise not_found()
            version = _version(segments[len(_ROOT)])
            endpoint, parts = self._find(_method(request), segments[len(_ROOT) + 1 :])
            return await endpoint(Call(request, version, parts, user_id))
        except Refused as refused:
            return refusal_reply(refused)

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
