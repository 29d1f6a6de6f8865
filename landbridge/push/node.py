"""Which of a person's CRM records we keep current: the rules, as the policy has them, and as an order of records."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Word = Literal["contact", "lead", "ours", "oldest", "newest"]

_ORDER: dict[Word, str] = {
    "contact": "object = 'Lead'",
    "lead": "object <> 'Lead'",
    "ours": "ours DESC",
    "oldest": "created_date NULLS LAST",
    "newest": "created_date DESC NULLS LAST",
}


class Node(BaseModel):
    """`prefer`: the first of these words that tells two records apart decides; what is there comes before what was
    deleted in any case. `converted`: whether a converted Lead means the Contact that it became, or nothing: then its
    person is left alone, unless another record of theirs is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefer: tuple[Word, ...] = ("contact", "ours", "oldest")
    converted: Literal["contact", "leave"] = "contact"

    @model_validator(mode="after")
    def _sensible(self) -> Node:
        for one, other in (("contact", "lead"), ("oldest", "newest")):
            if one in self.prefer and other in self.prefer:
                raise ValueError(f"`{one}` and `{other}` cannot both be preferred; say one of them")
        if len(set(self.prefer)) < len(self.prefer):
            raise ValueError("a word stands twice in `prefer`; say it once")
        return self

    @property
    def order(self) -> str:
        """SQL: the records of a person, the best first."""
        return ", ".join(("gone", *(_ORDER[word] for word in self.prefer), "crm_id"))

    @property
    def follows(self) -> str:
        """SQL: whether a converted Lead means its Contact."""
        return "true" if self.converted == "contact" else "false"


SHIPPED = Node()
"""What holds where nothing is said."""
