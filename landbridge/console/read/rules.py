"""The files of rules as Settings shows them: their lines as they stand, coloured by what each part is, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from landbridge.errors import NotFound

LARGEST = 1_000_000
"""Bytes of a file that are shown."""

Parts = list[tuple[str, str]]

_LINE = re.compile(
    r"""(?P<indent>\s*(?:-\s+)*)(?:(?P<key>[\w.@*$\-/ ]+?|"[^"]*"|'[^']*')(?P<colon>:)(?=\s|$))?(?P<rest>.*)""",
    re.DOTALL,
)
_PART = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?P<comment>(?:^|(?<=\s))\#.*)|(?P<mark>[\[\]{},|>])"""
)


def files(folder: Path) -> list[str]:
    """Every file of rules, by its path within the folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml") if path.is_file())


def lines(folder: Path, name: str) -> list[Parts]:
    """A file's lines, each as parts of a kind and a text. Raises NotFound for what is none of the rules."""
    if name not in files(folder):
        raise NotFound("There is no such file of rules.", do="Settings lists those that there are.")
    text = (folder / name).read_bytes()[:LARGEST].decode("utf-8", "replace")
    return [list(_parts(line)) for line in text.splitlines()]


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line; put together they are the line."""
    found = _LINE.match(line)
    if not found or line.lstrip().startswith("#"):
        yield ("comment" if line.lstrip().startswith("#") else ""), line
        return
    yield "", found["indent"]
    if found["key"] is not None:
        yield "key", found["key"]
        yield "mark", found["colon"]
    yield from _valued(found["rest"])


def _valued(rest: str) -> Iterator[tuple[str, str]]:
    at = 0
    for part in _PART.finditer(rest):
        if part.start() > at:
            yield "", rest[at : part.start()]
        yield str(part.lastgroup), part[0]
        at = part.end()
    if at < len(rest):
        yield "", rest[at:]
