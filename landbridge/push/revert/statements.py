"""The statements of a revert, in their order: all records at once, in tables that last as long as the transaction.

chosen     the changes that are to be taken back
record     one row a CRM record: what is to become of it, and how it stands now
value      one row a field of a record that is to be given back: first before, our last, what is there now
"""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.push.claimed import UNSETTLED, WAITS
from landbridge.push.holds import REACH
from landbridge.push.known import FORGOTTEN_NAMES


@dataclass(frozen=True)
class Choice:
    """Which changes a word means: the query that counts them, and the one that gathers them."""

    where: str

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM change c WHERE {_DONE} AND {self.where}"

    @property
    def rows(self) -> str:
        return f"CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT c.* FROM change c WHERE {_DONE} AND {self.where}"


_DONE = f"""c.account = :account AND c.state = 'done' AND c.crm_id IS NOT NULL
    AND c.identity_id NOT IN ({FORGOTTEN_NAMES})"""

_HERSELF = """c.identity_id IN (
    WITH RECURSIVE old(identity_id) AS (
        SELECT CAST(:what AS text)
        UNION SELECT i.identity_id FROM identity i JOIN old ON i.redirect_to = old.identity_id)
    SELECT identity_id FROM old)"""

CHOOSE = {
    "change": Choice("c.change_id = CAST(:what AS bigint)"),
    "plan": Choice("c.plan_id = :what"),
    "run": Choice("c.sent_run_id = :what"),
    "identity": Choice(_HERSELF),
}

# First what was done to each record, taken together: made and taken away again is nothing.
_RECORD = """
CREATE TEMP TABLE record_back ON COMMIT DROP AS
SELECT object, crm_id, max(change_id) AS last_id,
       coalesce(max(change_id) FILTER (WHERE went), max(change_id) FILTER (WHERE made), max(change_id)) AS reverts,
       (array_agg(identity_id ORDER BY change_id DESC))[1] AS identity_id,
       CASE WHEN bool_or(made) AND bool_or(went) THEN 'nothing' WHEN bool_or(made) THEN 'delete'
            WHEN bool_or(went) THEN 'create' WHEN bool_or(action = 'create') THEN 'unknown' ELSE 'update' END AS what
FROM (SELECT *, action = 'create' AND created AS made, action = 'delete' AS went FROM chosen) c
GROUP BY object, crm_id
"""

# What people hold, and the identities that it reaches by any of their names.
_KEPT = f"""
CREATE TEMP TABLE kept ON COMMIT DROP AS
WITH RECURSIVE {REACH.format(account=":account")},
named(hold_id, identity_id) AS (
    SELECT hold_id, identity_id FROM whom
    UNION SELECT n.hold_id, i.identity_id FROM named n JOIN identity i ON i.redirect_to = n.identity_id)
SELECT n.identity_id, s.object, s.field FROM standing s LEFT JOIN named n USING (hold_id) WHERE s.kind = 'person'
"""


def _held(record: str, field: str) -> str:
    return f"""EXISTS (SELECT FROM kept k WHERE k.field IS NOT DISTINCT FROM {field}
        AND (k.identity_id IS NULL OR k.identity_id = {record}.identity_id)
        AND (k.object IS NULL OR k.object = {record}.object))"""


_NOW = r"""
CREATE TEMP TABLE now_there ON COMMIT DROP AS
WITH seen AS (
    SELECT b.object, b.crm_id, r.at, r.payload::jsonb AS payload
    FROM record_back b JOIN record_head h ON h.account = :account AND h.stream = b.object AND h.key = b.crm_id
    JOIN record r USING (record_id)
    WHERE r.payload IS NOT NULL AND (strpos(r.payload, '\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))),
done AS (
    SELECT b.object, b.crm_id, c.change_id, c.action, c.after, c.sent_at
    FROM record_back b JOIN change c ON c.crm_id = b.crm_id AND c.object = b.object
    WHERE c.account = :account AND c.state = 'done'),
wrote AS (
    SELECT object, crm_id, jsonb_object_agg(e.key, e.value ORDER BY change_id) AS wrote,
           jsonb_object_agg(e.key, e.value ORDER BY change_id) FILTER (WHERE at IS NULL OR sent_at > at) AS since
    FROM done LEFT JOIN seen USING (object, crm_id), jsonb_each(done.after) e GROUP BY object, crm_id),
earliest AS (  -- one pass: a record's first version is found by no index
    SELECT DISTINCT ON (b.object, b.crm_id) b.object, b.crm_id, r.payload::jsonb AS payload
    FROM record_back b JOIN record r ON r.account = :account AND r.stream = b.object AND r.key = b.crm_id
    WHERE b.what = 'delete' AND r.payload IS NOT NULL
      AND (strpos(r.payload, '\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
    ORDER BY b.object, b.crm_id, r.record_id),
stamped AS (  -- the stamp of what we saw first after our last write
    SELECT DISTINCT ON (object, crm_id) object, crm_id, r.payload::jsonb ->> 'LastModifiedDate' AS stamp
    FROM (SELECT object, crm_id, max(sent_at) AS last_at FROM done GROUP BY object, crm_id) l
    JOIN record r ON r.account = :account AND r.stream = object AND r.key = crm_id
    WHERE r.at > last_at AND r.payload IS NOT NULL
      AND (strpos(r.payload, '\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
    ORDER BY object, crm_id, r.record_id),
member AS MATERIALIZED (  -- in a campaign, and not by us
    SELECT coalesce(p ->> 'ContactId', p ->> 'LeadId') AS crm_id FROM (
        SELECT h.key, r.payload::jsonb AS p FROM record_head h JOIN record r USING (record_id)
        WHERE h.account = :account AND h.stream = 'CampaignMember' AND r.payload IS NOT NULL
          AND (strpos(r.payload, '\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))) h
    WHERE coalesce(p ->> 'ContactId', p ->> 'LeadId') IS NOT NULL
      AND NOT coalesce((p ->> 'IsDeleted')::boolean, false) AND h.key NOT IN (
          SELECT c.crm_id FROM change c WHERE c.account = :account AND c.object = 'CampaignMember' AND c.created
            AND c.crm_id IS NOT NULL)),
ended AS (SELECT DISTINCT ON (object, crm_id) object, crm_id, action = 'delete' AS went FROM done
          ORDER BY object, crm_id, change_id DESC)
SELECT object, crm_id, seen.payload, earliest.payload AS first_payload, coalesce(wrote.wrote, '{}') AS wrote,
       wrote.since IS NULL AS read_since, crm_id IN (SELECT crm_id FROM member) AS member, coalesce(
           seen.payload ->> 'LastModifiedById' IS NOT NULL
           AND seen.payload ->> 'LastModifiedById' IS DISTINCT FROM seen.payload ->> 'CreatedById'
           OR seen.payload ->> 'LastModifiedDate' <> stamped.stamp, false) AS touched,
       coalesce(seen.payload, '{}') || coalesce(wrote.since, '{}') AS present,
       coalesce((seen.payload->>'IsDeleted')::boolean, false) OR ended.went AS gone,
       coalesce((seen.payload->>'IsConverted')::boolean, false) AS converted
FROM record_back LEFT JOIN seen USING (object, crm_id) LEFT JOIN wrote USING (object, crm_id)
LEFT JOIN ended USING (object, crm_id) LEFT JOIN earliest USING (object, crm_id)
LEFT JOIN stamped USING (object, crm_id)
"""


def _same(one: str, other: str) -> str:
    """SQL for whether the CRM shows two values alike: nothing, false and an empty text are one."""

    def plain(value: str) -> str:
        return (
            f"""CASE WHEN {value} IS NULL OR {value} IN ('null', 'false', '""') THEN 'null'::jsonb ELSE {value} END"""
        )

    def folded(value: str) -> str:
        return f"lower(trim(replace({value} #>> '{{}}', chr(13), '')))"

    # Mostly they are equal as they stand, and the rest, which costs twenty times as much, is not asked.
    same = f"({one}) IS NOT DISTINCT FROM ({other})"
    return f"({same} OR crm_alike({plain(one)}, {plain(other)}) OR coalesce({folded(one)} = {folded(other)}, false))"


# A record of ours is somebody's work as soon as anything in it differs from what it was when we first read it back:
# what we wrote is compared with what we wrote last. Times and what Salesforce works out itself are nobody's work. Nor
# is it ours alone once another login than the one that made it changed it, or anybody since we first saw our last
# write there, or once somebody put it into a campaign.
_NOBODYS = (
    "('attributes', 'SystemModstamp', 'LastModifiedDate', 'LastModifiedById', 'CreatedById', 'IsDeleted', 'Name')"
)

_WORKED_ON = f"""
(n.touched OR n.member
 OR EXISTS (SELECT FROM jsonb_each(n.wrote) w WHERE n.present ? w.key AND jsonb_typeof(w.value) <> 'object'
         AND NOT {_same("n.present -> w.key", "w.value")})
 OR EXISTS (SELECT FROM jsonb_each(n.payload) w
            WHERE NOT n.wrote ? w.key AND w.key NOT IN {_NOBODYS}
              AND w.value <> coalesce(n.first_payload -> w.key, 'null')))
"""

# What is given back, field by field, where the record itself stays.
_VALUE = f"""
CREATE TEMP TABLE value_back ON COMMIT DROP AS
SELECT f.*, n.present -> f.field AS theirs, CASE
    WHEN {_held("f", "f.field")} THEN 'held'
    WHEN NOT known THEN 'unknown'
    WHEN NOT n.present ? field THEN 'back'
    WHEN {_same("n.present -> field", "before")} THEN 'same'
    WHEN {_same("n.present -> field", "ours")} OR :over THEN 'back'
    WHEN {_same("n.present -> field", "n.wrote -> field")} THEN 'ours_later' ELSE 'edited' END AS verdict,
    {_same("n.present -> field", "ours")} AS unedited,
    {_same("p.base -> field", "before")} AS own
FROM (SELECT c.object, c.crm_id, e.key AS field, max(b.identity_id) AS identity_id,
             (array_agg(c.before ? e.key ORDER BY c.change_id))[1] AS known,
             coalesce((array_agg(c.before -> e.key ORDER BY c.change_id))[1], 'null') AS before,
             (array_agg(e.value ORDER BY c.change_id DESC))[1] AS ours
      FROM chosen c JOIN record_back b USING (object, crm_id), jsonb_each(c.after) e
      WHERE b.what = 'update' GROUP BY 1, 2, 3) f
JOIN now_there n USING (object, crm_id)
LEFT JOIN pushed p ON p.account = :account AND p.object = f.object AND p.crm_id = f.crm_id
"""

# Another run of ours wrote it since, and nobody took that back.
_LATER = """
EXISTS (SELECT FROM change c WHERE c.account = :account AND c.object = b.object AND c.crm_id = b.crm_id
        AND c.state = 'done' AND c.reverts IS NULL AND c.change_id > b.last_id
        AND NOT EXISTS (SELECT FROM change u WHERE u.reverts = c.change_id AND u.state = 'done'))"""

_VERDICT = f"""
CREATE TEMP TABLE verdict ON COMMIT DROP AS
WITH busy AS MATERIALIZED (
    SELECT c.identity_id, c.match_value FROM change c WHERE c.account = :account AND {UNSETTLED})
SELECT b.object, b.crm_id, CASE
    WHEN b.identity_id IN (SELECT identity_id FROM busy) OR b.crm_id IN (SELECT match_value FROM busy) THEN 'under_way'
    WHEN what = 'nothing' OR (what = 'delete' AND gone) OR (what = 'create' AND NOT gone) THEN 'done'
    WHEN what = 'unknown' THEN 'unknown'
    WHEN {_held("b", "NULL")} THEN 'held'
    WHEN what = 'create' THEN 'create'
    WHEN gone THEN 'gone'
    WHEN converted THEN 'converted'
    WHEN what = 'delete' AND n.payload IS NULL AND b.object IN ('Lead', 'Contact') THEN 'unread'
    WHEN what = 'delete' THEN CASE WHEN :over THEN 'delete' WHEN {_WORKED_ON} THEN 'edited'
                                   WHEN {_LATER} THEN 'ours_later' ELSE 'delete' END
    WHEN EXISTS (SELECT FROM value_back v WHERE v.object = b.object AND v.crm_id = b.crm_id AND v.verdict = 'back')
    THEN 'update'
    WHEN EXISTS (SELECT FROM value_back v WHERE v.object = b.object AND v.crm_id = b.crm_id AND v.verdict <> 'same')
    THEN 'fields' ELSE 'done' END AS verdict
FROM record_back b JOIN now_there n USING (object, crm_id)
"""

STEPS = (
    "ANALYZE change", "ANALYZE record", "ANALYZE record_head", "ANALYZE pushed",
    _KEPT, _RECORD, "ANALYZE record_back", "ANALYZE chosen", _NOW, "ANALYZE now_there", _VALUE, "ANALYZE value_back",
    _VERDICT, "ANALYZE verdict",
)  # fmt: skip
"""In their order. Tables that PostgreSQL knows nothing of, or that a push has just filled, cost it the right plan."""

RECORDS = """
SELECT count(*) AS taken, count(*) FILTER (WHERE verdict = 'create') AS new,
       count(*) FILTER (WHERE verdict IN ('update', 'delete')) AS changed,
       count(*) FILTER (WHERE verdict NOT IN ('create', 'update', 'delete', 'done')) AS held
FROM verdict
"""

LEFT = """
SELECT object, crm_id, identity_id, NULL AS field, NULL::jsonb AS ours, NULL::jsonb AS theirs, verdict AS why
FROM verdict JOIN record_back USING (object, crm_id)
WHERE verdict IN ('under_way', 'unknown', 'unread', 'gone', 'converted', 'edited', 'ours_later', 'held')
UNION ALL
SELECT v.object, v.crm_id, b.identity_id, v.field, v.ours, v.theirs, v.verdict
FROM value_back v JOIN record_back b USING (object, crm_id) JOIN verdict r USING (object, crm_id)
WHERE v.verdict IN ('unknown', 'ours_later', 'edited', 'held') AND r.verdict IN ('update', 'fields')
ORDER BY object, crm_id, field NULLS FIRST
"""

_REST = f"c.account = :account AND {WAITS} AND c.plan_id IN (SELECT plan_id FROM chosen)"
BREAK_OFF = f"UPDATE change c SET state = 'superseded', settled_at = now() WHERE {_REST}"

NOT_SENT = "not sent any more: the rest of it is taken back"
"""Why what had not left yet is held."""

# As what was written is held once it is taken back (taken_back), so that the next plan does not bring it. A refusal is
# never held: no is no.
HOLD_REST = f"""
INSERT INTO hold (account, identity_id, object, field, value, kind, actor, reason)
SELECT c.account, c.identity_id, c.object, held.field, held.value, 'revert', :actor, :reason
FROM change c JOIN plan p USING (plan_id), LATERAL (
    SELECT CAST(NULL AS text) AS field, CAST(NULL AS jsonb) AS value WHERE c.action = 'create'
    UNION ALL
    SELECT e.key, e.value FROM jsonb_each(c.after) e
    WHERE c.action = 'update' AND (c.origin -> e.key ->> 'field' = ANY(:refusals)) IS NOT TRUE
      AND NOT jsonb_path_exists(c.origin, '$.*.beside')) held
WHERE {_REST} AND p.kind = 'push' AND c.object IN ('Lead', 'Contact') AND NOT EXISTS (
    SELECT FROM hold h
    WHERE h.account = c.account AND h.identity_id = c.identity_id AND h.kind = 'revert' AND h.object = c.object
      AND h.released_at IS NULL AND h.field IS NOT DISTINCT FROM held.field AND h.value IS NOT DISTINCT FROM held.value)
"""

LET_REST_GO = """
UPDATE hold SET released_at = now(), released_by = :actor, released_why = :why
WHERE account = :account AND kind = 'revert' AND released_at IS NULL AND reason = :reason
"""

SUPERSEDE = f"""
UPDATE change c SET state = 'superseded', settled_at = now() FROM verdict v JOIN record_back b USING (object, crm_id)
WHERE c.account = :account AND {WAITS} AND v.verdict IN ('create', 'update', 'delete')
  AND (c.match_value = v.crm_id OR c.identity_id = b.identity_id)
"""

_GIVEN = """
SELECT object, crm_id, jsonb_object_agg(field, theirs) FILTER (WHERE verdict = 'back' AND theirs IS NOT NULL) AS before,
       jsonb_object_agg(field, before) FILTER (WHERE verdict = 'back') AS after,
       jsonb_object_agg(field, jsonb_build_object('why', CAST(:why AS text), 'wanted', ours, 'own', own))
           FILTER (WHERE verdict = 'back') AS origin,
       jsonb_object_agg(field, jsonb_build_object('ours', before, 'theirs', theirs, 'last', ours, 'why', 'edited',
                                                  'kept', CASE verdict WHEN 'back' THEN 'ours' ELSE 'theirs' END))
           FILTER (WHERE verdict = 'edited' OR (verdict = 'back' AND NOT unedited)) AS conflicts
FROM value_back GROUP BY object, crm_id
"""

# What goes is kept whole, so that an edit of any field is seen before it goes, and all of it can be made again.
_WHOLE = """
SELECT coalesce(jsonb_object_agg(w.key, w.value), '{}') FROM (
    SELECT key, value FROM jsonb_each(n.present)
    WHERE jsonb_typeof(value) NOT IN ('object', 'array') AND (key <> 'LastModifiedDate' OR n.read_since)
      AND key NOT IN ('Id', 'SystemModstamp', 'LastModifiedById', 'CreatedDate', 'CreatedById', 'IsDeleted', 'Name',
                      'LastViewedDate', 'LastReferencedDate')
      AND jsonb_typeof(n.wrote -> left(key, -2)) IS DISTINCT FROM 'object'  -- LeadId, where we named the Lead
    UNION ALL SELECT key, value FROM jsonb_each(n.wrote) WHERE jsonb_typeof(value) = 'object') w
"""

# Of that, what a new record can be given. What was not ours there is not ours in the new one.
_MADE_AGAIN = f"""
SELECT jsonb_object_agg(w.key, w.value) AS after, jsonb_object_agg(w.key, jsonb_build_object('why', CAST(:why AS text),
           'own', NOT coalesce({_same("n.wrote -> w.key", "w.value")}, false))) AS origin
FROM jsonb_each(jsonb_strip_nulls(d.before)) w
WHERE w.key NOT IN ('LastModifiedDate', 'LastActivityDate', 'IsConverted', 'ConvertedDate', 'ConvertedContactId',
                    'ConvertedAccountId', 'ConvertedOpportunityId', 'MasterRecordId')
  AND NOT coalesce(CAST(:never AS jsonb) -> b.object ? w.key, false)
"""

INSERT = f"""
INSERT INTO change (plan_id, account, identity_id, object, action, match_field, match_value, before, after, origin,
                    conflicts, lead_digest, reverts)
SELECT :plan_id, :account, coalesce(p.identity_id, b.identity_id), b.object, v.verdict,
       CASE v.verdict WHEN 'create' THEN :external ELSE 'Id' END,
       CASE v.verdict WHEN 'create' THEN coalesce(d.before ->> :external,
           CASE WHEN d.origin ? 'merged_into' THEN 'again/' || b.crm_id ELSE b.identity_id END) ELSE b.crm_id END,
       CASE v.verdict WHEN 'update' THEN coalesce(g.before, '{{}}') WHEN 'delete' THEN ({_WHOLE}) ELSE '{{}}' END,
       CASE v.verdict WHEN 'update' THEN g.after WHEN 'create' THEN m.after ELSE '{{}}' END,
       CASE v.verdict WHEN 'update' THEN g.origin WHEN 'create' THEN m.origin
           ELSE jsonb_build_object('why', 'we made it in run ' || d.sent_run_id) END,
       coalesce(g.conflicts, '{{}}'), '', b.reverts
FROM verdict v JOIN record_back b USING (object, crm_id) JOIN now_there n USING (object, crm_id)
LEFT JOIN ({_GIVEN}) g USING (object, crm_id)
LEFT JOIN change d ON d.change_id = b.reverts
LEFT JOIN LATERAL ({_MADE_AGAIN}) m ON v.verdict = 'create'
LEFT JOIN pushed p ON p.account = :account AND p.object = b.object AND p.crm_id = b.crm_id
WHERE v.verdict IN ('create', 'update', 'delete') ORDER BY b.last_id DESC
"""
