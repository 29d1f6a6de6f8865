"""The application that every module of commands adds to, and the options that stand before a command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from landbridge import __version__

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
