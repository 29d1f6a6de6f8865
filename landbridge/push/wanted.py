"""The policy as one DuckDB query: every lead's wanted CRM values beside what the CRM has and what we last wrote.

A query is made of the policy's words alone; what people wrote is only ever data in it. Each JSON text is parsed once
a lead, for all of its fields.
"""

from __future__ import annotations

from collections.abc import Sequence

from landbridge.push.policy import FieldRule, ObjectRule, Policy


def query(policy: Policy, object_name: str) -> str:
    """Rows of one CRM object, one a lead and field, out of the table `known`: what merge.MERGE asks for, and whence."""
    rule = policy.objects[object_name]
    names = [*rule.fields, policy.external_id]
    sources = sorted({source for each in rule.fields.values() for source in each.source})
    values = ", ".join(_values(rule, sources))
    return f"""
        SELECT identity_id, creating, unnest([{", ".join(_offers(policy, rule, sources))}], recursive := true)
        FROM (SELECT identity_id, former_ids, creating, origin, have, last, {values}
              FROM (SELECT identity_id, former_ids, crm_id IS NULL AS creating,
                           json_extract(fields, {_paths(sources)}) AS given,
                           json_extract(origin, {_paths(sources)}) AS origin,
                           json_extract(present, {_paths(names)}) AS have,
                           json_extract_string(last, {_paths(names)}) AS last
                    FROM known WHERE {_rows(object_name, rule)}))"""


def _rows(object_name: str, rule: ObjectRule) -> str:
    here = f"object = {quoted(object_name)} AND present IS NOT NULL"
    new = 'object IS NULL AND NOT "foreign"' if rule.create else "false"
    return f"NOT gone AND NOT unsettled AND (({here}) OR ({new}))"


def _values(rule: ObjectRule, sources: Sequence[str]) -> list[str]:
    """One column for each field and each of its sources: v<field>_<source>."""
    return [
        f"{_value(each, f'given[{sources.index(source) + 1}]')} AS v{number}_{place}"
        for number, each in enumerate(rule.fields.values(), 1)
        for place, source in enumerate(each.source)
    ]


def _value(rule: FieldRule, json: str) -> str:
    alone = f"json_extract_string({json}, '$')"
    several = f"json_extract_string({json}, {quoted('$[*]')})"
    listed = f"array_to_string({several}, {quoted(rule.join)})" if rule.take == "all" else f"{several}[1]"
    text = f"trim(CASE json_type({json}) WHEN 'ARRAY' THEN {listed} ELSE {alone} END)"
    return f"nullif({f'left({text}, {rule.max})' if rule.max else text}, '')"


def _offers(policy: Policy, rule: ObjectRule, sources: Sequence[str]) -> list[str]:
    offers = [_offer(name, each, number, sources) for number, (name, each) in enumerate(rule.fields.items(), 1)]
    return [*offers, _external_id(policy.external_id, len(rule.fields) + 1)]


def _offer(name: str, rule: FieldRule, number: int, sources: Sequence[str]) -> str:
    columns = {f"v{number}_{place}": source for place, source in enumerate(rule.source)}
    fallback = f"CASE WHEN creating THEN {quoted(rule.default)} END" if rule.default is not None else "NULL"
    whence = " ".join(f"WHEN {c} IS NOT NULL THEN {quoted(s)}" for c, s in columns.items())
    origin = " ".join(f"WHEN {c} IS NOT NULL THEN origin[{sources.index(s) + 1}]" for c, s in columns.items())
    return _struct(
        field=quoted(name),
        type=quoted(rule.type),
        owner=quoted(rule.owner),
        conflict=quoted(rule.conflict),
        want=f"coalesce({', '.join(columns)}, {fallback})",
        seen=f"have[{number}] IS NOT NULL",
        have=f"json_extract_string(have[{number}], '$')",
        last=f"last[{number}]",
        source=f"CASE {whence} END",
        origin=f"CASE {origin} END",
    )


def _external_id(name: str, number: int) -> str:
    """Ours alone: whatever stands there is replaced, and that is no conflict.

    An id of old still means its identity, so it stays: a merge costs the CRM no write, and never sets one id twice.
    """
    here = f"lower(json_extract_string(have[{number}], '$'))"
    return _struct(
        field=quoted(name),
        type="'email'",
        owner="'hub'",
        conflict="'hub'",
        want=f"if(list_contains(former_ids, {here}), {here}, identity_id)",
        seen="true",
        have=f"json_extract_string(have[{number}], '$')",
        last=f"json_extract_string(have[{number}], '$')",
        source="'identity_id'",
        origin="CAST(NULL AS JSON)",
    )


def _struct(**parts: str) -> str:
    return "{" + ", ".join(f"'{name}': {expression}" for name, expression in parts.items()) + "}"


def _paths(names: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(f"$.{name}") for name in names) + "]"


def quoted(text: str) -> str:
    """An SQL text literal."""
    return "'" + text.replace("'", "''") + "'"
