"""`landbridge identity ...`: how good, what to decide, why, and which model. Each command imports what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landbridge.cli.app import app
from landbridge.cli.options import Json, Limit

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
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="A column that is evidence although it tells people apart as the truth does.", metavar="COLUMN"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure on a labelled table of yours how good identities are: precision, recall, review, time, memory.

    The very path that production takes, with the shipped model and default settings; the labels are hidden from it.
    Needs no configuration and no database.
    """
    from landbridge.cli import identity_evaluate as work
    from landbridge.cli import show

    chosen, also = work.columns_of(mapped or [], truth), work.kept(keep or [], truth)
    measured = work.measure(file, truth, chosen, work.country(region), also)
    work.tell_copies(measured)
    if json:
        show.as_json(measured.as_dict())
    else:
        work.tell(measured)


@identity.command()
def review(json: Json = False, limit: Limit = 5) -> None:
    """Show the pairs that wait for a person's eye, the most valuable answer first, each with the evidence in words.

    What holds a customer's lead back from the CRM stands first.
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import identity_review as work
    from landbridge.identity.review import questions, waiting

    with opened() as hub:
        asked, counts = questions(hub.store, limit), waiting(hub.store)
    work.tell(asked, counts, json=json)


Left = Annotated[str, typer.Argument(help="A profile: account/stream/key.")]
Right = Annotated[str, typer.Argument(help="Another profile.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]
Actor = Annotated[str, typer.Option("--as", help="Who says so.", metavar="NAME", envvar="USER")]


@identity.command()
def same(left: Left, right: Right, reason: Reason, actor: Actor = "somebody", json: Json = False) -> None:
    """Say that two profiles are one person. It stands for ever, over any score, until somebody withdraws it."""
    from landbridge.cli import identity_review as work

    work.decided(left, right, "same", actor, reason, json=json)


@identity.command()
def different(left: Left, right: Right, reason: Reason, actor: Actor = "somebody", json: Json = False) -> None:
    """Say that two profiles are two people. It stands for ever; a customer that holds both falls apart between them."""
    from landbridge.cli import identity_review as work

    work.decided(left, right, "different", actor, reason, json=json)


@identity.command()
def withdraw(left: Left, right: Right, reason: Reason, actor: Actor = "somebody", json: Json = False) -> None:
    """Take back what was decided about two profiles: the evidence alone decides again."""
    from landbridge.cli import identity_review as work

    work.decided(left, right, None, actor, reason, json=json)


@identity.command()
def show(
    what: Annotated[str, typer.Argument(help="A customer's id (old ones too), a profile, or a record in the CRM.")],
    json: Json = False,
) -> None:
    """Show one customer: who is in it and why, what hangs by one link, what was decided, what became of its ids."""
    from landbridge.bootstrap import opened
    from landbridge.cli import identity_show as work
    from landbridge.identity.story import story

    with opened() as hub:
        found = story(hub.store, what)
    work.tell(found, json=json)


@identity.command()
def feed(
    after: Annotated[int, typer.Option(min=0, help="The last event that you know; 0 for all.")] = 0,
    json: Json = False,
    limit: Limit = 1000,
) -> None:
    """List what became of customers' ids, for whoever keeps them elsewhere.

    They are created, merged, split, redirected (one means another from then on) and restored (it does no more).
    """
    from landbridge.bootstrap import opened
    from landbridge.cli import identity_show as work
    from landbridge.identity.story import feed as events

    with opened() as hub:
        work.tell_feed(events(hub.store, after, limit), after, limit, json=json)


@identity.command()
def thresholds(
    json: Json = False,
    svg: Annotated[Path | None, typer.Option(help="Write the picture there.", metavar="FILE")] = None,
) -> None:
    """Show what each link threshold would come to on your base: how many pairs are right, how many you are asked."""
    from landbridge.bootstrap import opened
    from landbridge.cli import identity_numbers as work
    from landbridge.identity.thresholds import choices

    with opened() as hub:
        model = hub.model
        found = choices(hub.store, model)
    if svg:
        work.draw(svg, found, model.version)
    work.tell_thresholds(found, model, svg, json=json)


@identity.command()
def quality(json: Json = False) -> None:
    """Show how good identities are expected to be, without labels: precision, recall, sizes, shared values, drift."""
    from landbridge.bootstrap import opened
    from landbridge.cli import identity_numbers as work
    from landbridge.identity.quality import quality as measured

    with opened() as hub:
        found = measured(hub.store, hub.model)
    work.tell_quality(found, json=json)


@identity.command()
def retrain(
    model: Annotated[
        Path | None, typer.Option("--model", help="Take this model instead of learning one.", metavar="FILE")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Adopt it without asking.")] = False,
    unseen: Annotated[bool, typer.Option("--unseen", help="Do not rehearse what would follow.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the adoption.")] = "",
    actor: Actor = "somebody",
    json: Json = False,
) -> None:
    """Learn a model from your own base, show which customers would move and what the CRM would get, ask, adopt.

    What would follow is tried by the real stages in a scratch copy of the database. Without --yes, --json only shows.
    """
    from landbridge.cli import identity_models as work

    work.retrain(model, actor, reason, yes=yes, unseen=unseen, json=json)


@identity.command()
def models(
    adopt: Annotated[str | None, typer.Option(help="Put this one in force again.", metavar="VERSION")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the adoption.")] = "",
    actor: Actor = "somebody",
    json: Json = False,
) -> None:
    """List the models that were ever in force, who adopted them and why; or go back to one."""
    from landbridge.cli import identity_models as work

    work.listed(adopt, actor, reason, json=json)
