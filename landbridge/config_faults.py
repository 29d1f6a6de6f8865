"""What is wrong in landbridge.yaml, told with the line where it stands and in words that are not Pydantic's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from landbridge.errors import ConfigInvalid

_Place = tuple[int | str, ...]

_WORDS = {
    "missing": "is missing",
    "dict_type": "must hold settings of its own",
    "model_type": "must hold settings of its own",
    "string_type": "must be text; put it in quotes",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
}


def not_yaml(path: Path, error: yaml.YAMLError) -> ConfigInvalid:
    """A file that YAML cannot read."""
    mark = getattr(error, "problem_mark", None)
    place = f"{path}, line {mark.line + 1}" if mark else str(path)
    return ConfigInvalid(
        f"{place}: this is not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}.",
        do="Look at that line and the one before it: indentation, brackets and quotes must match.",
    )


def not_settings(path: Path, text: str, error: ValidationError, settings: type[BaseModel]) -> ConfigInvalid:
    """Settings that are not ours, the first that matters. Values stay untold: one of them may be a secret."""
    faults = sorted(error.errors(include_input=False), key=lambda fault: fault["type"] != "extra_forbidden")
    place, kind = tuple(step for step in faults[0]["loc"] if step != "[key]"), faults[0]["type"]
    if kind == "extra_forbidden":
        told, near = "is no setting", _near(str(place[-1]), _siblings(settings, place))
    else:
        said = str(faults[0]["msg"]).removeprefix("Value error, ")
        told, near = _WORDS.get(kind, said[:1].lower() + said[1:]), ""
    return wrong(path, text, place, told, do=f"{near}docs/it.md has every setting.")


def wrong(path: Path, text: str, place: _Place, told: str, *, do: str) -> ConfigInvalid:
    """Something that is wrong at `place`, with its line in the file's text."""
    return ConfigInvalid(f"{path}, line {line(text, place)}: {'.'.join(map(str, place))} {told}.", do=do)


def line(text: str, place: _Place) -> int:
    """The line, from 1, of the deepest part of `place` that stands in the file."""
    node, found = yaml.compose(text, Loader=yaml.SafeLoader), 1
    for step in place:
        pairs: Iterable[Any] = node.value if isinstance(node, yaml.MappingNode) else ()
        here = next(((key, value) for key, value in pairs if key.value == str(step)), None)
        if here is None:
            break
        found, node = here[0].start_mark.line + 1, here[1]
    return found


def _siblings(settings: type[BaseModel], place: _Place) -> Sequence[str]:
    """The settings that there are where the unknown one stands."""
    fields: Mapping[str, Any] = settings.model_fields
    for step in place[:-1]:
        annotation = fields[str(step)].annotation if str(step) in fields else None
        part = next((each for each in _parts(annotation) if issubclass(each, BaseModel)), None)
        fields = part.model_fields if part else fields
    return list(fields)


def _parts(annotation: Any) -> list[type]:
    inner = getattr(annotation, "__args__", (annotation,))
    return [each for each in inner if isinstance(each, type)]


def _near(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{close[0]}'? " if close else ""
