"""Lists as CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from landbridge.console.web.download import Download
from landbridge.trail.sheets import harmless

_PIECE = 32_768


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Download:
    """The rows as a file called `name`.csv, streamed. No cell of it is a formula."""
    return Download(f"{name}.csv", _lines(columns, rows), "text/csv; charset=utf-8")


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Generator[str, None, None]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(row.get(column)) for column in columns])
        if line.tell() > _PIECE:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()
