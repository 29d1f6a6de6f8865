"""The command line: `landbridge --help` teaches it. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from landbridge import __version__
from landbridge.cli.edge import guarded

app = typer.Typer(
    name="landbridge",
    help="Join the silos: what every system knows about people becomes one customer and one enriched lead in the CRM.",
    epilog="New here? `landbridge demo` shows the whole job in a minute; `landbridge try FILE` does it with your data.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"landbridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The configuration; else $LANDBRIDGE_CONFIG, else landbridge.yaml."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options before the command."""
    if config:
        os.environ["LANDBRIDGE_CONFIG"] = str(config.absolute())


def entry() -> None:
    """What `landbridge` runs."""
    sys.exit(guarded(app))


# Each module adds its commands to `app`; the order here is the order of --help.
from landbridge.cli import demo, trial, up, work, look, sandbox  # noqa: E402, F401, I001
