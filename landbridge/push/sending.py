"""How changes are sent, and what a refusal means: the part of mappings/crm/<system>.yaml that applying goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Refusal = Literal["retry", "repair", "duplicate", "stop"]
"""Who acts next: nobody (it passes by itself), sales ops (mend the value; which of two?), IT (rights and limits)."""

Duplicates = Literal["skip", "adopt", "ask"]


class Apply(BaseModel):
    """`bulk_from`: how many changes of one kind make a file for the CRM's bulk interface rather than calls of 200.
    `file_rows`: how many go in one file, so that the CRM works on one while the next is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bulk_from: int = Field(default=2000, ge=1)
    file_rows: int = Field(default=20_000, ge=1)


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


_PASSING = ("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG")

PLAIN = Sending(2000, 20_000, dict.fromkeys(_PASSING, "retry"), "ask")
"""What holds where no policy was read: to settle what an earlier run sent, little is to be decided."""
