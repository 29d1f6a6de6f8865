"""GROUP BY and the functions over groups: COUNT, COUNT_DISTINCT, MIN, MAX, SUM, AVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.salesforce.columns import Bound, Read, bind, reader
from sandbox.salesforce.conditions import test_of
from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql import Column, Comparison, Query
from sandbox.salesforce.sorting import ordered
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import Value

Result = tuple[Row, list[Row]]
"""What a group is shown as, and its rows."""
_FUNCTIONS: dict[str, Callable[[list[Any]], Value]] = {
    "count": len,
    "count_distinct": lambda values: len({v.lower() if isinstance(v, str) else v for v in values}),
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
}
_NUMBER = Field("expr", "double")
_PLAIN = {"attributes": {"type": "AggregateResult"}}


def grouped(org: Org, query: Query, source: SObject, rows: list[Row]) -> tuple[list[Row], tuple[tuple[str, ...], ...]]:
    """One result a group, in the order the groups first appear; unnamed functions are `expr0`, `expr1`..."""
    keys = [bind(query, source, column) for column in query.group_by]
    names = _names(query, source, keys)
    results = [_result(org, query, source, group, names) for group in _groups(org, keys, rows) if group or not keys]
    if query.having is not None:
        results = list(_having(org, query, source, results))
    by = [(order, _value_of(org, query, source, order.column)) for order in query.order_by]
    most = None if query.limit is None else query.offset + query.limit
    made = [shown for shown, _ in ordered(results, by, most)]
    return made[query.offset :], tuple((name,) for name in names.values())


def _value_of(org: Org, query: Query, source: SObject, column: Column) -> Callable[[Result], Value]:
    """What reads a column from a result, for sorting."""
    return lambda result: _value(org, query, source, column, result[1])


def _names(query: Query, source: SObject, keys: list[Bound]) -> dict[Column, str]:
    """What each column of the select list is called in the result; plain ones must be grouped by."""
    grouped_by = {key.names for key in keys}
    names: dict[Column, str] = {}
    unnamed = 0
    for column in query.columns:
        bound = bind(query, source, column)
        if column.call is None and bound.names not in grouped_by:
            message = f"Field must be grouped or aggregated: {bound.field.name}"
            raise Refused("MALFORMED_QUERY", message)
        name = column.alias or (bound.field.name if column.call is None else f"expr{unnamed}")
        unnamed += column.call is not None and column.alias is None
        names[column] = name
    return names


def _groups(org: Org, keys: list[Bound], rows: list[Row]) -> Iterator[list[Row]]:
    reads: list[Read] = [reader(org, key) for key in keys]
    groups: dict[tuple[Value, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        key = tuple(v.lower() if isinstance(v := read(row), str) else v for read in reads)
        groups.setdefault(key, []).append(row)
    yield from groups.values()


def _result(org: Org, query: Query, source: SObject, group: list[Row], names: dict[Column, str]) -> Result:
    shown: dict[str, Any] = dict(_PLAIN)
    for column, name in names.items():
        shown[name] = _value(org, query, source, column, group)
    return shown, group


def _value(org: Org, query: Query, source: SObject, column: Column, group: list[Row]) -> Value:
    read = reader(org, bind(query, source, column))
    if column.call is None:
        return read(group[0]) if group else None
    return _FUNCTIONS[column.call]([value for row in group if (value := read(row)) is not None])


def _having(org: Org, query: Query, source: SObject, results: list[Result]) -> Iterator[Result]:
    assert query.having is not None
    for shown, group in results:

        def locate(comparison: Comparison, group: list[Row] = group) -> tuple[Bound, Read]:
            column = comparison.column
            bound = bind(query, source, column)
            value = _value(org, query, source, column, group)
            kind = bound if column.call is None else Bound(column, (), _NUMBER)
            return kind, lambda row: value

        if test_of(query.having, locate, org.now())(shown):
            yield shown, group
