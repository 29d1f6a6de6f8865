"""HubSpot's search: filters, sorts and pages over what its index knows, and no further than 10,000 results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.hubspot_asked import limit_in, whole
from sandbox.hubspot_properties import CATALOGUE, milliseconds
from sandbox.hubspot_refusals import RefusedError, invalid
from sandbox.hubspot_rows import Row, shown

GATE = 10_000
MOST_ROWS, MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS, LONGEST_QUERY = 200, 5, 6, 18, 3000
_SEARCHED = ("firstname", "lastname", "email", "phone", "mobilephone", "company", "hs_additional_emails")

Test = Callable[[Row], bool]
_Value = str | float | None


def search(wish: dict[str, Any], rows: Iterable[Row], gate: int) -> dict[str, Any]:
    """One page of the contacts that the wish fits. Raises RefusedError (400) for a wish that HubSpot does not take."""
    limit = limit_in(wish.get("limit", 10), MOST_ROWS)
    start = whole(wish.get("after") or 0, "after")
    if start >= gate:
        raise invalid(f"Search gives the first {gate} results of a query and no more. Requested after: {start}")
    fits = _fits(wish)
    found = [row for row in rows if not row["archived"] and fits(row)]
    _sort(found, wish.get("sorts") or [])
    page: dict[str, Any] = {
        "total": len(found),
        "results": [shown(row, wish.get("properties") or []) for row in found[start : min(start + limit, gate)]],
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
    name, operator = str(one.get("propertyName")), str(one.get("operator"))
    if name not in CATALOGUE:
        raise invalid(f"There was a problem with the request. Property {name!r} does not exist")
    if operator not in _OPERATORS:
        raise invalid(f"Invalid input JSON: {operator!r} is no operator; there are {', '.join(_OPERATORS)}")
    wanted = [_asked(name, value) for value in _operands(operator, one)]
    compare = _OPERATORS[operator]
    return lambda row: compare(_held(name, row["properties"].get(name)), wanted)


def _operands(operator: str, one: dict[str, Any]) -> list[Any]:
    """What the filter compares with; BETWEEN has two values, IN any number, HAS_PROPERTY none."""
    if operator.endswith("HAS_PROPERTY"):
        return []
    if operator in ("IN", "NOT_IN"):
        return list(one.get("values") or ())
    values = [one.get("value"), one.get("highValue")] if operator == "BETWEEN" else [one.get("value")]
    if None in values:
        raise invalid(f"A filter with operator {operator} lacks its value")
    return values


def _asked(name: str, value: object) -> _Value:
    """A filter's value in the property's type; times are Unix milliseconds and nothing else."""
    text, kind = str(value), CATALOGUE[name].kind
    if kind not in ("number", "datetime"):
        return text.lower()
    try:
        return float(text)
    except ValueError:
        wanted = "Unix milliseconds" if kind == "datetime" else "a number"
        raise invalid(f"There was a problem with the request. {name!r} is compared with {wanted}") from None


def _held(name: str, value: str | None) -> _Value:
    """A contact's value in the property's type."""
    if value is None:
        return None
    kind = CATALOGUE[name].kind
    if kind == "datetime":
        return milliseconds(value)
    return float(value) if kind == "number" else value.lower()


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
    "EQ": _ordered(lambda held, value: held == value),
    "NEQ": _ordered(lambda held, value: held != value),
    "LT": _ordered(lambda held, value: held < value),
    "LTE": _ordered(lambda held, value: held <= value),
    "GT": _ordered(lambda held, value: held > value),
    "GTE": _ordered(lambda held, value: held >= value),
    "BETWEEN": lambda held, wanted: held is not None and wanted[0] <= held <= wanted[1],  # type: ignore[operator]
    "IN": lambda held, wanted: held in wanted,
    "NOT_IN": lambda held, wanted: held is not None and held not in wanted,
    "HAS_PROPERTY": lambda held, wanted: held is not None,
    "NOT_HAS_PROPERTY": lambda held, wanted: held is None,
    "CONTAINS_TOKEN": _has_token,
    "NOT_CONTAINS_TOKEN": lambda held, wanted: not _has_token(held, wanted),
}


def _sort(rows: list[Row], sorts: list[Any]) -> None:
    """By the one sort that HubSpot takes; without it the oldest contact comes first."""
    if len(sorts) > 1:
        raise invalid("Only one sort is supported")
    wanted = sorts[0] if sorts else {"propertyName": "createdate"}
    if not isinstance(wanted, dict):
        wanted = {"propertyName": str(wanted).lstrip("-"), "direction": "DESCENDING" if str(wanted)[:1] == "-" else ""}
    name = str(wanted.get("propertyName"))
    if name not in CATALOGUE:
        raise RefusedError(400, "VALIDATION_ERROR", f"There is no property {name!r} to sort by")

    def place(row: Row) -> tuple[bool, Any]:
        held = _held(name, row["properties"].get(name))
        return (held is not None, held)

    rows.sort(key=place, reverse=wanted.get("direction") == "DESCENDING")
