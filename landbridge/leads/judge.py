"""Judging a lead by the rules: what the person wants, how hot the lead is and why, and who should take it.

Adds intent, score, reasons and route to the DuckDB table `told`, and leaves the table `reason`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from landbridge.leads.conditions import who
from landbridge.leads.fields import LEAD_FIELDS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from landbridge.leads.rules import Intent, LeadRules


def judge(connection: DuckDBPyConnection, rules: LeadRules) -> None:
    """Intent first, for score and route may ask for it."""
    _intent(connection, rules.intent)
    connection.execute(_PERSON.format(fields=", ".join(_PIVOT.format(field=field) for field in LEAD_FIELDS)))
    _score(connection, rules)
    _route(connection, rules)


def _intent(connection: DuckDBPyConnection, intent: Intent) -> None:
    connection.execute(
        "CREATE TABLE spoken (identity_id VARCHAR, place INTEGER, intent VARCHAR, touchpoint_id VARCHAR)"
    )
    for place, rule in enumerate(intent.rules):
        connection.execute(_SPOKEN, [place, rule.intent, intent.within_days, rule.pattern])
    connection.execute(_INTENT, {"otherwise": intent.otherwise})


def _score(connection: DuckDBPyConnection, rules: LeadRules) -> None:
    connection.execute("CREATE TABLE reason (identity_id VARCHAR, place INTEGER, points INTEGER, why VARCHAR)")
    for place, rule in enumerate(rules.score):
        query, parameters = who(rule.when)
        connection.execute(_REASON.format(who=query), [place, rule.points, rule.reason, *parameters])
    connection.execute(_SCORE)


def _route(connection: DuckDBPyConnection, rules: LeadRules) -> None:
    connection.execute("CREATE TABLE way (identity_id VARCHAR, place INTEGER, queue VARCHAR)")
    for place, rule in enumerate(rules.route.rules):
        query, parameters = who(rule.when)
        connection.execute(f"INSERT INTO way SELECT identity_id, ?, ? FROM ({query})", [place, rule.queue, *parameters])
    connection.execute(_ROUTE, {"otherwise": rules.route.otherwise})


_SPOKEN = """
INSERT INTO spoken SELECT identity_id, ?, ?, touchpoint_id FROM touch
WHERE age <= ? AND coalesce(regexp_matches(words, ?, 'i'), false)
"""

_INTENT = """
INSERT INTO told
WITH newest AS (
    SELECT identity_id, s.intent, person, record_id, touchpoint_id
    FROM spoken s JOIN touch USING (identity_id, touchpoint_id)
    QUALIFY row_number() OVER (PARTITION BY identity_id ORDER BY moment DESC, place, touchpoint_id) = 1)
SELECT identity_id, 'intent', to_json(coalesce(intent, $otherwise)), CASE WHEN intent IS NULL
    THEN json_object('rule', 'otherwise')
    ELSE json_object('profile', person, 'record', record_id, 'touchpoint', touchpoint_id, 'rule', 'words') END
FROM gold LEFT JOIN newest USING (identity_id)
"""

_PIVOT = "max(value ->> '$') FILTER (WHERE field = '{field}') AS \"{field}\""

_PERSON = """
CREATE TABLE person AS
SELECT identity_id, {fields}, len(string_split("systems", ', ')) AS systems_count FROM told GROUP BY identity_id
"""

_REASON = """
INSERT INTO reason
SELECT identity_id, $1, $2, replace(replace($3, '{{count}}', coalesce(CAST(count AS VARCHAR), '')), '{{latest}}',
    coalesce(strftime(latest, '%Y-%m-%d'), '')) FROM ({who})
"""

_SCORE = """
INSERT INTO told
WITH scored AS (
    SELECT identity_id, greatest(0, least(100, sum(points))) AS score,
        string_agg(printf('%+d  %s', points, why), chr(10) ORDER BY place) AS reasons
    FROM reason GROUP BY identity_id)
SELECT identity_id, 'score', to_json(CAST(coalesce(score, 0) AS INTEGER)), '{"rule": "score"}'
FROM gold LEFT JOIN scored USING (identity_id)
UNION ALL
SELECT identity_id, 'reasons', to_json(reasons), '{"rule": "score"}' FROM scored
"""

_ROUTE = """
INSERT INTO told
WITH chosen AS (SELECT identity_id, arg_min(queue, place) AS queue FROM way GROUP BY identity_id)
SELECT identity_id, 'route', to_json(coalesce(queue, $otherwise)),
    json_object('rule', CASE WHEN queue IS NULL THEN 'otherwise' ELSE 'route' END)
FROM gold LEFT JOIN chosen USING (identity_id)
"""
