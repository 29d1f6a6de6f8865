"""One static list, number 1: who wants the newsletter."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from sandbox.hubspot_asked import limit_in, whole
from sandbox.hubspot_refusals import not_found
from sandbox.hubspot_rows import Row
from sandbox.hubspot_store import HubSpotStore

NEWSLETTER, MOST_MEMBERS = "1", 250


class Lists:
    """Memberships: contacts that have agreed to e-mail, in from the day they were made."""

    def __init__(self, store: HubSpotStore) -> None:
        self.store = store

    async def memberships(self, request: Request) -> dict[str, Any]:
        return self._page(request, self._members(request))

    async def by_join_time(self, request: Request) -> dict[str, Any]:
        return self._page(request, sorted(self._members(request), key=lambda row: str(row["createdAt"])))

    def _members(self, request: Request) -> list[Row]:
        if request.path_params["id"] != NEWSLETTER:
            raise not_found(f"List does not exist with ID {request.path_params['id']}.")
        return [
            r for r in self.store.after(0) if r["properties"].get("hs_email_optout") == "false" and not r["archived"]
        ]

    def _page(self, request: Request, rows: list[Row]) -> dict[str, Any]:
        limit = limit_in(request.query_params.get("limit", "100"), MOST_MEMBERS)
        start = whole(request.query_params.get("after", "0"), "after")
        page = [{"recordId": row["id"], "membershipTimestamp": row["createdAt"]} for row in rows[start : start + limit]]
        more = {"paging": {"next": {"after": str(start + limit)}}} if start + limit < len(rows) else {}
        return {"total": len(rows), "results": page, **more}
