"""The file of a bulk job: written from the database as columns, a batch at a time."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.base import Bulk
from landbridge.errors import SourceChanged
from landbridge.push.bulk.claims import Claimed
from landbridge.push.claimed import CARRIED
from landbridge.push.dispatch import Dispatch

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_CARRIED = CARRIED.format(account="$1", job="$2")
# Most rows of a file have the same fields: what one has is not taken apart in all the others.
_FIELDS = f"""
WITH one AS MATERIALIZED (SELECT ARRAY(SELECT jsonb_object_keys(c.after)) AS fields FROM {_CARRIED} LIMIT 1)
SELECT unnest(fields) AS field FROM one
UNION
SELECT f.field FROM (SELECT c.after - (SELECT fields FROM one) AS others FROM {_CARRIED} OFFSET 0) c,
    LATERAL jsonb_object_keys(c.others) f(field)
WHERE c.others <> '{{}}'
ORDER BY field
"""
# By parent, so that the CRM locks one company after the other.
_ROWS = f"""
SELECT {{columns}} FROM (SELECT c.change_id, c.match_value, c.after FROM {_CARRIED}) c{{record}}
ORDER BY coalesce(c.after->>'AccountId', c.after->>'Company', '') COLLATE "C", c.change_id
"""


def write(way: Dispatch, bulk: Bulk, job: Claimed, file: Path) -> None:
    """Write the job's rows: an empty cell leaves a field as it is, the CRM's own word for nothing empties it.

    Raises SourceChanged when the file is larger than the CRM takes, which claiming should have seen to.
    """
    import pyarrow.csv as pacsv

    named = (way.account, job.job_id)
    with way.store.bulk() as connection, connection.cursor() as cursor:
        fields: list[str] = []
        if job.action != "delete":
            cursor.execute(_FIELDS, named)
            fields = [row[0] for row in cursor.fetchall() if row[0].lower() != job.match_field.lower()]
        columns = ", ".join(
            [f'c.match_value AS "{_plain(job.match_field)}"', *(_cell(f, bulk.nothing) for f in fields)]
        )
        record = ", ".join(f'"{_plain(field)}" text' for field in fields)
        record = f", LATERAL jsonb_to_record(c.after) x({record})" if record else ""
        cursor.execute(_ROWS.replace("{columns}", columns).replace("{record}", record), named)
        reader = cursor.fetch_record_batch()
        with pacsv.CSVWriter(str(file), reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    if file.stat().st_size > bulk.most_bytes:
        raise SourceChanged(f"A bulk file of {job.sent} rows grew over {bulk.most_bytes} bytes; it was not sent.")


def _cell(field: str, nothing: str) -> str:
    name = _plain(field)
    return f"coalesce(nullif(x.\"{name}\", ''), CASE WHEN c.after ? '{name}' THEN '{nothing}' END) AS \"{name}\""


def _plain(name: str) -> str:
    """`name`, which goes into a statement as it is."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the API name of a field: {name!r}")
    return name
