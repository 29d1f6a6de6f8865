"""Reads rows out of a file that somebody exported: CSV, JSON Lines, Parquet.

`rows(path)` streams, holding one row in memory; a row that cannot be read comes as its bytes, and the rest goes on.
`read_table(path)` gives a whole file as Arrow. The caller need not know which format it is.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import AccessRefused, SourceChanged, SourceUnavailable
from connectors.files_csv import Row, csv_rows, pieces

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")


def rows(path: Path) -> Iterator[Row]:
    """The file's rows in order. Raises SourceChanged for a file that is not what its name says it is."""
    with _named(path):
        yield from _READERS.get(path.suffix.lower(), csv_rows)(path)


def read_table(path: Path) -> pa.Table:
    """The whole file. Parquet keeps its types; else every column is text, nested values as JSON.

    Rows that cannot be read are left out and counted in the schema's metadata under "broken".
    """
    if path.suffix.lower() == ".parquet":
        with _named(path):
            return pq.ParquetFile(path).read()
    columns: dict[str, list[str | None]] = {}
    count = broken = 0
    for row in rows(path):
        if isinstance(row, bytes):
            broken += 1
            continue
        for name in row:
            if name not in columns:
                columns[name] = [None] * count
        for name, values in columns.items():
            values.append(_text(row.get(name)))
        count += 1
    fields = [pa.field(name, pa.string()) for name in columns]
    schema = pa.schema(fields, metadata={"broken": str(broken)})
    return pa.table([pa.array(values, pa.string()) for values in columns.values()], schema=schema)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Translates what reading may raise, with the file's name in it."""
    try:
        yield
    except PermissionError as error:
        raise AccessRefused(f"File {path.name} may not be read.", do="Give this user the right to read it.") from error
    except (UnicodeError, csv.Error) as error:
        raise SourceChanged(f"File {path.name} is no text that can be read.", do="Export it as UTF-8 CSV.") from error
    except pa.ArrowException as error:
        raise SourceChanged(f"File {path.name} is no whole Parquet file.", do="Export it again.") from error
    except OSError as error:
        raise SourceUnavailable(f"File {path.name} cannot be read just now.") from error


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        for line, whole in pieces(file):
            if line.strip():
                yield _object(line) if whole else line


def _object(line: bytes) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    return value if isinstance(value, dict) else line


def _parquet(path: Path) -> Iterator[Row]:
    for batch in pq.ParquetFile(path).iter_batches(1000):
        for row in batch.to_pylist():
            yield {name: _plain(value) for name, value in row.items()}


_READERS = {".parquet": _parquet, ".jsonl": _json_lines, ".ndjson": _json_lines}


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it: times as ISO text, bytes as text or hexadecimal, the rest as text."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return _worded(value)


def _worded(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex() if b"\0" in value else value.decode("utf-8", "backslashreplace")
    return str(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def skip(all_rows: Iterator[Row], count: int) -> Iterator[Row]:
    """The rows after the first `count`."""
    return itertools.islice(all_rows, count, None)
