"""Saving one row with Salesforce's checks: names, types, required fields, rights, keys, locks, duplicates.

Every function raises `Refused` and then has changed nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from sandbox.salesforce.derived import derived_values
from sandbox.salesforce.duplicates import refuse_duplicates
from sandbox.salesforce.errors import Refused, no_such_field, not_found, read_only, required_missing
from sandbox.salesforce.objects import DEFAULTS
from sandbox.salesforce.org import Org, Transaction
from sandbox.salesforce.record_ids import MalformedId, normal_id
from sandbox.salesforce.schema import Field
from sandbox.salesforce.switches import Switches
from sandbox.salesforce.tables import Row, Table
from sandbox.salesforce.values import Value, taker


class Saved(NamedTuple):
    """What an upsert did."""

    id: str
    created: bool


class SeveralMatch(Refused):
    """An external id that names more than one row; `ids` are theirs."""

    def __init__(self, field: Field, ids: Sequence[str]) -> None:
        listed = ", ".join(ids)
        message = f"{field.name}: more than one record found for external id field: [{listed}]"
        super().__init__("DUPLICATE_EXTERNAL_ID", message, [field.name], http_status=300)
        self.ids = list(ids)


@dataclass(frozen=True)
class Writing:
    """Where rows are saved: a transaction on one table, and what the call's duplicate-rule header allows."""

    transaction: Transaction
    table: Table
    allow_duplicates: bool = False

    @property
    def org(self) -> Org:
        return self.transaction.org

    @property
    def object_name(self) -> str:
        return self.table.definition.name

    @property
    def switches(self) -> Switches:
        return self.transaction.switches


def accept(table: Table, sent: Mapping[str, object]) -> Row:
    """What the client sent in held form, by true field names; `attributes` is passed over.

    A relationship such as `{"Account": {"Legacy_Id__c": "7"}}` is left to `resolve_parents`.
    """
    definition, values = table.definition, {}
    for name, value in sent.items():
        if name == "attributes":
            continue
        field = definition.find(name)
        if field is None:
            raise no_such_field(name, definition.name)
        values[field.name] = taker(field)(value) if field.type != "id" else str(value)
    return values


def resolve_parents(org: Org, table: Table, sent: Mapping[str, object]) -> dict[str, object]:
    """Replace `{"Account": {"Landbridge_Id__c": "x"}}` by `{"AccountId": id}`: a parent named by its external id."""
    resolved: dict[str, object] = {}
    for name, value in sent.items():
        reference = table.definition.parent(name) if isinstance(value, Mapping) and name != "attributes" else None
        if reference is None:
            resolved[name] = value
        else:
            assert isinstance(value, Mapping)
            resolved[reference.name] = _parent_id(org, reference, value)
    return resolved


def _parent_id(org: Org, reference: Field, named: Mapping[str, object]) -> str:
    keys = {name: value for name, value in named.items() if name != "attributes"}
    for parent in reference.refers_to:
        table = org.tables[parent]
        for name, value in keys.items():
            field = table.definition.find(name)
            ids = table.ids_with(field, str(value)) if field and field.lookup else []
            if len(ids) == 1:
                return ids[0]
    shown = ", ".join(f"{name}: {value}" for name, value in keys.items())
    message = (
        f"Foreign key external ID: {shown} not found for field {', '.join(keys)} in entity {reference.refers_to[0]}"
    )
    raise Refused("INVALID_FIELD", message)


def create(writing: Writing, values: Row) -> str:
    """Add a row; returns its id."""
    definition = writing.table.definition
    _refuse_read_only([n for n, v in values.items() if not definition.fields[n].createable and (n != "Id" or v)])
    defaults = DEFAULTS.get(definition.name, {})
    row: Row = {**defaults, **{name: value for name, value in values.items() if value is not None}}  # type: ignore[dict-item]
    if "OwnerId" in definition.fields:
        row.setdefault("OwnerId", writing.transaction.user_id)
    missing = [field.name for field in definition.required if row.get(field.name) is None]
    if missing:
        raise required_missing(missing)
    _check(writing, None, values, row)
    return writing.transaction.create(writing.table, {**row, **derived_values(definition.name, row)})


def update(writing: Writing, row_id: str, values: Row) -> None:
    """Change a live row. A write that changes nothing still counts, and stamps the row."""
    definition, old = writing.table.definition, existing(writing.table, row_id)
    whole_id = str(old["Id"])
    changes = {name: value for name, value in values.items() if name != "Id"}
    _refuse_read_only([name for name in changes if not definition.fields[name].updateable])
    missing = [field.name for field in definition.required if field.name in changes and changes[field.name] is None]
    if missing:
        raise required_missing(missing)
    if old.get("IsConverted"):
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
    row = {**old, **changes}
    _check(writing, whole_id, changes, row)
    writing.transaction.update(writing.table, whole_id, {**changes, **derived_values(definition.name, row)})


def upsert(writing: Writing, key: Field, value: Value, values: Row) -> Saved:
    """Update the one row whose `key` holds `value`, or create it; `SeveralMatch` if there are more."""
    if value is None:
        raise Refused("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
    ids = writing.table.ids_with(key, value)
    if len(ids) > 1:
        raise SeveralMatch(key, ids)
    if ids:
        update(writing, ids[0], {name: held for name, held in values.items() if name != key.name})
        return Saved(ids[0], created=False)
    if key.type == "id":
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [], http_status=404)
    return Saved(create(writing, {**values, key.name: value}), created=True)


def delete(writing: Writing, row_id: str) -> None:
    """Move a row to the recycle bin."""
    whole_id = str(existing(writing.table, row_id)["Id"])
    _refuse_locked(writing, whole_id)
    writing.transaction.update(writing.table, whole_id, {"IsDeleted": True})


def existing(table: Table, row_id: str) -> Row:
    """The live row of that id (either form), or ENTITY_IS_DELETED, or NOT_FOUND."""
    try:
        whole = normal_id(row_id)
    except MalformedId:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {row_id}") from None
    row = table.rows.get(whole)
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", [], http_status=404)
    return row


def _check(writing: Writing, row_id: str | None, changes: Row, row: Row) -> None:
    _refuse_lost_parents(writing, changes)
    _refuse_taken_keys(writing.table, row_id, changes)
    if writing.switches.lock_rate > 0:
        _refuse_locked(writing, row_id or _natural_key(writing, row))
    rule = writing.switches.duplicate_rule
    if rule == "block" or (rule == "alert" and not writing.allow_duplicates):
        refuse_duplicates(writing.org, writing.object_name, row_id, row)


def _refuse_read_only(names: Sequence[str]) -> None:
    if names:
        raise read_only(names)


def _refuse_lost_parents(writing: Writing, changes: Row) -> None:
    for name, value in changes.items():
        parents = writing.table.definition.fields[name].refers_to
        if parents and value and not any(writing.org.tables[parent].is_live(str(value)) for parent in parents):
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])


def _refuse_taken_keys(table: Table, row_id: str | None, changes: Row) -> None:
    for field in table.definition.indexed:
        if not field.unique or changes.get(field.name) is None:
            continue
        others = [other for other in table.ids_with(field, changes[field.name]) if other != row_id]
        if others:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0]}"
            raise Refused("DUPLICATE_VALUE", message, [])


def _refuse_locked(writing: Writing, key: str) -> None:
    """Some rows are locked now and then: which, and at which attempt, follows from the seed alone."""
    switches, attempts = writing.switches, writing.org.lock_attempts
    attempts[key] += 1
    drawn = crc32(f"{switches.lock_seed}:{key}:{attempts[key]}".encode()) / 2**32
    if drawn < switches.lock_rate:
        message = f"unable to obtain exclusive access to this record or 1 records: {key}"
        raise Refused("UNABLE_TO_LOCK_ROW", message, [])


def _natural_key(writing: Writing, row: Row) -> str:
    """A name for a row that has no id yet, the same in every run."""
    keys = [row.get(field.name) for field in writing.table.definition.indexed]
    return writing.object_name + ":" + "|".join(str(key) for key in keys if key is not None)
