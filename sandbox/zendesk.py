"""A stand-in for Zendesk Support: incremental exports, lists, users and tickets to write. Base path ``/api/v2``.

Switches: ``zendesk.hold_back`` (seconds that changes stay out of the exports: 60), ``zendesk.incremental_limit``
(export calls a minute).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.journal import Journal
from sandbox.standin import Clock, FaultReply, Rows, Settings
from sandbox.world import World
from sandbox.zendesk_limits import Limits
from sandbox.zendesk_paging import Export, RefusedError, by_cursor, by_time, listed
from sandbox.zendesk_rows import ADMIN_ID, Row, seconds, shown
from sandbox.zendesk_store import ZendeskStore
from sandbox.zendesk_writes import Writes

_EXPIRED = "The access token provided is expired, revoked, malformed or invalid for other reasons."
FAULTS = {
    "rate_limit": FaultReply(
        429,
        {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests per minute exceeded"},
        {"Retry-After": "1", "X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0"},
    ),
    "server_error": FaultReply(
        503,
        "<html><body><h1>503 Service Unavailable</h1></body></html>",
        {"Retry-After": "1"},
        content_type="text/html; charset=UTF-8",
    ),
    "expired_token": FaultReply(401, {"error": "invalid_token", "error_description": _EXPIRED}),
}
ROWS = (
    Rows(r"/incremental/tickets", "tickets"),
    Rows(r"/incremental/users", "users"),
    Rows(r"/incremental/ticket_events", "ticket_events"),
    Rows(r"/incremental/organizations", "organizations"),
    Rows(r"/comments", "comments"),
)
READS: tuple[str, ...] = ()

Endpoint = Callable[[Request], Awaitable[dict[str, Any]]]


def app(world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette:
    """The server; what clients write is kept in ``state_dir/zendesk.jsonl``."""
    store = ZendeskStore(world, Journal(state_dir / "zendesk.jsonl" if state_dir else None))
    world.listen("zendesk", store.take)
    return _Zendesk(store, clock, settings).app


class _Zendesk:
    def __init__(self, store: ZendeskStore, clock: Clock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings
        self.limits = Limits(settings)
        self.writes = Writes(store, clock)
        self.app = Starlette(routes=list(self._routes()), exception_handlers={HTTPException: _no_endpoint})
        self.app.add_middleware(_WithoutSuffix)

    def _routes(self) -> Iterable[Route]:
        table: tuple[tuple[str, str, Endpoint], ...] = (
            ("GET", "/incremental/{stream}/cursor", self.export_by_cursor),
            ("GET", "/incremental/{stream}", self.export_by_time),
            ("GET", "/users/me", self.me),
            ("GET", "/users/show_many", self.show_many),
            ("GET", "/users/search", self.search_users),
            ("POST", "/users/create_or_update", self.writes.create_or_update),
            ("GET", "/users/{id:int}/identities", self.identities),
            ("GET", "/tickets/{id:int}/comments", self.comments),
            ("POST", "/tickets", self.writes.create_ticket),
            ("PUT", "/tickets/{id:int}", self.writes.update_ticket),
            ("GET", "/deleted_tickets", self.deleted_tickets),
            ("GET", "/{stream}", self.list_all),
            ("GET", "/{stream}/{id:int}", self.show),
        )
        for method, path, endpoint in table:
            yield Route("/api/v2" + path, self._guarded(endpoint), methods=[method])

    def _guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint behind the log-in and the limits; refusals become answers."""

        async def answer(request: Request) -> Response:
            headers: dict[str, str] = {}
            try:
                self._check_login(request)
                headers = self.limits.spend("incremental" in request.url.path, self.clock.now())
                body = await endpoint(request)
                headers |= body.pop("_headers", {})
                status = body.pop("_status", 200)
                return JSONResponse(shown(body), status, headers)
            except RefusedError as refusal:
                return JSONResponse(refusal.body, refusal.status, {**headers, **refusal.headers})

        return answer

    def _check_login(self, request: Request) -> None:
        keys = self.settings.credentials
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        basic = base64.b64encode(f"{keys.zendesk_email}/token:{keys.zendesk_token}".encode()).decode()
        if (scheme.lower(), token) not in (("basic", basic), ("bearer", keys.zendesk_token)):
            raise RefusedError(401, "Couldn't authenticate you", "", {"WWW-Authenticate": 'Basic realm="Web Password"'})

    def _now(self) -> int:
        return seconds(self.clock.now())

    def _hold_back(self) -> int:
        seconds_back = self.settings.switches.get("zendesk.hold_back")
        return seconds_back if isinstance(seconds_back, int) else 60

    def _export(self, stream: str) -> Export:
        if stream == "ticket_events":
            return Export(stream, self.store.ticket_events(), "timestamp")
        return Export(stream, self._rows(stream).values())

    def _rows(self, stream: str) -> dict[int, Row]:
        rows = {"users": self.store.users, "tickets": self.store.tickets, "organizations": self.store.organizations}
        if stream not in rows:
            raise RefusedError(404, "InvalidEndpoint", "Not found")
        return rows[stream]

    async def export_by_cursor(self, request: Request) -> dict[str, Any]:
        """Tickets and users only; nothing else has a cursor."""
        stream = request.path_params["stream"]
        if stream not in ("tickets", "users"):
            raise RefusedError(404, "InvalidEndpoint", "Not found")
        export = self._export(stream)
        if request.query_params.get("exclude_deleted") == "true":
            export = Export(stream, [row for row in export.rows if row.get("status") != "deleted"])
        return self._side_loaded(request, by_cursor(request, export, self._now(), self._hold_back()))

    def _side_loaded(self, request: Request, page: dict[str, Any]) -> dict[str, Any]:
        """The page of tickets with their requesters and comment counts beside them, where ``include`` asks for it."""
        if "tickets" not in page:
            return page
        wanted, tickets = request.query_params.get("include", "").split(","), page["tickets"]
        if "comment_count" in wanted:
            page["tickets"] = [t | {"comment_count": len(self.store.comments.get(t["id"], []))} for t in tickets]
        if "users" in wanted:
            ids = dict.fromkeys(ticket["requester_id"] for ticket in tickets)
            page["users"] = [self.store.users[i] for i in ids if i in self.store.users]
        return page

    async def export_by_time(self, request: Request) -> dict[str, Any]:
        export = self._export(request.path_params["stream"])
        page = by_time(request, export, self._now(), self._hold_back())
        if export.name == "ticket_events" and "comment_events" not in request.query_params.get("include", ""):
            page[export.name] = [_without_comments(row) for row in page[export.name]]
        return page

    async def me(self, request: Request) -> dict[str, Any]:
        return {"user": self.store.users[ADMIN_ID]}

    async def show(self, request: Request) -> dict[str, Any]:
        """One user, organization or ticket; a deleted ticket is not found here, as with the vendor."""
        stream = request.path_params["stream"]
        row = self._rows(stream).get(request.path_params["id"])
        if row is None or row.get("status") == "deleted":
            raise RefusedError(404, "RecordNotFound", "Not found")
        return {stream.removesuffix("s"): row}

    async def list_all(self, request: Request) -> dict[str, Any]:
        stream = request.path_params["stream"]
        rows = [row for row in self._rows(stream).values() if row.get("status") != "deleted"]
        return listed(request, stream, rows)

    async def deleted_tickets(self, request: Request) -> dict[str, Any]:
        rows = [row for row in self.store.tickets.values() if row["status"] == "deleted"]
        return listed(request, "deleted_tickets", rows)

    async def show_many(self, request: Request) -> dict[str, Any]:
        ids = [int(i) for i in request.query_params.get("ids", "").split(",") if i.isdigit()][:100]
        return listed(request, "users", [self.store.users[i] for i in ids if i in self.store.users])

    async def search_users(self, request: Request) -> dict[str, Any]:
        """By ``external_id``, or by an e-mail or part of a name in ``query``."""
        external, query = request.query_params.get("external_id"), request.query_params.get("query", "").lower()
        if external:
            found = [user for user in (self.store.user_by("external_id", external),) if user]
        else:
            found = [u for u in self.store.users.values() if query in (u["email"] or "") or query in u["name"].lower()]
        return listed(request, "users", found)

    async def identities(self, request: Request) -> dict[str, Any]:
        user = self.store.users.get(request.path_params["id"])
        if user is None:
            raise RefusedError(404, "RecordNotFound", "Not found")
        fields = user["user_fields"]
        values = [("email", user["email"]), ("email", fields.get("second_email")), ("phone_number", user["phone"])]
        values.append(("twitter", fields.get("twitter")))
        rows = [
            {"id": user["id"] * 10 + place, "user_id": user["id"], "type": kind, "value": value, "primary": place == 0}
            for place, (kind, value) in enumerate(values)
            if value
        ]
        return listed(request, "identities", rows)

    async def comments(self, request: Request) -> dict[str, Any]:
        ticket = request.path_params["id"]
        if ticket not in self.store.tickets:
            raise RefusedError(404, "RecordNotFound", "Not found")
        down = request.query_params.get("sort") == "-created_at" or request.query_params.get("sort_order") == "desc"
        return listed(request, "comments", self.store.comments.get(ticket, []), newest_first=down)


def _without_comments(event: Row) -> Row:
    children = [child for child in event["child_events"] if child["event_type"] != "Comment"]
    return event | {"child_events": children}


async def _no_endpoint(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "InvalidEndpoint", "description": "Not found"}, 404)


class _WithoutSuffix:
    """Paths may end in ``.json``; it means nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith(".json"):
            scope = {**scope, "path": scope["path"].removesuffix(".json"), "raw_path": scope["path"].encode()}
        await self.app(scope, receive, send)
