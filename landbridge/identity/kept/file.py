"""The file of the kept base: does it fit the database, and when does a change to it stand."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

TENTH = 10
"""Statistics serve until more than one profile in so many has changed since they were made."""


class Kept:
    """The kept base in `folder`, or none where there is no folder. Closes itself as a context manager.

    A change to it stands with `commit`, called after PostgreSQL's own commit. Whoever dies between the two leaves a
    stamp that does not fit, and the file is made anew.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.fresh = False
        """Whether the base was made anew."""
        self.con: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def keeps(self) -> bool:
        """Whether there is a folder to keep anything in."""
        return self._folder is not None

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / "base.duckdb"

    @property
    def _new(self) -> Path:
        return self._path.with_suffix(".new")

    def open(self, stamp: str, waiting: int) -> str:
        """Open the base for a change of `waiting` profiles, in a transaction. Answers why it cannot serve, or ''."""
        try:
            if self._folder is None or not self._path.exists():
                return "nothing is kept"
            self.con = duckdb.connect(str(self._path))
            reason = _misfit(self.con, stamp, waiting)
            if not reason:
                self.con.execute("BEGIN")
        except (duckdb.Error, OSError):
            reason = "what is kept cannot be read"
        if reason:
            self.close()
        return reason

    def anew(self) -> duckdb.DuckDBPyConnection:
        """A connection to make a base with: what it leaves in schema `kept` is kept where there is a folder."""
        self.close()
        self.fresh = True
        if self._folder is None:
            self.con = duckdb.connect()
            return self.con
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds personal values
            _remove(self._new)
            self.con = duckdb.connect(str(self._new))
        except (duckdb.Error, OSError):  # it cannot be kept; what stands in the database does not hang on it
            self._folder = None
            self.con = duckdb.connect()
        return self.con

    def commit(self) -> None:
        """What was changed stands. Failing to keep it costs the next run its speed and nothing else."""
        try:
            if self.fresh and self.keeps:
                self.close()
                _remove(self._path)
                self._new.replace(self._path)
            elif self.con is not None and not self.fresh:
                self.con.execute("COMMIT")
        except (duckdb.Error, OSError):
            self.close()
            with suppress(OSError):  # then what stands there does not fit, and is found out the next time
                _remove(self._new if self.fresh else self._path)

    def close(self) -> None:
        """Let go of the file; what was not committed never was."""
        if self.con is not None:
            self.con.close()
            self.con = None


def _misfit(con: duckdb.DuckDBPyConnection, stamp: str, waiting: int) -> str:
    kept, made_by, size, changed = con.execute("SELECT stamp, made_by, size, changed FROM kept.state").fetchall()[0]
    if made_by != code():
        return "what is kept was made by another version"
    if kept != stamp:
        return "what is kept is not what stands in the database"
    if (changed + waiting) * TENTH > size:
        return f"{changed + waiting} of {size} profiles changed since the last time"
    return ""


def _remove(path: Path) -> None:
    """The file, and its log: DuckDB would replay that upon whatever file comes to stand here."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


@cache
def code() -> str:
    """A digest of what makes a base and the matches and groups that stand beside it: DuckDB, whose `hash` may change,
    Splink, and all code of identity. Under another version of any, what stands is made anew once."""
    room = Path(__file__).parents[1]
    versions = [version(package).encode() for package in ("duckdb", "splink")]
    return hashlib.sha256(b"\0".join([*versions, *(f.read_bytes() for f in sorted(room.rglob("*.py")))])).hexdigest()
