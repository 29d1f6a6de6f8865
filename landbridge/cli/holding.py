"""The command that keeps things from the CRM: place holds, let them go, list them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json

if TYPE_CHECKING:
    from landbridge.push.holds import Held

_WHAT = "A change's number, a customer (our id, a CRM record, a profile), or 'everybody'. None: list what is held."
_RELEASE = "Let it go again: the hold's number, a customer, a revert's plan, or 'everybody'."


@app.command(rich_help_panel="Do the work")
def hold(
    what: Annotated[list[str] | None, typer.Argument(help=_WHAT)] = None,
    field: Annotated[str | None, typer.Option(help="This CRM field only.")] = None,
    kind: Annotated[str | None, typer.Option("--object", help="This kind of CRM record only, such as Task.")] = None,
    release: Annotated[bool, typer.Option("--release", help=_RELEASE)] = False,
    actor: Annotated[str, typer.Option("--as", help="Who says so.", metavar="NAME", envvar="USER")] = "somebody",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    json: Json = False,
) -> None:
    """Keep a record or a field of it from the CRM until somebody releases it; every plan to come leaves it out."""
    if not what:
        _list(json)
    elif release:
        _release(what, actor, reason)
    else:
        _place(what, field, kind, actor, reason)


def _place(whats: Sequence[str], field: str | None, kind: str | None, actor: str, reason: str) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import holds

    with opened() as hub:
        named = [(what, holds.about(hub.store, hub.policy, what, field, kind)) for what in whats]
        for what, about in named:
            taken = holds.place(hub.store, hub.crm, about, actor=actor, reason=reason)
            left = f"; {taken:,} planned changes are left out" if taken else ""
            told = " ".join(filter(None, (about.identity_id or what, about.object, about.field)))
            show.err.print(f"Held by {actor}: {show.plain(told)}{left}.")


def _release(whats: Sequence[str], actor: str, reason: str) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import holds

    with opened() as hub:
        for what in whats:
            count = holds.release(hub.store, hub.crm, what, actor=actor, reason=reason)
            show.err.print(f"{count:,} holds on {show.plain(what)} are released by {actor}.")


def _list(json: bool) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import holds

    with opened() as hub:
        found = holds.standing(hub.store, hub.crm)
    if json:
        show.as_json([vars(each) for each in found])
    elif not found:
        show.say("Nothing is held.")
    else:
        show.table(("hold", "whom", "object", "field", "by", "since", "why"), map(_cells, found), right=("hold",))


def _cells(each: Held) -> tuple[object, ...]:
    from landbridge.cli import show

    what = (each.hold_id, each.identity_id or "everybody", each.object or "any", each.field or "all")
    return *what, each.actor, f"{each.at:%Y-%m-%d %H:%M}", show.cut(each.reason, 60)
