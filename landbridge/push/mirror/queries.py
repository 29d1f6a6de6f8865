"""The queries of landbridge.push.mirror: what PostgreSQL knows, and what DuckDB makes of it."""

from __future__ import annotations

ASKED = "MERGED "
"""How the question begins under which somebody answers whether two records are to be one: with the other's Id."""

ANSWERS = """
SELECT DISTINCT ON (subject, expectation) subject AS identity_id, substr(expectation, 8) AS crm_id, state
FROM quarantine WHERE stage = 'push' AND starts_with(expectation, 'MERGED ')
  AND (state = 'held' OR settled_by IS NOT NULL)
ORDER BY subject, expectation, quarantine_id DESC
"""

_HEADS = """
SELECT h.key, r.payload::jsonb AS p FROM record_head h JOIN record r USING (record_id)
WHERE h.account = $1 AND h.stream = 'CampaignMember' AND r.payload IS NOT NULL
  AND (strpos(r.payload, '\\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
"""

MEMBERS = f"""
SELECT key, p->>'CampaignId' AS campaign_id, coalesce(p->>'ContactId', p->>'LeadId') AS crm_id, p->>'Status' AS status,
       EXISTS (SELECT FROM change c WHERE c.account = $1 AND c.object = 'CampaignMember' AND c.created
               AND c.crm_id = key) AS ours
FROM ({_HEADS}) h WHERE NOT coalesce((p->>'IsDeleted')::boolean, false)
"""

# Where each of our tasks hangs, and whose it is by the touchpoint that it was made of. What somebody moved is theirs.
TASKS = """
SELECT made.crm_id AS task_id, k.identity_id, coalesce(moved.who, made.after ->> 'WhoId') AS who
FROM change made
JOIN touchpoint t ON t.touchpoint_id = made.origin -> 'WhoId' ->> 'touchpoint'
JOIN link k ON k.profile_id = t.person
LEFT JOIN LATERAL (
    SELECT m.after ->> 'WhoId' AS who FROM change m
    WHERE m.account = $1 AND m.object = 'Task' AND m.crm_id = made.crm_id AND m.state = 'done' AND m.after ? 'WhoId'
    ORDER BY m.change_id DESC LIMIT 1) moved ON true
WHERE made.account = $1 AND made.object = 'Task' AND made.state = 'done' AND made.action = 'create'
  AND NOT EXISTS (SELECT FROM change e WHERE e.account = $1 AND e.object = 'Task' AND e.match_value = made.crm_id
                  AND (e.code = 'EDITED' OR e.action = 'delete' AND e.state = 'done'))
"""

MADE = """
SELECT object, match_value FROM change
WHERE account = $1 AND action = 'create' AND state IN ('done', 'refused') AND object IN ('Task', 'CampaignMember')
"""

_HELD = """EXISTS (SELECT 1 FROM hold h WHERE (h.identity_id IS NULL OR h.identity_id = {0}.identity_id)
    AND (h.object IS NULL OR h.object = {1}) AND (h.field IS NULL OR h.field = {2})
    AND (h.value IS NULL OR json_extract_string(h.value, '$') IS NOT DISTINCT FROM {3}))"""

# A lead on which people's work hangs is never deleted: their calls and mails would go with it.
JUDGED = f"""
CREATE TABLE judged AS
SELECT o.*, json_extract_string(present, '$.' || $field) AS marked, CASE
    WHEN a.state = 'dropped' THEN 'apart' WHEN a.state = 'released' OR $way = 'master' THEN 'one' ELSE $way END AS way,
    $others = 'delete' AND object = 'Lead' AND json_extract_string(present, '$.LastActivityDate') IS NULL
        AND NOT EXISTS (SELECT 1 FROM member m WHERE m.crm_id = o.crm_id AND NOT m.ours) AS goes,
    {_HELD.format("o", "o.object", "$field", "o.node_id")} AS held
FROM other o LEFT JOIN answer a USING (identity_id, crm_id)
"""

_COLUMNS = """identity_id, {kind} AS object, {action} AS action, {field} AS match_field, {value} AS match_value,
    {before} AS before, {after} AS after, {origin} AS origin, '{{}}' AS conflicts, lead_digest"""


def _columns(kind: str, action: str, field: str, value: str, before: str, after: str, origin: str) -> str:
    given = {"kind": kind, "action": action, "field": field, "value": value}
    return _COLUMNS.format(**given, before=before, after=after, origin=origin)


def _one(field: str, value: str) -> str:
    """A JSON object of one field: json_object would print a JSON value as text."""
    return f"""'{{' || to_json({field}) || ':' || coalesce(to_json({value}), 'null') || '}}'"""


_BESIDE = "json_object('why', '{0}', 'beside', true)"

_MARK = f"""
SELECT {
    _columns(
        "object", "'update'", "'Id'", "crm_id", _one("$field", "marked"), _one("$field", "node_id"),
        f"json_object($field, {_BESIDE.format('it is the same person as the record that it names')})",
    )
}
FROM judged WHERE way = 'one' AND NOT held AND NOT goes AND marked IS DISTINCT FROM node_id
"""  # fmt: skip

# What Salesforce works out itself is nobody's value; all else is kept, to be seen once more and to be made again.
_WORKED_OUT = """('Id', 'SystemModstamp', 'LastModifiedById', 'CreatedDate', 'CreatedById', 'IsDeleted', 'Name',
    'attributes', 'LastViewedDate', 'LastReferencedDate')"""

_WHOLE = f"""(SELECT '{{' || string_agg(to_json(e.key) || ':' || e.value, ',') || '}}' FROM json_each(present) e
    WHERE e.type NOT IN ('OBJECT', 'ARRAY') AND e.key NOT IN {_WORKED_OUT}
      AND (e.key <> 'LastModifiedDate' OR read_since))"""

_DELETE = f"""
SELECT {
    _columns(
        "object", "'delete'", "'Id'", "crm_id", _WHOLE, "'{}'",
        "json_object('why', 'the same person as ' || node_object || ' ' || node_id, 'merged_into', node_id)",
    )
}
FROM judged WHERE way = 'one' AND NOT held AND goes
"""  # fmt: skip

_FILL = f"""
SELECT identity_id, any_value(node_object) AS object, 'update' AS action, 'Id' AS match_field, node_id AS match_value,
    '{{' || string_agg(to_json(field) || ':null', ',') || '}}' AS before,
    '{{' || string_agg(to_json(field) || ':' || value, ',') || '}}' AS after,
    '{{' || string_agg(to_json(field) || ':' || json_object('why', 'empty there, and known in ' || other,
        'profile', profile, 'mirror', true), ',') || '}}' AS origin, '{{}}' AS conflicts,
    any_value(lead_digest) AS lead_digest
FROM (
    SELECT identity_id, node_object, node_id, lead_digest, f.field, object || ' ' || crm_id AS other,
           $account || '/' || object || '/' || crm_id AS profile,
           CAST(json_extract(present, '$.' || f.field) AS VARCHAR) AS value
    FROM judged j, unnest($fill) AS f(field)
    WHERE way = 'one' AND NOT held AND json_exists(node_present, '$.' || f.field)
      AND coalesce(trim(json_extract_string(node_present, '$.' || f.field)), '') = ''
      AND coalesce(trim(json_extract_string(present, '$.' || f.field)), '') <> ''
      AND NOT {_HELD.format("j", "j.node_object", "f.field", "json_extract_string(present, '$.' || f.field)")}
    QUALIFY row_number() OVER (
        PARTITION BY node_id, f.field ORDER BY json_extract_string(present, '$.CreatedDate'), crm_id) = 1)
GROUP BY identity_id, node_id
"""

# Once two of them are two again, the mark goes, and so does what we filled in from the other and nobody edited since.
_UNDONE = f"""
SELECT identity_id, object, 'update' AS action, 'Id' AS match_field, crm_id AS match_value,
    '{{' || string_agg(to_json(field) || ':' || to_json(here), ',') || '}}' AS before,
    '{{' || string_agg(to_json(field) || ':' || coalesce(to_json(value), 'null'), ',') || '}}' AS after,
    '{{' || string_agg(to_json(field) || ':' || json_object('why', 'no longer the same person as the other record',
        'mirror', true), ',') || '}}' AS origin, '{{}}' AS conflicts, any_value(lead_digest) AS lead_digest
FROM (
    SELECT k.identity_id, k.object, k.crm_id, k.lead_digest, $field AS field, NULL AS value,
           json_extract_string(k.present, '$.' || $field) AS here
    FROM known k WHERE k.crm_id IS NOT NULL AND NOT k.gone AND NOT k.unsettled AND here <> ''
    UNION ALL
    SELECT k.identity_id, k.object, k.crm_id, k.lead_digest, s.field, s.value, s.last
    FROM known k JOIN strayed s USING (identity_id)
    WHERE s.field IN (SELECT unnest($fill)) AND json_extract_string(k.present, '$.' || s.field) = s.last) u
WHERE NOT {_HELD.format("u", "u.object", "u.field", "u.value")}
GROUP BY identity_id, object, crm_id
"""

_MOVED = f"""
SELECT {
    _columns(
        "'Task'", "'update'", "'Id'", "task_id", "json_object('WhoId', who)", "json_object('WhoId', k.crm_id)",
        "json_object('WhoId', " + _BESIDE.format("it goes to the record of the person whom it is about") + ")",
    )
}
FROM task t JOIN known k USING (identity_id)
WHERE k.object IN ('Contact', 'Lead') AND k.crm_id <> t.who AND NOT k.gone AND NOT k.unsettled
  AND (EXISTS (SELECT 1 FROM judged j WHERE j.crm_id = t.who AND j.identity_id = t.identity_id AND j.way = 'one'
               AND NOT j.held)
       OR EXISTS (SELECT 1 FROM known o WHERE o.crm_id = t.who AND o.identity_id <> t.identity_id))
"""  # fmt: skip

# The places of a lead that goes are made anew for the master: Salesforce does not let one be given to somebody else.
_PLACED = f"""
SELECT {
    _columns(
        "'CampaignMember'", "'create'", "$external", "value", "'{}'",
        "json_merge_patch('{}', json_object('CampaignId', campaign_id, 'Status', status, "
        "'LeadId', if(node_object = 'Lead', node_id, NULL), 'ContactId', if(node_object = 'Contact', node_id, NULL), "
        "$external, value))",
        "json_object('CampaignId', o, 'Status', o, 'LeadId', o, 'ContactId', o)",
    )
}
FROM (SELECT j.*, m.campaign_id, m.status, m.campaign_id || '/' || j.crm_id AS value,
             {_BESIDE.format("a place of the record that goes")} AS o
      FROM judged j JOIN member m ON m.crm_id = j.crm_id AND m.ours
      WHERE way = 'one' AND NOT held AND goes) p
WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.campaign_id = p.campaign_id AND m.crm_id = p.node_id)
  AND NOT EXISTS (SELECT 1 FROM made x WHERE x.object = 'CampaignMember' AND x.match_value = p.value)
QUALIFY row_number() OVER (PARTITION BY node_id, campaign_id ORDER BY crm_id) = 1
"""  # fmt: skip

_NOTE = f"""
SELECT {
    _columns(
        "'Task'", "'create'", "$external", "value", "'{}'",
        "json_object('Subject', 'Two records of one person', 'Description', 'Also ' || object || ' ' || crm_id || "
        "'. All that is known of them says that it is the same person: please merge the two here, or tell us that "
        "they are not.', 'WhoId', node_id, 'OwnerId', owner, $external, value)",
        "json_object('Subject', o, 'Description', o, 'WhoId', o, 'OwnerId', o)",
    )
}
FROM (SELECT *, 'merged/' || crm_id || '/' || node_id AS value,
             json_extract_string(node_present, '$.OwnerId') AS owner,
             {_BESIDE.format("the CRM has two records of one person")} AS o
      FROM judged j WHERE way = 'note' AND NOT {_HELD.format("j", "'Task'", "NULL", "NULL")})
WHERE NOT EXISTS (SELECT 1 FROM made x WHERE x.object = 'Task' AND x.match_value = value)
"""  # fmt: skip

CHANGES = (_MARK, _DELETE, _FILL, _UNDONE, _MOVED, _PLACED, _NOTE)
"""Each gives rows as of changes."""

QUESTIONS = """
SELECT identity_id, crm_id, node_object || ' ' || node_id || ' and ' || object || ' ' || crm_id AS records
FROM judged WHERE way = 'ask'
"""

STATES = """
SELECT count(*) AS taken, count(*) FILTER (way IN ('apart', 'ask') OR held) AS held,
       count(*) FILTER (way = 'one' AND NOT held AND (goes OR marked IS DISTINCT FROM node_id)
                        OR way = 'note' AND NOT held AND NOT noted) AS changed
FROM (SELECT *, EXISTS (SELECT 1 FROM made x WHERE x.object = 'Task'
                        AND x.match_value = 'merged/' || crm_id || '/' || node_id) AS noted FROM judged)
"""
