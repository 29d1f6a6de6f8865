"""What we write to Salesforce, and what we ask it about before and after.

Writes go by sObject Collections: 200 records a call, results in the order of the records, each with its own outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from simple_salesforce.format import format_soql

from connectors.answers import Declined, Unanswered, need
from connectors.base import Access, Receipt, SourceChanged, Write
from connectors.salesforce_client import API_NAME, Client, client
from connectors.salesforce_ids import whole

CALL_RECORDS = 200
QUERY_CHARACTERS = 12_000
"""Salesforce takes 16,384 bytes of address and headers together."""

GONE = frozenset({"ENTITY_IS_DELETED"})
"""How Salesforce refuses to delete what is deleted."""

CHOKES = 4
"""So many records refused alone, and none taken: it is not the records."""

UNREADABLE, MANY = "JSON_PARSER_ERROR", 40
"""A value that Salesforce's reader chokes on is its record's own affair: so many of those before we doubt the call."""

MOST_PAGES = 1000
"""Far beyond what a look-up of so few values can have, at 200 rows a page and more."""


def write(access: Access, writes: Sequence[Write]) -> Iterator[Receipt]:
    """One receipt a write, in order. A call that got no answer gives 'unknown' for its writes, and is not repeated.

    Raises what keeps all further calls from being made: AccessRefused, SourceUnavailable; SourceChanged when results
    do not match the records of their call. Of writes without a receipt nothing is known.
    """
    with client(access) as force:
        for call in _calls(writes):
            yield from _write(force, call)


def look_up(
    access: Access, object_name: str, match_field: str, match_values: Sequence[str], fields: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    """What Salesforce holds now, by match value in lower case; of several with one value, the lowest Id.

    Ids come whole, in their 18 characters, whichever of the two forms Salesforce gives, and whichever was asked for.
    """
    select = ", ".join(dict.fromkeys(_named(name) for name in ("Id", match_field, *fields)))
    head = f"SELECT {select} FROM {_named(object_name)} WHERE {match_field} IN "
    found: dict[str, Mapping[str, Any]] = {}
    if not match_values:
        return found
    with client(access) as force:
        for values in _within(head, list(dict.fromkeys(match_values))):
            for row in map(_whole, all_rows(force, head + format_soql("{}", values) + " ORDER BY Id")):
                found.setdefault(str(_inside(row, match_field)).lower(), row)
    if match_field.lower() == "id":
        return {value.lower(): found[key] for value in match_values if (key := whole(value).lower()) in found}
    return found


def _whole(row: Mapping[str, Any]) -> Mapping[str, Any]:
    crm_id = row.get("Id")
    return {**row, "Id": whole(crm_id)} if isinstance(crm_id, str) else row


def describe(access: Access, object_name: str) -> Mapping[str, Mapping[str, Any]]:
    """The object's fields by name, as Salesforce describes them."""
    with client(access) as force:
        return force.fields(_named(object_name))


def _calls(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """The writes in order, cut so that a call has one object, one match field, one purpose, and no match value twice.

    Salesforce refuses the second of two records with one external id in a call.
    """
    call: list[Write] = []
    values: set[str] = set()
    for each in writes:
        same = bool(call) and _kind(each) == _kind(call[0])
        value = each.match_value[:15] if _by_id(each) else each.match_value.lower()
        if call and (not same or len(call) == CALL_RECORDS or value in values):
            yield call
            call, values = [], set()
        call.append(each)
        values.add(value)
    if call:
        yield call


def org(access: Access) -> str:
    """The id of the org that the account leads to, 18 characters."""
    with client(access) as force:
        rows = need("Salesforce", force.query("SELECT Id FROM Organization LIMIT 1"), "records", list)
    return need("Salesforce", rows[0] if rows else None, "Id", str)


def _kind(each: Write) -> tuple[str, str, bool]:
    return each.object, each.match_field, each.delete


def _write(force: Client, call: list[Write]) -> Iterator[Receipt]:
    """A receipt for each record of a call. Where the call is refused whole, the one that it chokes on is found.

    Raises Declined when every record is refused alone as well: then it is the call that is wrong.
    """
    chokes: list[Declined] = []
    receipts = _halved(force, call, chokes)
    if _enough(chokes) and all(receipt.outcome == "refused" for receipt in receipts):
        raise chokes[0]
    yield from receipts


def _halved(force: Client, call: list[Write], chokes: list[Declined]) -> list[Receipt]:
    try:
        return _answered(force, call)
    except Declined as error:
        if len(call) == 1:
            chokes.append(error)
            return [Receipt(call[0].ref, "refused", code=error.code, message=error.words)]
    half = len(call) // 2
    receipts = _halved(force, call[:half], chokes)
    if _enough(chokes) and len(chokes) == len(receipts):
        return receipts
    return receipts + _halved(force, call[half:], chokes)


def _enough(chokes: list[Declined]) -> bool:
    """Whether so many refusals tell of the call rather than of its records."""
    own = all(each.code == UNREADABLE for each in chokes)
    return len(chokes) >= (MANY if own else CHOKES)


def _answered(force: Client, call: list[Write]) -> list[Receipt]:
    try:
        results = _called(force, call)
    except Unanswered as error:
        return [Receipt(each.ref, "unknown", code="UNANSWERED", message=str(error)) for each in call]
    if not isinstance(results, list) or len(results) != len(call):
        raise SourceChanged(f"Salesforce did not answer with one result for each of {len(call)} records.")
    receipts = [_receipt(each, result) for each, result in zip(call, results, strict=True)]
    if not _in_order(call, receipts):
        raise SourceChanged(f"Salesforce did not answer in the order of the {len(call)} records.")
    return receipts


def _called(force: Client, call: list[Write]) -> Any:
    first = call[0]
    if first.delete:
        return force.delete([each.match_value for each in call])
    path = "" if _by_id(first) else f"/{quote(first.object, safe='')}/{quote(first.match_field, safe='')}"
    return force.collect(path, [_record(each) for each in call])


def _in_order(call: list[Write], receipts: list[Receipt]) -> bool:
    """Whether the ids can be those of the records: what was sent by Id comes back with it (15 or 18 characters of
    it), and no two records are one."""
    pairs = [(each, receipt.id[:15]) for each, receipt in zip(call, receipts, strict=True) if receipt.id]
    own = all(each.match_value[:15] == crm_id for each, crm_id in pairs if _by_id(each))
    return own and len({crm_id for _, crm_id in pairs}) == len(pairs)


def _record(each: Write) -> dict[str, Any]:
    match = "Id" if _by_id(each) else each.match_field
    return {"attributes": {"type": each.object}, **each.values, match: each.match_value}


def _by_id(each: Write) -> bool:
    return each.match_field.lower() == "id"


def _receipt(each: Write, result: Any) -> Receipt:
    if need("Salesforce", result, "success", bool):
        created = bool(result.get("created", False))
        crm_id = _text(result, "id") or (each.match_value if _by_id(each) else "")
        return Receipt(each.ref, "done", id=whole(crm_id) or None, created=created)
    errors = need("Salesforce", result, "errors", list)
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    code, message = _text(first, "statusCode"), _text(first, "message")
    if each.delete and code in GONE:
        return Receipt(each.ref, "done", id=whole(each.match_value), created=False)
    return Receipt(
        each.ref, "refused", id=_text(result, "id"), code=code, message=message, matches=tuple(_matches(first))
    )


def _matches(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The records that a duplicate rule names: duplicateResult.matchResults[].matchRecords[].record."""
    told = error.get("duplicateResult")
    for result in _dicts(told.get("matchResults") if isinstance(told, dict) else None):
        for match in _dicts(result.get("matchRecords")):
            record = match.get("record")
            crm_id = _text(record, "Id") if isinstance(record, dict) else None
            if crm_id:
                yield str(result.get("entityType", "")), whole(crm_id)


def _dicts(said: Any) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) else None


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


def all_rows(force: Client, soql: str, *, deleted: bool = False) -> Iterator[Mapping[str, Any]]:
    """All rows; `deleted`: those in the bin too. Raises SourceChanged when the pages go round in a
    circle, or never reach an end."""
    body = force.query(soql, deleted=deleted)
    seen: set[str] = set()
    while True:
        yield from (row for row in need("Salesforce", body, "records", list) if isinstance(row, dict))
        if need("Salesforce", body, "done", bool):
            return
        address = need("Salesforce", body, "nextRecordsUrl", str)
        if address in seen or len(seen) == MOST_PAGES:
            raise SourceChanged("Salesforce's pages of an answer never end.")
        seen.add(address)
        body = force.more(address)


def _inside(row: Mapping[str, Any], field: str) -> Any:
    """The row's value of `field`, whose case Salesforce does not mind."""
    return next((value for name, value in row.items() if name.lower() == field.lower()), None)


def _named(name: str) -> str:
    """`name`, which goes into a query as it is. Raises ValueError unless it is a plain API name."""
    if not API_NAME.fullmatch(name):
        raise ValueError(f"not the API name of an object or field: {name!r}")
    return name
