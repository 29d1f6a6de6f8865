"""The folder of the kept base: does it fit the database, and when does a change to it stand."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from landbridge.identity.kept.base import Base
from landbridge.identity.kept.whole import Whole

TENTH = 10
"""Statistics serve until more than one profile in so many has changed since they were made."""

SINCE = "since.duckdb"
"""What changed since the base was made, and its statistics; what it was made of stands beside (see `making`)."""


class Kept:
    """The kept base in `folder`, or none where there is no folder. Closes itself as a context manager.

    A change to it stands with `commit`, called after PostgreSQL's own commit. Whoever dies between the two leaves a
    stamp that does not fit, and the base is made anew.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.fresh = False
        """Whether the base was made anew."""
        self.base: Base | None = None
        """What is kept, once it is open."""
        self._con: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / "base"

    @property
    def _new(self) -> Path:
        return self._path.with_suffix(".new")

    def open(self, stamp: str, waiting: int) -> str:
        """Open the base for a change of `waiting` profiles, in a transaction. Answers why it cannot serve, or ''."""
        try:
            if self._folder is None or not self._path.exists():
                return "nothing is kept"
            self._con = duckdb.connect(str(self._path / SINCE))
            reason = _misfit(self._con, stamp, waiting)
            if not reason:
                self._con.execute("BEGIN")
                size = self._con.execute("SELECT size FROM kept.state").fetchall()[0][0]
                self.base = Base(self._con, Whole(self._path, size))
        except (duckdb.Error, OSError, pa.ArrowInvalid):
            reason = "what is kept cannot be read"
        if reason:
            self.close()
        return reason

    def anew(self) -> duckdb.DuckDBPyConnection:
        """A connection to make a base with, until `keep`."""
        self.close()
        self.fresh = True
        try:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds personal values
                for old in (self._new, *self._folder.glob("base.duckdb*")):  # the latter as they were up to 2026
                    _remove(old)
                self._new.mkdir()
                self._con = duckdb.connect(str(self._new / SINCE))
                return self._con
        except (duckdb.Error, OSError):  # it cannot be kept; what stands in the database does not hang on it
            self._folder = None
        self._con = duckdb.connect()
        return self._con

    def keep(self, make: Callable[[Path], None]) -> None:
        """Have the files of a new base made, where there is a folder for them, and let go of the connection."""
        try:
            if self._folder is not None:
                make(self._new)
        except (duckdb.IOException, OSError, pa.ArrowInvalid):
            self._drop()
        finally:
            self.close()

    def commit(self) -> None:
        """What was changed stands. Failing to keep it costs the next run its speed and nothing else."""
        try:
            if self.fresh and self._folder is not None:
                _written(self._new)
                _remove(self._path)
                self._new.replace(self._path)
            elif self._con is not None:
                self._con.execute("COMMIT")
        except (duckdb.Error, OSError):
            self._drop()

    def _drop(self) -> None:
        """Nothing is kept; if what stands there cannot be removed it does not fit, and is found out the next time."""
        self.close()
        for path in (self._new, self._path):
            with suppress(OSError):
                _remove(path)
        self._folder = None

    def close(self) -> None:
        """Let go of the files; what was not committed never was."""
        self.base = None
        if self._con is not None:
            self._con.close()
            self._con = None


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
    """What is there, be it a folder or not."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _written(folder: Path) -> None:
    """The files in it outlast a power cut from now on: nobody would see that one is torn."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file)


@cache
def code() -> str:
    """A digest of what makes a base and the matches and groups that stand beside it: DuckDB, whose `hash` may change,
    Splink, and all code of identity. Under another version of any, what stands is made anew once."""
    room = Path(__file__).parents[1]
    versions = [version(package).encode() for package in ("duckdb", "splink")]
    return hashlib.sha256(b"\0".join([*versions, *(f.read_bytes() for f in sorted(room.rglob("*.py")))])).hexdigest()
