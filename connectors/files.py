"""Files: rows of CSV, JSON Lines and Parquet exports, in a folder (`options.folder`) or one file (`options.file`).
A relative path starts at `options.home`.

Each row carries, beside its own columns, `_file`, `_row` (from 1) and `_key`, which names the record:
- `options.key: column`: the value of that column, across files; two rows with one value are versions of one record.
- else the first of `id`, `email` that is filled and different in every row of the file: "file:value";
- else "file:row". Then inserting a line renames all that follow; name a key column for anything that lasts.
A file is read again when its size or time has changed, and rows that are as they were count as unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.base import (
    Access,
    AccessRefused,
    Checkpoint,
    Connector,
    Page,
    SourceUnavailable,
    Stream,
)
from connectors.files_csv import Row
from connectors.files_tables import SUFFIXES, read_table, rows, skip

__all__ = ["CONNECTOR", "check", "read", "read_table"]

PAGE_ROWS = 1000
_GUESSES = ("id", "email")


def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """Pages of the rows of all files that are new or changed, file by file in order of name.

    Checkpoint: {"read": {file: mark}} for whole files, and {"file", "mark", "row"} inside one.
    """
    CONNECTOR.stream(stream)
    at = checkpoint or {}
    done: dict[str, Any] = dict(at.get("read", {}))
    for path in _files(access):
        mark = _mark(path)
        if done.get(path.name) == mark:
            continue
        begin = at["row"] if at.get("file") == path.name and at.get("mark") == mark else 0
        yield from _pages(
            stream, path, access.options.get("key"), begin, {"read": done, "file": path.name, "mark": mark}
        )
        done = {**done, path.name: mark}
        yield Page(stream, [], {"read": done})


def check(access: Access) -> str:
    """How many files there are to read."""
    return f"Files: {len(_files(access))} to read."


def _pages(stream: str, path: Path, key: str | None, begin: int, place: Checkpoint) -> Iterator[Page]:
    column, shared = (key, True) if key else (_guess(path), False)
    page: list[Row] = []
    number = begin
    for number, row in enumerate(skip(rows(path), begin), begin + 1):
        page.append(row if isinstance(row, bytes) else _named(row, path, number, column, shared))
        if len(page) == PAGE_ROWS:
            yield Page(stream, page, {**place, "row": number})
            page = []
    if page:
        yield Page(stream, page, {**place, "row": number})


def _named(row: dict[str, Any], path: Path, number: int, column: str | None, shared: bool) -> dict[str, Any]:
    value = str(_value(row, column) or "").strip() if column else ""
    key = value if value and shared else f"{path.name}:{value or number}"
    return {**row, "_key": key, "_file": path.name, "_row": number}


def _guess(path: Path) -> str | None:
    """The first of the usual key columns that is filled and different in each row."""
    seen: dict[str, set[str]] = {name: set() for name in _GUESSES}
    for row in rows(path):
        if isinstance(row, bytes):
            continue
        for name in list(seen):
            value = str(_value(row, name) or "").strip()
            if not value or value in seen[name]:
                del seen[name]
            else:
                seen[name].add(value)
        if not seen:
            return None
    return next(iter(seen), None)


def _value(row: dict[str, Any], column: str) -> Any:
    """The row's value in `column`, whatever the case of its name."""
    if column in row:
        return row[column]
    return next((value for name, value in row.items() if name.lower() == column.lower()), None)


def _files(access: Access) -> list[Path]:
    """The files to read, by name. Raises what a missing or closed folder stands for."""
    place = access.options.get("file") or access.options.get("folder")
    if not place:
        raise AccessRefused(
            f"Account '{access.account}' names no folder.", do=f"Set accounts.{access.account}.options.folder."
        )
    path = Path(access.options.get("home", "")) / place
    try:
        found = [path] if path.is_file() else sorted(each for each in path.iterdir() if _wanted(each))
    except PermissionError as error:
        raise AccessRefused(
            f"Folder {path.name} may not be read.", do="Give this user the right to read it."
        ) from error
    except OSError as error:
        raise SourceUnavailable(
            f"Folder {path.name} is not there.", do="Mount it, or correct options.folder."
        ) from error
    return found


def _wanted(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~"))


def _mark(path: Path) -> str:
    state = path.stat()
    return f"{state.st_size}:{state.st_mtime_ns}"


CONNECTOR = Connector(
    system="files",
    streams=(Stream("rows", key="_key", about="rows of all files in the folder"),),
    credentials=(),
    read=read,
    check=check,
)
