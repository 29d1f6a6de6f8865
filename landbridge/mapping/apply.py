"""Applying a mapping to a batch of records: Arrow in, Arrow out, one statement a stream, no loop over records."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, replace
from functools import lru_cache

import duckdb
import pyarrow as pa

from landbridge.mapping import form
from landbridge.mapping.drift import Drift, find_drift, top_level_names
from landbridge.mapping.load import Mapping
from landbridge.mapping.macros import engine
from landbridge.mapping.readers import JsonReader
from landbridge.mapping.recognised import with_columns
from landbridge.mapping.repair import repaired
from landbridge.mapping.sql import Compiled, compile_stream
from landbridge.store.profiles import PROFILE_SCHEMA, TOUCHPOINT_SCHEMA

RECORD_SCHEMA = pa.schema([("record_id", pa.int64()), ("key", pa.string()), ("payload", pa.string())])
NOTE_SCHEMA = pa.schema([("record_id", pa.int64()), ("field", pa.string()), ("reason", pa.string())])

NOTHING_FOUND = "gives no person field and no touchpoint"
UNREADABLE = "is no JSON object that can be read"


@dataclass(frozen=True)
class Mapped:
    """What became of a batch. Every record_id is in `profiles`, `touchpoints` or both; or in `rejected`; or `unused`.

    `rejected` and `notes` are (record_id, field, reason): a rejected record gave nothing at all (field is null);
    a note says that one value of a record was dropped or cut while the rest went on. Neither holds a value.
    `unused` are the record_ids that the mapping sets aside on purpose (`unused`, `only`).
    """

    profiles: pa.Table
    touchpoints: pa.Table
    rejected: pa.Table
    notes: pa.Table
    drift: list[Drift]
    unused: pa.Array


def apply(mapping: Mapping, stream: str, records: pa.Table, account: str, region_hint: str | None = None) -> Mapped:
    """Map a batch of one stream. `records`: RECORD_SCHEMA, and more if you like; a payload is a JSON object.

    A bad value never fails the batch: it is null and noted. Raises RuleInvalid when the mapping has no such stream.
    """
    rules = mapping.stream(stream)
    records = records.select(RECORD_SCHEMA.names).cast(RECORD_SCHEMA)
    if rules.unused is not None:
        return _nothing(unused=records.column("record_id").combine_chunks())
    with engine() as connection:
        records, unreadable = repaired(connection, records)
        connection.register("records", records)
        if rules.columns is not None:
            rules = with_columns(rules, top_level_names(connection), mapping.synonyms)
        compiled = _compiled(rules.model_dump_json(by_alias=True, exclude_defaults=True))
        mapped = run(connection, *compiled, account=account, stream=stream, region_hint=region_hint)
        rejected = pa.concat_tables([mapped.rejected, _rejected(unreadable, UNREADABLE)])
        return replace(mapped, rejected=rejected, drift=find_drift(connection, rules))


@lru_cache(maxsize=128)
def _compiled(stream: str) -> tuple[Compiled, Compiled]:
    rules = form.Stream.model_validate_json(stream)
    return compile_stream(rules, JsonReader(careful=False)), compile_stream(rules, JsonReader(careful=True))


def run(
    connection: duckdb.DuckDBPyConnection, *passes: Compiled, account: str, stream: str, region_hint: str | None
) -> Mapped:
    """Run a compiled stream over the table `records` of `connection`; a second pass takes what the first left.

    Drift is not looked for.
    """
    compiled, *others = passes
    connection.execute(f"CREATE TEMP TABLE stage AS {compiled.rows}")
    odd = connection.execute("DELETE FROM stage WHERE NOT is_plain").fetchall()[0][0]
    for each in others if odd else ():
        connection.execute(f"INSERT INTO stage {each.rows}")
    words = {"account": account, "stream": stream, "region_hint": region_hint}
    return Mapped(
        _select(connection, compiled.profiles, PROFILE_SCHEMA, words),
        _select(connection, compiled.touchpoints, TOUCHPOINT_SCHEMA, words),
        _select(connection, _REJECTED, NOTE_SCHEMA, {"reason": NOTHING_FOUND}),
        _select(connection, _NOTES, NOTE_SCHEMA, {}),
        [],
        connection.sql(_UNUSED).to_arrow_table().column("record_id").combine_chunks(),
    )


_UNUSED = "SELECT record_id FROM stage WHERE NOT is_used"
_REJECTED = (
    "SELECT record_id, NULL::VARCHAR AS field, $reason AS reason FROM stage "
    "WHERE is_used AND NOT (is_profile OR is_touchpoint)"
)
_NOTES = (
    "SELECT record_id, note.field AS field, note.reason AS reason FROM "
    "(SELECT record_id, unnest(notes) AS note FROM stage WHERE is_used AND notes IS NOT NULL)"
)


def _select(
    connection: duckdb.DuckDBPyConnection, sql: str | None, schema: pa.Schema, words: AnyMapping[str, str | None]
) -> pa.Table:
    """The rows of a SELECT in exactly this schema; none without SQL."""
    if sql is None:
        return schema.empty_table()
    used = {name: value for name, value in words.items() if f"${name}" in sql}
    return connection.sql(sql, params=used or None).to_arrow_table().cast(schema)


def _rejected(record_ids: pa.Array, reason: str) -> pa.Table:
    columns = [record_ids, pa.nulls(len(record_ids), pa.string()), pa.array([reason] * len(record_ids), pa.string())]
    return pa.table(columns, schema=NOTE_SCHEMA)


def _nothing(unused: pa.Array) -> Mapped:
    notes = NOTE_SCHEMA.empty_table()
    return Mapped(PROFILE_SCHEMA.empty_table(), TOUCHPOINT_SCHEMA.empty_table(), notes, notes, [], unused)
