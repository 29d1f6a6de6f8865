"""HubSpot's search: filters, sorts and pages over what its index knows, and no further than 10,000 results."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.hubspot_asked import limit_in, names, whole
from sandbox.hubspot_properties import CATALOGUE, milliseconds
from sandbox.hubspot_refusals import RefusedError, invalid
from sandbox.hubspot_rows import Row, shown

GATE = 10_000
MOST_ROWS, MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS, LONGEST_QUERY = 200, 5, 6, 18, 3000
_SEARCHED = ("firstname", "lastname", "email", "phone", "mobilephone", "company", "hs_additional_emails")

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")
_ABOVE = ("hs_object_id", "GT")

Test = Callable[[Row], bool]
_Value = str | float | None


def search(wish: dict[str, Any], rows_above: Callable[[int], Iterable[Row]], gate: int) -> dict[str, Any]:
    """One page of the contacts that the wish fits. ``rows_above``: contacts with ids above the one given, by id.

    Raises RefusedError (400) for a wish that HubSpot does not take.
    """
    limit = limit_in(wish.get("limit", 10), MOST_ROWS)
    start = whole(wish.get("after") or 0, "after")
    if start >= gate:
        raise invalid(f"Search gives the first {gate} results of a query and no more. Requested after: {start}")
    properties = names(wish)
    fits = _fits(wish)
    found = [row for row in rows_above(_lowest(wish)) if not row["archived"] and fits(row)]
    _sort(found, wish.get("sorts") or [])
    page: dict[str, Any] = {
        "total": len(found),
        "results": [shown(row, properties) for row in found[start : min(start + limit, gate)]],
    }
    if start + limit < len(found):
        page["paging"] = {"next": {"after": str(start + limit)}}
    return page


def _fits(wish: dict[str, Any]) -> Test:
    """Whether a contact fits all filters of any group, and the text of ``query``."""
    groups = _objects(wish.get("filterGroups"), "filterGroups")
    query = str(wish.get("query") or "").lower()
    filters = [_objects(group.get("filters"), "filters") for group in groups]
    sizes = [len(group) for group in filters]
    if len(sizes) > MOST_GROUPS or max(sizes, default=0) > MOST_IN_GROUP or sum(sizes) > MOST_FILTERS:
        raise invalid(f"At most {MOST_GROUPS} groups of {MOST_IN_GROUP} filters and {MOST_FILTERS} in all are taken")
    if len(query) > LONGEST_QUERY:
        raise invalid(f"The query is longer than {LONGEST_QUERY} characters")
    tests = [[_test(one) for one in group] for group in filters] or [[]]
    words = query.split()

    def fits(row: Row) -> bool:
        return any(all(test(row) for test in group) for group in tests) and (not words or _says(row, words))

    return fits


def _lowest(wish: dict[str, Any]) -> int:
    """The id that every contact that fits is above, as clients ask who walk by id: it spares looking at the others."""
    bounds = []
    for group in wish.get("filterGroups") or ():
        filters = [one for one in group.get("filters") or () if (one["propertyName"], one["operator"]) == _ABOVE]
        bounds.append(max((int(float(one["value"])) for one in filters), default=0))
    return min(bounds, default=0)


def _objects(value: object, name: str) -> list[dict[str, Any]]:
    """A list of objects, empty if there is none. Raises RefusedError (400) for anything else."""
    if value is not None and not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
        raise invalid(f"Invalid input JSON: {name!r} must be a list of objects")
    return value or []


def _says(row: Row, words: list[str]) -> bool:
    text = " ".join(row["properties"].get(name) or "" for name in _SEARCHED).lower()
    return all(word in text for word in words)


def _test(one: dict[str, Any]) -> Test:
    """A filter as a function of a contact."""
    name, sign = str(one.get("propertyName")), str(one.get("operator"))
    if name not in CATALOGUE:
        raise invalid(f"There was a problem with the request. Property {name!r} does not exist")
    if sign not in _OPERATORS:
        raise invalid(f"Invalid input JSON: {sign!r} is no operator; there are {', '.join(_OPERATORS)}")
    wanted = [_asked(name, value) for value in _operands(sign, one)]
    compare = _OPERATORS[sign]
    typed = _TYPED[CATALOGUE[name].kind]
    return lambda row: compare(typed(row["properties"].get(name)), wanted)


def _operands(sign: str, one: dict[str, Any]) -> list[Any]:
    """What the filter compares with; BETWEEN has two values, IN any number, HAS_PROPERTY none."""
    if sign.endswith("HAS_PROPERTY"):
        return []
    if sign in ("IN", "NOT_IN"):
        values = one.get("values")
        if not isinstance(values, list):
            raise invalid(f"A filter with operator {sign} lacks its values")
        return values
    values = [one.get("value"), one.get("highValue")] if sign == "BETWEEN" else [one.get("value")]
    if None in values:
        raise invalid(f"A filter with operator {sign} lacks its value")
    return values


def _asked(name: str, value: object) -> _Value:
    """A filter's value in the property's type; times are Unix milliseconds and nothing else."""
    text, kind = str(value), CATALOGUE[name].kind
    if kind not in ("number", "datetime"):
        return text.lower()
    if not _NUMBER.fullmatch(text):
        wanted = "Unix milliseconds" if kind == "datetime" else "a number"
        raise invalid(f"There was a problem with the request. {name!r} is compared with {wanted}")
    return float(text)


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


_TYPED: dict[str, Callable[[str | None], _Value]] = {
    "string": _lower,
    "enumeration": _lower,
    "bool": _lower,
    "number": lambda value: None if value is None else float(value),
    "datetime": lambda value: None if value is None else milliseconds(value),
}
"""A contact's value in the property's type."""


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[_Value, list[_Value]], bool]:
    return lambda held, wanted: held is not None and compare(held, wanted[0])


def _has_token(held: _Value, wanted: list[_Value]) -> bool:
    """Whether one word of the text is the wanted one; a ``*`` at either end stands for anything."""
    word = str(wanted[0])
    bare, words = word.strip("*"), str(held or "").replace("@", " ").split()
    if not word.startswith("*") and not word.endswith("*"):
        return bare in words or bare == held
    begins, ends = not word.startswith("*"), not word.endswith("*")
    return any(
        bare in token and (token.startswith(bare) or not begins) and (token.endswith(bare) or not ends)
        for token in [*words, str(held or "")]
    )


_OPERATORS: dict[str, Callable[[_Value, list[_Value]], bool]] = {
    "EQ": _ordered(operator.eq),
    "NEQ": _ordered(operator.ne),
    "LT": _ordered(operator.lt),
    "LTE": _ordered(operator.le),
    "GT": _ordered(operator.gt),
    "GTE": _ordered(operator.ge),
    "BETWEEN": lambda held, wanted: held is not None and wanted[0] <= held <= wanted[1],  # type: ignore[operator]
    "IN": lambda held, wanted: held in wanted,
    "NOT_IN": lambda held, wanted: held is not None and held not in wanted,
    "HAS_PROPERTY": lambda held, wanted: held is not None,
    "NOT_HAS_PROPERTY": lambda held, wanted: held is None,
    "CONTAINS_TOKEN": _has_token,
    "NOT_CONTAINS_TOKEN": lambda held, wanted: not _has_token(held, wanted),
}


def _sort(rows: list[Row], sorts: Any) -> None:
    """By the one sort that HubSpot takes; without it the oldest contact comes first. ``rows`` come by id."""
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Only one sort is supported")
    wanted = sorts[0] if sorts else {"propertyName": "createdate"}
    if not isinstance(wanted, dict):
        wanted = {"propertyName": str(wanted).lstrip("-"), "direction": "DESCENDING" if str(wanted)[:1] == "-" else ""}
    name = str(wanted.get("propertyName"))
    if name not in CATALOGUE:
        raise RefusedError(400, "VALIDATION_ERROR", f"There is no property {name!r} to sort by")

    down = wanted.get("direction") == "DESCENDING"
    if name == "hs_object_id" and not down:
        return

    typed = _TYPED[CATALOGUE[name].kind]

    def place(row: Row) -> tuple[bool, Any]:
        held = typed(row["properties"].get(name))
        return (held is not None, held)

    rows.sort(key=place, reverse=down)
