"""sObject Collections: up to 200 rows a call, one result a row, in the order sent, HTTP 200 even if all failed.

Source: REST API Developer Guide, "sObject Collections"; the words of refusals in part from memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from starlette.responses import Response

from sandbox.salesforce import saving
from sandbox.salesforce.errors import Refused, bad_json
from sandbox.salesforce.objects import PREFIXES
from sandbox.salesforce.org import Org, Transaction
from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.replies import Call, json_reply
from sandbox.salesforce.rows import key_field, named_table, shown, table_of
from sandbox.salesforce.saving import Writing
from sandbox.salesforce.schema import Field
from sandbox.salesforce.tables import Table

_MOST, _MOST_CHUNKS, _MOST_RETRIEVED = 200, 10, 2000
Result = dict[str, Any]
Save = Callable[[Transaction, Any], Result]
_ROLLED_BACK = Refused(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class CollectionsApi:
    """The endpoints under /composite/sobjects."""

    def __init__(self, org: Org) -> None:
        self.org = org

    async def create(self, call: Call) -> Response:
        records, whole = _records(await call.document())
        _refuse_many_chunks(records)
        return self._saved(call, records, whole, lambda transaction, sent: self._create(call, transaction, sent))

    async def update(self, call: Call) -> Response:
        """Each record names its row by `id`."""
        records, whole = _records(await call.document())
        _refuse_many_chunks(records)
        return self._saved(call, records, whole, lambda transaction, sent: self._update(call, transaction, sent))

    async def upsert(self, call: Call) -> Response:
        """Records of one type, each naming its row by the external id in the address."""
        records, whole = _records(await call.document())
        table = table_of(self.org, call.parts["object"])
        key = key_field(table.definition, call.parts["field"])
        named: set[str] = set()

        def save(transaction: Transaction, sent: Any) -> Result:
            return self._upsert(Writing(transaction, table, call.allows_duplicates), key, sent, named)

        return self._saved(call, records, whole, save)

    async def delete(self, call: Call) -> Response:
        ids = [one.strip() for one in call.needed("ids").split(",") if one.strip()]
        _refuse_too_many(ids)
        whole = (call.query("allOrNone") or "").lower() == "true"
        return self._saved(call, ids, whole, self._delete)

    async def retrieve(self, call: Call) -> Response:
        """Rows by id, null for those that are not there; by GET, or by POST for long lists."""
        if call.request.method == "GET":
            ids, fields = call.needed("ids").split(","), call.needed("fields").split(",")
        else:
            said = await call.document()
            ids, fields = _texts(said, "ids"), _texts(said, "fields")
        if len(ids) > _MOST_RETRIEVED:
            raise Refused(
                "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records into this call"
            )
        table = table_of(self.org, call.parts["object"])
        return json_reply([self._one(call, table, row_id.strip(), ",".join(fields)) for row_id in ids])

    def _one(self, call: Call, table: Table, row_id: str, fields: str) -> Result | None:
        try:
            row = saving.existing(table, row_id)
        except Refused:
            return None
        return shown(table.definition, row, call, fields)

    def _saved(self, call: Call, records: Sequence[Any], whole: bool, save: Save) -> Response:
        """Save one by one; with allOrNone (`whole`) one failure takes all back."""
        with self.org.transaction(call.user_id) as transaction:
            results = [self._tried(transaction, record, save) for record in records]
            if whole and not all(result["success"] for result in results):
                transaction.undo()
                results = [_failed(_ROLLED_BACK) if result["success"] else result for result in results]
        return json_reply(results)

    def _tried(self, transaction: Transaction, record: Any, save: Save) -> Result:
        """The record's own result. What the reader of JSON chokes on ends the whole call: it never comes to records."""
        try:
            return save(transaction, record)
        except Refused as refused:
            if refused.code == "JSON_PARSER_ERROR":
                raise
            return _failed(refused)

    def _create(self, call: Call, transaction: Transaction, sent: Any) -> Result:
        table = named_table(self.org, _type(sent))
        values = saving.accept(table, saving.resolve_parents(self.org, table, sent))
        return _done(saving.create(Writing(transaction, table, call.allows_duplicates), values))

    def _update(self, call: Call, transaction: Transaction, sent: Any) -> Result:
        table = named_table(self.org, _type(sent))
        row_id = str(next((value for name, value in sent.items() if name.lower() == "id"), None) or "")
        if not row_id:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
        values = saving.accept(table, saving.resolve_parents(self.org, table, sent))
        saving.update(Writing(transaction, table, call.allows_duplicates), _id_for(table, row_id), values)
        return _done(normal_id(row_id))

    def _upsert(self, writing: Writing, key: Field, sent: Any, named: set[str]) -> Result:
        if str(_type(sent)).lower() != writing.object_name.lower():
            raise Refused("INVALID_TYPE", f"The record's type must be {writing.object_name}")
        values = saving.accept(writing.table, saving.resolve_parents(self.org, writing.table, sent))
        value = values.get(key.name)
        if value is not None and str(value).lower() in named:
            raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
        named.add(str(value).lower())
        done = saving.upsert(writing, key, value, values)
        return {**_done(done.id), "created": done.created}

    def _delete(self, transaction: Transaction, row_id: Any) -> Result:
        definition = PREFIXES.get(str(row_id)[:3])
        if definition is None:
            raise Refused("MALFORMED_ID", f"bad id {row_id}")
        table = self.org.tables[definition.name]
        saving.delete(Writing(transaction, table), _id_for(table, row_id))
        return _done(normal_id(row_id))


def _records(said: Mapping[str, Any]) -> tuple[list[Any], bool]:
    """The records and whether all of them or none shall be saved."""
    records = said.get("records")
    if not isinstance(records, list):
        raise bad_json("The records field is required and must be an array at [line:1, column:1]")
    _refuse_too_many(records)
    return records, said.get("allOrNone") is True


def _refuse_too_many(records: Sequence[Any]) -> None:
    if len(records) > _MOST:
        raise Refused(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST} records into this call"
        )


def _refuse_many_chunks(records: Sequence[Any]) -> None:
    """A chunk is a run of records of one type."""
    chunks = sum(1 for _ in groupby(str(_type(record, strict=False)).lower() for record in records))
    if chunks > _MOST_CHUNKS:
        message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
        raise Refused("LIMIT_EXCEEDED", message)


def _type(sent: Any, strict: bool = True) -> object:
    attributes = sent.get("attributes") if isinstance(sent, dict) else None
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if kind is None and strict:
        raise Refused("INVALID_INPUT", "Type is required in attributes of each record")
    return kind


def _texts(said: Mapping[str, Any], name: str) -> list[str]:
    values = said.get(name)
    if not isinstance(values, list):
        raise Refused("MISSING_ARGUMENT", f"The {name} parameter is required")
    return [str(value) for value in values]


def _id_for(table: Table, row_id: str) -> str:
    """The id if it can be one of this table's rows; row errors say MALFORMED_ID, not NOT_FOUND."""
    try:
        whole = normal_id(row_id)
    except MalformedId:
        raise Refused(
            "MALFORMED_ID", f"{table.definition.name} ID: id value of incorrect type: {row_id}", ["Id"]
        ) from None
    if whole[:3] != table.definition.prefix:
        raise Refused("MALFORMED_ID", f"{table.definition.name} ID: id value of incorrect type: {row_id}", ["Id"])
    if whole not in table.rows:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return whole


def _done(row_id: str) -> Result:
    return {"id": row_id, "success": True, "errors": []}


def _failed(refused: Refused) -> Result:
    return {"success": False, "errors": [refused.as_row()]}
