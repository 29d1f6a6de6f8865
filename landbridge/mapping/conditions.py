"""Conditions of a mapping as SQL."""

from __future__ import annotations

from collections.abc import Iterable

from landbridge.mapping import form, paths
from landbridge.mapping.readers import Reader, literal


def conditions(reader: Reader, all_of: Iterable[form.Condition]) -> str:
    """SQL that is true or false, never null; empty text when nothing is asked."""
    return " AND ".join(_condition(reader, each) for each in all_of)


def _condition(reader: Reader, asked: form.Condition) -> str:
    if paths.is_many(asked.field):
        return _condition_on_list(reader.many(asked.field), asked)
    text = reader.one(asked.field)
    if asked.present is not None:
        return f"{text} IS {'NOT ' if asked.present else ''}NULL"
    if asked.matches is not None:
        return f"coalesce(regexp_matches({text}, {literal(asked.matches)}), false)"
    words = ", ".join(literal(word) for word in asked.equals or asked.differs or ())
    return f"coalesce({text} IN ({words}), false)" if asked.equals else f"coalesce({text} NOT IN ({words}), true)"


def _condition_on_list(items: str, asked: form.Condition) -> str:
    if asked.present is not None:
        return f"(coalesce(list_count({items}), 0) {'>' if asked.present else '='} 0)"
    if asked.matches is not None:
        found = f"list_filter({items}, lambda x: regexp_matches(x, {literal(asked.matches)}))"
        return f"(coalesce(list_count({found}), 0) > 0)"
    words = ", ".join(literal(word) for word in asked.equals or asked.differs or ())
    found = f"coalesce(list_has_any({items}, [{words}]), false)"
    return found if asked.equals else f"NOT {found}"
