"""Reads rows out of a file that somebody exported: CSV in its many dialects, JSON Lines, Parquet.

`rows(path)` streams, holding one row in memory; a row that cannot be read comes as its bytes, and the rest goes on.
`read_table(path)` gives a whole file as Arrow. The caller need not know which format it is.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import math
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, AnyStr, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import SourceChanged

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")
LONGEST_LINE = 1024 * 1024
"""Bytes or characters. A longer line is broken, and comes in pieces of this size. A row may run over several lines
inside quotes; when it grows longer than this, its quote counts as a stray one."""

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Row = dict[str, Any] | bytes


def rows(path: Path) -> Iterator[Row]:
    """The file's rows in order. Raises SourceChanged for a file that is not what its name says it is."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    return _json_lines(path) if suffix in (".jsonl", ".ndjson") else _csv(path)


def read_table(path: Path) -> pa.Table:
    """The whole file. Parquet keeps its types; else every column is text, nested values as JSON.

    Rows that cannot be read are left out and counted in the schema's metadata under "broken".
    """
    if path.suffix.lower() == ".parquet":
        return _opened(path).read()
    columns: dict[str, list[str | None]] = {}
    count = broken = 0
    for row in rows(path):
        if isinstance(row, bytes):
            broken += 1
            continue
        for name in row.keys() - columns.keys():
            columns[name] = [None] * count
        for name, values in columns.items():
            values.append(_text(row.get(name)))
        count += 1
    fields = [pa.field(name, pa.string()) for name in columns]
    schema = pa.schema(fields, metadata={"broken": str(broken)})
    return pa.table([pa.array(values, pa.string()) for values in columns.values()], schema=schema)


def encoding(path: Path) -> str:
    """The text encoding: by the byte-order mark, else UTF-8 if the whole file is, else Windows-1252 or Latin-1."""
    with path.open("rb") as file:
        head = file.read(4)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        for name in ("utf-8", "cp1252"):
            file.seek(0)
            if _decodes(file, name):
                return name
    return "latin-1"


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while piece := file.read(LONGEST_LINE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _csv(path: Path) -> Iterator[Row]:
    name = encoding(path)
    csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_LINE))
    with path.open(encoding=name, newline="") as file:
        pieces = _pieces(file)
        first = next((piece for piece in pieces if piece[0].strip()), ("", True))
        lines = _Taken(itertools.chain([first], pieces))
        reader = csv.reader(lines, delimiter=_delimiter(first[0]))
        header = _header(next(reader, []))
        lines.take()
        yield from _records(reader, lines, header, name.removesuffix("-sig"))


def _delimiter(line: str) -> str:
    """The one that cuts the header into the most columns."""
    return max(_DELIMITERS, key=lambda each: len(next(csv.reader([line], delimiter=each), [])))


def _records(reader: Iterator[list[str]], lines: _Taken, header: list[str], name: str) -> Iterator[Row]:
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            values = []
        text, whole = lines.take()
        if whole and len(values) == len(header):
            yield dict(zip(header, values, strict=True))
        elif text.strip():
            yield text.encode(name)


class _Taken(Iterator[str]):
    """Lines, remembering those handed out since the last look: the text of the row that they make.

    A quote that is never closed would take the rest of the file into one row; it is cut off after LONGEST_LINE.
    """

    def __init__(self, pieces: Iterator[tuple[str, bool]]) -> None:
        self._pieces = pieces
        self._given: list[str] = []
        self._size = 0
        self._whole = True

    def __next__(self) -> str:
        if self._size > LONGEST_LINE:
            raise csv.Error("row too long")
        line, whole = next(self._pieces)
        self._given.append(line)
        self._size += len(line)
        self._whole &= whole
        return line

    def take(self) -> tuple[str, bool]:
        """What was handed out since the last call, and whether it was of whole lines."""
        taken = "".join(self._given), self._whole
        self._given, self._size, self._whole = [], 0, True
        return taken


def _pieces(file: IO[AnyStr]) -> Iterator[tuple[AnyStr, bool]]:
    """Lines, and whether each is whole. One that is longer than LONGEST_LINE comes in pieces, none of them whole."""
    torn = False
    while line := file.readline(LONGEST_LINE):
        ended = len(line) < LONGEST_LINE or line[-1:] in ("\n", b"\n")
        yield line, ended and not torn
        torn = not ended


def _header(names: list[str]) -> list[str]:
    """Column names, trimmed; an empty one is called by its place, a second one of a name gets a number."""
    seen: dict[str, int] = {}
    header = []
    for place, raw in enumerate(names, 1):
        name = raw.strip() or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        header.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return header


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        for line, whole in _pieces(file):
            if line.strip():
                yield _object(line) if whole else line


def _object(line: bytes) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    return value if isinstance(value, dict) else line


def _parquet(path: Path) -> Iterator[Row]:
    for batch in _opened(path).iter_batches(1000):
        for row in batch.to_pylist():
            yield {name: _plain(value) for name, value in row.items()}


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise SourceChanged(f"File {path.name} is no whole Parquet file.", do="Export it again.") from error


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
