"""Single rows: create, retrieve, update, delete, and all of these by an external id."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from sandbox.salesforce import saving
from sandbox.salesforce.columns import no_such_object
from sandbox.salesforce.errors import Refused, no_such_field, not_found
from sandbox.salesforce.objects import find_object
from sandbox.salesforce.org import Org
from sandbox.salesforce.replies import Call, empty_reply, json_reply
from sandbox.salesforce.saving import SeveralMatch, Writing
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.tables import Row, Table


class RowsApi:
    """The endpoints under /sobjects/{object} that touch one row."""

    def __init__(self, org: Org) -> None:
        self.org = org

    async def create(self, call: Call) -> Response:
        table, sent = self._table(call), await call.document()
        with self.org.transaction(call.user_id) as transaction:
            writing = Writing(transaction, table, call.allows_duplicates)
            row_id = saving.create(writing, saving.accept(table, saving.resolve_parents(self.org, table, sent)))
        return json_reply({"id": row_id, "success": True, "errors": []}, 201)

    async def retrieve(self, call: Call) -> Response:
        table = self._table(call)
        row = saving.existing(table, call.parts["id"])
        return json_reply(shown(table.definition, row, call, call.query("fields")))

    async def update(self, call: Call) -> Response:
        table, sent = self._table(call), await call.document()
        _refuse_named_twice(sent, "Id")
        with self.org.transaction(call.user_id) as transaction:
            values = saving.accept(table, saving.resolve_parents(self.org, table, sent))
            saving.update(Writing(transaction, table, call.allows_duplicates), call.parts["id"], values)
        return empty_reply()

    async def delete(self, call: Call) -> Response:
        table = self._table(call)
        with self.org.transaction(call.user_id) as transaction:
            saving.delete(Writing(transaction, table), call.parts["id"])
        return empty_reply()

    async def retrieve_by_key(self, call: Call) -> Response:
        """A row by an external id; 300 and the addresses of all if there are several."""
        table, key = self._table(call), self._key(call)
        try:
            row = table.rows[self._only(table, key, call.parts["value"])]
        except SeveralMatch as several:
            return _several(call, table, several)
        return json_reply(shown(table.definition, row, call, call.query("fields")))

    async def upsert(self, call: Call) -> Response:
        """201 for a new row, 200 for one that was there (204 before version 46), 300 if several match."""
        table, key, sent = self._table(call), self._key(call), await call.document()
        _refuse_named_twice(sent, key.name)
        try:
            with self.org.transaction(call.user_id) as transaction:
                values = saving.accept(table, saving.resolve_parents(self.org, table, sent))
                value = saving.accept(table, {key.name: call.parts["value"]})[key.name]
                done = saving.upsert(Writing(transaction, table, call.allows_duplicates), key, value, values)
        except SeveralMatch as several:
            return _several(call, table, several)
        if not done.created and float(call.version) < 46:
            return empty_reply()
        body = {"id": done.id, "success": True, "errors": [], "created": done.created}
        return json_reply(body, 201 if done.created else 200)

    async def delete_by_key(self, call: Call) -> Response:
        table, key = self._table(call), self._key(call)
        try:
            row_id = self._only(table, key, call.parts["value"])
        except SeveralMatch as several:
            return _several(call, table, several)
        with self.org.transaction(call.user_id) as transaction:
            saving.delete(Writing(transaction, table), row_id)
        return empty_reply()

    def _table(self, call: Call) -> Table:
        return table_of(self.org, call.parts["object"])

    def _key(self, call: Call) -> Field:
        return key_field(self._table(call).definition, call.parts["field"])

    def _only(self, table: Table, key: Field, value: str) -> str:
        ids = table.ids_with(key, value)
        if not ids:
            raise not_found()
        if len(ids) > 1:
            raise SeveralMatch(key, ids)
        return ids[0]


def table_of(org: Org, name: str) -> Table:
    """The table of that object; NOT_FOUND, as in an address, if there is none."""
    definition = find_object(name)
    if definition is None:
        raise not_found()
    return org.tables[definition.name]


def named_table(org: Org, name: object) -> Table:
    """The table of an object that a body names; INVALID_TYPE if there is none."""
    definition = find_object(name) if isinstance(name, str) else None
    if definition is None:
        raise no_such_object(str(name))
    return org.tables[definition.name]


def key_field(definition: SObject, name: str) -> Field:
    """The field by which rows may be named, or NOT_FOUND."""
    field = definition.find(name)
    if field is None or not field.lookup:
        raise not_found("Provided external ID field does not exist or is not accessible: " + name)
    return field


def shown(definition: SObject, row: Row, call: Call, fields: str | None) -> dict[str, Any]:
    """A row as a reply shows it: all its fields, or those asked for."""
    names = [name.strip() for name in fields.split(",") if name.strip()] if fields else list(definition.fields)
    address = f"{call.base}/sobjects/{definition.name}/{row['Id']}"
    body: dict[str, Any] = {"attributes": {"type": definition.name, "url": address}}
    for name in names:
        field = definition.find(name)
        if field is None:
            raise no_such_field(name, definition.name)
        body[field.name] = row.get(field.name)
    return {**body, "Id": row["Id"]}


def _refuse_named_twice(sent: dict[str, Any], name: str) -> None:
    """The key belongs in the address and must not be in the body as well."""
    if any(given.lower() == name.lower() for given in sent):
        message = f"The {name} field should not be specified in the sobject data."
        raise Refused("INVALID_FIELD", message, [name])


def _several(call: Call, table: Table, several: SeveralMatch) -> Response:
    return json_reply([f"{call.base}/sobjects/{table.definition.name}/{row_id}" for row_id in several.ids], 300)
