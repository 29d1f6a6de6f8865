"""`landbridge identity ...`: how good, what to decide, why, and which model. Each command imports what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json

identity = typer.Typer(
    help="Who is whom: measure it, decide it, see why, choose and learn the model.", no_args_is_help=True
)
app.add_typer(identity, name="identity", rich_help_panel="Do the work")


@identity.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="A labelled table: CSV, JSON Lines or Parquet.")],
    truth: Annotated[str, typer.Option(help="The column that says who each row truly is.", metavar="COLUMN")],
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="Which column a field is: `street=number+road` joins two.", metavar="OURS=THEIRS[+THEIRS]"
        ),
    ] = None,
    region: Annotated[str | None, typer.Option(help="Country of phone numbers without a code, as `GB`.")] = None,
    json: Json = False,
) -> None:
    """Measure on a labelled table of yours how good identities are: precision, recall, review, time, memory.

    The very path that production takes, with the shipped model and default settings; the labels are hidden from it.
    Needs no configuration and no database.
    """
    from landbridge.cli import identity_evaluate as work
    from landbridge.cli import show

    measured = work.measure(file, truth, work.columns_of(mapped or [], truth), work.country(region))
    if json:
        show.as_json(measured.as_dict())
    else:
        work.tell(measured)
