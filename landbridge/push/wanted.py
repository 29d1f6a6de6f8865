"""The policy as one DuckDB query: every lead's wanted CRM values beside what the CRM has and what we last wrote.

A query is made of the policy's words alone; what people wrote is only ever data in it. Each JSON text is parsed once
a lead, for all of its fields. What a rule says once for its field stands in the table `rule`, and not in each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from landbridge.push.accounts.rules import FIELDS as MATCHED
from landbridge.push.policy import FieldRule, ObjectRule, Policy

_RULE = {
    "object": pa.string(), "number": pa.int32(), "field": pa.string(), "type": pa.string(), "owner": pa.string(),
    "settles": pa.string(), "when_empty": pa.string(), "separator": pa.string(), "longest": pa.int32(),
    "needed": pa.bool_(), "stopgap": pa.string(),
}  # fmt: skip


def rules(policy: Policy) -> pa.Table:
    """What the policy says of each field; the last one of each object is its external id, which is ours alone."""
    rows = [row for name, rule in policy.objects.items() for row in _rules(policy, name, rule)]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_RULE.items())))


def _rules(policy: Policy, name: str, rule: ObjectRule) -> Iterator[dict[str, Any]]:
    for number, (field, each) in enumerate(rule.fields.items(), 1):
        said = {"type": each.type, "owner": each.owner, "when_empty": each.when_empty, "separator": each.separator}
        yield {
            "object": name,
            "number": number,
            "field": field,
            **said,
            "settles": each.conflict,
            "longest": each.max,
            "needed": each.default is not None,
            "stopgap": each.default if each.stopgap else None,
        }
    external = {"type": "email", "owner": "hub", "settles": "hub", "when_empty": "keep", "needed": True}
    yield {"object": name, "number": len(rule.fields) + 1, "field": policy.external_id, **external, "stopgap": None}


def query(policy: Policy, object_name: str) -> str:
    """Rows of one CRM object, one a lead and field, out of `known` and `rule`: what landbridge.push.offer asks for."""
    rule = policy.objects[object_name]
    names = [*rule.fields, policy.external_id]
    sources = sorted({source for each in rule.fields.values() for source in each.source} - set(MATCHED))
    values = ", ".join(_values(rule, sources))
    return f"""
        SELECT identity_id, creating, crm_at, r.* EXCLUDE (number), o.* EXCLUDE (identity_id, creating, crm_at, number)
        FROM (SELECT identity_id, creating, crm_at, unnest([{", ".join(_offers(rule, sources))}], recursive := true)
              FROM (SELECT identity_id, former_ids, creating, crm_at, origin, have, last, {values}
                    FROM (SELECT identity_id, former_ids, crm_id IS NULL AS creating, {", ".join(MATCHED)},
                                 json_extract_string(present, '$.LastModifiedDate') AS crm_at,
                                 json_extract(fields, {_paths(sources)}) AS given,
                                 json_extract(origin, {_paths(sources)}) AS origin,
                                 json_extract(present, {_paths(names)}) AS have,
                                 json_extract_string(last, {_paths(names)}) AS last
                          FROM known WHERE {_rows(object_name, rule)}))) o
        JOIN rule r ON r.object = {quoted(object_name)} AND r.number = o.number"""


def _rows(object_name: str, rule: ObjectRule) -> str:
    here = f"object = {quoted(object_name)} AND present IS NOT NULL"
    new = 'object IS NULL AND NOT "foreign"' if rule.create else "false"
    return f"NOT gone AND NOT unsettled AND (({here}) OR ({new}))"


def _values(rule: ObjectRule, sources: Sequence[str]) -> list[str]:
    """One column for each field and each of its sources: v<field>_<source>."""
    return [
        f"{_given(each, source, sources)} AS v{number}_{place}"
        for number, each in enumerate(rule.fields.values(), 1)
        for place, source in enumerate(each.source)
    ]


def _given(rule: FieldRule, source: str, sources: Sequence[str]) -> str:
    if source in MATCHED:
        return f"left({source}, {rule.max})" if rule.cuts else source
    return _value(rule, f"given[{sources.index(source) + 1}]")


def _value(rule: FieldRule, json: str) -> str:
    alone = f"json_extract_string({json}, '$')"
    several = f"json_extract_string({json}, {quoted('$[*]')})"
    listed = f"array_to_string({several}, {quoted(rule.join)})" if rule.take == "all" else f"{several}[1]"
    text = _trimmed(f"CASE json_type({json}) WHEN 'ARRAY' THEN {listed} ELSE {alone} END")
    return f"nullif({_trimmed(f'left({text}, {rule.max})') if rule.cuts else text}, '')"


def _trimmed(text: str) -> str:
    """Without outer white space, as the CRM keeps a text: also where we cut it."""
    return f"trim({text}, ' ' || chr(9) || chr(10) || chr(13))"


def _offers(rule: ObjectRule, sources: Sequence[str]) -> list[str]:
    offers = [_offer(each, number, sources) for number, each in enumerate(rule.fields.values(), 1)]
    return [*offers, _external_id(len(rule.fields) + 1)]


def _offer(rule: FieldRule, number: int, sources: Sequence[str]) -> str:
    columns = {f"v{number}_{place}": source for place, source in enumerate(rule.source)}
    first = f"coalesce({', '.join(columns)})"
    whence = " ".join(f"WHEN {c} IS NOT NULL THEN {quoted(s)}" for c, s in columns.items())
    origin = " ".join(f"WHEN {c} IS NOT NULL THEN {_origin(s, sources)}" for c, s in columns.items())
    unfit = _unfit(rule, first)
    fits = f"CASE WHEN {unfit} IS NULL THEN {first} END" if unfit else first
    fallback = f"CASE WHEN creating THEN {quoted(rule.default)} END" if rule.default is not None else "NULL"
    return _struct(
        number=str(number),
        want=f"coalesce({fits}, {fallback})",
        unfit=unfit or "CAST(NULL AS VARCHAR)",
        meant=first if unfit else "CAST(NULL AS VARCHAR)",
        seen=f"have[{number}] IS NOT NULL",
        have=f"json_extract_string(have[{number}], '$')",
        last=f"last[{number}]",
        source=f"CASE {whence} END",
        origin=f"CASE {origin} END",
    )


def _origin(source: str, sources: Sequence[str]) -> str:
    return """CAST('{"rule":"account"}' AS JSON)""" if source in MATCHED else f"origin[{sources.index(source) + 1}]"


def _unfit(rule: FieldRule, value: str) -> str | None:
    """SQL for why a value cannot stand in the field; None where any can."""
    reasons = []
    if rule.max is not None and not rule.cuts and rule.owner != "append":
        reasons.append(f"WHEN length({value}) > {rule.max} THEN 'too_long'")
    if rule.one_of:
        reasons.append(f"WHEN {value} NOT IN ({', '.join(map(quoted, rule.one_of))}) THEN 'not_listed'")
    return f"CASE {' '.join(reasons)} END" if reasons else None


def _external_id(number: int) -> str:
    """Ours alone: whatever stands there is replaced, and that is no conflict.

    An id of old still means its identity, so it stays: a merge costs the CRM no write, and never sets one id twice.
    """
    here = f"lower(json_extract_string(have[{number}], '$'))"
    return _struct(
        number=str(number),
        want=f"if(list_contains(former_ids, {here}), {here}, identity_id)",
        unfit="CAST(NULL AS VARCHAR)",
        meant="CAST(NULL AS VARCHAR)",
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
