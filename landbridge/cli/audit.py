"""`landbridge audit`: the trail of every change of state, listed, proved, given to an auditor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json, Limit
from landbridge.errors import RecordRejected

audit = typer.Typer(help="The trail of every change of state: list it, prove it.", no_args_is_help=True)
app.add_typer(audit, name="audit", rich_help_panel="Look")


@audit.command("verify")
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="An export, verified without database; the trail itself when absent."),
    ] = None,
    key: Annotated[str, typer.Option(help="The fingerprint that the export's key must have.")] = "",
    json: Json = False,
) -> None:
    """Recompute the whole chain of events and say whether any was altered, removed or slipped in. Exit code 1 if so."""
    if file is not None:
        _verify_file(file, key, json)
        return
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.trail.audit import verify as prove

    with opened() as hub:
        verdict = prove(hub.store)
    if json:
        show.as_json({**vars(verdict), "intact": verdict.intact})
    elif verdict.intact:
        show.say(f"[green]✓[/] The trail is intact: {verdict.events:,} events, head {verdict.head[:16]}…")
    else:
        show.say(f"[red]✗[/] The trail is broken at event {verdict.broken_at}: {verdict.reason}.")
    if not verdict.intact:
        raise typer.Exit(1)


def _verify_file(file: Path, key: str, json: bool) -> None:
    from landbridge.cli import show
    from landbridge.trail.verify_archive import NotIntact
    from landbridge.trail.verify_archive import verify as prove

    try:
        found = prove(str(file), key)
    except NotIntact as wrong:
        show.as_json({"intact": False, "reason": str(wrong)}) if json else show.say(
            f"[red]✗[/] {show.plain(file)} is not intact: {show.plain(wrong)}."
        )
        raise typer.Exit(1) from None
    if json:
        show.as_json({**found, "intact": True})
        return
    show.say(f"[green]✓[/] Intact: events {found['first']:,} to {found['last']:,}, head {found['head'][:16]}…")
    told = "that is the key you named" if key else "compare it with the one on the console's audit page"
    show.say(f"  Signed with key {found['fingerprint']}; {told}.", "dim")


@audit.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The archive to write, such as trail.zip; it must not exist yet.")],
    since: Annotated[str, typer.Option("--from", help="The first day, 2026-01-01; the beginning when absent.")] = "",
    until: Annotated[str, typer.Option("--to", help="The last day, included; up to now when absent.")] = "",
) -> None:
    """Write a signed archive of a time: the events, a report to read and print, and what proves both without us."""
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.trail import archive, signing, span

    with opened() as hub:
        wanted = span.events(hub.store, span.days(since, until))
        key = signing.key(hub.project.data)
        pieces = archive.export(hub.store, key, wanted, actor=hub.project.settings.actor)
        _write(file, pieces)
    show.say(f"[green]✓[/] Events {wanted.first:,} to {wanted.last:,} are in {show.plain(file)}.")
    show.say(f"  Signed with key {key.fingerprint}. `landbridge audit verify {file.name}` proves it anywhere.", "dim")


def _write(file: Path, pieces: Iterator[bytes]) -> None:
    """All of it or nothing: an archive that ends early leaves no file."""
    try:
        with file.open("xb") as out:
            out.writelines(pieces)
    except FileExistsError:
        raise RecordRejected(f"{file} exists already.", do="Name another file.") from None
    except BaseException:
        file.unlink(missing_ok=True)
        raise


@audit.command("list")
def list_events(
    json: Json = False,
    limit: Limit = 20,
    subject: Annotated[str | None, typer.Option(help="Only what happened to this run, identity or change.")] = None,
) -> None:
    """List events, newest first: who did what to what, when."""
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.trail.audit import newest

    with opened() as hub:
        rows = [dict(row._mapping) for row in newest(hub.store, limit, subject)]
    if json:
        show.as_json(rows)
        return
    cells = [
        (r["seq"], f"{r['at']:%Y-%m-%d %H:%M:%S}", r["kind"], r["actor"], r["subject"], _short(r["detail"]))
        for r in rows
    ]
    if rows:
        show.table(("event", "at", "kind", "who", "what", "detail"), cells, right=("event",))
    else:
        show.say(f"Nothing happened{f' to {show.plain(subject)}' if subject else ' yet'}.")


def _short(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items() if value not in ("", None))
