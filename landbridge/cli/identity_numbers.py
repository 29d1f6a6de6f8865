"""Numbers of identity on the screen: thresholds and what they cost, quality without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from landbridge.cli import show
from landbridge.errors import LandbridgeError
from landbridge.identity.model import Model
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
