"""Commands in a process of their own, forked from one that has imported the libraries already.

A command's imports cost a second of processor time, its work often less. The process that is forked from holds other
people's packages only: Landbridge itself is imported anew each time, as in a shell, so that what is lazy stays lazy.
Tests that are about starting up, killing or importing start Python itself.
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
    "pandas",
    "psycopg",
    "pyarrow.csv",
    "pydantic",
    "rich.live",
    "scipy.sparse.csgraph",
    "splink",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlglot",
    "typer",
    "yaml",
)


class TookTooLong(Exception):
    """A command did not end in the time that it was given."""


def run(words: Sequence[str], home: Path, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes, bytes]:
    """`landbridge WORDS` in `home`; answers its exit code, stdout and stderr. Raises TookTooLong."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(LIBRARIES))
    with TemporaryFile() as out, TemporaryFile() as err:
        paths = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, err)]
        process = server.Process(target=_command, args=(list(words), str(home), dict(environment), *paths))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise TookTooLong(" ".join(words))
        return process.exitcode, _content(out), _content(err)


def _content(file: IO[bytes]) -> bytes:
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
