"""CSV as Bulk API 2.0 takes and gives it: UTF-8, six delimiters, two line endings, quotes and newlines inside cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MOST_BYTES = 150_000_000


class CsvRefused(ValueError):
    """A file that fails the whole job; the text is the job's errorMessage."""


def read_csv(data: bytes, delimiter: str, line_ending: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a file; `delimiter` and `line_ending` by their names in the job."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CsvRefused("ClientInputError : Failed to decode the file as UTF-8") from None
    if not text.strip():
        raise CsvRefused("InvalidBatch : Failed to parse CSV header. Header is empty.")
    if not _ends_as_told(text, line_ending):
        message = f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        raise CsvRefused(message)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter], strict=True)
        header = [name.strip() for name in next(lines)]
        rows = [row for row in lines if row]
    except csv.Error as error:
        raise CsvRefused(f"InvalidBatch : Failed to parse CSV: {error}") from None
    _refuse_uneven(header, rows)
    return header, rows


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str, line_ending: str) -> str:
    """The text of a file, every cell in quotes."""
    made = io.StringIO(newline="")
    writer = csv.writer(
        made, delimiter=DELIMITERS[delimiter], lineterminator=LINE_ENDINGS[line_ending], quoting=csv.QUOTE_ALL
    )
    writer.writerow(header)
    writer.writerows(rows)
    return made.getvalue()


def _ends_as_told(text: str, line_ending: str) -> bool:
    """Whether the header, which holds no newline of its own, ends as the job says."""
    end = text.find("\n")
    return end < 0 or text[:end].endswith("\r") == (line_ending == "CRLF")


def _refuse_uneven(header: list[str], rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            found = f"number of cells in row {number} is {len(row)}, the header has {len(header)}"
            raise CsvRefused(f"InvalidBatch : Failed to parse CSV: {found}")
