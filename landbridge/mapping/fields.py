"""Which fields of a stream a mapping knows: mapped, or ignored by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from landbridge.mapping import form


def rules(stream: form.Stream) -> Iterator[form.Rule]:
    """Every rule of a stream that reads fields, consent's times included."""
    for name in type(stream.person).model_fields:
        for rule in getattr(stream.person, name):
            if isinstance(rule, form.Rule):
                yield rule
            elif rule.since is not None:
                yield rule.since
    yield from (rule for rule in (stream.created_at, stream.updated_at) if rule is not None)
    for touchpoint in stream.touchpoints:
        parts = (getattr(touchpoint, name) for name in type(touchpoint).model_fields)
        yield from (part for part in parts if isinstance(part, form.Rule))


def mapped_paths(stream: form.Stream) -> tuple[str, ...]:
    """Every path that a stream's rules and conditions look at, its key included, each once."""
    conditions = [*stream.only, *stream.deleted, *(c for t in stream.touchpoints for c in t.when)]
    conditions += [c for consent in stream.person.consent for c in (*consent.refused_when, *consent.granted_when)]
    whose = [t.person.key for t in stream.touchpoints if t.person]
    key = [stream.key] if stream.key else []
    read = (path for rule in rules(stream) for path in rule.used)
    return tuple(dict.fromkeys([*key, *read, *(c.field for c in conditions), *whose]))


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether `path`, or a field that it lies in, is named by a pattern; * stands for any characters."""
    expression = _expression(tuple(patterns))
    return expression is not None and expression.fullmatch(path) is not None


@lru_cache(maxsize=256)
def _expression(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    each = (re.escape(pattern).replace(r"\*", ".*") for pattern in patterns)
    return re.compile("(?:" + "|".join(each) + r")(?:[.\[].*)?", re.DOTALL)
