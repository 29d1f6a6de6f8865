"""Conditions of rules as SQL: who fulfils them, for all persons at once.

They are asked of two tables: `person` (identity_id, the lead's fields as text, systems as a number, intent) and
`touch` (identity_id, kind, channel, direction, words, age in days, moment). Whatever a rule file or a touchpoint says
reaches DuckDB as a parameter or a column, never as SQL; patterns are RE2, so no text makes them slow.
"""

from __future__ import annotations

from typing import Any

from landbridge.leads.rules import FieldTest, Touched, When

Parameters = list[Any]


def who(when: When) -> tuple[str, Parameters]:
    """A query for identity_id, count and latest (of touchpoints that were asked for, else null), and its parameters."""
    tests, parameters = _of_person(when)
    if when.touchpoints is None:
        return f"SELECT identity_id, NULL AS count, NULL::TIMESTAMP AS latest FROM person WHERE {tests}", parameters
    touched, of_touch = _of_touch(when.touchpoints)
    query = f"""
        SELECT identity_id, count(*) AS count, max(moment) AS latest FROM touch JOIN person USING (identity_id)
        WHERE {touched} AND {tests} GROUP BY identity_id HAVING count(*) >= ?"""
    return query, [*of_touch, *parameters, when.touchpoints.at_least]


def _of_person(when: When) -> tuple[str, Parameters]:
    tests: list[str] = ["true"]
    parameters: Parameters = []
    for field, test in when.fields.items():
        sql, given = _of_field(f'person."{field}"', test)
        tests.append(sql)
        parameters += given
    if when.intent:
        tests.append("list_contains(?, person.intent)")
        parameters.append(list(when.intent))
    if when.systems_at_least:
        tests.append("person.systems_count >= ?")
        parameters.append(when.systems_at_least)
    return " AND ".join(tests), parameters


def _of_field(column: str, test: FieldTest) -> tuple[str, Parameters]:
    tests: list[str] = ["true"]
    parameters: Parameters = []
    if test.present is not None:
        tests.append(f"({column} IS NOT NULL) = ?")
        parameters.append(test.present)
    if test.one_of:
        tests.append(f"list_contains(?, {column})")
        parameters.append(list(test.one_of))
    if test.pattern:
        tests.append(f"coalesce(regexp_matches({column}, ?, 'i'), false)")
        parameters.append(test.pattern)
    return " AND ".join(tests), parameters


def _of_touch(touched: Touched) -> tuple[str, Parameters]:
    tests: list[str] = ["true"]
    parameters: Parameters = []
    for column, wanted in (("kind", touched.kind), ("channel", touched.channel)):
        if wanted:
            tests.append(f"list_contains(?, touch.{column})")
            parameters.append(list(wanted))
    if touched.within_days is not None:
        tests.append("touch.age <= ?")
        parameters.append(touched.within_days)
    if touched.pattern:
        tests.append("coalesce(regexp_matches(touch.words, ?, 'i'), false)")
        parameters.append(touched.pattern)
    return " AND ".join(tests), parameters
