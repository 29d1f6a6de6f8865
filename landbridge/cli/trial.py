"""Try: who is the same person in files of your own, and why. Nothing configured, nothing stored, nothing sent."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json
from landbridge.errors import LandbridgeError, NotFound

if TYPE_CHECKING:
    from landbridge.cli.examine import File, Found

COLUMNS = ("file", "key", "name", "email", "phone", "company", "city")


@app.command(name="try", rich_help_panel="Try it")
def trial(
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines or Parquet; each with any columns.")],
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="Say what a column is: `email=Kontakt`.", metavar="OURS=THEIRS")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Country of phone numbers without a code, as `GB`.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many customers to print.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write a CSV: every row with its customer.")] = None,
    json: Json = False,
) -> None:
    """Recognise the columns of your files, find the same people, and show who is whom and why.

    Works on this machine alone: no database, no account, no configuration. Several files are matched with each other.
    """
    from landbridge.cli import show
    from landbridge.cli.examine import examine

    chosen, where = _chosen(mapped or []), country(region)
    if out:
        _see_that_writable(out, files)
    found = examine(files, chosen, where)
    if out:
        _write(out, found)
    if json:
        show.as_json(found.as_dict())
        return
    _tell(found, limit)
    if out:
        show.say(f"\nEvery row with its customer is in [bold]{show.plain(out)}[/].")


def _chosen(mapped: list[str]) -> dict[str, str]:
    """What --map says, our field -> the column. Each field and each column once, or one of them would go unheard."""
    chosen: dict[str, str] = {}
    for text in mapped:
        ours, _, theirs = (part.strip() for part in text.partition("="))
        if not (ours and theirs):
            raise typer.BadParameter(f"'{text}' is not OURS=THEIRS; write it as --map email=Kontakt.")
        if ours in chosen or theirs in chosen.values():
            raise typer.BadParameter(f"'{text}' names a field or a column a second time.")
        chosen[ours] = theirs
    return chosen


def country(region: str | None) -> str | None:
    """A country's two letters, as they were given. BadParameter for what is none."""
    import phonenumbers

    code = region.upper() if region else None
    if code and code not in phonenumbers.SUPPORTED_REGIONS:
        raise typer.BadParameter(f"'{region}' is no country's two letters, such as GB.")
    return code


def _see_that_writable(out: Path, files: list[Path]) -> None:
    """Before the work rather than after it."""
    if not out.parent.is_dir():
        raise NotFound(f"There is no folder {out.parent} to write {out.name} into.", do="Make it, or name another.")
    if out.resolve() in {file.resolve() for file in files}:
        raise typer.BadParameter(f"--out {out} would overwrite what is read.")


def _tell(found: Found, limit: int) -> None:
    from landbridge.cli import show

    for file in found.files:
        _tell_file(file)
    several = [customer for customer in found.customers if len(customer["members"]) > 1]
    rows = sum(len(customer["members"]) for customer in found.customers)
    show.say(
        f"\n[bold]{_count(rows, 'row')} are {_count(len(found.customers), 'customer')}[/]; {len(several):,} with more "
        f"than one row. {_count(len(found.review), 'pair')} to look at: perhaps the same, perhaps not."
    )
    for customer in several[:limit]:
        _tell_group(customer["members"], [line for pair in customer["why"] for line in pair["because"]])
    if len(several) > limit:
        show.say(f"\n… and {len(several) - limit:,} more: --limit, --json or --out FILE.csv show them.", "dim")
    for pair in found.review[: -(-limit // 3)]:
        show.say(f"\n[bold yellow]Perhaps the same[/] [dim]({pair['probability']:.0%})[/]")
        _tell_group(
            pair["members"], [*pair["because"], *([f"not joined: {pair['refused']}"] if pair["refused"] else [])]
        )


def _tell_file(file: File) -> None:
    from landbridge.cli import show

    broken = f", {file.broken:,} more unreadable and left out" if file.broken else ""
    show.say(f"[bold]{show.plain(file.name)}[/]: {_count(file.rows, 'row')}{broken}")
    for ours, theirs in file.fields.items():
        show.say(f"  {ours:<14} ← {show.plain(', '.join(theirs))}")
    if file.left:
        show.say(f"  not used: {show.plain(', '.join(file.left))}", "dim")


def _tell_group(members: list[dict[str, Any]], because: list[str]) -> None:
    from landbridge.cli import show

    show.say("")
    show.table(COLUMNS, ([member[column] for column in COLUMNS] for member in members[:_MOST]))
    if len(members) > _MOST:
        show.say(f"  … and {len(members) - _MOST:,} more rows of this customer.", "dim")
    for reason in list(dict.fromkeys(because))[:6]:
        show.say(f"  · {show.plain(reason)}", "dim")


_MOST = 20
"""Rows of one customer that are printed."""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _write(path: Path, found: Found) -> None:
    """One line a row of the files, with its customer."""
    from landbridge.cli import show

    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["customer", "rows_of_customer", *COLUMNS])
            for customer in found.customers:
                for member in customer["members"]:
                    cells = [show.for_spreadsheets(member[column]) for column in COLUMNS]
                    writer.writerow([customer["identity"], len(customer["members"]), *cells])
    except OSError as error:
        raise LandbridgeError(f"{path} cannot be written: {error.strerror}.", do="Name another with --out.") from error
