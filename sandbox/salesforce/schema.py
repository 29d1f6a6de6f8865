"""What an sObject is here: fields with types, lengths and rights, read from the short lines of `objects`."""

import re
from dataclasses import dataclass, field
from functools import cached_property

TEXT_TYPES = frozenset({"string", "email", "phone", "url", "picklist", "textarea", "combobox", "id", "reference"})
_LINE = re.compile(
    r"(?P<name>\w+) (?P<type>\w+)(?:\((?P<length>\d+)\))?(?P<flags>[^:>]*)(?:> (?P<to>[\w,]+))?(?:: (?P<values>.+))?"
)
_DEFAULT_LENGTHS = {"email": 80, "phone": 40, "url": 255, "picklist": 255, "id": 18, "reference": 18, "string": 255}


@dataclass(frozen=True)
class Field:
    """One column. `length` is in characters and 0 where Salesforce says 0 (numbers, dates, booleans)."""

    name: str
    type: str
    length: int = 0
    flags: frozenset[str] = frozenset()
    refers_to: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @cached_property
    def label(self) -> str:
        """As people see it: `LastName` is "Last Name"; Salesforce names the field so in its messages."""
        words = self.name.removesuffix("__c").replace("_", " ")
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words.removesuffix("Id") if self.refers_to else words).strip()

    @property
    def createable(self) -> bool:
        return "readonly" not in self.flags

    @property
    def updateable(self) -> bool:
        return self.createable and "createonly" not in self.flags

    @property
    def required(self) -> bool:
        return "required" in self.flags

    @property
    def external_id(self) -> bool:
        return "externalid" in self.flags

    @property
    def unique(self) -> bool:
        return "unique" in self.flags

    @property
    def lookup(self) -> bool:
        """Whether an upsert or a retrieve may name rows by this field."""
        return self.external_id or "idlookup" in self.flags or self.type == "id"

    @property
    def filterable(self) -> bool:
        """Long text cannot stand in a WHERE or ORDER BY."""
        return not (self.type == "textarea" and self.length > 255)

    @property
    def relationship(self) -> str | None:
        """The name by which SOQL walks to the parent: `AccountId` gives `Account`."""
        if not self.refers_to:
            return None
        return self.name[:-3] + "__r" if self.name.endswith("__c") else self.name.removesuffix("Id")


@dataclass(frozen=True)
class SObject:
    """One kind of row; field names are found in any case, as Salesforce finds them."""

    name: str
    prefix: str
    fields: dict[str, Field]
    _folded: dict[str, Field] = field(default_factory=dict, repr=False)

    def find(self, name: str) -> Field | None:
        """The field of that name in any case, or None."""
        return self._folded.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind a relationship name such as `Account` or `Owner`, or None."""
        wanted = relationship.lower()
        return next((f for f in self.fields.values() if (f.relationship or "").lower() == wanted), None)

    @cached_property
    def required(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.required)

    @cached_property
    def indexed(self) -> tuple[Field, ...]:
        """The fields whose values find rows: external ids, unique ones, and those that upsert may name."""
        return tuple(f for f in self.fields.values() if (f.lookup or f.unique) and f.type != "id")


def read_object(name: str, prefix: str, lines: str) -> SObject:
    """Read one object from lines of `Name type(length) flags > Parent : value;value`."""
    fields = {f.name: f for f in map(_read_field, filter(None, map(str.strip, lines.splitlines())))}
    return SObject(name, prefix, fields, {key.lower(): value for key, value in fields.items()})


def _read_field(line: str) -> Field:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a field line: {line!r}")
    kind = match["type"]
    return Field(
        name=match["name"],
        type=kind,
        length=int(match["length"] or _DEFAULT_LENGTHS.get(kind, 0)),
        flags=frozenset(match["flags"].split()),
        refers_to=tuple((match["to"] or "").split(",")) if match["to"] else (),
        values=tuple(value.strip() for value in (match["values"] or "").split(";") if value.strip()),
    )
