"""The command that keeps things from the CRM: place holds, let them go, list them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json
from landbridge.counted import counted

if TYPE_CHECKING:
    from landbridge.push.holds import Held

_WHAT = "A change's number, a customer (our id, a CRM record, a profile), or 'everybody'. None: list what is held."
_RELEASE = "Let it go again: a hold such as h7, a change's number, a customer, a revert's plan, or 'everybody'."


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
            left = f"; {counted(taken, 'planned change')} left out" if taken else ""
            told = " ".join(filter(None, (about.identity_id or what, about.object, about.field)))
            show.err.print(f"Held by {actor}: {show.plain(told)}{left}.")
            if gone := holds.under_way(hub.store, hub.crm, about):
                show.err.print(f"{counted(gone, 'write')} of it left already; `landbridge push --halt WHY` stops one.")


def _release(whats: Sequence[str], actor: str, reason: str) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import holds

    with opened() as hub:
        for what in whats:
            count = holds.release(hub.store, hub.crm, what, actor=actor, reason=reason).holds
            show.err.print(f"Released by {actor}: {counted(count, 'hold')} on {show.plain(what)}.")


def _list(json: bool) -> None:
    from landbridge.bootstrap import opened
    from landbridge.cli import show
    from landbridge.push import holds

    with opened() as hub:
        found = holds.standing(hub.store, hub.crm)
    if json:
        show.as_json([vars(one) for one in found])
        return
    if not found:
        show.say("Nothing is held.")
        return
    apart = [one for one in found if one.plan is None]
    columns = ("hold", "whom", "object", "field", "by", "since", "why")
    if apart:
        show.table(columns, map(_cells, apart), right=("hold",))
    if reverts := [one for one in found if one.plan is not None]:
        _tell_reverts(reverts)


def _tell_reverts(held: Sequence[Held]) -> None:
    """One line a revert: a run's may be thousands."""
    from landbridge.cli import show

    plans: dict[str, list[Held]] = {}
    for one in held:
        plans.setdefault(str(one.plan), []).append(one)
    show.say("\nWhat reverts took back, held as long as we want the same again:")
    rows = [
        (len(ones), plan, ones[0].actor, f"{ones[0].at:%Y-%m-%d %H:%M}", show.cut(ones[0].reason[len(plan) + 2 :], 60))
        for plan, ones in plans.items()
    ]
    show.table(("holds", "revert", "by", "since", "why"), rows, right=("holds",))
    show.say("`landbridge hold --json` lists them, `landbridge hold PLAN --release` lets them go.", "dim")


def _cells(each: Held) -> tuple[object, ...]:
    from landbridge.cli import show

    what = (f"h{each.hold_id}", each.identity_id or "everybody", each.object or "any", each.field or "all")
    return *what, each.actor, f"{each.at:%Y-%m-%d %H:%M}", show.cut(each.reason, 60)
