"""Which role may do what, as mappings/console.yaml says it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from landbridge.leads import checked

Right = Literal["see", "personal", "review", "operate", "approve", "audit", "admin"]
RIGHTS: tuple[Right, ...] = get_args(Right)

RoleName = Annotated[str, Field(pattern="^[a-z][a-z_]{1,30}$")]


class Roles(checked.Rules):
    """mappings/console.yaml: a role's rights. What a right lets people do stands in that file's comments."""

    roles: dict[RoleName, tuple[Right, ...]] = Field(min_length=1)

    @model_validator(mode="after")
    def _somebody_manages(self) -> Self:
        if not any("admin" in rights for rights in self.roles.values()):
            raise ValueError("no role has the right 'admin', so nobody could let anybody in")
        return self

    def rights_of(self, names: Iterable[str]) -> frozenset[Right]:
        """What somebody with these roles may do; a role that the file no longer knows gives nothing."""
        return frozenset(right for name in names for right in self.roles.get(name, ()))


def load_roles(path: Path) -> Roles:
    """Read mappings/console.yaml. Raises RuleInvalid."""
    return checked.load(path, Roles)
