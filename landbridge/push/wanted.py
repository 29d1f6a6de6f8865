"""The policy as one DuckDB query: every lead's wanted CRM values beside what the CRM has and what we last wrote.

A query is made of the policy's words alone; what people wrote is only ever data in it.
"""

from __future__ import annotations

from landbridge.push.policy import FieldRule, ObjectRule, Policy


def query(policy: Policy, object_name: str) -> str:
    """Rows of one CRM object, one a lead and field, out of the table `known`: what merge.MERGE asks for, and whence."""
    rule = policy.objects[object_name]
    names = [*rule.fields, policy.external_id]
    offers = [_offer(name, each, number) for number, (name, each) in enumerate(rule.fields.items(), 1)]
    offers.append(_external_id(policy.external_id, len(names)))
    return f"""
        SELECT identity_id, creating, unnest([{", ".join(offers)}], recursive := true)
        FROM (SELECT identity_id, crm_id IS NULL AS creating, {", ".join(_values(rule))},
                     CAST(origin AS JSON) AS origin,
                     json_extract(present, {_paths(names)}) AS have,
                     json_extract_string(last, {_paths(names)}) AS last
              FROM known WHERE {_rows(object_name, rule)})"""


def _rows(object_name: str, rule: ObjectRule) -> str:
    here = f"object = {quoted(object_name)} AND present IS NOT NULL"
    new = 'object IS NULL AND NOT "foreign"' if rule.create else "false"
    return f"NOT gone AND NOT unsettled AND (({here}) OR ({new}))"


def _values(rule: ObjectRule) -> list[str]:
    """One column for each field and each of its sources: v<field>_<source>."""
    return [
        f"{_value(each, source)} AS v{number}_{place}"
        for number, each in enumerate(rule.fields.values(), 1)
        for place, source in enumerate(each.source)
    ]


def _value(rule: FieldRule, source: str) -> str:
    json = f"json_extract(fields, {quoted('$.' + source)})"
    if rule.take == "all":
        text = f"array_to_string(json_extract_string({json}, '$[*]'), {quoted(rule.join)})"
    else:
        text = f"coalesce(json_extract_string({json}, '$[0]'), json_extract_string({json}, '$'))"
        text = f"CASE WHEN json_array_length({json}) = 0 AND json_type({json}) = 'ARRAY' THEN NULL ELSE {text} END"
    cut = f"left(trim({text}), {rule.max})" if rule.max else f"trim({text})"
    return f"nullif({cut}, '')"


def _offer(name: str, rule: FieldRule, number: int) -> str:
    columns = [f"v{number}_{place}" for place in range(len(rule.source))]
    fallback = f"CASE WHEN creating THEN {quoted(rule.default)} END" if rule.default is not None else "NULL"
    whence = " ".join(f"WHEN {c} IS NOT NULL THEN {quoted(s)}" for c, s in zip(columns, rule.source, strict=True))
    source = f"CASE {whence} END"
    return _struct(
        field=quoted(name),
        type=quoted(rule.type),
        owner=quoted(rule.owner),
        conflict=quoted(rule.conflict),
        want=f"coalesce({', '.join(columns)}, {fallback})",
        seen=f"have[{number}] IS NOT NULL",
        have=f"json_extract_string(have[{number}], '$')",
        last=f"last[{number}]",
        source=source,
        origin=f"CASE {_origins(columns, rule)} END",
    )


def _origins(columns: list[str], rule: FieldRule) -> str:
    pairs = zip(columns, rule.source, strict=True)
    return " ".join(f"WHEN {c} IS NOT NULL THEN json_extract(origin, {quoted('$.' + s)})" for c, s in pairs)


def _external_id(name: str, number: int) -> str:
    """Ours alone: whatever stands there is replaced, and that is no conflict."""
    return _struct(
        field=quoted(name),
        type="'email'",
        owner="'hub'",
        conflict="'hub'",
        want="identity_id",
        seen="true",
        have=f"json_extract_string(have[{number}], '$')",
        last=f"json_extract_string(have[{number}], '$')",
        source="'identity_id'",
        origin="CAST(NULL AS JSON)",
    )


def _struct(**parts: str) -> str:
    return "{" + ", ".join(f"'{name}': {expression}" for name, expression in parts.items()) + "}"


def _paths(names: list[str]) -> str:
    return "[" + ", ".join(quoted(f"$.{name}") for name in names) + "]"


def quoted(text: str) -> str:
    """An SQL text literal."""
    return "'" + text.replace("'", "''") + "'"
