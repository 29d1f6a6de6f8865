"""Looking once more before a file leaves: what landbridge.push.fresh does a call at a time, done for all at once.

Before the first file one bulk query asks for the records that changed since the CRM was read for the plan; where that
moment is not known, because it was read again since, it asks for all. Before each file that follows, which may be an
hour later, one asks for what changed since the look before.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from connectors.base import Bulk
from landbridge.errors import SourceChanged
from landbridge.push.bulk import copies, unnamed
from landbridge.push.bulk.claims import APPROVED, found_by
from landbridge.push.dispatch import Dispatch
from landbridge.push.note import SETTLED, count, write_down
from landbridge.push.outbox import Group, Ready

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Of a column, in lower case: it goes into a statement as it is."""

_GROUP = f"""
c.account = :account AND c.object = :object AND c.action = :action AND c.match_field = :match_field
AND {APPROVED} AND (c.sent_at IS NULL OR c.sent_at < :began)
"""
# A parent named by its external id is no field that could be asked for: see Outgoing.shown.
_PLAIN_VALUE = "jsonb_typeof(b.value) NOT IN ('object', 'array')"
_FIELDS = f"""
SELECT DISTINCT b.key FROM change c, LATERAL jsonb_each(c.before) b WHERE {_GROUP} AND {_PLAIN_VALUE} ORDER BY 1
"""

# Ten minutes: rows that are committed late carry an older stamp (airbyte #27146).
_SINCE = f"""
SELECT to_char(((r.checkpoint->>'at')::timestamptz - interval '10 minutes') AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM cursor r WHERE r.account = :account AND r.stream = :object
  AND pg_input_is_valid(r.checkpoint->>'at', 'timestamptz')
  AND r.at <= (SELECT min(p.at) FROM plan p WHERE p.plan_id IN (SELECT c.plan_id FROM change c WHERE {_GROUP}))
"""


_AGAIN = """
SELECT clock_timestamp() AS now,
       to_char((CAST(:looked AS timestamptz) - interval '2 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
       AS since
"""
"""Two minutes: our clock is not the CRM's, and of our own files no more than that need come back."""


def drop_edited(way: Dispatch, bulk: Bulk, group: Group, ready: Ready, looked: datetime | None) -> datetime | None:
    """Supersede the group's changes of records that somebody edited since the plan, or since we `looked` last.

    Answers when this look began, by the database's clock.
    """
    if group.action == "create":
        return None
    named = {**vars(group), "account": way.account, "began": ready.began}
    with way.store.begin() as connection:
        fields = list(connection.execute(sa.text(_FIELDS), named).scalars())
        began, since = connection.execute(sa.text(_AGAIN), {"looked": looked}).one()
        since = since or connection.scalar(sa.text(_SINCE), named)
    with unnamed.files() as new_file:
        pages = bulk.changed(way.access, group.object, [group.match_field, *fields], since, new_file)
        # An answer without rows may come without a header, too.
        if answered := [page for page in pages if page.stat().st_size]:
            with way.store.begin() as connection:
                counts = _compared(connection, way, group, named, answered)
            count(way, counts)
    moment: datetime = began
    return moment


# What CSV shows of a value, and what the plan saw of it, in one form: landbridge.push.same says which.
_PLAIN = """
CREATE OR REPLACE FUNCTION pg_temp.plain(value text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE
        WHEN coalesce(trim(value), '') IN ('', 'false') THEN ''
        WHEN value = 'true' THEN '1'
        WHEN value ~ '^-?[0-9.]{1,40}([eE][-+]?[0-9]{1,3})?$' AND pg_input_is_valid(value, 'numeric')
        THEN trim_scale(value::numeric)::text
        WHEN value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' AND pg_input_is_valid(value, 'timestamptz')
        THEN floor(extract(epoch FROM value::timestamptz))::text
        ELSE lower(trim(replace(value, E'\\r\\n', E'\\n'))) END
$$
"""
_STALE = f"""
INSERT INTO settled (change_id, state)
SELECT c.change_id, 'superseded' FROM change c JOIN present p ON p.found_by = {{found_by}}
WHERE {_GROUP} AND EXISTS (
    SELECT FROM jsonb_each(c.before) b
    WHERE p.fields ? lower(b.key) AND {_PLAIN_VALUE}
      AND pg_temp.plain(p.fields ->> lower(b.key)) <> pg_temp.plain(b.value #>> '{{{{}}}}')
      AND NOT (c.after ? b.key AND pg_temp.plain(p.fields ->> lower(b.key)) = pg_temp.plain(c.after ->> b.key)))
"""
_PRESENT = """
CREATE TEMP TABLE present ON COMMIT DROP AS
SELECT {found_by} AS found_by, jsonb_object(ARRAY[{names}], ARRAY[{columns}]) AS fields FROM told
"""


def _compared(
    connection: sa.Connection, way: Dispatch, group: Group, named: dict[str, object], pages: list[Path]
) -> dict[str, int]:
    names = copies.header(pages[0])
    if group.match_field.lower() not in names or not all(_PLAIN_NAME.fullmatch(name) for name in names):
        raise SourceChanged("A bulk answer of the CRM comes without the columns that were asked for.")
    place = copies.columns(names)
    copies.make(connection, "told", names)
    for page in pages:
        copies.take_in(connection, "told", page)
    shown = {
        "found_by": found_by(group.match_field, place[group.match_field.lower()]),
        "names": ", ".join(f"'{name}'" for name in names),
        "columns": ", ".join(place.values()),
    }
    for statement in (_PLAIN, _PRESENT.format(**shown), "ANALYZE present", SETTLED):
        connection.execute(sa.text(statement.replace(":", "\\:")))
    stale = _STALE.format(found_by=found_by(group.match_field, "c.match_value"))
    with copies.by_hash(connection):
        connection.execute(sa.text(stale), named)
    return write_down(connection, way)
