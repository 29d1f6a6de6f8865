"""Answering a query: choose, sort and cut rows, then shape each as the REST API shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from sandbox.salesforce.aggregates import grouped
from sandbox.salesforce.candidates import candidates
from sandbox.salesforce.columns import Bound, Read, bind, must_filter, no_such_object, parent_row, reader
from sandbox.salesforce.conditions import test_of
from sandbox.salesforce.errors import Refused
from sandbox.salesforce.objects import find_object
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql import Column, Comparison, Order, Query
from sandbox.salesforce.soql_parser import parse
from sandbox.salesforce.sorting import ordered
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import stamp

Shape = Callable[[Row], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """The rows of a query as they were when it ran, and how to show one. `count` alone for `SELECT COUNT()`.

    `names` are the columns, each with the parents it walks through, and `reads` what reads them, unless the rows are
    groups.
    """

    rows: Sequence[Row]
    shape: Shape
    names: tuple[tuple[str, ...], ...]
    reads: tuple[Read, ...] = ()
    count: int | None = None


def answer(org: Org, text: str, version: str, deleted: bool = False) -> Answer:
    """Run a query; `deleted` includes the recycle bin, as queryAll does."""
    query = parse(text)
    source = find_object(query.object_name)
    if source is None:
        raise no_such_object(query.object_name)
    if query.offset > 2000:
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    rows = _chosen(org, query, source, _kept(org, candidates(org.tables[source.name], query, deleted)))
    if query.group_by or any(column.call for column in query.columns):
        made, names = grouped(org, query, source, list(rows))
        return Answer(made, dict, names)
    if not query.columns and not query.fields_functions:
        return Answer((), dict, (), count=len(_cut(query, list(rows))))
    bound = _selected(query, source)
    return Answer(
        _cut(query, _sorted(org, query, source, list(rows))),
        _shape(org, source, bound, version),
        tuple(b.names for b in bound),
        tuple(reader(org, b) for b in bound),
    )


def _kept(org: Org, rows: Iterable[Row]) -> Iterable[Row]:
    """Without what was purged from the bin."""
    days = org.switches.bin_days
    if days is None:
        return rows
    purged = stamp(org.now() - timedelta(days=days))
    return (row for row in rows if not row.get("IsDeleted") or str(row["SystemModstamp"]) > purged)


def _chosen(org: Org, query: Query, source: SObject, rows: Iterable[Row]) -> Iterable[Row]:
    if query.where is None:
        return rows

    def locate(comparison: Comparison) -> tuple[Bound, Read]:
        bound = bind(query, source, comparison.column)
        must_filter(query, bound)
        return bound, reader(org, bound)

    return filter(test_of(query.where, locate, org.now()), rows)


def _sorted(org: Org, query: Query, source: SObject, rows: list[Row]) -> list[Row]:
    """In order, as many as LIMIT and OFFSET reach."""
    keyed: list[tuple[Order, Read]] = []
    for order in query.order_by:
        bound = bind(query, source, order.column)
        must_filter(query, bound)
        keyed.append((order, reader(org, bound)))
    return ordered(rows, keyed, None if query.limit is None else query.offset + query.limit)


def _cut(query: Query, rows: list[Row]) -> list[Row]:
    end = None if query.limit is None else query.offset + query.limit
    return list(islice(rows, query.offset, end))


def _selected(query: Query, source: SObject) -> list[Bound]:
    columns = list(query.columns)
    if query.fields_functions:
        if query.fields_functions != {"standard"} and (query.limit is None or query.limit > 200):
            message = "The SOQL FIELDS function must have a LIMIT of at most 200"
            raise Refused("MALFORMED_QUERY", message)
        columns += [Column((name,), 0) for name in source.fields if _in_functions(name, query.fields_functions)]
    bound = [bind(query, source, column) for column in columns]
    seen: set[tuple[str, ...]] = set()
    for item in bound:
        if item.names in seen:
            raise Refused("INVALID_FIELD", f"duplicate field selected: {item.field.name}")
        seen.add(item.names)
    return bound


def _in_functions(name: str, functions: frozenset[str]) -> bool:
    return "all" in functions or ("custom" if name.endswith("__c") else "standard") in functions


def _shape(org: Org, source: SObject, bound: list[Bound], version: str) -> Shape:
    """A function from a row to its JSON: `attributes`, then the columns; a parent is an object of its own, or null."""
    plain = [b.field.name for b in bound if not b.walk]
    walked = [b for b in bound if b.walk]
    prefix = f"/services/data/v{version}/sobjects/{source.name}/"

    def shape(row: Row) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": {"type": source.name, "url": prefix + str(row["Id"])}}
        for name in plain:
            shown[name] = row.get(name)
        for item in walked:
            _show_parent(org, shown, row, item, version)
        return shown

    return shape


def _show_parent(org: Org, shown: dict[str, Any], row: Row, item: Bound, version: str) -> None:
    here, place = row, shown
    for step in item.walk:
        parent = parent_row(org, here.get(step.name), step.refers_to)
        relation = str(step.relationship)
        if parent is None:
            place.setdefault(relation, None)
            return
        kind = next(name for name in step.refers_to if str(parent["Id"]) in org.tables[name].rows)
        url = f"/services/data/v{version}/sobjects/{kind}/{parent['Id']}"
        place = place.setdefault(relation, {"attributes": {"type": kind, "url": url}})
        here = parent
    place[item.field.name] = here.get(item.field.name)
