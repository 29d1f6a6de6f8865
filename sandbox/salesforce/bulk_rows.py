"""From a row of an uploaded file to a saved row: an empty cell leaves a field as it is, `#N/A` empties it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.salesforce import saving
from sandbox.salesforce.bulk_csv import CsvRefused
from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.saving import Saved, Writing
from sandbox.salesforce.schema import Field
from sandbox.salesforce.tables import Row, Table
from sandbox.salesforce.values import Taker, taker

_EMPTIED = "#N/A"


@dataclass(frozen=True)
class Columns:
    """A file's header, understood: plain fields with what reads them, and parents named by their external id."""

    org: Org
    table: Table
    plain: tuple[tuple[int, str, Taker], ...]
    parents: tuple[tuple[int, Field, str], ...]

    def values(self, cells: Sequence[str]) -> Row:
        """What a row says, by field name; `Refused` for a cell that cannot be read."""
        values: Row = {}
        for place, name, take in self.plain:
            if cell := cells[place]:
                values[name] = None if cell == _EMPTIED else take(cell)
        for place, reference, key in self.parents:
            if cell := cells[place]:
                values[reference.name] = None if cell == _EMPTIED else self._parent(reference, key, cell)
        return values

    def _parent(self, reference: Field, key: str, cell: str) -> str:
        sent = saving.resolve_parents(self.org, self.table, {str(reference.relationship): {key: cell}})
        return str(sent[reference.name])


def understand(org: Org, table: Table, header: Sequence[str], needed: Sequence[str]) -> Columns:
    """The columns of a header that has those that are `needed`; `CsvRefused` for a stranger among them."""
    plain: list[tuple[int, str, Taker]] = []
    parents: list[tuple[int, Field, str]] = []
    for place, name in enumerate(header):
        relation, _, key = name.partition(".")
        reference = table.definition.parent(relation) if key else None
        field = table.definition.find(name)
        if reference is not None:
            parents.append((place, reference, key))
        elif field is not None:
            plain.append((place, field.name, str if field.type == "id" else taker(field)))
        else:
            raise CsvRefused(f"InvalidBatch : Field name not found : {name}")
    names = [name for _, name, _ in plain]
    if missing := [name for name in needed if name not in names]:
        raise CsvRefused(f"InvalidBatch : Field name not found : {missing[0]}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise CsvRefused(f"InvalidBatch : Duplicate field name : {twice[0]}")
    return Columns(org, table, tuple(plain), tuple(parents))


def save(writing: Writing, operation: str, key: Field | None, values: Row, named: set[str]) -> Saved:
    """Do one row of a job. `named` gathers the external ids of the rows that are saved together: none comes twice."""
    if operation == "insert":
        return Saved(saving.create(writing, values), created=True)
    if operation == "upsert":
        assert key is not None
        value = values.get(key.name)
        if value is not None and str(value).lower() in named:
            raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
        named.add(str(value).lower())
        return saving.upsert(writing, key, value, values)
    row_id = _row_id(values)
    if operation == "delete":
        saving.delete(writing, row_id)
    else:
        saving.update(writing, row_id, values)
    return Saved(row_id, created=False)


def _row_id(values: Row) -> str:
    sent = values.get("Id")
    if not sent:
        raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
    try:
        return normal_id(str(sent))
    except MalformedId:
        raise Refused("MALFORMED_ID", f"bad id {sent}", ["Id"]) from None
