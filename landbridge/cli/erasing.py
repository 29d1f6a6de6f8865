"""The command that says that a customer is to be forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from landbridge.cli.app import app


@app.command(rich_help_panel="Do the work")
def erase(
    what: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Any id of theirs: ours, a CRM record, a profile.")],
    actor: Annotated[str, typer.Option("--as", help="Who says so.", metavar="NAME")],
    reason: Annotated[str, typer.Option(help="Why, such as the date of their request; no personal data.")],
) -> None:
    """Say that a customer is to be forgotten: nothing of them is written to the CRM any more, and what it has goes.

    The next plan shows which records go, or are blanked, as `erased:` in the CRM's policy says; it waits for approval.
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push.mirror.erasing import erase as forget

    with opened() as hub:
        whom = forget(hub.store, hub.crm, what, actor=actor, reason=reason)
    show.err.print(f"{whom} is to be forgotten, says {actor}. `landbridge plan` shows what goes from the CRM.")
