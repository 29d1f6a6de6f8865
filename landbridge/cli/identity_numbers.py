"""Numbers of identity on the screen: thresholds and what they cost, quality without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from landbridge.cli import show
from landbridge.errors import LandbridgeError
from landbridge.identity.model import Model
from landbridge.identity.quality import Quality
from landbridge.identity.thresholds import Choice


def draw(path: Path, choices: Sequence[Choice], version: str) -> None:
    """Write the thresholds' picture."""
    from landbridge.identity.picture import thresholds_svg

    try:
        path.write_text(thresholds_svg(choices, version), encoding="utf-8")
    except OSError as error:
        raise LandbridgeError(f"{path} cannot be written: {error.strerror}.", do="Name another with --svg.") from error


def tell_thresholds(choices: Sequence[Choice], model: Model, svg: Path | None, *, json: bool) -> None:
    """Print what each choice comes to, the one in force marked."""
    if json:
        told = {"model": model.version, "link_bits": model.link, "review_bits": model.review}
        show.as_json({**told, "choices": [asdict(choice) for choice in choices]})
        return
    show.say(f"Model {show.plain(model.version)} links from {model.link:.2f} bits and asks from {model.review:.2f}.\n")
    columns = ("", "precision", "bits", "linked", "right", "asked", "same")
    show.table(columns, [_cells(choice) for choice in choices], right=columns[1:])
    show.say(
        "\nprecision: of pairs right at the threshold, the share that is one person. linked, right: pairs linked, and "
        "the share of them that is one person. asked, same: pairs left to people, and their share. All as expected "
        "by the model; ▶ is in force.",
        "dim",
    )
    show.say("Choose with `identity: {link_precision: 0.9, review_precision: 0.6}` in landbridge.yaml.", "dim")
    if svg:
        show.say(f"The picture is in [bold]{show.plain(svg)}[/].")


def _cells(choice: Choice) -> tuple[str, ...]:
    return (
        "▶" if choice.in_force else "",
        f"{choice.precision:.3f}",
        f"{choice.bits:.2f}",
        f"{choice.linked:,}",
        f"{choice.linked_right:.4f}",
        f"{choice.asked:,}",
        f"{choice.asked_right:.3f}",
    )


BAR = 30
"""Characters of the longest bar."""


def tell_quality(found: Quality, *, json: bool) -> None:
    """Print it for people."""
    if json:
        show.as_json(asdict(found))
        return
    show.say(
        f"[bold]{found.profiles:,} profiles are {found.customers:,} customers[/]; model {show.plain(found.model)}."
    )
    show.say(f"Expected precision {found.expected_precision:.1%} of {found.linked:,} linked pairs.")
    show.say(
        f"Expected recall {found.expected_recall:.1%} of the pairs that anything speaks for; {found.asked:,} wait."
    )
    show.say(f"Largest customer {found.largest:,}; {found.doubts:,} in doubt, their leads held back.")
    _tell_sizes(found)
    _tell_shared(found)
    _tell_drift(found)


def _tell_sizes(found: Quality) -> None:
    show.say("\n[bold]Records of a customer[/]")
    most = max((count for _, _, count in found.sizes), default=0)
    for low, high, count in found.sizes:
        if count:
            name = f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}"
            show.say(f"  {name:>5}  {'█' * max(1, round(BAR * count / most)):<{BAR}} {count:,}")


def _tell_shared(found: Quality) -> None:
    if not found.shared:
        return
    counts = ", ".join(f"{count:,} of {kind}" for kind, count in found.shared_values.items())
    show.say(f"\n[bold]Values that several customers use[/]: {counts}. The most used:")
    rows = [(one.kind, one.masked, one.profiles, one.customers) for one in found.shared]
    show.table(("kind", "value", "profiles", "customers"), rows, right=("profiles", "customers"))


def _tell_drift(found: Quality) -> None:
    if not found.drift:
        show.say("\nNo drift: the base looks as it did when the model was learned.")
        return
    show.say("\n[bold]Drift[/] since the model was learned: shares of linked pairs at a level, and of filled fields")
    worst = found.drift[:8]
    rows = [(one.what, one.level, f"{one.then:.1%}", f"{one.now:.1%}", _way(one.now - one.then)) for one in worst]
    show.table(("what", "level", "then", "now", "by"), rows, right=("then", "now", "by"))
    if found.model.startswith("default"):
        show.say("The model that ships was learned on made-up customers; your base differs from the start.", "dim")
    show.say("Large drift: `landbridge identity retrain` learns from what the base is now.", "dim")


def _way(points: float) -> str:
    return f"{'▲' if points > 0 else '▼'} {abs(points):.1%}"
