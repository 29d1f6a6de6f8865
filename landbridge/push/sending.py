"""How changes are sent, and what a refusal means: the part of mappings/crm/<system>.yaml that applying goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Refusal = Literal["retry", "repair", "duplicate", "stop"]
"""Who acts next: nobody (it passes by itself), sales ops (mend the value; which of two?), IT (rights and limits)."""

Duplicates = Literal["skip", "adopt", "ask"]

STEP = 10_000
"""So many rows more than the one before has a file. Salesforce works files off in chunks of so many, and counts
those."""


class Apply(BaseModel):
    """`bulk_from`: how many changes of one kind make a file for the CRM's bulk interface rather than calls of 200.
    `file_rows`: how many go in one file at most, so that the CRM works on one while the next is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bulk_from: int = Field(default=2000, ge=1)
    file_rows: int = Field(default=30_000, ge=1)


@dataclass(frozen=True)
class Sending:
    """How changes are sent. A code that no rule names is for sales ops: only a person can say what it is about."""

    bulk_from: int
    file_rows: int
    refusals: Mapping[str, Refusal]
    duplicates: Duplicates

    def kind(self, code: str) -> Refusal:
        """What a refusal with the CRM's code means."""
        return self.refusals.get(code, "repair")

    def rows(self, file: int) -> int:
        """How many rows the first, second, third file of a kind has: few at first, so that the CRM need not wait long,
        and never so many more than the one before that it is done with that one first."""
        return min(file * STEP, self.file_rows)

    def files(self, changes: int) -> int:
        """How many files so many changes of a kind make."""
        number, left = 0, changes
        while left > 0:
            number += 1
            left -= self.rows(number)
        return number


_PASSING = ("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG")

PLAIN = Sending(2000, 30_000, dict.fromkeys(_PASSING, "retry"), "ask")
"""What holds where no policy was read: to settle what an earlier run sent, little is to be decided."""
