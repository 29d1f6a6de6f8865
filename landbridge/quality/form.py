"""What may stand in mappings/quality/*.yaml: expectations by the names that Great Expectations gives them.

The names and their arguments are those of Great Expectations 1.24.1 (https://greatexpectations.io/expectations/);
a test compares them with the library, which takes seconds to import and is not asked here. Only expectations that
are judged row by row are taken: one about the whole table could not say which lead to hold.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from landbridge.leads.checked import Rules, Words
from landbridge.leads.fields import LEAD_FIELDS, LISTS, NUMBERS

CHECKED = tuple(field for field in LEAD_FIELDS if field not in LISTS)
"""The fields that can be checked: those with one value."""

_COLUMN, _PAIR, _RANGE = ("column",), ("column_A", "column_B"), ("min_value", "max_value", "strict_min", "strict_max")
KNOWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "expect_column_values_to_not_be_null": (_COLUMN, ()),
    "expect_column_values_to_be_null": (_COLUMN, ()),
    "expect_column_values_to_be_in_set": ((*_COLUMN, "value_set"), ()),
    "expect_column_values_to_not_be_in_set": ((*_COLUMN, "value_set"), ()),
    "expect_column_values_to_match_regex": ((*_COLUMN, "regex"), ()),
    "expect_column_values_to_not_match_regex": ((*_COLUMN, "regex"), ()),
    "expect_column_values_to_match_regex_list": ((*_COLUMN, "regex_list"), ("match_on",)),
    "expect_column_values_to_not_match_regex_list": ((*_COLUMN, "regex_list"), ()),
    "expect_column_values_to_be_between": (_COLUMN, _RANGE),
    "expect_column_value_lengths_to_be_between": (_COLUMN, _RANGE),
    "expect_column_value_lengths_to_equal": ((*_COLUMN, "value"), ()),
    "expect_column_values_to_be_unique": (_COLUMN, ()),
    "expect_compound_columns_to_be_unique": (("column_list",), ()),
    "expect_column_pair_values_to_be_equal": (_PAIR, ()),
    "expect_column_pair_values_a_to_be_greater_than_b": (_PAIR, ("or_equal",)),
}
"""Name: the arguments it needs, and those it may have."""

_UNIQUE = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")
_OF_NUMBERS = ("expect_column_values_to_be_between", "expect_column_pair_values_a_to_be_greater_than_b")


def _field(name: str) -> str:
    if name not in CHECKED:
        raise ValueError(f"a lead has no field '{name}' that can be checked; there are {', '.join(CHECKED)}")
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is no regular expression: {error}") from None
    return text


Column = Annotated[str, AfterValidator(_field)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Number = int | float


class Arguments(Words):
    """What is handed to Great Expectations as it stands."""

    column: Column | None = None
    column_list: tuple[Column, ...] | None = Field(None, min_length=2)
    column_A: Column | None = None  # noqa: N815 - its name there
    column_B: Column | None = None  # noqa: N815 - its name there
    value_set: tuple[str, ...] | None = Field(None, min_length=1)
    regex: Pattern | None = None
    regex_list: tuple[Pattern, ...] | None = Field(None, min_length=1)
    match_on: Literal["any", "all"] | None = None
    min_value: Number | None = None
    max_value: Number | None = None
    strict_min: bool | None = None
    strict_max: bool | None = None
    value: Number | None = None
    or_equal: bool | None = None


class Expectation(Arguments):
    """One expectation, why it is held, and how serious a failure is."""

    expect: str
    name: str | None = Field(None, description="Tells two expectations of one kind about one field apart.")
    why: str = Field(min_length=1, max_length=300)
    severity: Literal["error", "warning"] = "error"
    only_when: dict[Column, Literal["missing", "present"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _as_known(self) -> Self:
        if self.expect not in KNOWN:
            raise ValueError(f"there is no row-by-row expectation '{self.expect}'; there are {', '.join(KNOWN)}")
        needed, possible = KNOWN[self.expect]
        if missing := [word for word in needed if word not in self.arguments]:
            raise ValueError(f"{self.expect} needs '{missing[0]}'")
        if strange := [word for word in self.arguments if word not in (*needed, *possible)]:
            raise ValueError(f"{self.expect} does not take '{strange[0]}'")
        if "max_value" in possible and self.min_value is None and self.max_value is None:
            raise ValueError(f"{self.expect} needs min_value or max_value")
        return self._fitting()

    def _fitting(self) -> Self:
        if self.expect in (*KNOWN,)[:2] or self.is_unique:
            return self
        numeric = [field for field in self.fields if field in NUMBERS]
        if self.expect in _OF_NUMBERS and len(numeric) < len(self.fields):
            raise ValueError(f"{self.expect} compares numbers, and only {', '.join(NUMBERS)} are numbers")
        if numeric and self.expect not in _OF_NUMBERS:
            raise ValueError(f"{self.expect} looks at text, and '{numeric[0]}' is a number")
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that are given."""
        return {word: value for word in Arguments.model_fields if (value := getattr(self, word)) is not None}

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it speaks of; the first is the one that a failure is noted with."""
        return tuple(f for f in (self.column, self.column_A, self.column_B, *(self.column_list or ())) if f)

    @property
    def id(self) -> str:
        """What it is called in quarantine."""
        return self.name or f"{self.expect}({','.join(self.fields)})"

    @property
    def is_unique(self) -> bool:
        """Whether a lead can come to fail it, or to pass it, because another lead changed."""
        return self.expect in _UNIQUE


class Suite(Rules):
    """mappings/quality/lead.yaml: what a lead must fulfil to leave."""

    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        ids = [each.id for each in self.expectations]
        if twice := [each for each in ids if ids.count(each) > 1]:
            raise ValueError(f"'{twice[0]}' stands twice; give one of them a `name`")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that any expectation looks at."""
        used = {field for each in self.expectations for field in (*each.fields, *each.only_when)}
        return tuple(field for field in CHECKED if field in used)
