"""Lists as CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Semaphore
from typing import Any

from fastapi.responses import StreamingResponse

from landbridge.errors import SourceUnavailable
from landbridge.trail.sheets import harmless

AT_ONCE = 4
"""Downloads under way. Each holds a connection of the database as long as its reader takes, and there are fifteen: the
pages of everybody else need some."""
_free = Semaphore(AT_ONCE)


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> StreamingResponse:
    """The rows as a file called `name`.csv, streamed. No cell of it is a formula.

    Raises SourceUnavailable while AT_ONCE others are under way.
    """
    if not _free.acquire(timeout=2):
        raise SourceUnavailable("Several downloads are under way.", do="Try again in a minute.")
    lines = _lines(columns, rows)
    next(lines)  # now its end is ours to notice, also where nobody reads on
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    try:
        yield ""
        writer.writerow(columns)
        for row in rows:
            writer.writerow([harmless(row.get(column)) for column in columns])
            if line.tell() > 32_768:
                yield line.getvalue()
                line.seek(0)
                line.truncate()
        yield line.getvalue()
    finally:
        _free.release()
