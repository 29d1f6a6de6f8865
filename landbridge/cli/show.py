"""What people see: tables and sentences for them, JSON for machines, errors with what to do next."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from landbridge.errors import LandbridgeError
from landbridge.trail.balance import Entry, watching

_WIDTH = None if sys.stdout.isatty() else 110
"""Wide enough for a run's books where no terminal says how wide it is: in a pipe, in a log."""

out = Console(highlight=False, width=_WIDTH)
err = Console(stderr=True, highlight=False)

_COUNTS = ("taken", "new", "changed", "unchanged", "held", "refused")


def as_json(value: Any) -> None:
    """One JSON document on stdout. Dates as ISO 8601, anything else unknown as its text."""
    json.dump(value, sys.stdout, default=str, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def failure(error: LandbridgeError) -> None:
    """One clear sentence, and what to do next, on stderr."""
    err.print(Text.assemble(("✗ ", "bold red"), str(error)))
    if error.do:
        err.print(Text.assemble(("  → ", "bold"), error.do))


def say(text: str, style: str = "") -> None:
    """One line for people."""
    out.print(text, style=style)


def short(value: object, longest: int = 60) -> str:
    """A value on one line, cut where it is long."""
    text = " ".join(str(value).split())
    return plain(text if len(text) <= longest else f"{text[: longest - 1]}…")


def plain(text: object) -> str:
    """Text from outside, so that it is shown and never obeyed: no markup, no control characters."""
    shown = "".join(char if char.isprintable() or char == " " else "�" for char in str(text))
    return escape(shown)


def table(
    columns: Iterable[str], rows: Iterable[Iterable[object]], *, title: str = "", right: Iterable[str] = ()
) -> None:
    """A table for people. `right`: the columns that hold numbers."""
    shown = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(plain("" if cell is None else cell) for cell in row))
    out.print(shown)


def books(entries: Iterable[Entry], console: Console = out) -> None:
    """A run's books: in = out + held, at every stage."""
    console.print(_books(entries))


def _books(entries: Iterable[Entry]) -> Table:
    shown = Table(header_style="bold", box=None, pad_edge=False)
    shown.add_column("stage", no_wrap=True)
    shown.add_column("of", no_wrap=True)
    for count in _COUNTS:
        shown.add_column("in" if count == "taken" else count, justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    shown.add_column("seconds", justify="right", no_wrap=True)
    for entry in entries:
        numbers = [f"{getattr(entry, count):,}" if getattr(entry, count) else "·" for count in _COUNTS]
        closed = "[green]=[/]" if entry.closes else "[red]≠[/]"
        shown.add_row(entry.stage, entry.subject, *numbers, closed, f"{entry.seconds:.1f}" if entry.seconds else "…")
    return shown


@contextmanager
def live_books(show: bool = True) -> Iterator[list[Entry]]:
    """Show the books of whatever runs inside the block as they fill. Answers their entries in any case."""
    entries: list[Entry] = []
    token = watching.set(entries.append)
    try:
        if show and err.is_terminal:
            with Live(get_renderable=lambda: _books(entries), console=err, refresh_per_second=8, transient=True):
                yield entries
        else:
            yield entries
    finally:
        watching.reset(token)


def run_as_dict(row: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """A run and its books for --json."""
    return {**row, "balance": [{**vars(entry), "closes": entry.closes} for entry in entries]}
