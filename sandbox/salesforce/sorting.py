"""ORDER BY: text without case, missing values first unless NULLS LAST, equals in the order they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest, nsmallest
from typing import Any, TypeVar

from sandbox.salesforce.soql import Order
from sandbox.salesforce.values import Value

T = TypeVar("T")
Keyed = tuple[Order, Callable[[T], Value]]
_FEW = 5_000


def ordered(rows: list[T], by: Sequence[Keyed[T]], most: int | None = None) -> list[T]:
    """The rows in order; the first `most` of them, if that is all that is wanted."""
    directions = {order.descending for order, _ in by}
    if len(directions) == 1 and most is not None and most <= _FEW < len(rows):
        pick = nlargest if directions == {True} else nsmallest
        keys = [_key(order, read) for order, read in by]
        return pick(most, rows, key=lambda row: [key(row) for key in keys])
    result = list(rows)
    for order, read in reversed(by):
        result.sort(key=_key(order, read), reverse=order.descending)
    return result if most is None else result[:most]


def _key(order: Order, read: Callable[[T], Value]) -> Callable[[T], Any]:
    def key(row: T) -> tuple[bool, Value]:
        value = read(row)
        if value is None:
            return (order.nulls_last != order.descending, "")
        return (order.nulls_last == order.descending, value.lower() if isinstance(value, str) else value)

    return key
