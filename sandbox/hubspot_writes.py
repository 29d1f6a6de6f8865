"""What clients may write to HubSpot, one contact at a time: create, update, archive, merge, and forget for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sandbox.hubspot_asked import document
from sandbox.hubspot_properties import CATALOGUE, stamp
from sandbox.hubspot_refusals import invalid, invalid_values, not_found, taken
from sandbox.hubspot_rows import Row, Values, changed, new_row, shown
from sandbox.hubspot_store import HubSpotStore, addresses
from sandbox.standin import Clock

Planned = Callable[[], Row]
"""A write that was found good and is done by calling it; gives the contact with the properties written."""


class Writes:
    """The writing endpoints. ``plan_create`` and ``plan_update`` refuse before anything is written."""

    def __init__(self, store: HubSpotStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def create(self, request: Request) -> dict[str, Any]:
        return {**self.plan_create(values_in(await document(request)))(), "_status": 201}

    async def update(self, request: Request) -> dict[str, Any]:
        row = self.find(request.path_params["id"], request.query_params.get("idProperty"))
        return self.plan_update(row, values_in(await document(request)))()

    async def archive(self, request: Request) -> None:
        """Into the recycle bin; a contact that is not there is no error."""
        self.bin(request.path_params["id"])

    async def gdpr_delete(self, request: Request) -> None:
        """Nothing stays, not even in the recycle bin."""
        wish = await document(request)
        key = str(wish.get("objectId"))
        row = self.store.holder(key) if wish.get("idProperty") == "email" else self.store.get(key)
        if row:
            self.store.forget(row["id"])
        elif wish.get("idProperty") != "email":
            raise not_found()

    async def merge(self, request: Request) -> dict[str, Any]:
        """A new contact with a new id: what the primary one has, and what only the other one has."""
        wish = await document(request)
        primary, other = (self.find(str(wish.get(name))) for name in ("primaryObjectId", "objectIdToMerge"))
        if primary is other:
            raise invalid("Cannot merge a contact with itself")
        at = stamp(self.clock.now())
        row = changed(new_row(self.store.new_id(), _merged(primary, other), primary["createdAt"]), {}, at)
        for old in (primary, other):
            self.store.forget(old["id"], merged_into=row["id"])
        return shown(self.store.save(row), ["hs_merged_object_ids", "email", "firstname", "lastname"])

    def find(self, key: str, by: str | None = None) -> Row:
        """The contact with this id, or this e-mail. Raises RefusedError (404)."""
        row = self.store.holder(key) if by == "email" else self.store.get(key)
        if row is None or row["archived"]:
            raise not_found()
        return row

    def bin(self, contact_id: str) -> None:
        row = self.store.get(contact_id)
        if row and not row["archived"]:
            at = stamp(self.clock.now())
            self.store.save({**changed(row, {}, at), "archived": True, "archivedAt": at})

    def plan_create(self, wish: dict[str, Any]) -> Planned:
        """Raises RefusedError: 400 for values that are not taken, 409 for an e-mail that another contact has."""
        values = self._checked(wish, None)

        def create() -> Row:
            row = new_row(self.store.new_id(), values, stamp(self.clock.now()))
            return shown(self.store.save(row), [*values, "lifecyclestage"])

        return create

    def plan_update(self, row: Row, wish: dict[str, Any]) -> Planned:
        """As ``plan_create``, for a contact that is there."""
        values = self._checked(wish, row["id"])
        return lambda: shown(self.store.save(changed(row, values, stamp(self.clock.now()))), list(values))

    def _checked(self, wish: dict[str, Any], own_id: str | None) -> Values:
        values = {name: _text(value) for name, value in wish.items()}
        if values.get("email"):
            values["email"] = str(values["email"]).strip().lower()
        if problems := [problem for name, value in values.items() if (problem := _problem(name, value))]:
            raise invalid_values(problems)
        holder = self.store.holder(values["email"]) if values.get("email") else None  # type: ignore[arg-type]
        if holder and holder["id"] != own_id:
            raise taken(holder["id"])
        return values


def values_in(wish: dict[str, Any]) -> dict[str, Any]:
    """The ``properties`` of a wish. Raises RefusedError (400) if there are none."""
    values = wish.get("properties")
    if not isinstance(values, dict):
        raise invalid("Invalid input JSON: 'properties' must be an object")
    return values


def _text(value: object) -> str | None:
    """Every value is text; an empty one takes the value away."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or value == "" else str(value)


def _problem(name: str, value: str | None) -> tuple[str, str, str] | None:
    """Why HubSpot does not take the value, as (property, code, message)."""
    entry = CATALOGUE.get(name)
    if entry is None:
        return name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
    if entry.read_only:
        return name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
    if name == "email" and value and "@" not in value[1:-1]:
        return name, "INVALID_EMAIL", f"Email address {value} is invalid"
    if entry.options and value and value not in entry.options:
        return name, "INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(entry.options)}]"
    return None


def _merged(primary: Row, other: Row) -> Values:
    """The primary's values, gaps filled from the other; its address becomes a further one."""
    ids = [name for row in (primary, other) for name in (*_earlier(row), row["id"])]
    own = {name: value for name, value in primary["properties"].items() if value is not None}
    further = dict.fromkeys([*addresses(primary)[1:], *addresses(other)])
    both: Values = {**other["properties"], **own, "hs_merged_object_ids": ";".join(ids)}
    further.pop(both.get("email") or "", None)
    return both | {"hs_additional_emails": ";".join(further) or None}


def _earlier(row: Row) -> list[str]:
    return [key for key in (row["properties"].get("hs_merged_object_ids") or "").split(";") if key]
