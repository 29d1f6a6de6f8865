"""What we write to Salesforce, and what we ask it about before and after.

Writes go by sObject Collections: 200 records a call, results in the order of the records, each with its own outcome.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from simple_salesforce.format import format_soql

from connectors.answers import Unanswered, need
from connectors.base import Access, Receipt, SourceChanged, Write
from connectors.salesforce_client import Client, client

CALL_RECORDS = 200
QUERY_CHARACTERS = 12_000
"""Salesforce takes 16,384 bytes of address and headers together."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


def write(access: Access, writes: Sequence[Write]) -> Iterator[Receipt]:
    """One receipt a write, in order. A call that got no answer gives 'unknown' for its writes, and is not repeated.

    Raises what keeps all further calls from being made (AccessRefused, SourceUnavailable): writes without a receipt
    were not sent.
    """
    with client(access) as force:
        for call in _calls(writes):
            yield from _write(force, call)


def look_up(
    access: Access, object_name: str, match_field: str, match_values: Sequence[str], fields: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    """What Salesforce holds now, by match value in lower case; of several with one value, the lowest Id."""
    select = ", ".join(dict.fromkeys(_named(name) for name in ("Id", match_field, *fields)))
    head = f"SELECT {select} FROM {_named(object_name)} WHERE {match_field} IN "
    found: dict[str, Mapping[str, Any]] = {}
    if not match_values:
        return found
    with client(access) as force:
        for values in _within(head, list(dict.fromkeys(match_values))):
            for row in _rows(force, head + format_soql("{}", values) + " ORDER BY Id"):
                found.setdefault(str(_inside(row, match_field)).lower(), row)
    return found


def describe(access: Access, object_name: str) -> Mapping[str, Mapping[str, Any]]:
    """The object's fields by name, as Salesforce describes them."""
    with client(access) as force:
        fields = need("Salesforce", force.describe(_named(object_name)), "fields", list)
    return {field["name"]: field for field in fields}


def _calls(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """The writes in order, cut so that a call has one object, one match field, and no match value twice.

    Salesforce refuses the second of two records with one external id in a call.
    """
    call: list[Write] = []
    values: set[str] = set()
    for each in writes:
        same = bool(call) and (each.object, each.match_field) == (call[0].object, call[0].match_field)
        if call and (not same or len(call) == CALL_RECORDS or each.match_value.lower() in values):
            yield call
            call, values = [], set()
        call.append(each)
        values.add(each.match_value.lower())
    if call:
        yield call


def _write(force: Client, call: list[Write]) -> Iterator[Receipt]:
    path = "" if _by_id(call[0]) else f"/{quote(call[0].object, safe='')}/{quote(call[0].match_field, safe='')}"
    try:
        results = force.collect(path, [_record(each) for each in call])
    except Unanswered as error:
        for each in call:
            yield Receipt(each.ref, "unknown", code="UNANSWERED", message=str(error))
        return
    if not isinstance(results, list) or len(results) != len(call):
        raise SourceChanged(f"Salesforce did not answer with one result for each of {len(call)} records.")
    for each, result in zip(call, results, strict=True):
        yield _receipt(each, result)


def _record(each: Write) -> dict[str, Any]:
    match = "Id" if _by_id(each) else each.match_field
    return {"attributes": {"type": each.object}, **each.values, match: each.match_value}


def _by_id(each: Write) -> bool:
    return each.match_field.lower() == "id"


def _receipt(each: Write, result: Any) -> Receipt:
    if need("Salesforce", result, "success", bool):
        created = bool(result.get("created", False))
        return Receipt(
            each.ref, "done", id=result.get("id") or (each.match_value if _by_id(each) else None), created=created
        )
    errors = need("Salesforce", result, "errors", list)
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    return Receipt(each.ref, "refused", id=result.get("id"), code=first.get("statusCode"), message=first.get("message"))


def _within(head: str, values: list[str]) -> Iterator[list[str]]:
    """`values` in portions whose query, percent-encoded, stays under QUERY_CHARACTERS."""
    room = QUERY_CHARACTERS - len(quote(head))
    portion: list[str] = []
    used = 0
    for value in values:
        size = len(quote(format_soql("{},", value), safe=""))
        if portion and used + size > room:
            yield portion
            portion, used = [], 0
        portion.append(value)
        used += size
    if portion:
        yield portion


def _rows(force: Client, soql: str) -> Iterator[Mapping[str, Any]]:
    body = force.query(soql)
    yield from need("Salesforce", body, "records", list)
    while not need("Salesforce", body, "done", bool):
        body = force.more(need("Salesforce", body, "nextRecordsUrl", str))
        yield from need("Salesforce", body, "records", list)


def _inside(row: Mapping[str, Any], field: str) -> Any:
    """The row's value of `field`, whose case Salesforce does not mind."""
    return next((value for name, value in row.items() if name.lower() == field.lower()), None)


def _named(name: str) -> str:
    """`name`, which goes into a query as it is. Raises ValueError unless it is a plain API name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the API name of an object or field: {name!r}")
    return name
