"""A stand-in for HubSpot CRM v3: contacts to list, search, read and write, their properties, and its two log-ins.

Switches: ``hubspot.index_lag`` (seconds that search may lag behind: 0), ``hubspot.bulk_stamp`` (a share of contacts,
0 to 1, that a job stamps with one millisecond, at the call after the value changed), ``hubspot.search_gate``
(results that a search gives at most: 10,000), ``hubspot.daily_limit`` (calls a day).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hubspot_asked import document, limit_in, properties_asked, whole
from sandbox.hubspot_batches import Batches
from sandbox.hubspot_limits import Limits
from sandbox.hubspot_lists import Lists
from sandbox.hubspot_logins import Logins, expired
from sandbox.hubspot_properties import CATALOGUE, definition, stamp
from sandbox.hubspot_refusals import RefusedError, not_found, reached
from sandbox.hubspot_rows import shown
from sandbox.hubspot_search import GATE, search
from sandbox.hubspot_store import HubSpotStore
from sandbox.hubspot_writes import Writes
from sandbox.journal import Journal
from sandbox.standin import Clock, FaultReply, Rows, Settings
from sandbox.world import World

_CONTACTS = "/crm/v3/objects/contacts"
MOST_LISTED = 100
FAULTS = {
    "rate_limit": FaultReply(429, reached("SECONDLY").body),
    "server_error": FaultReply(502, {"status": "error", "message": "internal error", "correlationId": "sandbox"}),
    "expired_token": FaultReply(401, expired("The OAuth token used to make this call expired 2 second(s) ago.").body),
}
ROWS = (Rows(_CONTACTS + r"(/search|/batch/read)?$", "results"),)
READS = (r"/search$", r"/batch/read$", r"/oauth/v1/token$")

Endpoint = Callable[[Request], Awaitable[dict[str, Any] | None]]


def app(world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette:
    """The server; what clients write is kept in ``state_dir/hubspot.jsonl``."""
    store = HubSpotStore(world, Journal(state_dir / "hubspot.jsonl" if state_dir else None))
    world.listen("hubspot", store.take)
    return _HubSpot(store, clock, settings).app


class _HubSpot:
    def __init__(self, store: HubSpotStore, clock: Clock, settings: Settings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings
        self.limits = Limits(settings)
        self.logins = Logins(settings.credentials.hubspot_token)
        self.writes = Writes(store, clock)
        self.batches = Batches(self.writes)
        self.lists = Lists(store)
        self._stamped: object = None
        self.app = Starlette(routes=list(self._routes()), exception_handlers={HTTPException: _nothing_here})

    def _routes(self) -> Iterable[Route]:
        table: tuple[tuple[str, str, Endpoint], ...] = (
            ("GET", _CONTACTS, self.list_contacts),
            ("POST", _CONTACTS, self.writes.create),
            ("POST", _CONTACTS + "/search", self.search_contacts),
            ("POST", _CONTACTS + "/merge", self.writes.merge),
            ("POST", _CONTACTS + "/gdpr-delete", self.writes.gdpr_delete),
            ("POST", _CONTACTS + "/batch/read", self.batches.read),
            ("POST", _CONTACTS + "/batch/create", self.batches.create),
            ("POST", _CONTACTS + "/batch/update", self.batches.update),
            ("POST", _CONTACTS + "/batch/upsert", self.batches.upsert),
            ("POST", _CONTACTS + "/batch/archive", self.batches.archive),
            ("GET", _CONTACTS + "/{id}", self.show),
            ("PATCH", _CONTACTS + "/{id}", self.writes.update),
            ("DELETE", _CONTACTS + "/{id}", self.writes.archive),
            ("GET", "/crm/v3/lists/{id}/memberships", self.lists.memberships),
            ("GET", "/crm/v3/lists/{id}/memberships/join-order", self.lists.by_join_time),
            ("GET", "/crm/v3/properties/contacts", self.properties),
            ("GET", "/crm/v3/properties/contacts/{name}", self.property),
        )
        for method, path, endpoint in table:
            yield Route(path, self._guarded(endpoint), methods=[method])
        yield Route("/oauth/v1/token", self.token, methods=["POST"])

    def _guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint behind the log-in and the limits; refusals become answers."""

        async def answer(request: Request) -> Response:
            headers: dict[str, str] = {}
            try:
                oauth = self.logins.check(request.headers.get("authorization", ""), self.clock.now())
                headers = self.limits.spend(oauth, request.url.path.endswith("/search"), self.clock.now())
                self._run_bulk_job()
                body = await endpoint(request)
            except RefusedError as refusal:
                return JSONResponse(refusal.body, refusal.status, headers)
            if body is None:
                return Response(status_code=204, headers=headers)
            status = body.pop("_status", 200)
            return JSONResponse(body, status, headers)

        return answer

    def _run_bulk_job(self) -> None:
        """Stamp contacts with this millisecond if the switch has been turned since the last call."""
        share = self.settings.switches.get("hubspot.bulk_stamp")
        if share != self._stamped and isinstance(share, int | float) and share:
            self.store.stamp_all(float(share), stamp(self.clock.now()))
        self._stamped = share

    def _number(self, switch: str, otherwise: float) -> float:
        value = self.settings.switches.get(switch)
        return value if isinstance(value, int | float) else otherwise

    async def token(self, request: Request) -> Response:
        try:
            return JSONResponse(self.logins.token(await request.body(), self.clock.now()))
        except RefusedError as refusal:
            return JSONResponse(refusal.body, refusal.status)

    async def list_contacts(self, request: Request) -> dict[str, Any]:
        """By id; ``after`` is the id to go on from."""
        asked = request.query_params
        limit, after = limit_in(asked.get("limit", "10"), MOST_LISTED), whole(asked.get("after", "0"), "after")
        archived = asked.get("archived") == "true"
        rows = (row for row in self.store.after(after - 1) if row["archived"] == archived)
        page = list(islice(rows, limit + 1))
        results = [shown(row, properties_asked(request)) for row in page[:limit]]
        if len(page) <= limit:
            return {"results": results}
        link = str(request.url.include_query_params(after=page[limit]["id"]))
        return {"results": results, "paging": {"next": {"after": page[limit]["id"], "link": link}}}

    async def search_contacts(self, request: Request) -> dict[str, Any]:
        wish = await document(request)
        now, lag = self.clock.now(), self._number("hubspot.index_lag", 0)
        return search(
            wish, lambda above: self.store.indexed(above, now, lag), int(self._number("hubspot.search_gate", GATE))
        )

    async def show(self, request: Request) -> dict[str, Any]:
        """One contact by id, or by e-mail if ``idProperty`` says so."""
        key, by = request.path_params["id"], request.query_params.get("idProperty")
        row = self.store.holder(key) if by == "email" else self.store.get(key)
        if row is None or row["archived"] != (request.query_params.get("archived") == "true"):
            raise not_found()
        return shown(row, properties_asked(request))

    async def properties(self, request: Request) -> dict[str, Any]:
        return {"results": [definition(entry) for entry in CATALOGUE.values()]}

    async def property(self, request: Request) -> dict[str, Any]:
        name = request.path_params["name"]
        if name not in CATALOGUE:
            raise not_found(f"Property {name!r} does not exist")
        return definition(CATALOGUE[name])


async def _nothing_here(request: Request, error: Exception) -> Response:
    refusal = not_found("resource not found")
    return JSONResponse(refusal.body, getattr(error, "status_code", 404))
