"""What people see: tables and sentences for them, JSON for machines, errors with what to do next."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from landbridge.errors import LandbridgeError
from landbridge.trail.balance import Entry, watching

_WIDTH = None if sys.stdout.isatty() else 116
"""Wide enough for a run's books, and for two customers' ids beside a time, where no terminal says how wide it is: in
a pipe, in a log."""

out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 110)

_COUNTS = ("taken", "new", "changed", "unchanged", "held", "refused")


def as_json(value: Any) -> None:
    """One JSON document on stdout. Dates as ISO 8601, anything else unknown as its text."""
    json.dump(value, sys.stdout, default=str, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def failure(error: LandbridgeError) -> None:
    """One clear sentence, and what to do next, on stderr. Never broken into lines where somebody may search it."""
    err.print(Text.assemble(("✗ ", "bold red"), visible(str(error))), soft_wrap=True)
    if error.do:
        err.print(Text.assemble(("  → ", "bold"), visible(error.do)), soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """One line for people."""
    out.print(text, style=style)


def short(value: object, longest: int = 60) -> str:
    """A value on one line, cut where it is long."""
    return plain(cut(value, longest))


def cut(value: object, longest: int) -> str:
    """A value on one line of at most so many characters, for a table's cell."""
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def plain(text: object) -> str:
    """Text from outside, so that it is shown and never obeyed: no markup, no control characters."""
    return escape(visible(str(text)))


def visible(text: str) -> str:
    """The text on one line, with a mark where something stands that would steer the terminal instead of being seen."""
    return "".join(char if char.isprintable() else _shown(char) for char in text)


def _shown(char: str) -> str:
    if char in "\n\r\t":
        return " "
    steers = char in _DIRECTIONS or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
    return "�" if steers else char


_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the text after them around. Letters written from right to left stay as they are."""


_FORMULA = re.compile(r"[\s\0]*[=+@\-|%]")
_NUMBER = re.compile(r"[+-]?[0-9 ().,/-]*")


def for_spreadsheets(value: object) -> str:
    """A cell of a CSV that no spreadsheet program takes for a formula and no terminal for an order.

    Phone and other numbers stay as they are.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = "" if value is None else visible(str(value))
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def table(columns: Sequence[str], rows: Iterable[Iterable[object]], *, right: Iterable[str] = ()) -> None:
    """A table for people; on a narrow terminal a list. `right`: the columns that hold numbers."""
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if out.width < _NARROWEST * len(columns):
        out.print(_as_list(columns, cells))
        return
    shown = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        shown.add_row(*(escape(cell) for cell in row))
    out.print(shown)


_NARROWEST = 10
"""Characters that a column needs, or its words fall into letters."""


def _as_list(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Text:
    """Each row's filled cells under one another."""
    wide = max(map(len, columns)) + 2
    blocks = [[f"{name:<{wide}}{cell}" for name, cell in zip(columns, row, strict=True) if cell] for row in rows]
    return Text("\n\n".join("\n".join(lines) for lines in blocks))


def books(entries: Iterable[Entry], console: Console = out) -> None:
    """A run's books: in = out + held, at every stage."""
    console.print(_books(list(entries), console))


def _books(entries: Sequence[Entry], console: Console) -> Table | Text:
    """As a table, unless a number would be cut."""
    wanted = _books_table(entries)
    unbounded = console.options.update(max_width=1000)
    fits = console.measure(wanted, options=unbounded).maximum <= console.width
    return wanted if fits else _books_lines(entries)


def _books_table(entries: Iterable[Entry]) -> Table:
    shown = Table(header_style="bold", box=None, pad_edge=False)
    shown.add_column("stage", no_wrap=True)
    shown.add_column("of", no_wrap=True)
    for count in _COUNTS:
        shown.add_column("in" if count == "taken" else count, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    shown.add_column("sec", justify="right", no_wrap=True)
    for entry in entries:
        numbers = [f"{getattr(entry, count):,}" if getattr(entry, count) else "·" for count in _COUNTS]
        closed = "[green]=[/]" if entry.closes else "[red]≠[/]"
        took = f"{entry.seconds:.1f}" if entry.seconds else "…"
        shown.add_row(escape(entry.stage), escape(entry.subject), *numbers, closed, took)
    return shown


def _books_lines(entries: Iterable[Entry]) -> Text:
    return Text("\n".join(_books_line(entry) for entry in entries))


def _books_line(entry: Entry) -> str:
    parts = [f"{getattr(entry, count):,} {count}" for count in _COUNTS[1:] if getattr(entry, count)]
    closes = "=" if entry.closes else "≠"
    return f"{entry.stage} {entry.subject}".strip() + f": {entry.taken:,} in {closes} {' + '.join(parts) or 0}"


@contextmanager
def live_books(show: bool = True) -> Iterator[list[Entry]]:
    """Show the books of whatever runs inside the block as they fill. Answers their entries in any case."""
    entries: list[Entry] = []
    token = watching.set(entries.append)
    try:
        if show and err.is_terminal:
            with Live(get_renderable=lambda: _books(entries, err), console=err, refresh_per_second=8, transient=True):
                yield entries
        else:
            yield entries
    finally:
        watching.reset(token)


def run_as_dict(row: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """A run and its books for --json."""
    return {**row, "balance": [{**vars(entry), "closes": entry.closes} for entry in entries]}
