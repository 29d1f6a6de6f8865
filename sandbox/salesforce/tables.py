"""Rows in memory: one table an object, with the indexes that external ids need."""

from collections.abc import Iterator

from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import Value

Row = dict[str, Value]
"""A row by field name; a field without a value is absent. `Id` is the 18-character id."""


class Table:
    """The rows of one object, by id, in the order they came; deleted ones stay, with IsDeleted true (recycle bin)."""

    def __init__(self, definition: SObject) -> None:
        self.definition = definition
        self.rows: dict[str, Row] = {}
        self._found: dict[str, dict[str, set[str]]] = {field.name: {} for field in definition.indexed}

    def put(self, row: Row) -> None:
        """Add the row, or replace the one with its id."""
        self.take_out(str(row["Id"]))
        self.rows[str(row["Id"])] = row
        if not row.get("IsDeleted"):
            for name, entries in self._found.items():
                if (value := row.get(name)) is not None:
                    entries.setdefault(_folded(value), set()).add(str(row["Id"]))

    def take_out(self, row_id: str) -> None:
        """Forget what the indexes know of a row. The row itself stays in its place."""
        row = self.rows.get(row_id)
        if row is None:
            return
        for name, entries in self._found.items():
            if (value := row.get(name)) is not None and (ids := entries.get(_folded(value))):
                ids.discard(row_id)

    def remove(self, row_id: str) -> None:
        """Undo the making of a row, as if it had never been."""
        self.take_out(row_id)
        self.rows.pop(row_id, None)

    def live(self) -> Iterator[Row]:
        """The rows that are not in the recycle bin."""
        return (row for row in self.rows.values() if not row.get("IsDeleted"))

    def ids_with(self, field: Field, value: Value) -> list[str]:
        """Ids of the live rows that hold that value, in any case; an id is found in either form."""
        if value is None:
            return []
        if field.type == "id":
            whole = _whole_id(str(value))
            return [whole] if whole is not None and self.is_live(whole) else []
        return sorted(self._found[field.name].get(_folded(value), ()))

    def is_live(self, row_id: str) -> bool:
        row = self.rows.get(row_id)
        return row is not None and not row.get("IsDeleted")


def _folded(value: Value) -> str:
    return str(value).lower()


def _whole_id(text: str) -> str | None:
    try:
        return normal_id(text)
    except MalformedId:
        return None
