"""What clients may write to Zendesk: users by create_or_update, tickets and comments, with its two safety nets."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request

from sandbox.model import Event
from sandbox.standin import Clock
from sandbox.zendesk_paging import RefusedError
from sandbox.zendesk_rows import ADMIN_ID, Row, comment_row, ticket_row
from sandbox.zendesk_store import ZendeskStore

_USER_FIELDS = (
    "name",
    "email",
    "phone",
    "external_id",
    "organization_id",
    "locale",
    "tags",
    "notes",
    "details",
    "role",
)
_TICKET_FIELDS = ("subject", "status", "priority", "type", "tags", "external_id", "assignee_id", "custom_fields")
_KEY_LIFE = timedelta(hours=2)


class Writes:
    """The writing endpoints. Idempotency keys live two hours, in memory."""

    def __init__(self, store: ZendeskStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._keys: dict[str, tuple[datetime, bytes, int]] = {}

    async def create_or_update(self, request: Request) -> dict[str, Any]:
        """200 with the updated user, or 201 with the new one; found by external id, else by e-mail."""
        wish = await _document(request, "user")
        user = next(
            (
                found
                for field in ("external_id", "email")
                if wish.get(field) and (found := self.store.user_by(field, str(wish[field])))
            ),
            None,
        )
        if user is None and not wish.get("name"):
            raise _invalid("name", "Name: is too short (minimum is 1 characters)", "BlankValue")
        status = 200 if user else 201
        row = dict(user) if user else self._new_user()
        row |= {field: wish[field] for field in _USER_FIELDS if field in wish}
        row["user_fields"] = {**row["user_fields"], **(wish.get("user_fields") or {})}
        self._check_email_free(row)
        return {"user": self.store.save("user", row, self.clock.now()), "_status": status}

    def _new_user(self) -> Row:
        blank = dict.fromkeys(self.store.users[ADMIN_ID])
        started = {"id": self.store.new_id("user"), "role": "end-user", "active": True, "tags": [], "user_fields": {}}
        return {**blank, **started, "created_at": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _check_email_free(self, row: Row) -> None:
        holder = self.store.user_by("email", row["email"]) if row["email"] else None
        if holder and holder["id"] != row["id"]:
            message = f"Email: {row['email']} is already being used by another user"
            raise _invalid("email", message, "DuplicateValue")

    async def create_ticket(self, request: Request) -> dict[str, Any]:
        """201 with the ticket; a known Idempotency-Key gives the same ticket again, or 400 for another body."""
        key, body = request.headers.get("idempotency-key"), await request.body()
        if key and (known := self._known(key, body)):
            return {"ticket": self.store.tickets[known], "_headers": {"x-idempotency-lookup": "hit"}, "_status": 201}
        wish = await _document(request, "ticket")
        text = (wish.get("comment") or {}).get("body") or wish.get("description")
        if not text:
            raise _invalid("base", "Description: cannot be blank", "BlankValue")
        now, ticket_id = self.clock.now(), self.store.new_id("ticket")
        requester = str(wish.get("requester_id") or ADMIN_ID)
        draft = Event("zendesk", str(ticket_id), requester, "", "ticket", now, now, wish.get("subject"), text)
        row = ticket_row(draft, None, 0) | {field: wish[field] for field in _TICKET_FIELDS if field in wish}
        self.store.save("ticket", row, now)
        self._comment(ticket_id, int(requester), {"body": text})
        headers = {}
        if key:
            self._keys[key] = (now, body, ticket_id)
            headers = {"x-idempotency-lookup": "miss"}
        return {"ticket": row, "_headers": headers, "_status": 201}

    def _known(self, key: str, body: bytes) -> int | None:
        made, first_body, ticket = self._keys.get(key, (self.clock.now() - 2 * _KEY_LIFE, b"", 0))
        if self.clock.now() - made > _KEY_LIFE:
            return None
        if first_body != body:
            message = "Request parameters don't match the given idempotency key"
            raise RefusedError(400, "IdempotentRequestError", message)
        return ticket

    async def update_ticket(self, request: Request) -> dict[str, Any]:
        """The changed ticket; with ``safe_update`` only if ``updated_stamp`` is still its ``updated_at``."""
        ticket = self.store.tickets.get(request.path_params["id"])
        if ticket is None or ticket["status"] == "deleted":
            raise RefusedError(404, "RecordNotFound", "Not found")
        wish = await _document(request, "ticket")
        if wish.get("safe_update") and wish.get("updated_stamp") != ticket["updated_at"]:
            message = "Safe Update prevented the update due to outdated ticket data. "
            message += "Please fetch the latest ticket data and try again."
            raise RefusedError(409, "UpdateConflict", message)
        if ticket["status"] == "closed":
            raise _invalid("status", "Status: closed prevents ticket update", "InvalidValue")
        row = ticket | {field: wish[field] for field in _TICKET_FIELDS if field in wish}
        if wish.get("comment"):
            self._comment(row["id"], int(wish["comment"].get("author_id") or ADMIN_ID), wish["comment"])
        self.store.save("ticket", row, self.clock.now())
        return {"ticket": row, "audit": {"id": row["generated_timestamp"], "ticket_id": row["id"], "events": []}}

    def _comment(self, ticket: int, author: int, wish: dict[str, Any]) -> None:
        text, public = str(wish.get("body") or wish.get("html_body") or ""), bool(wish.get("public", True))
        row = comment_row(self.store.new_id("comment"), author, text, self.clock.now(), public)
        self.store.save("comment", row, self.clock.now(), ticket)


async def _document(request: Request, name: str) -> dict[str, Any]:
    """The object under ``name`` in the JSON body."""
    try:
        wish = json.loads(await request.body())[name]
    except (ValueError, KeyError, TypeError):
        raise RefusedError(400, "InvalidJSON", f"The body must be a JSON object with {name!r}") from None
    if not isinstance(wish, dict):
        raise RefusedError(400, "InvalidJSON", f"{name!r} must be an object")
    return wish


def _invalid(field: str, description: str, error: str) -> RefusedError:
    details = {field: [{"description": description, "error": error}]}
    return RefusedError(422, "RecordInvalid", "Record validation errors", details=details)
