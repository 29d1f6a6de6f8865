"""The org: all tables, who works in it, and transactions that are written to the journal when they are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.salesforce.journal import Journal
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.record_ids import made_number, make_id
from sandbox.salesforce.switches import Switches, switches_of
from sandbox.salesforce.tables import Row, Table
from sandbox.salesforce.values import Value, stamp
from sandbox.standin import Clock, Settings


class Org:
    """One Salesforce org. Not thread-safe: everything runs on the server's one event loop."""

    def __init__(self, clock: Clock, settings: Settings, journal: Journal) -> None:
        self.clock = clock
        self.settings = settings
        self.tables = {name: Table(definition) for name, definition in OBJECTS.items()}
        self.lock_attempts: Counter[str] = Counter()
        self._made: Counter[str] = Counter()
        self._journal = journal
        self._gathered: Gathered | None = None

    @property
    def switches(self) -> Switches:
        """How things are turned at this moment."""
        return switches_of(self.settings)

    def now(self) -> datetime:
        return self.clock.now()

    def new_id(self, table: Table) -> str:
        """An id that no row of that table ever had."""
        prefix = table.definition.prefix
        self._made[prefix] += 1
        return make_id(prefix, self._made[prefix])

    def replay(self) -> None:
        """Put the journal's lines on top of what the world said. Call it once, after seeding."""
        for name, row_id, changes in self._journal.replay():
            table = self.tables[name]
            table.put(changed(table.rows.get(row_id, {"Id": row_id}), changes))
            self._made[row_id[:3]] = max(self._made[row_id[:3]], made_number(row_id))

    def transaction(self, user_id: str) -> Transaction:
        """Writes that are kept together on leaving the `with` block, and undone if it raises."""
        return Transaction(self, user_id, stamp(self.now()))

    @contextmanager
    def gathered(self) -> Iterator[Gathered]:
        """Everything kept inside the `with` block is kept, or undone, as one."""
        outer = self._gathered
        self._gathered = gathered = Gathered()
        try:
            yield gathered
        finally:
            self._gathered = outer
            self.keep(gathered)

    def keep(self, done: Writes) -> None:
        """Write to the journal what was done, unless it is gathered with more."""
        if self._gathered is not None:
            self._gathered.add(done)
        else:
            self._journal.write(done.lines)


class Writes:
    """Row writes that can be taken back. Rows are replaced, never altered, so what a reader holds stays as it was."""

    def __init__(self) -> None:
        self.before: list[tuple[Table, str, Row | None]] = []
        self.lines: list[tuple[str, str, Row]] = []

    def undo(self) -> None:
        """Take back everything since the start, newest first."""
        for table, row_id, old in reversed(self.before):
            if old is None:
                table.remove(row_id)
            else:
                table.put(old)
        self.before.clear()
        self.lines.clear()


class Gathered(Writes):
    """The writes of several transactions."""

    def add(self, done: Writes) -> None:
        self.before += done.before
        self.lines += done.lines


class Transaction(Writes):
    """Row writes by one user at one time."""

    def __init__(self, org: Org, user_id: str, at: str) -> None:
        super().__init__()
        self.org = org
        self.user_id = user_id
        self.at = at
        self.switches = org.switches

    def create(self, table: Table, values: Row) -> str:
        """Add a row with its system fields; returns its id."""
        row_id = self.org.new_id(table)
        made: Row = {"CreatedDate": self.at, "CreatedById": self.user_id, "IsDeleted": False}
        self._put(table, row_id, {}, {**values, **made, **self._touched()})
        return row_id

    def update(self, table: Table, row_id: str, changes: Row) -> None:
        """Change fields (None clears one) and stamp the row, also when nothing differs, as Salesforce does."""
        self._put(table, row_id, table.rows[row_id], {**changes, **self._touched()})

    def _touched(self) -> Row:
        return {"LastModifiedDate": self.at, "LastModifiedById": self.user_id, "SystemModstamp": self.at}

    def _put(self, table: Table, row_id: str, old: Row, changes: Row) -> None:
        self.before.append((table, row_id, old or None))
        self.lines.append((table.definition.name, row_id, changes))
        table.put(changed(old or {"Id": row_id}, changes))

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self.undo()
        self.org.keep(self)


def changed(old: Row, changes: dict[str, Value]) -> Row:
    """A new row: `old` with the changes; a field changed to None is absent."""
    return {name: value for name, value in {**old, **changes}.items() if value is not None}


def open_org(clock: Clock, settings: Settings, state_dir: Path | None, world: dict[str, Any]) -> Org:
    """An empty org whose journal, if there is a folder, is `salesforce.jsonl` in it."""
    return Org(clock, settings, Journal(state_dir / "salesforce.jsonl" if state_dir else None, world))
