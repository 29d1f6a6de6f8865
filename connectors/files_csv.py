"""Reads CSV as people export it: any of four delimiters, any common encoding, quoted line breaks, broken lines.

It streams, holding one row in memory. A row that cannot be read comes as its bytes, and the rest goes on.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, AnyStr, BinaryIO

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


def csv_rows(path: Path) -> Iterator[Row]:
    """The rows below the header, by column name; a row with more or fewer values than the header is a broken one."""
    name = encoding(path)
    csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_LINE))
    with path.open(encoding=name, newline="") as file:
        parts = pieces(file)
        first = next((piece for piece in parts if piece[0].strip()), ("", True))
        lines = _Taken(itertools.chain([first], parts))
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

    def __init__(self, lines: Iterator[tuple[str, bool]]) -> None:
        self._lines = lines
        self._given: list[str] = []
        self._size = 0
        self._whole = True

    def __next__(self) -> str:
        if self._size > LONGEST_LINE:
            raise csv.Error("row too long")
        line, whole = next(self._lines)
        self._given.append(line)
        self._size += len(line)
        self._whole &= whole
        return line

    def take(self) -> tuple[str, bool]:
        """What was handed out since the last call, and whether it was of whole lines."""
        taken = "".join(self._given), self._whole
        self._given, self._size, self._whole = [], 0, True
        return taken


def _header(names: list[str]) -> list[str]:
    """Column names, trimmed; an empty one is called by its place, a second one of a name gets a number."""
    seen: dict[str, int] = {}
    header = []
    for place, raw in enumerate(names, 1):
        name = raw.strip() or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        header.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return header


def pieces(file: IO[AnyStr]) -> Iterator[tuple[AnyStr, bool]]:
    """Lines, and whether each is whole. One that is longer than LONGEST_LINE comes in pieces, none of them whole."""
    torn = False
    while line := file.readline(LONGEST_LINE):
        ended = len(line) < LONGEST_LINE or line[-1:] in ("\n", b"\n")
        yield line, ended and not torn
        torn = not ended


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
