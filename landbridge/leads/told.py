"""What a lead says before it is judged: golden values, names in two parts, and history.

Fills the DuckDB table `told` (identity_id, field, value and origin as JSON) from `gold` and `touch`. An origin has
profile, record and rule like a golden value's; one that speaks of a touchpoint names it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from landbridge.leads.fields import COPIED, LISTS, OPT_OUTS
from landbridge.leads.polish import parts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def tell(connection: DuckDBPyConnection) -> None:
    """Create and fill `told`."""
    connection.execute("CREATE TABLE told (identity_id VARCHAR, field VARCHAR, value JSON, origin JSON)")
    connection.execute(_COPY, {"fields": [*COPIED, *OPT_OUTS, *LISTS]})
    connection.register("parts", _parts(connection))
    for statement in (_FULL_NAME, _NAMES, _SYSTEMS, _TOUCH_COUNT, _LAST_TOUCH):
        connection.execute(statement)
    for field in OPT_OUTS:
        connection.execute(_NOBODY_REFUSED, {"field": field, "value": False, "rule": "nobody_refused"})


def _parts(connection: DuckDBPyConnection) -> pa.Table:
    names = [name for (name,) in connection.execute(_WHOLE).fetchall()]
    split = [parts(name) for name in names]
    columns = {"whole": names, "first": [first or None for first, _ in split], "last": [last for _, last in split]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


_COPY = """
INSERT INTO told
SELECT identity_id, key, fields::JSON -> key, origin::JSON -> key
FROM (SELECT *, unnest(json_keys(fields)) AS key FROM gold) WHERE list_contains($fields, key)
"""

_WHOLE = """
SELECT DISTINCT fields ->> 'full_name' FROM gold
WHERE fields ->> 'family_name' IS NULL AND fields ->> 'full_name' <> ''
"""

_FULL_NAME = """
INSERT INTO told
SELECT identity_id, 'full_name', to_json(concat_ws(' ', fields ->> 'given_name', fields ->> 'family_name')),
    json_merge_patch(coalesce(origin::JSON -> 'family_name', origin::JSON -> 'given_name'), '{"rule": "parts_joined"}')
FROM gold WHERE fields ->> 'full_name' IS NULL
    AND coalesce(fields ->> 'family_name', fields ->> 'given_name') IS NOT NULL
"""

_NAMES = """
INSERT INTO told
SELECT identity_id, 'first_name', fields::JSON -> 'given_name', origin::JSON -> 'given_name'
FROM gold LEFT JOIN parts ON fields ->> 'family_name' IS NULL AND whole = fields ->> 'full_name'
WHERE whole IS NULL AND fields ->> 'given_name' IS NOT NULL
UNION ALL
SELECT identity_id, 'last_name', fields::JSON -> 'family_name', origin::JSON -> 'family_name'
FROM gold WHERE fields ->> 'family_name' IS NOT NULL
UNION ALL
SELECT identity_id, part, to_json(text), json_merge_patch(origin::JSON -> 'full_name', '{"rule": "part_of_full_name"}')
FROM (SELECT identity_id, origin, unnest(['first_name', 'last_name']) AS part, unnest([first, last]) AS text
      FROM gold JOIN parts ON fields ->> 'family_name' IS NULL AND whole = fields ->> 'full_name')
WHERE text IS NOT NULL
"""

_SYSTEMS = """
INSERT INTO told
SELECT identity_id, 'systems', to_json(list_aggregate(list_sort(list_distinct(
    list_transform(profiles, lambda p: split_part(p, '/', 1)))), 'string_agg', ', ')), '{"rule": "every_profile"}'
FROM gold
"""

_TOUCH_COUNT = """
INSERT INTO told
SELECT identity_id, 'touch_count', to_json(count(touchpoint_id)), '{"rule": "every_touchpoint"}'
FROM gold LEFT JOIN touch USING (identity_id) GROUP BY identity_id
"""

_LAST_TOUCH = """
INSERT INTO told
WITH newest AS (
    SELECT * FROM touch WHERE moment IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY identity_id ORDER BY moment DESC, touchpoint_id) = 1),
facts AS (
    SELECT *, unnest(['last_touch_at', 'last_touch_kind', 'last_touch_campaign']) AS field,
        unnest([strftime(moment, '%Y-%m-%dT%H:%M:%SZ'), kind, campaign]) AS fact FROM newest)
SELECT identity_id, field, to_json(fact), json_object(
    'profile', person, 'record', record_id, 'touchpoint', touchpoint_id, 'rule', 'newest_touchpoint')
FROM facts WHERE fact IS NOT NULL
"""

_NOBODY_REFUSED = """
INSERT INTO told
SELECT identity_id, $field, to_json($value), json_object('profile', NULL, 'record', NULL, 'rule', $rule)
FROM gold ANTI JOIN (SELECT identity_id FROM told WHERE field = $field) USING (identity_id)
"""
