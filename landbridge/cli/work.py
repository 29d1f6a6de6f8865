"""The commands that do the work: run, check, sync, resolve, plan, push."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json, account_names
from landbridge.errors import LandbridgeError


@app.command(rich_help_panel="Do the work")
def run(json: Json = False) -> None:
    """Run the whole line once: every system in, every lead out.

    Runs through Prefect when its server answers (`landbridge up`), else directly. Exit code 0 when everything went
    well, 75 when a system was unavailable (try again later), others as `docs/it.md` lists.
    """
    from landbridge.cli import show
    from landbridge.cli.conduct import conduct, with_sandbox

    with with_sandbox():
        told = conduct("line", json=json)
    if json:
        show.as_json(told)


@app.command(rich_help_panel="Do the work")
def sync(
    accounts: Annotated[
        list[str] | None,
        typer.Argument(help="Accounts to read; all when none is named.", autocompletion=account_names),
    ] = None,
    json: Json = False,
) -> None:
    """Take in what is new in one account or more: land it as it came, map it into our fields.

    An account that fails does not keep the others waiting; its exit code is the command's. --json gives a list.
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.cli.conduct import with_sandbox

    with opened() as hub:
        named = [name for name in dict.fromkeys(accounts or hub.accounts) if hub.project.account(name)]
    with with_sandbox():
        runs, troubles = _synced(named, json)
    if json:
        show.as_json(runs)
    for trouble in troubles[1:]:
        show.failure(trouble)
    if troubles:
        raise troubles[0]


def _synced(accounts: list[str], json: bool) -> tuple[list[dict[str, Any]], list[LandbridgeError]]:
    """What the accounts' runs came to, and what went wrong with the others."""
    from landbridge.cli.conduct import conduct

    runs: list[dict[str, Any]] = []
    troubles: list[LandbridgeError] = []
    for account in accounts:
        try:
            runs.append({"account": account, **conduct("sync", json=json, account=account)})
        except LandbridgeError as error:
            troubles.append(error)
    return runs, troubles


@app.command(rich_help_panel="Do the work")
def resolve(json: Json = False) -> None:
    """Find out which records are one customer. Reads nothing from outside, writes nothing outside."""
    from landbridge.cli.conduct import stages

    stages("resolve", ["resolve"], json=json)


@app.command(rich_help_panel="Do the work")
def plan(
    plan_id: Annotated[
        str | None, typer.Argument(metavar="PLAN", help="Show this plan as it stands; else plan anew and show that.")
    ] = None,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="The plan as CSV: one line a field.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many changes to print for people.")] = 20,
    drop: Annotated[bool, typer.Option("--drop", help="PLAN shall not leave; --reason says why.")] = False,
    actor: Annotated[str | None, typer.Option("--as", help="Who drops it.", metavar="NAME", envvar="USER")] = None,
    reason: Annotated[str, typer.Option(help="Why it is dropped.")] = "",
) -> None:
    """Show what would change in the CRM, field by field, and why. Writes nothing there."""
    from landbridge.cli import plans
    from landbridge.cli.conduct import stages

    if drop:
        plans.drop(plan_id, actor, reason)
        return
    if plan_id is None:
        stages("plan", ["resolve", "golden", "validate", "plan"], json=False, quiet=True)
    plans.show_plan(plan_id, json=json, csv=csv, limit=limit)


@app.command(rich_help_panel="Do the work")
def push(
    json: Json = False,
    approve: Annotated[str | None, typer.Option(help="Approve this plan first.", metavar="PLAN")] = None,
    actor: Annotated[str | None, typer.Option("--as", help="Who approves.", metavar="NAME", envvar="USER")] = None,
    reason: Annotated[str, typer.Option(help="Why it is approved; asked of whoever approves.")] = "",
    halt: Annotated[str | None, typer.Option(help="Stop all writing at once, until --resume.", metavar="WHY")] = None,
    resume: Annotated[str | None, typer.Option(help="Let writing go on.", metavar="WHY")] = None,
) -> None:
    """Write what was planned and approved to the CRM. A second push with nothing new makes no call that writes.

    --halt stops every push, also one that is under way, and a bulk job inside the CRM; nothing is written by the
    command itself, nor by --resume.
    """
    from landbridge.cli import plans
    from landbridge.cli.conduct import stages, with_sandbox

    if len([each for each in (halt, resume, approve) if each is not None]) > 1:
        raise typer.BadParameter("One thing at a time: --halt, --resume or --approve.")
    if halt is not None or resume is not None:
        plans.switch(halt=halt, resume=resume, actor=actor or "somebody")
        return
    with with_sandbox():
        if approve:
            plans.approve(approve, actor or "somebody", reason)
        stages("push", ["push_and_read_back"], json=json)


@app.command(rich_help_panel="Do the work")
def check(json: Json = False) -> None:
    """Check everything that a run needs: configuration, database, rules, each account's login. Changes nothing."""
    from landbridge.cli import checks, show
    from landbridge.cli.conduct import with_sandbox

    with with_sandbox():
        found = checks.all_checks()
    if json:
        show.as_json([vars(one) for one in found])
    else:
        _tell(found)
    if worst := max((one.exit_code for one in found), default=0):
        raise typer.Exit(worst)


def _tell(found: list[Any]) -> None:
    from landbridge.cli import show

    show.table(("", "what", "finding"), (("✓" if one.ok else "✗", one.what, one.finding) for one in found))
    for one in found:
        if one.do:
            show.say(f"  → {show.plain(one.what)}: {show.plain(one.do)}")
