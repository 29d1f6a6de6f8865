"""From a column's name to a function that reads it from a row, through parents where the name walks through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql import Column, Query, pointed
from sandbox.salesforce.tables import Row
from sandbox.salesforce.values import Value

Read = Callable[[Row], Value]


@dataclass(frozen=True)
class Bound:
    """A column found in the schema: the references it walks through, and the field at the end."""

    column: Column
    walk: tuple[Field, ...]
    field: Field

    @property
    def names(self) -> tuple[str, ...]:
        """The true names, e.g. `("Account", "Name")`."""
        return (*(str(step.relationship) for step in self.walk), self.field.name)


def bind(query: Query, source: SObject, column: Column) -> Bound:
    """Find the column; INVALID_FIELD with its place in the query if there is none."""
    path = column.path
    if len(path) > 1 and path[0].lower() in (source.name.lower(), (query.alias or "").lower()):
        path = path[1:]
    owners, walk = [source], []
    for name in path[:-1]:
        reference = next((found for owner in owners if (found := owner.parent(name))), None)
        if reference is None:
            raise pointed(query.text, column.at, "INVALID_FIELD", _no_relation(name))
        walk.append(reference)
        owners = [OBJECTS[parent] for parent in reference.refers_to]
    field = next((found for owner in owners if (found := owner.find(path[-1]))), None)
    if field is None:
        raise pointed(query.text, column.at, "INVALID_FIELD", _no_column(path[-1], owners[0].name))
    return Bound(column, tuple(walk), field)


def reader(org: Org, bound: Bound) -> Read:
    """A function that reads the column; None where a parent is missing."""
    name, walk = bound.field.name, [(step.name, step.refers_to) for step in bound.walk]
    if not walk:
        return lambda row: row.get(name)

    def read(row: Row) -> Value:
        here: Row | None = row
        for reference, parents in walk:
            here = parent_row(org, here.get(reference) if here else None, parents)
        return here.get(name) if here else None

    return read


def parent_row(org: Org, row_id: Value, parents: tuple[str, ...]) -> Row | None:
    """The parent of that id, or None."""
    found = (org.tables[parent].rows.get(str(row_id)) for parent in parents)
    return next((row for row in found if row is not None), None)


def must_filter(query: Query, bound: Bound) -> None:
    """Refuse long text where rows are chosen or sorted."""
    if not bound.field.filterable:
        message = f"field '{bound.field.name}' can not be filtered in a query call"
        raise pointed(query.text, bound.column.at, "INVALID_FIELD", message)


def _no_relation(name: str) -> str:
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, "
        "be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
        "call for the appropriate names."
    )


def _no_column(name: str, object_name: str) -> str:
    return (
        f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )


def no_such_object(name: str) -> Refused:
    return Refused(
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the "
        "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )
