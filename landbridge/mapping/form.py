"""The form of a mapping file: every word that may stand in mappings/sources/*.yaml, and what it means.

This is the one definition: `load` checks files with it, and `python -m landbridge.schemas` writes the
JSON Schema for editors from it. In a file nearly everything can be said short: a path alone is `{from: path}`,
and one rule alone is a list of one rule.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from landbridge.mapping import paths


class _Short:
    """A text alone stands for `{word: text}`."""

    def __init__(self, word: str, about: str) -> None:
        self.word, self.about = word, about

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def longer(given: Any) -> Any:
            return {self.word: given} if isinstance(given, str) else given

        return core_schema.no_info_before_validator_function(longer, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "description": self.about}, handler(core)]}


class _OneOrMany:
    """One alone stands for a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def as_list(given: Any) -> Any:
            return given if isinstance(given, list | tuple) else [given]

        return core_schema.no_info_before_validator_function(as_list, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def _path(text: str) -> str:
    paths.steps(text)
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is no regular expression: {error}") from None
    if re.search(r"\(\?[=!<]|\\[1-9]", text):
        raise ValueError(f"'{text}' looks around or back; plain regular expressions only")
    return text


FieldPath = Annotated[str, AfterValidator(_path), StringConstraints(min_length=1)]
Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Texts = Annotated[tuple[Text, ...], _OneOrMany()]
Pattern = Annotated[str, AfterValidator(_pattern)]
Clean = Literal["email", "phone", "lower", "upper", "title", "date", "country", "html", "none"]


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Condition(_Words):
    """Holds or does not hold for a record. Values are compared as text, exactly: `is: true`, `is: [open, new]`."""

    field: FieldPath = Field(description="The path of the field that is looked at.")
    equals: Texts | None = Field(default=None, alias="is", description="It is this text, or one of these.")
    differs: Texts | None = Field(default=None, alias="is_not", description="It is none of these (or empty).")
    present: bool | None = Field(default=None, description="true: it has a value. false: it has none.")
    matches: Pattern | None = Field(default=None, description="A regular expression is found in it.")

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [x for x in (self.equals, self.differs, self.present, self.matches) if x is not None]
        if len(asked) != 1:
            raise ValueError("a condition asks one thing: is, is_not, present or matches")
        return self


Conditions = Annotated[tuple[Condition, ...], _OneOrMany()]


class Rule(_Words):
    """How one value of ours is made. Exactly one of `from`, `value`, `format`."""

    source: Annotated[tuple[FieldPath, ...], _OneOrMany()] = Field(
        default=(), alias="from", description="The path of their field; several are joined with `join`."
    )
    join: str | None = Field(default=None, description="What goes between, when `from` names several fields.")
    value: Text | None = Field(default=None, description="Always this text.")
    format: str | None = Field(default=None, description="A text with their fields in braces: https://x.com/{username}")
    split: str | None = Field(
        default=None, min_length=1, description="One text holds several values; each of these characters ends one."
    )
    lookup: dict[str, Text] | None = Field(default=None, description="Their word: our word.")
    unknown: Literal["report", "keep"] = Field(default="report", description="A word that `lookup` does not have.")
    clean: Clean = Field(
        default="none", description="Bring it into form. Spaces and control characters go in any case."
    )
    dates: Literal["dmy", "mdy"] | None = Field(default=None, description="How 3/4/1980 is meant: day or month first.")
    when: Conditions = Field(default=(), description="Only when this (all of these) holds.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum((bool(self.source), self.value is not None, self.format is not None)) != 1:
            raise ValueError("a rule takes its value from exactly one of: from, value, format")
        if (len(self.source) > 1) != (self.join is not None):
            raise ValueError("`join` goes with a `from` of several fields, and such a `from` needs it")
        if len(self.source) > 1 and any(paths.is_many(path) for path in self.source):
            raise ValueError("a path with [] gives many values and cannot be joined with others")
        if self.unknown == "keep" and self.lookup is None:
            raise ValueError("`unknown` goes with `lookup`")
        if self.dates and self.clean != "date":
            raise ValueError("`dates` goes with `clean: date`")
        if any(paths.is_many(path) for path in self.format_paths):
            raise ValueError("a format takes single values, so no path with []")
        return self

    @property
    def format_paths(self) -> tuple[str, ...]:
        """The paths in braces."""
        return tuple(_path(path) for path in re.findall(r"\{([^{}]*)\}", self.format or ""))

    @property
    def used(self) -> tuple[str, ...]:
        """Every path that the rule looks at."""
        return (*self.source, *self.format_paths, *(c.field for c in self.when))


class HandleRule(Rule):
    """A name on a network. A leading @ and the address of a profile page around it are taken off."""

    network: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]+$")] = Field(description="x, mastodon, ...")


class ReferenceRule(Rule):
    """The id of the same person in another system, or in another stream of this one."""

    to: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+/[A-Za-z0-9_-]+$")] = Field(
        description="system/stream, such as salesforce/Lead"
    )


_PATH = _Short("from", "The path of their field.")
Short = Annotated[Rule, _PATH]
Rules = Annotated[tuple[Short, ...], _OneOrMany()]
ShortWord = Annotated[Rule, _Short("value", "This very word; `{from: path}` takes it from a field.")]


class ConsentRule(_Words):
    """What the person agreed to or refused on a channel."""

    channel: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")] = Field(description="email, phone, sms, post, ...")
    refused_when: Conditions = Field(default=(), description="They said no when this holds.")
    granted_when: Conditions = Field(default=(), description="They said yes when this holds (and they did not say no).")
    since: Short | None = Field(default=None, description="The time of it.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.refused_when or self.granted_when):
            raise ValueError("consent needs refused_when or granted_when")
        return self


class Person(_Words):
    """Our person fields. One value: the first rule that gives one. Many values: what all rules give."""

    full_name: Rules = ()
    given_name: Rules = ()
    middle_name: Rules = ()
    family_name: Rules = ()
    email: Rules = Field(default=(), description="Many.")
    phone: Rules = Field(default=(), description="Many.")
    birth_date: Rules = Field(default=(), description="Always read as a date, kept as yyyy-mm-dd.")
    street: Rules = ()
    city: Rules = ()
    region: Rules = ()
    postcode: Rules = ()
    country: Rules = ()
    company: Rules = ()
    title: Rules = Field(default=(), description="The position, such as Head of Sales.")
    website: Rules = ()
    language: Rules = ()
    handle: Annotated[tuple[HandleRule, ...], _OneOrMany()] = Field(default=(), description="Many.")
    reference: Annotated[tuple[ReferenceRule, ...], _OneOrMany()] = Field(default=(), description="Many.")
    consent: Annotated[tuple[ConsentRule, ...], _OneOrMany()] = Field(default=(), description="Many.")


class Whose(_Words):
    """The person of a touchpoint, when it is not the record's own: a key in another stream of the same account."""

    stream: str = Field(description="The stream that has the person.")
    key: FieldPath = Field(description="The field that has the person's key there.")


class Touchpoint(_Words):
    """Something that happened between a person and us. Made when `when` holds; without `when`, when `at` is there."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="mention, ticket, ...")
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] | None = Field(
        default=None, description="Tells two touchpoints of one kind in one record apart."
    )
    at: Short = Field(description="The time.")
    subject: Short | None = None
    text: Short | None = None
    url: Short | None = None
    direction: ShortWord | None = Field(default=None, description="in or out")
    channel: ShortWord | None = Field(default=None, description="email, web, x, ...")
    campaign: Short | None = None
    person: Whose | None = Field(default=None, description="Whose it is; left out, the record's own.")
    when: Conditions = ()


class Stream(_Words):
    """One kind of object in the system, field by field."""

    key: FieldPath | None = Field(default=None, description="The field that identifies a record.")
    columns: Literal["recognised"] | None = Field(
        default=None, description="Find person fields by the names of the columns, through mappings/columns.yaml."
    )
    only: Conditions = Field(default=(), description="Records for which this does not hold are not used.")
    person: Person = Person()
    touchpoints: tuple[Touchpoint, ...] = ()
    created_at: Short | None = None
    updated_at: Short | None = None
    deleted: Conditions = Field(default=(), description="The record is gone at the source when this holds.")
    ignore: tuple[str, ...] = Field(default=(), description="Fields we decided not to use: a, b.c, b.*, hs_*")
    unused: str | None = Field(default=None, min_length=1, description="Why no record of this stream is used at all.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.unused is not None:
            if self.model_fields_set - {"unused", "key"}:
                raise ValueError("a stream that is `unused` maps nothing; take `unused` or the rest out")
            return self
        if self.key is None and self.columns is None:
            raise ValueError("`key` is missing: name the field that identifies a record")
        names = [t.name or t.kind for t in self.touchpoints]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two touchpoints are called '{min(twice)}'; tell them apart with `name`")
        if not self.has_person:
            if self.deleted:
                raise ValueError("`deleted` speaks of a person, and this stream maps none")
            if any(t.person is None for t in self.touchpoints):
                raise ValueError("a touchpoint needs `person: {stream: ..., key: ...}`, since this stream maps none")
            if not self.touchpoints:
                raise ValueError("a stream maps a person, or touchpoints, or both")
        return self

    @property
    def has_person(self) -> bool:
        """Whether records of this stream can become profiles."""
        return self.columns is not None or self.person != Person()


class Source(_Words):
    """How one system's fields become ours."""

    system: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="As the file is named.")
    version: int = Field(ge=1, description="Raise it when the meaning changes; people read it in the trail.")
    streams: dict[str, Stream] = Field(min_length=1, description='Name: its rules. "*" serves every other stream.')
