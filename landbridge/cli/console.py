"""`landbridge console` and `landbridge invite`: the pages, and who may see them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json

if TYPE_CHECKING:
    from landbridge.bootstrap import Hub


@app.command(rich_help_panel="Do the work")
def console(
    host: Annotated[str | None, typer.Option(help="The address to listen on; this machine only when left out.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port; 4280 when left out.")] = None,
) -> None:
    """Serve the console: the map, review, customers, plan, quarantine, runs, audit and settings, in a browser.

    The first time it prints a link that makes you its admin; the link works once. `landbridge up` serves it too.
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.console import serve

    with opened() as hub:
        settings = hub.project.settings.console
        with serve.bound(host or settings.host, port or settings.port) as listening:
            _ = hub.store
            tell(hub, port, host)
            show.say("  Ctrl-C stops it.", "dim")
            serve.run(hub, listening)


def beside(hub: Hub, port: int | None) -> AbstractContextManager[str]:
    """Serve it beside whatever the block does."""
    from landbridge.console import serve

    settings = hub.project.settings.console
    return serve.served(hub, settings.host, port or settings.port)


def tell(hub: Hub, port: int | None, host: str | None = None) -> None:
    """Print where it is and, while nobody manages it, a link for the first admin."""
    from landbridge.cli import show

    show.say(f"[green]✓[/] The console: [bold]{address(hub, host, port)}[/]")
    _tell_first_link(hub, address(hub, host, port))


def address(hub: Hub, host: str | None = None, port: int | None = None) -> str:
    """Where a browser finds it."""
    settings = hub.project.settings.console
    name = host or settings.host
    shown = {"0.0.0.0": settings.hosts[0] if settings.hosts else "127.0.0.1", "::": "localhost"}.get(name, name)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port or settings.port}"


def _tell_first_link(hub: Hub, at: str) -> None:
    """Print a link for the first admin, while there is none."""
    from landbridge.cli import show
    from landbridge.console.people import invites
    from landbridge.console.web.rights import load_roles

    word = invites.first_link(hub.store, load_roles(hub.project.mappings / "console.yaml"))
    if word:
        show.say("  You are the first. This link makes you its admin, and works once:")
        show.say(f"  [bold]{at}/welcome/{word}[/]")


@app.command(rich_help_panel="Do the work")
def invite(
    login: Annotated[str, typer.Argument(help="Whom: a word without spaces, such as an e-mail address.")],
    role: Annotated[list[str], typer.Option(help="A role of mappings/console.yaml; may be given several times.")],
    json: Json = False,
) -> None:
    """Make a link that lets somebody into the console, once. It also helps whoever forgot a password."""
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.console.people import invites
    from landbridge.console.web.rights import load_roles

    with opened() as hub:
        known = load_roles(hub.project.mappings / "console.yaml")
        word = invites.invite(hub.store, login, role, known=known, actor=hub.project.settings.actor)
        link = f"{address(hub)}/welcome/{word}"
    if json:
        show.as_json({"login": login, "roles": sorted(set(role)), "link": link})
    else:
        show.say(f"For {login}, once, within three days: [bold]{link}[/]")
