"""Commands in a process of their own, forked from one that has imported the libraries already.

A command's imports cost a second of processor time, its work often less. The process that is forked from holds other
people's packages only: Landbridge itself is imported anew each time, as in a shell, so that what is lazy stays lazy.
Tests that are about starting up or importing start Python itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from io import FileIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

LIBRARIES = (
    "adbc_driver_postgresql.dbapi",
    "alembic.command",
    "duckdb",
    "great_expectations",
    "httpx",
    "orjson",
    "pandas",
    "psycopg",
    "pyarrow.csv",
    "pydantic.main",
    "rich.live",
    "rich.markdown",
    "scipy.sparse.csgraph",
    "splink",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlglot",
    "typer.rich_utils",
    "yaml",
)


class TookTooLong(Exception):
    """A command did not end in the time that it was given."""


class Running:
    """`landbridge WORDS` under way in `home`."""

    def __init__(self, words: Sequence[str], home: Path, environment: Mapping[str, str]) -> None:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(list(LIBRARIES))
        self.words = " ".join(words)
        self.said = [TemporaryFile(), TemporaryFile()]  # noqa: SIM115 - closed when they are read
        paths = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in self.said]
        self.process = server.Process(target=_command, args=(list(words), str(home), dict(environment), *paths))
        self.process.start()

    @property
    def over(self) -> bool:
        return self.process.exitcode is not None

    def kill(self) -> None:
        """End it as the kernel would when memory runs out."""
        self.process.kill()
        self.process.join()

    def ended(self, seconds: float) -> tuple[int, bytes, bytes]:
        """Wait for its end; its exit code (-9 where it was killed), stdout and stderr. Raises TookTooLong."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.kill()
            raise TookTooLong(self.words)
        out, err = (_content(file) for file in self.said)
        return self.process.exitcode, out, err


def run(words: Sequence[str], home: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes, bytes]:
    """`landbridge WORDS` in `home`; answers its exit code, stdout and stderr. Raises TookTooLong."""
    return Running(words, home, environment).ended(seconds)


def _content(file: IO[bytes]) -> bytes:
    with file:
        file.seek(0)
        return file.read()


def _command(words: list[str], home: str, environment: dict[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    for number, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY), number)
    sys.stdout, sys.stderr = (TextIOWrapper(FileIO(number, "w", closefd=False), encoding="utf-8") for number in (1, 2))
    sys.argv = ["landbridge", *words]
    runpy.run_module("landbridge", run_name="__main__", alter_sys=True)
