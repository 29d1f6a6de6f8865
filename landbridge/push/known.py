"""What is known before planning: each lead that may leave, the CRM record that is its own, and that record's state.

A CRM record belongs to the identity that its profile is linked to; one that we created stays with the identity we
created it for, until that falls apart. So a record has one owner, and two plans can never fight over it. Where an
identity has several, one of them is its node: landbridge.push.node says which.

The present state is the newest record that was read from the CRM, overlaid with what we have written since then. A
flow that reads the CRM while another writes to it would break that order of time: they share the account's lock.
"""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from landbridge.push.claimed import UNSETTLED
from landbridge.push.node import SHIPPED, Node
from landbridge.store.engine import Store

FORGOTTEN = """
    WITH RECURSIVE forgotten(id) AS (
        SELECT identity_id FROM erasure
        UNION SELECT i.redirect_to FROM identity i JOIN forgotten ON i.identity_id = forgotten.id
        WHERE i.redirect_to IS NOT NULL)
    SELECT id FROM forgotten"""
"""Who is to be forgotten, by whatever name they go today: nothing of them is written."""

FORGOTTEN_NAMES = f"""
    WITH RECURSIVE names(id) AS (
        SELECT id FROM ({FORGOTTEN}) f
        UNION SELECT i.identity_id FROM identity i JOIN names ON i.redirect_to = names.id)
    SELECT id FROM names"""
"""The same by all names that they ever went by."""

_VALID = f"""lead l JOIN identity i USING (identity_id)
    WHERE l.valid AND l.checked_digest = l.digest AND i.redirect_to IS NULL AND l.identity_id NOT IN ({FORGOTTEN})"""

_LIVING = """
living(identity_id, now_id) AS (
    SELECT identity_id, identity_id FROM identity WHERE redirect_to IS NULL
    UNION ALL
    SELECT i.identity_id, living.now_id FROM identity i JOIN living ON i.redirect_to = living.identity_id
)"""

# What we wrote for an identity that fell apart since: a record that we created goes with most of the profiles that its
# first values were from.
_PARTED = """
torn AS MATERIALIZED (
    SELECT DISTINCT living.now_id FROM identity_event e JOIN living USING (identity_id)
    WHERE e.kind IN ('split', 'restored')
),
parted AS MATERIALIZED (
    SELECT DISTINCT ON (object, crm_id) object, crm_id, identity_id FROM (
        SELECT c.object, c.crm_id, k.identity_id, count(*) AS profiles
        FROM pushed p JOIN living USING (identity_id) JOIN torn USING (now_id)
        JOIN change c ON c.account = p.account AND c.object = p.object AND c.crm_id = p.crm_id AND c.created
        CROSS JOIN jsonb_each(c.origin) o JOIN link k ON k.profile_id = o.value->>'profile'
        WHERE p.account = $1 AND c.state = 'done' GROUP BY c.object, c.crm_id, k.identity_id) each
    ORDER BY object, crm_id, profiles DESC, identity_id
)"""

_ALL = f"""
WITH RECURSIVE {_LIVING}, {_PARTED},
former(identity_id, ids) AS MATERIALIZED (
    SELECT now_id, array_agg(identity_id) FROM living WHERE identity_id <> now_id GROUP BY now_id
),
leads AS MATERIALIZED (
    SELECT l.identity_id, l.fields, l.origin, l.digest
    FROM {_VALID}
),
made AS MATERIALIZED (
    SELECT p.object, p.crm_id, coalesce(parted.identity_id, living.now_id) AS identity_id, p.fields AS last,
           EXISTS (SELECT FROM change c WHERE c.crm_id = p.crm_id AND c.object = p.object AND c.account = p.account
                   AND c.created) AS created
    FROM pushed p JOIN living USING (identity_id) LEFT JOIN parted USING (object, crm_id) WHERE p.account = $1
),
linked AS MATERIALIZED (
    SELECT p.stream AS object, p.key AS crm_id, k.identity_id, p.gone
    FROM profile p JOIN link k USING (profile_id) WHERE p.account = $1 AND p.stream IN ('Lead', 'Contact')
),
seen AS MATERIALIZED (
    SELECT h.stream AS object, h.key AS crm_id, r.at, r.payload::jsonb AS payload
    FROM record_head h JOIN record r USING (record_id)
    WHERE h.account = $1 AND h.stream IN ('Lead', 'Contact') AND r.payload IS NOT NULL
          -- JSON may say \\u0000, which jsonb refuses: such a record is as good as not seen
          AND (strpos(r.payload, '\\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
),
removed AS MATERIALIZED (
    SELECT object, crm_id, max(sent_at) AS at FROM change
    WHERE account = $1 AND action = 'delete' AND state = 'done' GROUP BY object, crm_id
),
owned AS (
    SELECT coalesce(m.object, k.object) AS object, coalesce(m.crm_id, k.crm_id) AS crm_id,
           CASE WHEN m.created OR k.identity_id IS NULL THEN m.identity_id ELSE k.identity_id END AS identity_id,
           coalesce(m.created OR m.last <> '{{}}', false) AS ours, coalesce(k.gone, false) AS gone
    FROM linked k FULL JOIN made m ON m.object = k.object AND m.crm_id = k.crm_id
),
placed AS (
    SELECT DISTINCT ON (coalesce(became.id, o.crm_id)) o.identity_id, o.ours,
           o.gone OR coalesce((seen.payload->>'IsDeleted')::boolean, false) AS gone,
           seen.payload->>'CreatedDate' AS created_date,
           CASE WHEN became.id IS NULL THEN o.object ELSE 'Contact' END AS object,
           coalesce(became.id, o.crm_id) AS crm_id
    FROM owned o
    LEFT JOIN seen USING (object, crm_id)
    LEFT JOIN LATERAL (SELECT seen.payload->>'ConvertedContactId' AS id
                       WHERE (seen.payload->>'IsConverted')::boolean AND {{follows}}) became ON true
    WHERE ({{follows}} OR NOT coalesce((seen.payload->>'IsConverted')::boolean, false))
    -- what we took away ourselves is as good as gone, though nobody has read it back yet
      AND NOT EXISTS (SELECT FROM removed r WHERE r.object = o.object AND r.crm_id = o.crm_id
                      AND (seen.at IS NULL OR r.at > seen.at))
    ORDER BY coalesce(became.id, o.crm_id), became.id NULLS FIRST, o.identity_id
),
node AS MATERIALIZED (
    SELECT DISTINCT ON (identity_id) identity_id, object, crm_id, gone
    FROM placed
    WHERE ours OR NOT gone
    ORDER BY identity_id, {{order}}
),
written AS (
    SELECT object, crm_id, jsonb_object_agg(key, value ORDER BY change_id) AS since
    FROM (
        SELECT c.object, c.crm_id, c.change_id, e.key, e.value
        FROM change c LEFT JOIN seen USING (object, crm_id), jsonb_each(c.after) e
        WHERE c.account = $1 AND c.state = 'done' AND (seen.at IS NULL OR c.sent_at > seen.at)
    ) each GROUP BY object, crm_id
)
"""


def records(node: Node = SHIPPED) -> str:
    """The WITH of a query over the CRM's records, by a policy's rules: `owned`, `placed`, `node`, `seen`, `written`."""
    return _ALL.replace("{order}", node.order).replace("{follows}", node.follows)


_QUERY = f"""
SELECT leads.identity_id, leads.digest AS lead_digest, leads.fields::text, leads.origin::text,
       node.object, node.crm_id,
       CASE WHEN written.since IS NULL THEN seen.payload ELSE coalesce(seen.payload, '{{}}') || written.since END::text
           AS present,
       made.last::text AS last,
       coalesce(former.ids, '{{}}') AS former_ids,
       coalesce(node.gone, false) AS gone,
       node.crm_id IS NULL AND EXISTS (
           SELECT FROM linked k WHERE k.identity_id = leads.identity_id AND NOT k.gone
             AND NOT EXISTS (SELECT FROM removed r WHERE r.object = k.object AND r.crm_id = k.crm_id)) AS "foreign",
       leads.identity_id IN (SELECT c.identity_id FROM change c WHERE c.account = $1 AND {UNSETTLED}) AS unsettled
FROM leads
LEFT JOIN former USING (identity_id)
LEFT JOIN node USING (identity_id)
LEFT JOIN seen ON seen.object = node.object AND seen.crm_id = node.crm_id
LEFT JOIN written ON written.object = node.object AND written.crm_id = node.crm_id
LEFT JOIN made ON made.object = node.object AND made.crm_id = node.crm_id
"""


def count(store: Store) -> int:
    """How many leads may leave: valid as they stand now, of identities that live."""
    with store.begin() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {_VALID}")) or 0


def read(store: Store, account: str, node: Node = SHIPPED) -> pa.Table:
    """One row a valid lead, by `identity_id`:

    lead_digest, fields, origin: the lead's, the latter two as JSON text
    object, crm_id: its node in the CRM, null where it has none
    present: the node's state, JSON text, null where the CRM has never shown it to us
    last: what we last wrote there, JSON text, null where we never did
    former_ids: the identity's ids of old, each of which still means it
    gone: somebody deleted the node, which was ours
    foreign: the identity's own CRM records are all taken by other identities
    unsettled: a write for it is under way, or its outcome unknown
    """
    return _asked(store, records(node) + _QUERY, account)


_STRAYED = f"""
WITH RECURSIVE {_LIVING}, {_PARTED}
SELECT coalesce(parted.identity_id, living.now_id) AS identity_id, f.key AS field, p.base ->> f.key AS value,
       p.fields ->> f.key AS last
FROM pushed p JOIN living USING (identity_id) JOIN torn USING (now_id) LEFT JOIN parted USING (object, crm_id)
CROSS JOIN jsonb_object_keys(p.fields) f(key)
CROSS JOIN LATERAL (
    SELECT c.origin -> f.key ->> 'profile' AS profile FROM change c
    WHERE c.account = p.account AND c.object = p.object AND c.crm_id = p.crm_id AND c.state = 'done' AND c.after ? f.key
    ORDER BY c.change_id DESC LIMIT 1) o
JOIN link k ON k.profile_id = o.profile
WHERE p.account = $1 AND k.identity_id <> coalesce(parted.identity_id, living.now_id)
"""


def strayed(store: Store, account: str) -> pa.Table:
    """What we wrote to a record and is somebody else's since an identity fell apart: identity_id, field, `value`, what
    stood there before us, and `last`, what we wrote."""
    return _asked(store, _STRAYED, account)


_BESIDE = """
SELECT leads.identity_id, leads.digest AS lead_digest, leads.fields::text, p.object, p.crm_id,
       (seen.payload || coalesce(written.since, '{}'))::text AS present, written.since IS NULL AS read_since,
       node.object AS node_object, node.crm_id AS node_id,
       (coalesce(master.payload, '{}') || coalesce(over.since, '{}'))::text AS node_present
FROM leads JOIN node USING (identity_id) JOIN placed p ON p.identity_id = leads.identity_id AND p.crm_id <> node.crm_id
JOIN seen ON seen.object = p.object AND seen.crm_id = p.crm_id
LEFT JOIN written ON written.object = p.object AND written.crm_id = p.crm_id
LEFT JOIN seen master ON master.object = node.object AND master.crm_id = node.crm_id
LEFT JOIN written over ON over.object = node.object AND over.crm_id = node.crm_id
WHERE NOT p.gone AND NOT node.gone
"""


def beside(store: Store, account: str, node: Node = SHIPPED) -> pa.Table:
    """The CRM records of people beside their nodes: identity_id, lead_digest, fields (the lead's), object, crm_id,
    present, read_since (we wrote nothing to it since it was read); and the node's node_object, node_id, node_present.
    """
    return _asked(store, records(node) + _BESIDE, account)


def _asked(store: Store, query: str, account: str) -> pa.Table:
    """Joined by hashing: of what a push has just written the database may have counted nothing, would take it for a
    row or two, and look through all of it for each lead (250 s for 100,000 where 10 do)."""
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(query, (account,))
        return cursor.fetch_arrow_table()


def times(store: Store) -> pa.Table:
    """When each profile was last changed, as its system says: profile_id, at (seconds since 1970)."""
    query = """SELECT profile_id, extract(epoch FROM coalesce(updated_at, created_at))::float8 AS at FROM profile
               WHERE coalesce(updated_at, created_at) IS NOT NULL"""
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table()


NO_TIMES = pa.table({"profile_id": pa.array([], pa.string()), "at": pa.array([], pa.float64())})
