"""Evaluate: a labelled table through production's own path, and what it came to, in numbers that can be compared."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from landbridge.cli import show
from landbridge.cli.identity_file import Labelled, read_labelled
from landbridge.errors import RecordRejected

if TYPE_CHECKING:
    from landbridge.identity.evaluate import Scores


@dataclass(frozen=True)
class Measured:
    """What a labelled table gave; seconds of the resolving alone, `read` those before it."""

    file: Path
    truth: str
    table: Labelled
    scores: Scores
    wall: float
    cpu: float
    read: float
    peak_mb: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        table, scores = self.table, asdict(self.scores)
        model = {name: scores.pop(name) for name in ("model", "link", "review")}
        review = {"pairs": scores.pop("review_pairs"), "yield": scores.pop("review_yield")}
        rows = {"rows": table.rows, "broken": table.broken, "unlabelled": table.rows - table.truth.num_rows}
        cost = {"wall_s": self.wall, "cpu_s": self.cpu, "read_s": self.read, "peak_mb": self.peak_mb}
        columns = {"truth": self.truth, "fields": table.fields, "left": table.left}
        columns |= {"copies": table.copies, "bytes": table.bytes}
        thresholds = {"version": model["model"], "link_bits": model["link"], "review_bits": model["review"]}
        return {
            "file": str(self.file),
            **rows,
            **columns,
            "scores": scores,
            "review": review,
            "model": thresholds,
            **cost,
        }


def columns_of(mapped: Sequence[str], truth: str) -> dict[str, list[str]]:
    """What --map says: our field -> the columns that make it. Each field and each column once."""
    chosen: dict[str, list[str]] = {}
    for text in mapped:
        ours, _, theirs = (part.strip() for part in text.partition("="))
        columns = [part.strip() for part in theirs.split("+")]
        if not (ours and all(columns)):
            raise typer.BadParameter(f"'{text}' is not OURS=THEIRS; write it as --map street=number+road.")
        taken = {column for each in chosen.values() for column in each}
        if ours in chosen or taken & set(columns) or len(set(columns)) < len(columns):
            raise typer.BadParameter(f"'{text}' names a field or a column a second time.")
        if truth in columns:
            raise typer.BadParameter(f"'{text}': the truth is no evidence.")
        chosen[ours] = columns
    return chosen


def country(region: str | None) -> str | None:
    """A country's two letters. BadParameter for what is none."""
    from landbridge.cli.trial import country as checked

    return checked(region)


def kept(columns: Sequence[str], truth: str) -> list[str]:
    """What --keep says."""
    if truth in columns:
        raise typer.BadParameter(f"'{truth}': the truth is no evidence.")
    return list(columns)


def measure(
    path: Path, truth: str, chosen: dict[str, list[str]], region: str | None, keep: Sequence[str] = ()
) -> Measured:
    """Read, hide the labels, resolve, score. Raises NotFound and RecordRejected as reading does."""
    from landbridge.identity.evaluate import evaluate

    began = time.monotonic()
    table = read_labelled(path, truth, chosen, region, keep)
    if not table.profiles.num_rows:
        raise RecordRejected("No row says anything about a person.", do="Name the columns: --map email=COLUMN.")
    if not table.truth.num_rows:
        raise RecordRejected(f"Column '{truth}' is empty: no row has a truth.", do="Name another with --truth.")
    read, wall, cpu = time.monotonic() - began, time.monotonic(), time.process_time()
    scores = evaluate(table.profiles, table.truth)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return Measured(path, truth, table, scores, round(wall, 2), round(cpu, 2), round(read, 2), _peak_mb())


def _peak_mb() -> int:
    """Most memory that this process ever held. Linux counts in KiB, macOS in bytes (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def tell_copies(measured: Measured) -> None:
    """Say on stderr which columns were left out for saying what the truth says."""
    for name in measured.table.copies:
        show.err.print(
            f"'{show.plain(name)}' says of every row what '{show.plain(measured.truth)}' says: left out, for it may be "
            f"the truth in another spelling. If systems say it of themselves: --keep {show.plain(name)}.",
            style="yellow",
            soft_wrap=True,
        )


def tell(measured: Measured) -> None:
    """Print it for people."""
    table, scores = measured.table, measured.scores
    _tell_columns(measured)
    show.say("")
    cells = [
        ("pairs", *_three(scores.precision, scores.recall, scores.f1)),
        ("B-cubed", *_three(scores.b3_precision, scores.b3_recall, scores.b3_f1)),
    ]
    show.table(("", "precision", "recall", "F1"), cells, right=("precision", "recall", "F1"))
    if not scores.true_pairs:
        show.say("\nNo two rows are one person: recall says nothing here.", "yellow")
    show.say(
        f"\n{scores.people:,} people in {scores.labelled:,} labelled rows, {scores.identities:,} customers found. "
        f"Largest {scores.largest}, largest true one {scores.largest_true}."
    )
    asked = f"; {scores.review_yield:.1%} of them are one person" if scores.review_pairs else ""
    show.say(f"Review: {scores.review_pairs:,} pairs to ask about{asked}.")
    show.say(f"Joined or asked about: {scores.reached:.1%} of {scores.true_pairs:,} true pairs.")
    show.say(f"Model {show.plain(scores.model)}: links from {scores.link:.2f} bits, asks from {scores.review:.2f}.")
    show.say(
        f"Resolved in {measured.wall:.1f} s ({measured.cpu:.1f} s of CPU), read in {measured.read:.1f} s; "
        f"{table.rows / max(measured.wall, 0.01):,.0f} rows a second; peak {measured.peak_mb:,} MB.",
        "dim",
    )


def _three(*rates: float) -> tuple[str, ...]:
    return tuple(f"{rate:.4f}" for rate in rates)


def _tell_columns(measured: Measured) -> None:
    table = measured.table
    unlabelled = table.rows - table.truth.num_rows
    show.say(f"[bold]{show.plain(measured.file)}[/]: {table.rows:,} rows")
    if table.broken:
        show.say(f"  {table.broken:,} more unreadable and left out: no whole row, or longer than 1 MB", "yellow")
    if table.bytes:
        show.say(f"  bytes, which nobody can compare: {show.plain(', '.join(table.bytes))}", "yellow")
    if unlabelled:
        show.say(f"  {unlabelled:,} without a truth: compared like the others, and left out of the score", "yellow")
    if silent := table.rows - table.profiles.num_rows:
        show.say(f"  {silent:,} say nothing of a person: left alone", "yellow")
    for ours, theirs in table.fields.items():
        joined = " + " if len(theirs) > 1 else ""
        show.say(f"  {ours:<14} ← {show.plain(joined.join(theirs))}")
    show.say(f"  {'truth':<14} ← {show.plain(measured.truth)} (hidden)")
    if table.left:
        show.say(f"  not used: {show.plain(', '.join(table.left))}", "dim")
