"""Payloads that one JSON reader takes and another refuses: half an emoji, NaN.

Python's reader (and so many vendors') lets `"\\ud83d"` pass, DuckDB's rightly does not. A tweet cut in the middle of an
emoji is no reason to lose a person, so such payloads are written anew; they are rare, so this may be slow.
"""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

_UNREADABLE = "SELECT record_id FROM records WHERE payload IS NULL OR NOT json_valid(payload)"


def repaired(connection: duckdb.DuckDBPyConnection, records: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The records that can be read (unreadable payloads mended where possible), and the ids of those that cannot."""
    connection.register("records", records)
    odd = connection.sql(_UNREADABLE).to_arrow_table().column("record_id")
    if not len(odd):
        return records, pa.array([], pa.int64())
    is_odd = pc.is_in(records.column("record_id"), value_set=odd.combine_chunks())
    mended = _mend(records.filter(is_odd))
    lost = mended.filter(pc.is_null(mended.column("payload"))).column("record_id").combine_chunks()
    mended = mended.filter(pc.is_valid(mended.column("payload")))
    return pa.concat_tables([records.filter(pc.invert(is_odd)), mended]), lost


def _mend(records: pa.Table) -> pa.Table:
    payloads = pa.array([_written_anew(text) for text in records.column("payload").to_pylist()], pa.string())
    return records.set_column(records.schema.get_field_index("payload"), records.schema.field("payload"), payloads)


def _written_anew(payload: str | None) -> str | None:
    try:
        content = json.loads(payload or "", parse_constant=lambda _: None)
        if not isinstance(content, dict):
            return None
        text = json.dumps(content, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    return text.encode("utf-8", "replace").decode()
