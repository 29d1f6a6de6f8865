"""Profiles straight from somebody's table, for `landbridge try`: whole columns, nothing configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from landbridge.mapping.apply import run
from landbridge.mapping.macros import engine
from landbridge.mapping.readers import TableReader
from landbridge.mapping.recognised import rules_for
from landbridge.mapping.sql import compile_stream
from landbridge.mapping.synonyms import KEY

_RECORDS = """
CREATE TEMP TABLE records AS SELECT * REPLACE (
    CASE WHEN key IS NULL OR trim(key) = '' THEN record_id::VARCHAR
         WHEN count(*) OVER (PARTITION BY trim(key)) > 1 THEN trim(key) || '#' || record_id
         ELSE trim(key) END AS key)
FROM (SELECT record_id, {key} AS key, {columns} FROM given) ORDER BY record_id
"""


def profiles_from_table(
    table: pa.Table, account: str, stream: str, columns: Mapping[str, Sequence[str]], region_hint: str | None = None
) -> pa.Table:
    """One profile a row that says anything about a person, in PROFILE_SCHEMA. `columns`: as `recognise` gives them.

    record_id is the row's number from 1. The key is the key column's value when it is the row's own, made one's own
    with "#row" when several rows share it, and the row's number where there is none.
    """
    names = list(dict.fromkeys(table.column_names))
    place = {name: f"c{number}" for number, name in enumerate(names)}
    given = pa.table([table.column(table.column_names.index(name)) for name in names], names=list(place.values()))
    given = given.append_column("record_id", pa.array(np.arange(1, len(table) + 1)))
    lists = [name for name in names if pa.types.is_list(table.schema.field(table.column_names.index(name)).type)]
    key = f"{place[columns[KEY][0]]}::VARCHAR" if columns.get(KEY) else "NULL::VARCHAR"
    compiled = compile_stream(rules_for(columns, lists), TableReader(names))
    with engine() as connection:
        connection.register("given", given)
        connection.execute(_RECORDS.format(key=key, columns=", ".join(place.values()) or "NULL"))
        return run(connection, compiled, account=account, stream=stream, region_hint=region_hint).profiles
