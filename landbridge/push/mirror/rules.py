"""Several CRM records of one person, and those of somebody who is to be forgotten: what the policy says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Merged(_Part):
    """`way`: what is done where the CRM has several records of one person. By `master` the others are marked with the
    master's Id in `field`, or deleted; `fill` are the master's fields that get the others' values where they are
    empty, beside those that the policy fills anyhow."""

    way: Literal["master", "note", "ask"] = "ask"
    others: Literal["mark", "delete"] = "mark"
    field: Name = "Landbridge_Merged_Into__c"
    fill: tuple[Name, ...] = ()


class Erased(_Part):
    """`way`: what becomes of the records of somebody who is to be forgotten. By `blank` each of `fields` is emptied,
    and each of `words`, which the CRM wants filled, says that instead."""

    way: Literal["delete", "blank", "ask"] = "ask"
    fields: tuple[Name, ...] = ()
    words: dict[Name, str] = Field(default_factory=dict)


def _short(given: Any) -> Any:
    """`merged: note` is short for `merged: {way: note}`."""
    return {"way": given} if isinstance(given, str) else given


MergedWord = Annotated[Merged, BeforeValidator(_short, json_schema_input_type=str | Merged)]
ErasedWord = Annotated[Erased, BeforeValidator(_short, json_schema_input_type=str | Erased)]
