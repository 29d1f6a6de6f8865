"""Which rows a query needs to look at: those that an index names, where the WHERE clause allows it, or all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql import Comparison, Condition, Every, Query, unquoted
from sandbox.salesforce.tables import Row, Table


def candidates(table: Table, query: Query, deleted: bool) -> Iterable[Row]:
    """Rows among which all that the query wants are found; the recycle bin too if `deleted`."""
    if deleted:
        return table.rows.values()
    narrow = next(filter(None, (_indexed(table, part) for part in _parts(query.where))), None)
    if narrow is None:
        return table.live()
    ids = dict.fromkeys(row_id for value in narrow[1] for row_id in table.ids_with(narrow[0], value))
    return [table.rows[row_id] for row_id in ids]


def _parts(where: Condition | None) -> Iterator[Condition]:
    """Conditions that each row of the answer must meet."""
    if isinstance(where, Every):
        yield from where.parts
    elif where is not None:
        yield where


def _indexed(table: Table, part: Condition) -> tuple[Field, list[str]] | None:
    """The field and the values that the row must have one of, if the table finds rows by that field."""
    if not isinstance(part, Comparison) or part.operator not in ("=", "in") or len(part.column.path) != 1:
        return None
    field = table.definition.find(part.column.path[0])
    if field is None or not (field.type == "id" or field in table.definition.indexed):
        return None
    if any(constant.kind != "text" for constant in part.values):
        return None
    return field, [unquoted(constant.text) for constant in part.values]
