"""A file of rules, read and checked against its form: everything that is wrong is told with file, line, what to do."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from landbridge.errors import RuleInvalid
from landbridge.mapping import nodes


class Words(BaseModel):
    """A part of a rule file. A word that it does not know is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rules(Words):
    """A whole rule file."""

    MEANING: ClassVar[int] = 1
    """Raised when the same words come to mean something else, so that what they made is made again."""

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what the file says; comments, quotes and the order of words in it do not change it."""
        content = [self.MEANING, self.model_dump(mode="json", by_alias=True)]
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


Form = TypeVar("Form", bound=Rules)


def load(path: Path, form: type[Form]) -> Form:
    """The rules in a file. Raises RuleInvalid, which names every problem on a line of its own."""
    document = nodes.read(_text(path))
    problems = list(document.problems)
    if not problems and not isinstance(document.content, dict):
        problems = [nodes.Problem(1, "holds no rules", "See the file that ships with the project.")]
    if not problems:
        try:
            return form.model_validate(document.content)
        except ValidationError as error:
            problems = [_problem(wrong, document, form) for wrong in error.errors(include_url=False)]
    raise RuleInvalid("\n".join(_told(path, problems)), do="Mend these lines; nothing was done with this file.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not written in UTF-8"
        raise RuleInvalid(f"{path.name} cannot be read: {reason}.", do=f"It should stand at {path}.") from error


def _told(path: Path, problems: list[nodes.Problem]) -> Iterator[str]:
    for each in problems:
        line = f"{path.parent.name}/{path.name}, line {each.line}: {each.message.rstrip('.')}."
        yield f"{line} {each.do}".rstrip()


def _problem(wrong: Any, document: nodes.Document, form: type[Rules]) -> nodes.Problem:
    where, line = wrong["loc"], document.line(wrong["loc"])
    place = " > ".join(str(step) for step in where if not isinstance(step, int)) or "the file"
    if wrong["type"] == "extra_forbidden":
        return nodes.Problem(line, f"unknown word '{where[-1]}' ({place})", _suggestion(str(where[-1]), form))
    if wrong["type"] == "missing":
        return nodes.Problem(line, f"'{where[-1]}' is missing ({place})", f"Add a line '{where[-1]}: ...'.")
    return nodes.Problem(line, f"{wrong['msg'].removeprefix('Value error, ')} ({place})")


def _suggestion(word: str, form: type[Rules]) -> str:
    near = difflib.get_close_matches(word, sorted(_words(form.model_json_schema())), n=1)
    return f"Did you mean '{near[0]}'?" if near else "Take it out, or mend its spelling."


def _words(schema: dict[str, Any]) -> set[str]:
    parts = [schema, *schema.get("$defs", {}).values()]
    return {word for part in parts for word in part.get("properties", {})}
