"""Survivorship: of all that the profiles of one person say, what is kept, from whom, and by which rule.

Everything is done for all persons at once in DuckDB. The tables, in order:

    said        one row a value: profile, field, value as it came, place among several
    polished    distinct values in good form, and whether they could be brought into it
    value       both, with the person and what the rules ask about the profile
    kept        one row a surviving value: identity, field, value and origin as JSON
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from landbridge.leads.polish import POLISHED, polish
from landbridge.store.profiles import MANY, SINGLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from landbridge.leads.rules import GoldenRules

PLURAL = {"email": "emails", "phone": "phones", "handle": "handles", "reference": "references"}
"""Under which name all values of a many-valued field are kept."""

# Lower is better, and none is null.
_QUESTIONS = {
    "well_formed": "CASE WHEN ok THEN 0 ELSE 1 END",
    "personal": "CASE WHEN list_contains($role_addresses, split_part(text, '@', 1)) THEN 1 ELSE 0 END",
    "most_trusted": "trust",
    "newest": "-seen",
    "oldest": "seen",
    "longest": "-size",
    "most_complete": "-filled",
    "most_frequent": "-count(*) OVER (PARTITION BY identity_id, said)",
}


def survivors(connection: DuckDBPyConnection, rules: GoldenRules, overruled: pa.Table | None = None) -> pa.Table:
    """The golden records of the persons in the table `member` (identity_id and PROFILE_SCHEMA).

    `overruled` (identity_id, field, value, override_id) is what people said, and stands above every rule.
    Answers identity_id, fields and origin (JSON texts), profiles (list) and digest of these three. The same members
    give the same answer in any order. A person whose profiles are all gone is not among them.
    """
    _say(connection, rules)
    connection.execute("CREATE TABLE kept (identity_id VARCHAR, field VARCHAR, value JSON, origin JSON)")
    for name, choice in rules.survive.items():
        fields = rules.fields(name)
        _rank(connection, rules, fields, choice.by)
        connection.execute(_KEEP_MANY if fields[0] in MANY else _KEEP, _plural(fields))
    connection.execute(_KEEP_CONSENT)
    if overruled is not None and overruled.num_rows:
        _overrule(connection, overruled)
    return connection.sql(_GOLDEN).to_arrow_table()


def _say(connection: DuckDBPyConnection, rules: GoldenRules) -> None:
    many = [f"SELECT profile_id, '{f}', unnest({f}), generate_subscripts({f}, 1) FROM living" for f in PLURAL]
    connection.execute("CREATE TABLE living AS SELECT * FROM member WHERE NOT coalesce(gone, false)")
    every = f"""
        SELECT profile_id, field, raw, 1 AS place FROM (
            UNPIVOT (SELECT profile_id, {", ".join(SINGLE)} FROM living) ON {", ".join(SINGLE)}
            INTO NAME field VALUE raw)
        UNION ALL {" UNION ALL ".join(many)}"""
    nothing = {"placeholders": sorted(rules.placeholders), "around": _AROUND}
    connection.execute(f"CREATE TABLE said AS SELECT * FROM ({every}) WHERE NOT {_NOTHING}", nothing)
    connection.register("polished", _polished(connection, rules))
    connection.execute(_VALUE, {"trusted": list(rules.trust)})


def _polished(connection: DuckDBPyConnection, rules: GoldenRules) -> pa.Table:
    rows = connection.execute(_DISTINCT, {"fields": list(POLISHED)}).fetchall()
    made = [polish(rules, *row) for row in rows]
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    good, ok = [value for value, _ in made], [well for _, well in made]
    names = ["field", "raw", "country", "region", "good", "ok"]
    types = [pa.string()] * 5 + [pa.bool_()]
    return pa.table([pa.array(c, t) for c, t in zip([*columns, good, ok], types, strict=True)], names=names)


def _rank(connection: DuckDBPyConnection, rules: GoldenRules, fields: tuple[str, ...], by: tuple[str, ...]) -> None:
    """Fill `ranked`: candidates, best first, each with the rule that put the best before the best other one."""
    keys = [f"k{position}" for position in range(len(by))]
    asked = ", ".join(f"{_QUESTIONS[question]} AS {key}" for question, key in zip(by, keys, strict=True))
    told = " ".join(f"WHEN best.{key} <> other.{key} THEN '{q}'" for q, key in zip(by, keys, strict=True))
    query = _RANK.format(
        asked=asked,
        keys=", ".join(keys),
        told=told,
        one_value="field || place" if fields[0] in MANY else "''",
    )
    parameters: dict[str, Any] = {"fields": list(fields)}
    if "personal" in by:
        parameters["role_addresses"] = sorted(rules.role_addresses)
    connection.execute(query, parameters)


def _overrule(connection: DuckDBPyConnection, overruled: pa.Table) -> None:
    connection.register("overruled", overruled)
    connection.execute(
        "CREATE TABLE word AS SELECT o.* FROM overruled o WHERE identity_id IN (FROM living SELECT identity_id)"
    )
    connection.execute(_UNSAID)
    connection.execute(_SAID_BY_A_PERSON)
    for field, plural in PLURAL.items():
        connection.execute(_SAID_FIRST, {"field": field, "plural": plural})


def _plural(fields: tuple[str, ...]) -> dict[str, str]:
    return {"field": fields[0], "plural": PLURAL[fields[0]]} if fields[0] in MANY else {}


_AROUND = " .,:;-_*?!()[]{}<>'" + '"'
_NOTHING = "list_contains($placeholders, lower(trim(raw, $around)))"

_DISTINCT = """
SELECT DISTINCT field, raw,
    CASE WHEN field = 'phone' THEN country END, CASE WHEN field = 'phone' THEN region_hint END
FROM said JOIN living USING (profile_id) WHERE list_contains($fields, field)
"""

_VALUE = """
CREATE TABLE value AS
SELECT DISTINCT ON (identity_id, profile_id, s.field, text) identity_id, profile_id, record_id, s.field, place,
    coalesce(p.good, s.raw) AS text, coalesce(p.ok, true) AS ok,
    coalesce(list_position($trusted, account), 1000) AS trust,
    coalesce(epoch_us(coalesce(updated_at, created_at)), -9e15::BIGINT) AS seen
FROM said s JOIN living USING (profile_id) LEFT JOIN polished p
    ON p.field = s.field AND p.raw = s.raw
    AND (s.field <> 'phone' OR (p.country IS NOT DISTINCT FROM living.country
                                AND p.region IS NOT DISTINCT FROM living.region_hint))
ORDER BY place
"""

_RANK = """
CREATE OR REPLACE TABLE ranked AS
WITH candidate AS (
    SELECT identity_id, profile_id, record_id, trust, seen, min(place) AS place, min(text) AS text,
        bool_and(ok) AS ok, count(*) AS filled, sum(length(text)) AS size,
        map_from_entries(list((field, text) ORDER BY field)) AS fields, CAST(to_json(fields) AS VARCHAR) AS said
    FROM value WHERE list_contains($fields, field)
    GROUP BY identity_id, profile_id, record_id, trust, seen, {one_value}),
asked AS (SELECT *, {asked} FROM candidate),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY identity_id ORDER BY {keys}, place, said, profile_id) AS n FROM asked),
best AS (SELECT * FROM placed WHERE n = 1),
other AS (
    SELECT p.* FROM placed p JOIN best b ON b.identity_id = p.identity_id AND b.said <> p.said
    QUALIFY row_number() OVER (PARTITION BY p.identity_id ORDER BY p.n) = 1)
SELECT placed.*, CASE WHEN other.n IS NULL THEN 'only_value' {told}
    WHEN best.place <> other.place THEN 'first_named' ELSE 'alphabet' END AS rule
FROM placed JOIN best ON best.identity_id = placed.identity_id LEFT JOIN other ON other.identity_id = best.identity_id
"""

_KEEP = """
INSERT INTO kept
SELECT identity_id, unnest(map_keys(fields)), to_json(unnest(map_values(fields))),
    json_object('profile', profile_id, 'record', record_id, 'rule', rule)
FROM ranked WHERE n = 1
"""

_KEEP_MANY = """
INSERT INTO kept
WITH source AS (
    SELECT identity_id, text, min(n) AS n, any_value(rule) AS rule,
        arg_min(json_object('profile', profile_id, 'record', record_id), n) AS first
    FROM ranked GROUP BY identity_id, text)
SELECT identity_id, $field, to_json(text), json_merge_patch(first, json_object('rule', rule)) FROM source WHERE n = 1
UNION ALL
SELECT identity_id, $plural, to_json(list(text ORDER BY n)),
    json_object('rule', 'all', 'each', list(first ORDER BY n)) FROM source GROUP BY identity_id
"""

# A refusal outlives the record that told of it, so profiles that are gone speak here too. Of several the oldest
# stands, and a grant stands only where nobody refused.
_KEEP_CONSENT = """
INSERT INTO kept
WITH word AS (
    SELECT identity_id, profile_id, record_id, split_part(c, ':', 1) AS channel, split_part(c, ':', 2) AS state, c
    FROM (SELECT identity_id, profile_id, record_id, gone, unnest(consent) AS c FROM member)
    WHERE split_part(c, ':', 2) = 'refused' OR NOT coalesce(gone, false)),
standing AS (
    SELECT *, state = 'refused' AS refused FROM word
    WHERE identity_id IN (SELECT identity_id FROM living)
    QUALIFY row_number() OVER (PARTITION BY identity_id, channel ORDER BY state = 'refused' DESC, c, profile_id) = 1)
SELECT identity_id, channel || '_opt_out', to_json(refused), json_object('profile', profile_id, 'record', record_id,
    'rule', CASE WHEN refused THEN 'any_refusal' ELSE 'granted' END) FROM standing
UNION ALL
SELECT identity_id, 'consent', to_json(list(c ORDER BY c)), json_object('rule', 'any_refusal',
    'each', list(json_object('profile', profile_id, 'record', record_id) ORDER BY c))
FROM standing GROUP BY identity_id
"""

# A name said whole is whole: parts that the profiles knew may contradict it.
_UNSAID = """
DELETE FROM kept USING word WHERE kept.identity_id = word.identity_id
  AND (kept.field = word.field
       OR word.field = 'full_name' AND kept.field IN ('given_name', 'middle_name', 'family_name'))
"""

_SAID_BY_A_PERSON = """
INSERT INTO kept SELECT identity_id, field, to_json(value),
    json_object('profile', NULL, 'record', NULL, 'rule', 'person', 'override', override_id) FROM word
"""

# Of several values it is the first, and the others are still known.
_SAID_FIRST = """
CREATE OR REPLACE TABLE kept AS
WITH mine AS (SELECT identity_id, value, json_object('profile', NULL, 'record', NULL, 'override', override_id) AS source
              FROM word WHERE field = $field),
had AS (
    SELECT identity_id, from_json(value, '["VARCHAR"]') AS texts, from_json(origin -> 'each', '["JSON"]') AS sources
    FROM kept WHERE field = $plural),
joined AS (
    SELECT m.identity_id, list_position(texts, m.value) AS place, list_prepend(m.value,
        list_filter(coalesce(texts, []), lambda x, i: x <> m.value)) AS texts,
        list_prepend(m.source, list_filter(coalesce(sources, []), lambda x, i: i IS DISTINCT FROM
            list_position(texts, m.value))) AS sources
    FROM mine m LEFT JOIN had USING (identity_id))
SELECT * FROM kept WHERE NOT (field = $plural AND identity_id IN (SELECT identity_id FROM mine))
UNION ALL
SELECT identity_id, $plural, to_json(texts), json_object('rule', 'all', 'each', sources) FROM joined
"""

_GOLDEN = """
WITH members AS (SELECT identity_id, list(profile_id ORDER BY profile_id) AS profiles FROM living GROUP BY identity_id),
made AS (
    SELECT identity_id, CAST(to_json(map_from_entries(list((field, value) ORDER BY field))) AS VARCHAR) AS fields,
        CAST(to_json(map_from_entries(list((field, origin) ORDER BY field))) AS VARCHAR) AS origin
    FROM kept GROUP BY identity_id)
SELECT identity_id, coalesce(fields, '{}') AS fields, coalesce(origin, '{}') AS origin, profiles,
    sha256(concat_ws(chr(10), fields, origin, CAST(to_json(profiles) AS VARCHAR))) AS digest
FROM members LEFT JOIN made USING (identity_id)
"""
