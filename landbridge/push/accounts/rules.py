"""How a lead finds its company: the rules, as the policy has them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FIELDS = ("account_id", "account_reason")
"""The fields of a lead that matching fills, as the policy names them under `from`."""


class Points(BaseModel):
    """What each way of telling counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: int = Field(default=60, ge=0)
    name: int = Field(default=40, ge=0)
    address: int = Field(default=20, ge=0)


class Accounts(BaseModel):
    """How a lead finds its company. `never_domains` stand beside the mailbox providers that everybody uses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: Points = Points()
    least: int = Field(default=40, ge=1)
    never_domains: tuple[str, ...] = ()
    tie_breakers: tuple[Literal["open_opportunity", "most_contacts", "oldest"], ...] = ()
