"""Loading mapping files: everything that is wrong is told at once, with file, line and what to do."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from landbridge.errors import RuleInvalid
from landbridge.mapping import form, nodes
from landbridge.mapping.fields import mapped_paths
from landbridge.mapping.synonyms import Synonyms, parse_synonyms

MEANING = 1
"""Raised when the same words in a file come to mean something else; part of every content hash."""

EVERY_OTHER = "*"

COLUMNS_FILE = "columns.yaml"


@dataclass(frozen=True, eq=False)
class Mapping:
    """One system's rules, checked. Two mappings are equal when their content is.

    `content_hash` is the SHA-256 of the meaning: the checked content with short forms written out and defaults
    filled in, as JSON with sorted keys. Comments, the order of words and of `ignore`, quotes and short or long
    forms do not change it; the order of rules does (the first that gives a value wins).
    """

    system: str
    version: int
    streams: dict[str, form.Stream]
    synonyms: Synonyms
    content_hash: str

    def stream(self, name: str) -> form.Stream:
        """The rules of a stream, or those of "*". Raises RuleInvalid when the file has neither."""
        found = self.streams.get(name) or self.streams.get(EVERY_OTHER)
        if found is None:
            raise RuleInvalid(
                f"mappings/sources/{self.system}.yaml says nothing about the stream '{name}'.",
                do=f"Add '{name}' under streams; it has {', '.join(self.streams)}.",
            )
        return found

    def __hash__(self) -> int:
        return hash(self.content_hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and other.content_hash == self.content_hash


def load(folder: Path) -> dict[str, Mapping]:
    """Every mapping of `folder` (the one that has sources/ and columns.yaml), by system.

    Raises RuleInvalid with all problems of all files, a line each.
    """
    synonyms, problems = _synonyms(folder / COLUMNS_FILE)
    mappings: dict[str, Mapping] = {}
    for file in sorted((folder / "sources").glob("*.y*ml")):
        mapping, wrong = _load_one(file, synonyms)
        problems += [_told(file, problem) for problem in wrong]
        if mapping is not None:
            mappings[mapping.system] = mapping
    if problems:
        raise RuleInvalid("\n".join(problems), do="Mend these lines; nothing was mapped with this file.")
    return mappings


def parse(text: str, name: str, synonyms: Synonyms) -> tuple[form.Source | None, list[nodes.Problem]]:
    """A file's text checked against the form, `name` being the file's name without its ending."""
    document = nodes.read(text)
    if not isinstance(document.content, dict):
        return None, document.problems or [nodes.Problem(1, "is no mapping", "It needs system, version and streams.")]
    try:
        source = form.Source.model_validate(document.content)
    except ValidationError as error:
        return None, [*document.problems, *_from_pydantic(error, document)]
    problems = [*document.problems, *_between_words(source, name, document)]
    return (None if problems else source), problems


def content_hash(source: form.Source, synonyms: Synonyms) -> str:
    """See `Mapping`. A file that finds columns by name also depends on the synonyms."""
    content: dict[str, Any] = source.model_dump(mode="json", by_alias=True)
    for stream in content["streams"].values():
        stream["ignore"] = sorted(set(stream["ignore"]))
    if any(stream.columns for stream in source.streams.values()):
        content["columns"] = synonyms.content()
    canonical = json.dumps([MEANING, content], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _load_one(file: Path, synonyms: Synonyms) -> tuple[Mapping | None, list[nodes.Problem]]:
    text, problem = _text(file)
    if text is None:
        return None, [problem] if problem else []
    source, problems = parse(text, file.stem, synonyms)
    if source is None:
        return None, problems
    return Mapping(source.system, source.version, source.streams, synonyms, content_hash(source, synonyms)), []


def _synonyms(file: Path) -> tuple[Synonyms, list[str]]:
    if not file.exists():
        return Synonyms(), []
    text, problem = _text(file)
    document = nodes.read(text) if text is not None else nodes.Document(problems=[problem] if problem else [])
    synonyms, problems = parse_synonyms(document)
    return synonyms, [_told(file, each) for each in problems]


def load_synonyms(file: Path) -> Synonyms:
    """columns.yaml alone, for `landbridge try`. Raises RuleInvalid."""
    synonyms, problems = _synonyms(file)
    if problems:
        raise RuleInvalid("\n".join(problems), do="Mend these lines.")
    return synonyms


def _text(file: Path) -> tuple[str | None, nodes.Problem | None]:
    try:
        return file.read_text(encoding="utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, nodes.Problem(line, "is not written in UTF-8", "Save it as UTF-8.")
    except OSError as error:
        return None, nodes.Problem(1, f"cannot be read: {error.strerror}")


def _told(file: Path, problem: nodes.Problem) -> str:
    place = f"{file.parent.name}/{file.name}, line {problem.line}"
    return f"{place}: {problem.message.rstrip('.')}." + (f" {problem.do}" if problem.do else "")


def _from_pydantic(error: ValidationError, document: nodes.Document) -> Iterator[nodes.Problem]:
    for wrong in error.errors(include_url=False):
        where = wrong["loc"]
        shown = " > ".join(str(step) for step in where if not isinstance(step, int))
        line = document.line(where)
        if wrong["type"] == "extra_forbidden":
            yield nodes.Problem(line, f"unknown word '{where[-1]}' ({shown})", _suggestion(str(where[-1])))
        elif wrong["type"] == "missing":
            yield nodes.Problem(line, f"'{where[-1]}' is missing ({shown})", f"Add a line '{where[-1]}: ...'.")
        elif wrong["type"].endswith("_type") or wrong["type"] == "too_short":
            yield nodes.Problem(line, f"'{where[-1]}' has the wrong form ({shown})", wrong["msg"] + ".")
        else:
            yield nodes.Problem(line, f"{wrong['msg'].removeprefix('Value error, ')} ({shown})")


def _suggestion(word: str) -> str:
    near = difflib.get_close_matches(word, sorted(_known_words()), n=1)
    return f"Did you mean '{near[0]}'?" if near else "Take it out, or see docs/mappings.md for the words there are."


def _known_words() -> set[str]:
    models = [each for each in vars(form).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    return {info.alias or name for model in models for name, info in model.model_fields.items()}


def _between_words(source: form.Source, name: str, document: nodes.Document) -> Iterator[nodes.Problem]:
    if source.system != name:
        yield nodes.Problem(
            document.line(("system",)), f"is named {name}.yaml and says system: {source.system}", "Make them the same."
        )
    for stream_name, stream in source.streams.items():
        at = ("streams", stream_name)
        for number, touchpoint in enumerate(stream.touchpoints):
            if touchpoint.person and touchpoint.person.stream not in source.streams:
                line = document.line((*at, "touchpoints", number, "person", "stream"))
                yield nodes.Problem(line, f"there is no stream '{touchpoint.person.stream}' in this file")
        for number, pattern in enumerate(stream.ignore):
            if pattern in mapped_paths(stream):
                line = document.line((*at, "ignore", number))
                yield nodes.Problem(line, f"'{pattern}' is mapped and ignored", "Take it out of one of the two.")
