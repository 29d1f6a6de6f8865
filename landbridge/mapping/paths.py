"""The way to a value inside a record: `email`, `properties.email`, `emails[].value`, `"Name. 1"`.

A dot goes one level down, `[]` goes through every item of a list, and double quotes protect a name that
has dots or brackets of its own.
"""

from __future__ import annotations

import re
from functools import lru_cache

_STEP = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^".\[\]]+))(?P<each>(?:\[\])?)')

EACH = "[]"


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str, ...]:
    """The names from the outside in; EACH stands for "every item". Raises ValueError when `path` is no path."""
    found: list[str] = []
    at = 0
    while match := _STEP.match(path, at):
        found += [match["quoted"] or match["plain"], *([EACH] if match["each"] else [])]
        at = match.end()
        if at == len(path):
            return tuple(found)
        if path[at] != ".":
            break
        at += 1
    raise ValueError(f"'{path}' is no path to a field; write it like email, properties.email or emails[].value")


def is_many(path: str) -> bool:
    """Whether the path goes through a list, so that it can give many values."""
    return EACH in steps(path)


def written(names: tuple[str, ...]) -> str:
    """The path as people write it; the opposite of `steps`."""
    text = ""
    for name in names:
        if name == EACH:
            text += EACH
        else:
            text += ("." if text else "") + (f'"{name}"' if re.search(r'[."\[\]]', name) else name)
    return text


def quoted(name: str) -> str:
    """The path to a field at the top of a record whatever its name has in it (a double quote excepted)."""
    return written((name,))


def pointer(names: tuple[str, ...]) -> str:
    """RFC 6901, which DuckDB takes wherever it takes a path. Only for paths that go through no list."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names) or "$"


def wildcard(names: tuple[str, ...]) -> str:
    """DuckDB's JSON path with `[*]`, for paths that go through lists: a pointer has no such word."""
    return "$" + "".join("[*]" if name == EACH else f'."{name}"' for name in names)
