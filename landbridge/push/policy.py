"""The CRM's side of the rules: what of a lead goes into which CRM field, and who has the last word there.

Read from mappings/crm/<system>.yaml, whose first lines explain its words. Everything that is wrong in it is told at
once, with file, line and what to do; landbridge.push.org does the same against the CRM's own description.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from landbridge.errors import RuleInvalid
from landbridge.leads.fields import OPT_OUTS
from landbridge.mapping import nodes
from landbridge.push import sense
from landbridge.push.accounts.rules import Accounts
from landbridge.push.activities.rules import Activities
from landbridge.push.mirror.rules import Erased, ErasedWord, Merged, MergedWord
from landbridge.push.node import SHIPPED, Node
from landbridge.push.sending import Apply, Duplicates, Refusal, Sending

MEANING = 3
"""Raised when the same words come to mean something else; part of every content hash."""

Kind = Literal["text", "email", "phone", "number", "flag", "time"]
WRITTEN: Final = ("text", "email", "phone")
"""The kinds that are people's words: they have a length, and are emptied when somebody is to be forgotten."""
_CUT = {"text": "cut", "email": "hold", "phone": "hold", "number": "hold", "flag": "hold", "time": "hold"}
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else [given]


class FieldRule(_Part):
    """One CRM field. `default` counts for leads that we create, nowhere else. `stopgap`: it stands for
    nothing known, so a CRM that had it before we came knows nothing."""

    source: Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])] = Field(
        alias="from", min_length=1
    )
    type: Kind = "text"
    take: Literal["first", "all"] = "first"
    join: str = "\n"
    owner: Literal["hub", "crm", "set_if_empty", "newest", "most_trusted", "append"] = "hub"
    conflict: Literal["crm", "hub"] = "crm"
    when_empty: Literal["keep", "clear"] = "keep"
    protected: bool = False
    max: int | None = Field(default=None, ge=1)
    too_long: Literal["cut", "hold"] | None = None
    one_of: tuple[str, ...] | None = Field(default=None, min_length=1)
    stopgap: bool = False
    separator: str = Field(default="--- Landbridge ---", min_length=3)
    default: str | None = None

    @property
    def cuts(self) -> bool:
        """Whether a value that is too long is cut. Half an e-mail address is somebody else's, or nobody's."""
        return self.max is not None and self.owner != "append" and (self.too_long or _CUT[self.type]) == "cut"


class ObjectRule(_Part):
    """One kind of CRM record. `create`: whether an unknown person becomes one."""

    create: bool = False
    fields: dict[Name, FieldRule]

    def refusals(self) -> list[str]:
        """The fields that say that a person refused something."""
        return [name for name, each in self.fields.items() if set(each.source) & set(OPT_OUTS)]


class Limit(_Part):
    """How large a plan may be that nobody has looked at."""

    share: float = Field(default=0.2, ge=0, le=1)
    changes: int = Field(default=100, ge=0)
    first_load: Literal["ask", "approve"] = "ask"


class Content(_Part):
    """A policy file, word for word."""

    system: str
    version: int
    external_id: Name
    limit: Limit = Field(alias="approve_automatically_up_to", default=Limit())
    objects: dict[Literal["Lead", "Contact"], ObjectRule]
    activities: Activities = Activities()
    accounts: Accounts | None = None
    node: Node = SHIPPED
    merged: MergedWord | None = None
    erased: ErasedWord = Erased()
    apply: Apply = Apply()
    duplicates: Duplicates = "ask"
    refusals: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], Refusal] = Field(default_factory=dict)

    @property
    def sending(self) -> Sending:
        """How changes are sent."""
        return Sending(self.apply.bulk_from, self.apply.file_rows, self.refusals, self.duplicates)


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules of one CRM, checked. `content_hash` is the SHA-256 of their meaning: comments and order are free."""

    file: str
    system: str
    external_id: str
    limit: Limit
    objects: Mapping[str, ObjectRule]
    activities: Activities
    accounts: Accounts | None
    node: Node
    merged: Merged | None
    erased: Erased
    sending: Sending
    content_hash: str
    document: nodes.Document

    def to_read(self) -> dict[str, list[str]]:
        """The fields by object that planning compares: the connector that reads the CRM should ask for them."""
        beside = (self.merged.field, *self.merged.fill) if self.merged else ()
        return {
            name: [*dict.fromkeys((*rule.fields, *beside, self.external_id))] for name, rule in self.objects.items()
        }

    def needed(self) -> dict[str, list[str]]:
        """The fields by object without which none can be made."""
        objects = self.objects.items()
        return {name: [f for f, each in rule.fields.items() if each.default is not None] for name, rule in objects}

    def written(self) -> tuple[str, ...]:
        """The kinds of CRM records that we write."""
        return (*self.objects, *self.activities.objects)

    def protected(self) -> dict[str, list[str]]:
        """The fields by object that nothing changes before somebody has looked."""
        return {name: [f for f, each in rule.fields.items() if each.protected] for name, rule in self.objects.items()}

    def line(self, *where: str) -> int:
        """The line of the file where a part stands."""
        return self.document.line(where)


def load_policy(file: Path) -> Policy:
    """The policy in mappings/crm/<system>.yaml. Raises RuleInvalid, a line a problem."""
    shown = f"{file.parent.name}/{file.name}"
    try:
        document = nodes.read(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise RuleInvalid(f"{shown} cannot be read: {error}", do="It says what goes into the CRM; see docs.") from error
    try:
        content = Content.model_validate(document.content or {})
    except ValidationError as error:
        refuse(shown, [*document.problems, *_from_pydantic(error, document)])
        raise
    refuse(shown, [*document.problems, *sense.problems(content, file.stem, document)])
    objects = {str(name): rule for name, rule in content.objects.items()}
    return Policy(
        shown,
        content.system,
        content.external_id,
        content.limit,
        objects,
        content.activities,
        content.accounts,
        content.node,
        content.merged,
        content.erased,
        content.sending,
        _content_hash(content),
        document,
    )


def _content_hash(content: Content) -> str:
    meant = json.dumps([MEANING, content.model_dump(mode="json")], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(meant.encode()).hexdigest()


def refuse(file: str, problems: list[nodes.Problem]) -> None:
    """Raise RuleInvalid with all problems of a policy file, or do nothing when there are none."""
    if problems:
        told = [f"{file}, line {p.line}: {p.message.rstrip('.')}. {p.do}".rstrip() for p in problems]
        raise RuleInvalid("\n".join(told), do="Mend these lines; nothing was sent with this file.")


def _from_pydantic(error: ValidationError, document: nodes.Document) -> Iterator[nodes.Problem]:
    for wrong in error.errors(include_url=False, include_input=False):
        where = tuple(step for step in wrong["loc"] if step != "[key]")
        shown = " > ".join(str(step) for step in where)
        what = "is a word that is not known here" if wrong["type"] == "extra_forbidden" else wrong["msg"]
        yield nodes.Problem(document.line(where), f"{shown}: {what}", "The top of the file explains the words.")
