"""Fields that came and that the mapping neither maps nor ignores: found by column, told by name, never absorbed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from landbridge.mapping import form, paths
from landbridge.mapping.fields import mapped_paths, matches_any
from landbridge.mapping.readers import literal

MOST = 200
"""Paths told for one batch. A payload may be made of nothing but new names."""

_TYPES = {"VARCHAR": "text", "BOOLEAN": "true/false", "OBJECT": "object", "ARRAY": "list", "NULL": "nothing"}

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """A field nobody decided about: its path, what kind of value an example held, and in how many records it came."""

    path: str
    example_type: str
    count: int


def find_drift(connection: duckdb.DuckDBPyConnection, stream: form.Stream) -> list[Drift]:
    """The fields of the table `records` that the stream's mapping does not know, most frequent first."""
    known, objects = _known(mapped_paths(stream), stream.ignore)
    unknown = [
        (steps, count)
        for steps, count in _present(connection, objects)
        if steps not in known and not matches_any(paths.written(steps), stream.ignore)
    ][:MOST]
    types = _example_types(connection, [steps for steps, _ in unknown])
    return [Drift(_shown(steps), kind, count) for (steps, count), kind in zip(unknown, types, strict=True)]


def top_level_names(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The names of all fields at the top of the payloads of `records`, sorted."""
    return tuple(sorted(steps[0] for steps, _ in _present(connection, ((),))))


@lru_cache(maxsize=256)
def _known(mapped: tuple[str, ...], ignored: tuple[str, ...]) -> tuple[frozenset[Steps], tuple[Steps, ...]]:
    """Every mapped path with all that it leads through, and the objects whose names must be looked at."""
    leaves = {paths.steps(path) for path in mapped}
    named = leaves | {steps for pattern in ignored if (steps := _before_star(pattern))}
    known = {steps[:depth] for steps in named for depth in range(1, len(steps) + 1)}
    objects = {steps[:depth] for steps in named for depth, step in enumerate(steps) if step != paths.EACH}
    needed = {steps[:depth] for steps in leaves for depth in range(len(steps))}
    wanted = (steps for steps in objects if steps in needed or not matches_any(_anything_in(steps), ignored))
    return frozenset(known - (named - leaves)), tuple(sorted({(), *wanted}))


def _before_star(pattern: str) -> Steps:
    """The part of a pattern that is a plain path, with one step for what comes after; () when it starts with a star."""
    plain, star, _ = pattern.partition("*")
    if star:
        plain = plain.rpartition(".")[0] + "." + "*" if "." in plain else ""
    try:
        return paths.steps(plain)
    except ValueError:
        return ()


def _anything_in(steps: Steps) -> str:
    return paths.written((*steps, "\N{REPLACEMENT CHARACTER}"))


def _present(connection: duckdb.DuckDBPyConnection, objects: tuple[Steps, ...]) -> Iterator[tuple[Steps, int]]:
    """The path of every name in these objects of `records`, and in how many records it is; most frequent first."""
    plain = [steps for steps in objects if paths.EACH not in steps]
    listed = [steps for steps in objects if paths.EACH in steps]
    keys = ", ".join(literal(paths.pointer(steps)) for steps in plain)
    in_lists = "".join(
        f", list_sort(list_distinct(flatten(json_keys(payload, {literal(paths.wildcard(steps))})))) AS l{number}"
        for number, steps in enumerate(listed)
    )
    names = [f"SELECT {n} AS o, unnest(k[{n + 1}]) AS name, c FROM shapes" for n in range(len(plain))]
    names += [f"SELECT {len(plain) + n} AS o, unnest(l{n}) AS name, c FROM shapes" for n in range(len(listed))]
    found = connection.sql(
        f"WITH shapes AS (SELECT json_keys(payload, [{keys}]) AS k{in_lists}, count(*) AS c FROM records GROUP BY ALL) "
        f"SELECT o, name, sum(c)::BIGINT AS n FROM ({' UNION ALL '.join(names)}) GROUP BY ALL "
        f"ORDER BY n DESC, o, name LIMIT {MOST * 10}"
    )
    for number, name, count in found.fetchall():
        yield (*(*plain, *listed)[number], name), count


def _example_types(connection: duckdb.DuckDBPyConnection, unknown: list[Steps]) -> list[str]:
    """For each path, the type of a value that stands there."""
    asked = [paths.pointer(steps) for steps in unknown if paths.EACH not in steps]
    if not asked:
        return ["in a list"] * len(unknown)
    each = ", ".join(f"any_value(nullif(t[{number}], 'NULL'))" for number in range(1, len(asked) + 1))
    pointers = ", ".join(literal(path) for path in asked)
    found = connection.sql(f"SELECT {each} FROM (SELECT json_type(payload, [{pointers}]) AS t FROM records)").fetchall()
    types = dict(zip(asked, found[0], strict=True))
    return [
        "in a list" if paths.EACH in steps else _TYPES.get(types[paths.pointer(steps)] or "NULL", "number")
        for steps in unknown
    ]


def _shown(steps: Steps) -> str:
    """A path as it may be printed: names come from outside, so no control characters and no novels."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in paths.written(steps))[:200]
