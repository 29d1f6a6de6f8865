"""YAML read as plain text, with the line of every word, and without YAML's traps.

All scalars stay the text that stands in the file. What other YAML readers would turn into something else
(`NO` into false, `0123` into 83, `12:30` into 750) is a problem that is told, so that the file means the same
to every reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_TRAPS = {
    "tag:yaml.org,2002:timestamp": "is read as a date by some programs",
    "tag:yaml.org,2002:merge": "is a merge key, which mappings do not use",
}
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
_TEXT_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_DEPTH = 100
"""Parts within parts. libyaml descends on the processor's own stack: it must not meet what was nested in malice."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml takes a fifteenth of the time


@dataclass(frozen=True)
class Problem:
    """What is wrong in a file, where, and what to do. `line` counts from 1."""

    line: int
    message: str
    do: str = ""


@dataclass
class Document:
    """A file's content as dicts, lists and text, and the line where each part starts."""

    content: Any = None
    problems: list[Problem] = field(default_factory=list)
    root: yaml.Node | None = None

    def line(self, where: tuple[int | str, ...]) -> int:
        """The line of the deepest part of `where` that stands in the file."""
        node, line = self.root, 1
        for step in where:
            mark, node = _child(node, step)
            line = mark or line
        return line


def read(text: str) -> Document:
    """Read one YAML document. Never raises for what is wrong with the text: see `Document.problems`."""
    document = Document(problems=[*_tabs(text)])
    if document.problems:
        return document
    try:
        document.problems += _dangers(text)
        document.root = yaml.compose(text, Loader=_Loader) if not document.problems else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.problems.append(Problem(mark.line + 1 if mark else 1, f"is no YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        document.problems.append(Problem(1, f"is no YAML: {str(error).splitlines()[0]}"))
    if document.root is not None:
        document.content = _plain(document.root, document.problems)
    return document


def _tabs(text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            yield Problem(number, "has a tab in its indentation", "Use spaces.")


def _dangers(text: str) -> Iterator[Problem]:
    """What must not be composed: aliases, which can hold a world in a few lines, and parts nested without end."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            yield Problem(line, f"uses the alias *{event.anchor}", "Write the words out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            yield Problem(line, "is nested too deeply to be a mapping")
            return


def _plain(node: yaml.Node, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, problems) for item in node.value]
    problems += _traps(node, is_key=False)
    return node.value


def _plain_mapping(node: yaml.MappingNode, problems: list[Problem]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    first_line: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(line, "has a list or a mapping where a word is wanted"))
            continue
        problems += _traps(key, is_key=True)
        if key.value in content:
            problems.append(
                Problem(line, f"says '{key.value}' again (first on line {first_line[key.value]})", "Keep one of them.")
            )
        content[key.value] = _plain(value, problems)
        first_line.setdefault(key.value, line)
    return content


def _traps(node: Any, is_key: bool) -> Iterator[Problem]:
    line, text = node.start_mark.line + 1, node.value
    if node.style:  # it stands in quotes
        return
    if node.tag == "tag:yaml.org,2002:bool" and (is_key or text not in ("true", "false")):
        yield Problem(line, f"'{text}' is read as true or false by some programs", f'Write "{text}" in quotes.')
    elif node.tag == "tag:yaml.org,2002:int" and not _WHOLE_NUMBER.fullmatch(text):
        yield Problem(line, f"'{text}' is read as another number by some programs", f'Write "{text}" in quotes.')
    elif node.tag == "tag:yaml.org,2002:null":
        yield Problem(line, "has nothing after the colon", "Give a value, or take the word out.")
    elif node.tag in _TRAPS:
        yield Problem(line, f"'{text}' {_TRAPS[node.tag]}", f'Write "{text}" in quotes.')
    elif node.tag not in _TEXT_TAGS and node.tag != "tag:yaml.org,2002:bool":
        yield Problem(line, f"uses the YAML tag {node.tag}", "Take it out: everything here is text.")


def _child(node: yaml.Node | None, step: int | str) -> tuple[int | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None, node
