"""The whole org in one document, for tests that compare how things ended.

`?stable=1` leaves out what differs between two orgs of one seed: ids of rows that clients made, system stamps, dates
that hang on the day the world was made for. Times are seconds after the world's `now`. Rows are keyed by external id;
by Id where the world made them (those are the same in every org of the seed); else by what tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.salesforce.org import Org
from sandbox.salesforce.record_ids import made_number
from sandbox.salesforce.schema import Field
from sandbox.salesforce.tables import Row, Table
from sandbox.salesforce.values import Value, read_time

_STAMPS = frozenset({"CreatedDate", "LastModifiedDate", "SystemModstamp"})
_OF_THE_DAY = frozenset({"CloseDate", "ActivityDate", "ConvertedDate", "LastActivityDate"})


def dump(org: Org, world_now: datetime, stable: bool) -> dict[str, Any]:
    """Every object with its rows, deleted ones too: a list as they are, or, `stable`, by key and sorted."""
    tables = {name: table for name, table in sorted(org.tables.items()) if table.rows}
    if not stable:
        return {name: list(table.rows.values()) for name, table in tables.items()}
    return {name: _stable_rows(org, table, world_now) for name, table in tables.items()}


def _stable_rows(org: Org, table: Table, world_now: datetime) -> dict[str, Row]:
    """Rows by key; where several have one key, they are numbered in an order that does not hang on ids."""
    keyed = sorted(
        ((_key(org, table, row), _stable(org, table, row, world_now)) for row in table.rows.values()),
        key=lambda pair: (pair[0], repr(sorted(pair[1].items()))),
    )
    result: dict[str, Row] = {}
    for key, row in keyed:
        number, name = 1, key
        while name in result:
            number += 1
            name = f"{key} ({number})"
        result[name] = row
    return result


def _stable(org: Org, table: Table, row: Row, world_now: datetime) -> Row:
    return dict(_values(org, table, row, world_now))


def _values(org: Org, table: Table, row: Row, world_now: datetime) -> Iterator[tuple[str, Value]]:
    for name in sorted(row):
        field = table.definition.fields[name]
        if field.type == "id" or name in _STAMPS or (name in _OF_THE_DAY):
            continue
        yield name, _value(org, field, row[name], world_now)


def _value(org: Org, field: Field, value: Value, world_now: datetime) -> Value:
    if field.refers_to:
        parents = (org.tables[name] for name in field.refers_to)
        return next((_key(org, table, table.rows[str(value)]) for table in parents if value in table.rows), None)
    if field.type == "datetime":
        return int((read_time(str(value)) - world_now.replace(microsecond=0)).total_seconds())
    return value


def _key(org: Org, table: Table, row: Row) -> str:
    """What the row is called in every org of the seed."""
    row_id = str(row["Id"])
    external = row.get("Landbridge_Id__c")
    if not made_number(row_id):
        return row_id
    if external is not None:
        return str(external)
    names = ("Legacy_Id__c", "Username", "Email", "Name", "Subject", "LastName", "Company")
    return " / ".join(str(row[name]) for name in names if row.get(name) is not None)
