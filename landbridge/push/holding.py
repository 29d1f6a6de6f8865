"""Leaving out of a comparison what is held: whole records, or single fields of them."""

from __future__ import annotations

import pyarrow as pa
from duckdb import DuckDBPyConnection

from landbridge.push import merge


def leave_out(connection: DuckDBPyConnection, holds: pa.Table) -> None:
    """Give rows of `merged` that would be written and are held the verdict 'held'. `holds`: see holds.read.

    A record that cannot be made without a field is held as a whole where that field is.
    """
    if not holds.num_rows:
        return
    connection.register("hold", holds)
    connection.execute(f"CREATE TABLE held AS {_HELD}")
    connection.execute(f"CREATE OR REPLACE TABLE merged AS {_LEFT_OUT}")


_SAME = "(h.object IS NULL OR h.object = m.object)"

_VALUE = f"""(h.value IS NULL OR {merge.KEY.format("json_extract_string(h.value, '$')")}
    IS NOT DISTINCT FROM {merge.KEY.format("m.want")})"""

_HELD = f"""
WITH writing AS (SELECT identity_id, object, field, type, want, creating, needed FROM merged
                 WHERE verdict IN {merge.WRITES}),
found AS (
    SELECT m.*, h.field IS NULL OR (m.creating AND m.needed) AS whole FROM writing m
    JOIN hold h ON h.identity_id = m.identity_id AND {_SAME} AND (h.field IS NULL OR h.field = m.field AND {_VALUE})
    UNION ALL
    SELECT m.*, h.field IS NULL OR (m.creating AND m.needed) AS whole FROM writing m
    JOIN hold h ON h.identity_id IS NULL AND {_SAME} AND (h.field IS NULL OR h.field = m.field AND {_VALUE}))
SELECT identity_id, field, bool_or(whole) OVER (PARTITION BY identity_id) AS whole FROM found
"""

_LEFT_OUT = f"""
SELECT m.* REPLACE (if(h.identity_id IS NOT NULL AND verdict IN {merge.WRITES}, 'held', verdict) AS verdict)
FROM merged m LEFT JOIN (
    SELECT DISTINCT identity_id, if(whole, NULL, field) AS held_field FROM held) h
ON h.identity_id = m.identity_id AND (h.held_field IS NULL OR h.held_field = m.field)
"""
