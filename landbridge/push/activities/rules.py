"""What of the things that happened goes into the CRM beside a person's record: the rules, as the policy has them."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

FIELDS = {
    "Task": ("Subject", "Description", "ActivityDate", "WhoId", "WhatId", "OwnerId"),
    "CampaignMember": ("CampaignId", "LeadId", "ContactId", "Status"),
}
"""What planning fills, by CRM object."""


def _listed(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else [given]


Kinds = Annotated[
    tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str]), Field(min_length=1)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Touched(_Part):
    touchpoints: Kinds
    within_days: int = Field(default=14, ge=1, le=365)
    most: int = Field(default=3, ge=1)
    most_in_all: int = Field(default=1000, ge=1)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is no time zone: write one as Europe/Oslo or America/New_York") from None
    return name


class TaskRule(_Touched):
    """A task for whoever owns the open deal of a contact. `most` is a person's, `most_in_all` a plan's. `time_zone`:
    whose date a task has, the org's own."""

    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"


class MemberRule(_Touched):
    """A place in the campaign that a touchpoint names. `responded`: the kinds by which somebody answers it."""

    responded: Kinds


class Activities(_Part):
    """What goes into the CRM beside a person's record; a part that is left out makes nothing."""

    tasks: TaskRule | None = None
    campaign_members: MemberRule | None = None

    @property
    def objects(self) -> tuple[str, ...]:
        """The kinds of CRM records that are made."""
        made = {"Task": self.tasks, "CampaignMember": self.campaign_members}
        return tuple(name for name, rule in made.items() if rule)
