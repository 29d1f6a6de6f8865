"""One rule of a mapping as SQL: from their field to one value of ours, and what to say when it is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from landbridge.mapping import form, paths
from landbridge.mapping.conditions import conditions
from landbridge.mapping.macros import LIMITS, PERSON_LIMIT
from landbridge.mapping.readers import Reader, literal

IDENTIFIERS = frozenset({"email", "phone", "handle", "reference", "birth_date"})
"""A part of one of these is another one: they are kept whole or not at all."""

MOMENTS = frozenset({"at", "created_at", "updated_at", "since"})
MANY_LINES = frozenset({"text"})

Finish = Callable[[str], str]
"""Makes the SQL of our value from the SQL of a cleaned text."""


@dataclass(frozen=True)
class Value:
    """A column of the statement's second layer, and whether it holds lists."""

    column: str
    many: bool


@dataclass
class Statement:
    """What a stream's SQL consists of so far: a column a rule, and (condition, note) pairs.

    With a quick reader a note is a reason to look at the record again, carefully; the careful look writes the notes.
    """

    reader: Reader
    values: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def value(self, sql: str, many: bool = False) -> Value:
        """The column with this SQL, added unless it is there."""
        return Value(self.values.setdefault(sql, f"r{len(self.values) + 1}"), many)

    def note(self, ours: str, reason: str, when: str) -> None:
        """Says `reason` about our field `ours` of the records for which `when` holds."""
        self.notes.append((f"({when})", f"{{'field': {literal(ours)}, 'reason': {literal(reason)}}}"))


def limit_of(ours: str) -> int:
    """How many characters one value of our field may have."""
    return LIMITS.get(ours, PERSON_LIMIT)


def finish_of(ours: str, careful: bool) -> Finish:
    """The last step for plain values of our field."""
    if ours in MOMENTS:
        return lambda x: f"{'as' if careful else 'quick'}_moment({x})"
    if not careful:
        return lambda x: x
    bound = "unless_long" if ours in IDENTIFIERS else "cut"
    return lambda x: f"{bound}({x}, {limit_of(ours)})"


def rule_value(statement: Statement, rule: form.Rule, ours: str, finish: Finish) -> Value:
    """A column with the rule's value: a text (or what `finish` makes of it), or a list of them."""
    if rule.value is not None:
        return statement.value(literal(rule.value))
    base, many = base_of(statement.reader, rule)
    if many:
        made = f"list_transform({base}, lambda x: {_element(statement.reader, rule, ours, finish, 'x')})"
    else:
        made = _element(statement.reader, rule, ours, finish, base)
    condition = conditions(statement.reader, rule.when)
    value = statement.value(f"CASE WHEN {condition} THEN {made} END" if condition else made, many)
    _note_losses(statement, rule, ours, Value(base, many), value)
    return value


def base_of(reader: Reader, rule: form.Rule) -> tuple[str, bool]:
    if rule.value is not None:
        return literal(rule.value), False
    if rule.format is not None:
        return _formatted(reader, rule.format), False
    if len(rule.source) > 1:
        between = literal(rule.join or "")
        return f"nullif(concat_ws({between}, {', '.join(reader.one(path) for path in rule.source)}), '')", False
    if paths.is_many(rule.source[0]):
        return reader.many(rule.source[0]), True
    text = reader.one(rule.source[0])
    return (f"parts({text}, {literal(rule.split)})", True) if rule.split else (text, False)


def _formatted(reader: Reader, template: str) -> str:
    pieces = re.split(r"\{([^{}]*)\}", template)
    sql = [reader.one(piece) if number % 2 else literal(piece) for number, piece in enumerate(pieces)]
    return "(" + " || ".join(sql) + ")"


def _element(reader: Reader, rule: form.Rule, ours: str, finish: Finish, x: str) -> str:
    """One value, from `x` to what we keep."""
    if reader.careful and ours not in MANY_LINES and rule.clean != "html":
        x = f"as_line({x})"
    if rule.lookup is not None:
        cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(word)}" for theirs, word in rule.lookup.items())
        x = f"CASE {x} {cases} {f'ELSE {x} ' if rule.unknown == 'keep' else ''}END"
    if rule.clean == "date":
        x = f"as_date({x}, {literal(rule.dates) if rule.dates else 'NULL'})" if reader.careful else f"quick_date({x})"
    elif rule.clean != "none":
        x = f"clean_{rule.clean}({x})"
    return finish(x)


def _note_losses(statement: Statement, rule: form.Rule, ours: str, base: Value, value: Value) -> None:
    """`base.column` is the SQL of what the source has. What can be lost in any record is asked of any record."""
    theirs = ", ".join(rule.source or rule.format_paths)
    asked = conditions(statement.reader, rule.when) or "true"
    why = _why_lost(rule, ours, statement.reader.careful)
    if why and value.many:
        lost = f"coalesce(list_count({value.column}), 0) < list_count({base.column})"
        statement.note(ours, f"'{theirs}' {why}", f"{lost} AND {asked}")
    elif why:
        statement.note(ours, f"'{theirs}' {why}", f"{base.column} IS NOT NULL AND {value.column} IS NULL AND {asked}")
    if statement.reader.careful:
        _note_odd_values(statement, rule, ours, base, value)


def _note_odd_values(statement: Statement, rule: form.Rule, ours: str, base: Value, value: Value) -> None:
    for path in rule.source:
        if not paths.is_many(path):
            nested = statement.reader.nested(path)
            statement.note(ours, f"'{path}' holds a list or an object where one value is wanted", nested)
    if not (value.many or ours in IDENTIFIERS or ours in MOMENTS):
        long = f"{value.column} IS NOT NULL AND too_long({base.column}, {limit_of(ours)})"
        statement.note(ours, f"was cut to {limit_of(ours)} characters", long)


def _why_lost(rule: form.Rule, ours: str, careful: bool) -> str:
    """Why a value can be there and yet not be kept; empty when nothing in the rule can do that."""
    if rule.lookup is not None and rule.unknown == "report":
        return "has a word that the lookup does not have"
    if rule.clean == "date" or ours in MOMENTS:
        return "is not a date that can be read for certain"
    if rule.clean in ("email", "phone"):
        return f"is no {rule.clean}"
    if ours in IDENTIFIERS and (careful or ours == "handle"):
        return "is empty or too long to be used"
    return ""
