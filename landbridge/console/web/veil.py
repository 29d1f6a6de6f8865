"""What of people each caller reads. A reader takes a Veil and hands out nothing that did not pass it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from landbridge.console.web.caller import Caller
from landbridge.console.web.words import veiled, veiled_id
from landbridge.push.gate import AUTOMATIC


@dataclass(frozen=True)
class Veil:
    """`personal`: personal values are read as they are. `names`: profiles may be named, as who answers by them must."""

    personal: bool
    names: bool

    @classmethod
    def of(cls, caller: Caller | None) -> Veil:
        """The caller's; nobody's is the thickest."""
        personal = caller is not None and caller.may("personal")
        return cls(personal, personal or (caller is not None and caller.may("review")))

    def __call__(self, value: Any) -> Any:
        """A personal value."""
        return value if self.personal else veiled(value)

    def key(self, name: str | None) -> str | None:
        """The id of a profile or a touchpoint: a file's keys are mail addresses."""
        return name if self.personal else veiled_id(name)

    def handle(self, name: str | None) -> str | None:
        """The same, where whoever answers by it must name it."""
        return name if self.names else veiled_id(name)

    def said(self, words: str | None) -> str | None:
        """What people wrote in free words, which may tell of anybody."""
        return words if self.personal or not words or words == AUTOMATIC else "…"


OPEN = Veil(personal=True, names=True)
"""For what our own acts read: they decide, and show nothing."""
