"""A run's books: in = out + held, at every stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.errors import BooksUnbalanced
from landbridge.store import tables
from landbridge.store.engine import Store


@dataclass
class Entry:
    """One line of the books. `taken` is counted where things come in, the others where they come to rest."""

    stage: str
    subject: str = ""
    taken: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    held: int = 0
    refused: int = 0
    seconds: float = 0.0

    @property
    def closes(self) -> bool:
        """Whether everything taken in has come to rest somewhere."""
        return self.taken == self.new + self.changed + self.unchanged + self.held + self.refused


watching: ContextVar[Callable[[Entry], None] | None] = ContextVar("watching", default=None)
"""Who wants to see each entry as its stage begins; it goes on filling while the stage lasts."""


class Books:
    """The entries of one run, kept in the database as each stage ends."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self.entries: list[Entry] = []

    @contextmanager
    def stage(self, stage: str, subject: str = "") -> Iterator[Entry]:
        """Open a line, let the stage fill it, and write it down however the stage ended. Raises BooksUnbalanced."""
        entry = Entry(stage, subject)
        self.entries.append(entry)
        if watch := watching.get():
            watch(entry)
        started = time.monotonic()
        try:
            yield entry
        finally:
            entry.seconds = round(time.monotonic() - started, 3)
            self._write(entry)
        if not entry.closes:
            raise BooksUnbalanced(
                f"Stage {stage} {subject} does not balance: {entry.taken} in, but {entry.new} new, "
                f"{entry.changed} changed, {entry.unchanged} unchanged, {entry.held} held, {entry.refused} refused.",
                do=f"Please report this with `landbridge runs {self.run_id} --json`.",
            )

    def _write(self, entry: Entry) -> None:
        with self.store.begin() as connection:
            connection.execute(sa.insert(tables.balance).values(run_id=self.run_id, **vars(entry)))


def of_run(connection: sa.Connection, run_id: str) -> list[Entry]:
    """A run's entries, in the order of its stages."""
    columns = [tables.balance.c[name] for name in Entry.__dataclass_fields__]
    query = sa.select(*columns).where(tables.balance.c.run_id == run_id).order_by(tables.balance.c.position)
    return [Entry(**row._mapping) for row in connection.execute(query)]
