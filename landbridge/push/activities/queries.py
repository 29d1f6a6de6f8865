"""The queries of landbridge.push.activities: what PostgreSQL knows, and what DuckDB makes of it."""

from __future__ import annotations

PLANNED = (
    "identity_id", "object", "action", "match_field", "match_value", "before", "after", "origin", "conflicts",
    "lead_digest",
)  # fmt: skip
"""The columns of a planned change."""

AS_OF = """
SELECT CAST(CAST(least(coalesce(max(at), now()), now()) AT TIME ZONE 'UTC' AS date) AS text) AS as_of FROM touchpoint
"""

# Whole days, as the lead's score counts them. A hostile text costs no more than its first part.
TOUCHED = """
SELECT l.identity_id, t.touchpoint_id, t.account, t.kind, t.at AT TIME ZONE 'UTC' AS moment,
       left(t.subject, 300) AS subject, left(t.text, 4000) AS text, left(t.url, 500) AS url, t.campaign
FROM touchpoint t JOIN link l ON l.profile_id = t.person
WHERE t.account <> $1 AND t.kind = ANY(string_to_array($2, chr(31)))
  AND CAST(t.at AT TIME ZONE 'UTC' AS date) > CAST($3 AS date) - {days}
"""

DONE = """
SELECT object, match_value FROM change
WHERE account = $1 AND state = 'done' AND action = 'create' AND object IN ('Task', 'CampaignMember')
"""

_HEADS = """
SELECT h.stream, h.key, r.payload::jsonb AS p FROM record_head h JOIN record r USING (record_id)
WHERE h.account = $1 AND h.stream IN ({streams}) AND r.payload IS NOT NULL
  AND (strpos(r.payload, '\\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
"""
_LIVING = "NOT coalesce((p->>'IsDeleted')::boolean, false)"

DEALS = f"""
WITH head AS MATERIALIZED ({_HEADS.format(streams="'Opportunity', 'OpportunityContactRole', 'Contact'")}),
open AS (SELECT key AS deal, p->>'Name' AS name, p->>'OwnerId' AS owner, p->>'ContactId' AS contact,
                p->>'AccountId' AS company, p->>'CreatedDate' AS made
         FROM head WHERE stream = 'Opportunity' AND {_LIVING} AND NOT coalesce((p->>'IsClosed')::boolean, false)),
found AS (
    SELECT contact AS contact_id, open.*, 1 AS way, 'names them' AS how FROM open WHERE contact IS NOT NULL
    UNION ALL
    SELECT h.p->>'ContactId', open.*, 2, 'gives them a part' FROM head h
    JOIN open ON deal = h.p->>'OpportunityId' WHERE h.stream = 'OpportunityContactRole' AND {_LIVING}
    UNION ALL
    SELECT h.key, open.*, 3, 'is with their company' FROM head h
    JOIN open ON company = h.p->>'AccountId' WHERE h.stream = 'Contact' AND {_LIVING})
SELECT DISTINCT ON (contact_id) contact_id, deal, name, owner, how FROM found
ORDER BY contact_id, way, made DESC, deal
"""

CAMPAIGNS = f"""
SELECT key AS campaign_id, lower(trim(p->>'Name')) AS name
FROM ({_HEADS.format(streams="'Campaign'")}) h WHERE {_LIVING}
"""

MEMBERSHIPS = f"""
SELECT p->>'CampaignId' AS campaign_id, coalesce(p->>'ContactId', p->>'LeadId') AS crm_id
FROM ({_HEADS.format(streams="'CampaignMember'")}) h WHERE {_LIVING}
"""

_HELD = """EXISTS (SELECT 1 FROM hold h WHERE h.field IS NULL AND (h.object IS NULL OR h.object = {object})
    AND (h.identity_id IS NULL OR h.identity_id = c.identity_id))"""

_PLAIN = r"regexp_replace({0}, '[\x00-\x1f\x7f\s]+', ' ', 'g')"

# Too many are left out whether the others were sent or not: else each run would send the next few.
_SETTLED = """
SELECT c.*, CASE WHEN there THEN 'there' WHEN parent IS NULL OR {held} THEN 'held'
    WHEN row_number() OVER (PARTITION BY identity_id ORDER BY moment DESC, match_value) > $most
      OR row_number() OVER (ORDER BY moment DESC, match_value) > $most_in_all THEN 'held' ELSE 'new' END AS state
FROM candidate c
"""

# The CRM's external ids know no case, and some systems' ids do.
_ID = """if(t.touchpoint_id = lower(t.touchpoint_id), t.touchpoint_id,
    t.touchpoint_id || '~' || left(md5(t.touchpoint_id), 8))"""

_TASK = f"""
SELECT t.*, k.crm_id, k.lead_digest, d.deal AS parent, d.owner, d.how, {_ID} AS match_value,
       x.match_value IS NOT NULL AS there,
       json_object('why', 'what happened, for whoever owns the open deal that ' || d.how,
                   'touchpoint', touchpoint_id) AS o
FROM touched t JOIN known k USING (identity_id) LEFT JOIN deal d ON d.contact_id = k.crm_id
LEFT JOIN done x ON x.object = 'Task' AND x.match_value = {_ID}
WHERE k.object = 'Contact' AND k.present IS NOT NULL AND NOT k.gone AND NOT k.unsettled
"""

TASKS = f"""
WITH candidate AS ({_TASK}), settled AS ({_SETTLED.format(held=_HELD.format(object="'Task'"))})
SELECT state, identity_id, 'Task' AS object, 'create' AS action, $external AS match_field, match_value,
    '{{}}' AS before, json_merge_patch('{{}}', json_object(
        'Subject', left(upper(kind[1]) || replace(kind[2:], '_', ' ') || ': ' ||
                        {_PLAIN.format("coalesce(subject, text, account)")}, 255),
        'Description', left(concat_ws(chr(10), text, url,
                                      account || ', ' || strftime(moment, '%Y-%m-%d %H:%M') || ' UTC'), 5000),
        'ActivityDate', strftime(timezone($zone, timezone('UTC', moment)), '%Y-%m-%d'),
        'WhoId', crm_id, 'WhatId', parent, 'OwnerId', owner,
        $external, match_value)) AS after,
    json_object('Subject', o, 'Description', o, 'ActivityDate', o, 'WhoId', o, 'WhatId', o, 'OwnerId', o) AS origin,
    '{{}}' AS conflicts, lead_digest
FROM settled
"""

_MEMBER = """
SELECT t.identity_id, g.campaign_id AS parent, max(t.moment) AS moment,
       arg_max(t.touchpoint_id, t.moment) AS touchpoint_id,
       bool_or(list_contains($responded, t.kind)) AS responded, any_value(k.lead_digest) AS lead_digest,
       any_value(k.crm_id) AS crm_id, any_value(coalesce(k.object, 'Lead')) AS node,
       any_value(p.match_value) AS planned,
       coalesce(g.campaign_id, '') || '/' || t.identity_id AS match_value,
       bool_or(x.match_value IS NOT NULL OR m.crm_id IS NOT NULL) AS there
FROM touched t JOIN known k USING (identity_id)
LEFT JOIN named g ON g.name = lower(trim(t.campaign)) OR left(g.campaign_id, 15) = left(t.campaign, 15)
LEFT JOIN planned p ON p.identity_id = t.identity_id AND p.action = 'create'
LEFT JOIN done x ON x.object = 'CampaignMember' AND x.match_value = g.campaign_id || '/' || t.identity_id
LEFT JOIN member m ON m.campaign_id = g.campaign_id AND m.crm_id = k.crm_id
WHERE t.campaign IS NOT NULL AND NOT k.gone AND NOT k.unsettled
  AND coalesce(json_extract_string(k.fields, '$.email_opt_out'), '') <> 'true'
  AND ((k.object IS NOT NULL AND k.present IS NOT NULL) OR p.match_value IS NOT NULL)
GROUP BY t.identity_id, g.campaign_id
"""

MEMBERS = f"""
WITH named AS (SELECT name, min(campaign_id) AS campaign_id FROM campaign GROUP BY name HAVING count(*) = 1),
candidate AS ({_MEMBER}), settled AS ({_SETTLED.format(held=_HELD.format(object="'CampaignMember'"))})
SELECT state, identity_id, 'CampaignMember' AS object, 'create' AS action, $external AS match_field, match_value,
    '{{}}' AS before,
    json_merge_patch('{{}}', json_object('CampaignId', parent, 'Status', if(responded, 'Responded', 'Sent'),
        'LeadId', if(node = 'Lead', crm_id, NULL), 'ContactId', if(node = 'Contact', crm_id, NULL),
        'Lead', if(crm_id IS NULL, json_object($external, planned), NULL), $external, match_value)) AS after,
    json_object('CampaignId', o, 'Status', o, 'LeadId', o, 'ContactId', o, 'Lead', o) AS origin, '{{}}' AS conflicts,
    lead_digest
FROM (SELECT *, json_object('why', 'a touch of the campaign', 'touchpoint', touchpoint_id) AS o FROM settled)
"""
