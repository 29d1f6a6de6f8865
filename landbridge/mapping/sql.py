"""A stream's rules as SQL: one statement that turns a whole batch into our fields.

The statement goes through four layers: texts (as the reader gives them), values (one column a rule), our fields
(rules put together, with what was wrong), and what became of each record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from landbridge.mapping import form
from landbridge.mapping.conditions import conditions
from landbridge.mapping.macros import PERSON_LIMIT
from landbridge.mapping.readers import Reader, literal
from landbridge.mapping.rules import MOMENTS, Statement, Value, base_of, finish_of, rule_value
from landbridge.store.profiles import MANY, PERSON_FIELDS, SINGLE

TOUCHPOINT_TEXTS = ("channel", "subject", "text", "url", "direction", "campaign")


@dataclass(frozen=True)
class Compiled:
    """`rows` gives one row a record: the fields, `is_used`, `is_profile`, `is_touchpoint`, `notes`.

    The rest only picks from the table `stage` that is made of them.
    """

    rows: str
    profiles: str | None
    touchpoints: str | None


def compile_stream(stream: form.Stream, reader: Reader) -> Compiled:
    """The SQL for a stream, over a table `records` that the reader understands."""
    statement = Statement(reader)
    columns = _person(statement, stream) if stream.has_person else {}
    made = [_touchpoint(statement, touchpoint, number) for number, touchpoint in enumerate(stream.touchpoints)]
    for touchpoint_columns in made:
        columns |= touchpoint_columns
    columns["is_used"] = conditions(statement.reader, stream.only) or "true"
    rows = _rows(statement, columns, _is_profile(stream), len(made))
    kinds = [_touchpoint_select(stream, touchpoint, number) for number, touchpoint in enumerate(stream.touchpoints)]
    return Compiled(rows, _PROFILES if stream.has_person else None, "\nUNION ALL ".join(kinds) or None)


def _rows(statement: Statement, columns: dict[str, str], is_profile: str, touchpoints: int) -> str:
    values = "".join(f", {sql} AS {column}" for sql, column in statement.values.items())
    fields = "".join(f", {sql} AS {name}" for name, sql in columns.items())
    made = " OR ".join(f"(is_used AND made_{number})" for number in range(touchpoints)) or "false"
    return (
        f"SELECT *, {is_profile} AS is_profile, {made} AS is_touchpoint FROM (\n"
        f"SELECT record_id, key, {_is_plain(statement)} AS is_plain{fields}, {_notes(statement)} AS notes FROM (\n"
        f"SELECT *{values} FROM (\n{statement.reader.sql()})))"
    )


def _is_plain(statement: Statement) -> str:
    """Whether the row stands as it is. What would be noted of a quick look is looked at again."""
    if statement.reader.careful or not statement.notes:
        return "is_plain"
    return f"is_plain AND NOT coalesce({' OR '.join(condition for condition, _ in statement.notes)}, false)"


def _notes(statement: Statement) -> str:
    """A list of what was wrong, made only for records where something was."""
    if not (statement.reader.careful and statement.notes):
        return "NULL::STRUCT(field VARCHAR, reason VARCHAR)[]"
    anything = " OR ".join(condition for condition, _ in statement.notes)
    each = ", ".join(f"CASE WHEN {condition} THEN {note} END" for condition, note in statement.notes)
    return f"CASE WHEN {anything} THEN list_filter([{each}], lambda x: x IS NOT NULL) END"


def _person(statement: Statement, stream: form.Stream) -> dict[str, str]:
    columns = {name: _single(statement, getattr(stream.person, name), name) for name in SINGLE}
    for name in MANY:
        rules = getattr(stream.person, name)
        columns[name] = _together([_MAKERS[name](statement, rule, name) for rule in rules])
    for name, rule in (("created_at", stream.created_at), ("updated_at", stream.updated_at)):
        columns[name] = _single(statement, (rule,) if rule else (), name)
    columns["gone"] = conditions(statement.reader, stream.deleted) or "false"
    return columns


def _single(statement: Statement, rules: tuple[form.Rule, ...], name: str) -> str:
    """The first rule that gives a value."""
    if name == "birth_date":
        rules = tuple(rule if rule.clean == "date" else rule.model_copy(update={"clean": "date"}) for rule in rules)
    values = [rule_value(statement, rule, name, finish_of(name, statement.reader.careful)) for rule in rules]
    first = [f"kept({value.column})[1]" if value.many else value.column for value in values]
    if not first:
        return "NULL::TIMESTAMPTZ" if name in MOMENTS else "NULL::VARCHAR"
    return f"coalesce({', '.join(first)})" if len(first) > 1 else first[0]


def _together(values: list[Value]) -> str:
    """All that the rules give, in their order, each once."""
    if not values:
        return "NULL::VARCHAR[]"
    if len(values) == 1 and not values[0].many:
        return f"one_item({values[0].column})"
    lists = [f"coalesce({v.column}, [])" if v.many else f"[{v.column}]" for v in values]
    together = f"kept({' || '.join(lists)})"
    if values[0].many:
        return together
    others = " AND ".join(f"{v.column} IS NULL" for v in values[1:])
    return f"CASE WHEN {others} THEN one_item({values[0].column}) ELSE {together} END"


def _plain(statement: Statement, rule: form.Rule, name: str) -> Value:
    return rule_value(statement, rule, name, finish_of(name, statement.reader.careful))


def _handle(statement: Statement, rule: form.HandleRule, name: str) -> Value:
    network = literal(rule.network + ":")
    return rule_value(statement, rule, name, lambda x: f"{network} || unless_long(bare_handle({x}), {PERSON_LIMIT})")


def _reference(statement: Statement, rule: form.ReferenceRule, name: str) -> Value:
    place = literal(rule.to + "/")
    return rule_value(statement, rule, name, lambda x: f"{place} || unless_long({x}, {PERSON_LIMIT})")


def _consent(statement: Statement, rule: form.ConsentRule, name: str) -> Value:
    refused = conditions(statement.reader, rule.refused_when) or "false"
    granted = conditions(statement.reader, rule.granted_when) or "false"
    since = "NULL"
    if rule.since is not None:
        since = f"strftime({_single(statement, (rule.since,), 'since')}::TIMESTAMP, '%Y-%m-%dT%H:%M:%SZ')"
    state = f"CASE WHEN {refused} THEN 'refused' WHEN {granted} THEN 'granted' END"
    return statement.value(f"{literal(rule.channel + ':')} || {state} || ':' || coalesce({since}, '')")


_MAKERS: dict[str, Callable[[Statement, Any, str], Value]] = {
    "email": _plain,
    "phone": _plain,
    "handle": _handle,
    "reference": _reference,
    "consent": _consent,
}


def _is_profile(stream: form.Stream) -> str:
    """Some field of ours has a value, or the source says that the person is gone."""
    if not stream.has_person:
        return "false"
    return "(is_used AND (" + " OR ".join(f"{name} IS NOT NULL" for name in PERSON_FIELDS) + " OR gone))"


def _touchpoint(statement: Statement, touchpoint: form.Touchpoint, number: int) -> dict[str, str]:
    columns = {f"at_{number}": _single(statement, (touchpoint.at,), "at")}
    for name in TOUCHPOINT_TEXTS:
        rule = getattr(touchpoint, name)
        columns[f"{name}_{number}"] = _single(statement, (rule,) if rule else (), name)
    if touchpoint.person is not None:
        columns[f"whose_{number}"] = f"unless_long({statement.reader.one(touchpoint.person.key)}, {PERSON_LIMIT})"
    columns[f"made_{number}"] = conditions(statement.reader, touchpoint.when) or _there(statement.reader, touchpoint.at)
    return columns


def _there(reader: Reader, rule: form.Rule) -> str:
    """Whether the source has anything where a rule looks, readable or not."""
    base, many = base_of(reader, rule)
    return f"(coalesce(list_count({base}), 0) > 0)" if many else f"({base} IS NOT NULL)"


def _touchpoint_select(stream: form.Stream, touchpoint: form.Touchpoint, number: int) -> str:
    suffix = f" || {literal('#' + (touchpoint.name or touchpoint.kind))}" if len(stream.touchpoints) > 1 else ""
    own = "$account || '/' || $stream || '/' || key"
    person = f"CASE WHEN is_profile THEN {own} END"
    if touchpoint.person is not None:
        person = f"$account || {literal('/' + touchpoint.person.stream + '/')} || whose_{number}"
    texts = ", ".join(f"{name}_{number} AS {name}" for name in TOUCHPOINT_TEXTS)
    return (
        f"SELECT {own}{suffix} AS touchpoint_id, $account AS account, $stream AS stream, record_id, "
        f"{person} AS person, {literal(touchpoint.kind)} AS kind, at_{number} AS at, {texts} "
        f"FROM stage WHERE is_used AND made_{number}"
    )


_PROFILES = (
    "SELECT $account || '/' || $stream || '/' || key AS profile_id, $account AS account, $stream AS stream, key, "
    f"record_id, {', '.join((*SINGLE, *MANY))}, $region_hint AS region_hint, created_at, updated_at, gone "
    "FROM stage WHERE is_profile"
)
