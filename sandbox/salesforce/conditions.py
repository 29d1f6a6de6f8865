"""From a WHERE clause to a function that says whether a row passes.

As in SOQL: text compares without case; a missing value fails every comparison but `= null`, `!= x` and `NOT IN`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from operator import ge, gt, le, lt
from typing import Any

from sandbox.salesforce.columns import Bound, Read
from sandbox.salesforce.errors import Refused, bad_json
from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.soql import AnyOf, Comparison, Condition, Constant, Every, Opposite, like_pattern, unquoted
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import Value, read_time, stamp

Test = Callable[[Row], bool]
Locate = Callable[[Comparison], tuple[Bound, Read]]
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_NUMBERS = frozenset({"int", "double", "currency", "percent"})
_KINDS = {"datetime": ("time", "dateTime"), "date": ("date", "date"), "boolean": ("boolean", "boolean")}


def test_of(condition: Condition, locate: Locate, now: datetime) -> Test:
    """Compile a condition; `locate` finds the column of each comparison. INVALID_FIELD where types do not fit."""
    if isinstance(condition, Comparison):
        bound, read = locate(condition)
        return _comparison(condition, bound, read, now)
    if isinstance(condition, Opposite):
        inner = test_of(condition.part, locate, now)
        return lambda row: not inner(row)
    tests = [test_of(part, locate, now) for part in condition.parts]
    if isinstance(condition, Every):
        return lambda row: all(test(row) for test in tests)
    assert isinstance(condition, AnyOf)
    return lambda row: any(test(row) for test in tests)


def _comparison(condition: Comparison, bound: Bound, read: Read, now: datetime) -> Test:
    operator = condition.operator
    if operator == "like":
        return _like(condition.values[0], bound, read)
    for constant in condition.values:
        _refuse_wrong_kind(bound, constant)
    if any(constant.kind == "range" for constant in condition.values):
        return _in_range(condition, bound, read, now)
    wanted = [_held(bound, constant) for constant in condition.values]
    if operator in ("=", "in"):
        chosen = frozenset(wanted)
        return lambda row: _folded(read(row)) in chosen
    if operator in ("!=", "not in"):
        chosen = frozenset(wanted)
        return lambda row: _folded(read(row)) not in chosen
    return partial(_ordered, _ORDERED[operator], read, wanted[0])


def _ordered(compare: Callable[[Any, Any], bool], read: Read, wanted: Value, row: Row) -> bool:
    value = _folded(read(row))
    return value is not None and wanted is not None and compare(value, wanted)


def _like(constant: Constant, bound: Bound, read: Read) -> Test:
    if constant.kind != "text":
        raise _wrong_kind(bound, "string", "should be enclosed in quotes")
    pattern = like_pattern(constant.text)
    return lambda row: (value := read(row)) is not None and pattern.fullmatch(str(value)) is not None


def _folded(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _held(bound: Bound, constant: Constant) -> Value:
    """The constant as the column would hold it, folded."""
    if constant.kind == "null":
        return False if bound.field.type == "boolean" else None
    if constant.kind == "text":
        text = unquoted(constant.text)
        return _held_id(text) if bound.field.type in ("id", "reference") else text.lower() or None
    if constant.kind == "time":
        return stamp(read_time(constant.text)).lower()
    if constant.kind == "number":
        return float(constant.text)
    return constant.text == "true" if constant.kind == "boolean" else constant.text


def _held_id(text: str) -> str | None:
    try:
        return normal_id(text).lower() if text else None
    except MalformedId:
        raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}") from None


def _refuse_wrong_kind(bound: Bound, constant: Constant) -> None:
    if constant.kind == "null":
        return
    kind = bound.field.type
    if kind in _NUMBERS:
        wanted, name = "number", "double" if kind != "int" else "integer"
    else:
        wanted, name = _KINDS.get(kind, ("text", "string" if kind not in ("id", "reference") else "ID"))
    if constant.kind == "range" and kind in ("date", "datetime"):
        return
    if constant.kind != wanted:
        advice = "should be enclosed in quotes" if wanted == "text" else "should not be enclosed in quotes"
        raise _wrong_kind(bound, name, advice)


def _wrong_kind(bound: Bound, kind: str, advice: str) -> Refused:
    message = f"value of filter criterion for field '{bound.field.name}' must be of type {kind} and {advice}"
    return Refused("INVALID_FIELD", message)


def _in_range(condition: Comparison, bound: Bound, read: Read, now: datetime) -> Test:
    """Compare with a stretch of days such as TODAY: `=` is inside it, `<` before it, `>` after it."""
    if len(condition.values) != 1:
        raise bad_json("date functions are not supported in IN lists")
    first, after = _days(condition.values[0].text, now.astimezone(UTC).date())
    start, end = (_start_of(first), _start_of(after)) if bound.field.type == "datetime" else (str(first), str(after))
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: start <= value < end,
        "!=": lambda value: not start <= value < end,
        "<": lambda value: value < start,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= start,
    }
    inside = tests[condition.operator]
    return lambda row: (value := read(row)) is not None and inside(str(value))


def _start_of(day: date) -> str:
    return stamp(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _days(name: str, today: date) -> tuple[date, date]:
    """The first day of the stretch and the first one after it."""
    word, _, count = name.partition(":")
    one, monday = timedelta(days=1), today - timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    stretches = {
        "today": (today, today + one),
        "yesterday": (today - one, today),
        "tomorrow": (today + one, today + 2 * one),
        "last_n_days": (today - int(count or 0) * one, today + one),
        "next_n_days": (today + one, today + (int(count or 0) + 1) * one),
        "last_week": (monday - 7 * one, monday),
        "this_month": (month, (month + 32 * one).replace(day=1)),
        "last_month": ((month - one).replace(day=1), month),
        "this_year": (today.replace(month=1, day=1), date(today.year + 1, 1, 1)),
    }
    return stretches[word]
