"""The two thresholds, chosen by expected precision: from which weight on we link, from which on we ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from landbridge.errors import ConfigInvalid
from landbridge.identity.model import Model
from landbridge.store.engine import Store

STEP = 0.25
"""Bits between two weights that are told apart: finer ones would move with every profile that comes in."""

CHOSEN = "/"
"""Stands in a version before thresholds that somebody chose; no model's own version has it."""

NEARBY = 0.1
"""Share by which a base grows or shrinks before thresholds follow it."""

LOWEST, HIGHEST = -10.0, 40.0

CHOICES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Precisions that are shown beside the one in force."""


def expected_precision(model: Model, weight: float, size: int) -> float:
    """Of pairs at this weight (bits) in a base of `size`, the share that is one person: a model that was calibrated
    says it, of others it is the match's own probability."""
    calibrated: Any = getattr(model, "expected_precision", None)
    return float(calibrated(weight, size)) if calibrated else 1 / (1 + 2.0 ** -max(min(weight, 60), -60))


def weight_for(model: Model, precision: float, size: int) -> float:
    """The lowest weight from which on pairs are one person at least as often as `precision` says."""
    steps = int((HIGHEST - LOWEST) / STEP)
    weights = (LOWEST + STEP * step for step in range(steps))
    return next((w for w in weights if expected_precision(model, w, size) >= precision), HIGHEST)


def applied(
    model: Model, size: int, link_precision: float | None, review_precision: float | None, standing: str = ""
) -> Model:
    """The model with thresholds for these precisions; its own where none is asked for.

    Another threshold makes other identities, so it stands in the version. Raises ConfigInvalid for a wish to ask above
    what is linked; the model's own threshold for asking gives way. Where version `standing` has what a base a NEARBY
    smaller or larger would get, it stays: identities are not made anew because somebody came or went.
    """
    sizes = (size, round(size * (1 - NEARBY)), round(size * (1 + NEARBY)))
    links = [model.link if link_precision is None else weight_for(model, link_precision, n) for n in sizes]
    reviews = [model.review if review_precision is None else weight_for(model, review_precision, n) for n in sizes]
    if review_precision is not None and reviews[0] > links[0]:
        linked = round(expected_precision(model, links[0], size), 3) if link_precision is None else link_precision
        raise ConfigInvalid(
            f"It cannot ask from a precision of {review_precision} and link from {linked}.",
            do="In landbridge.yaml, choose identity.review_precision below link_precision.",
        )
    near = [_with(model, link, review) for link in links for review in reviews]
    return next((one for one in near if one.version == standing), near[0])


def _with(model: Model, link: float, review: float) -> Model:
    review = min(review, link)
    if (link, review) == (model.link, model.review):
        return model
    return replace(model, link=link, review=review, version=f"{model.version}{CHOSEN}{link:.2f}{CHOSEN}{review:.2f}")


@dataclass(frozen=True)
class Choice:
    """What linking from `bits` on comes to on the base at hand. Shares are expected ones, of pairs.

    `precision`: of a pair right at the threshold. `linked_right`: of all linked pairs, how many are one person.
    `asked`: pairs between asking and linking, and those that their groups refuse whatever they weigh; `asked_right` the
    share of them that is one person.
    """

    precision: float
    bits: float
    linked: int
    linked_right: float
    asked: int
    asked_right: float
    in_force: bool = False


def choices(store: Store, model: Model) -> list[Choice]:
    """What each precision to link by would come to, the threshold in force among them, the lowest first."""
    size = base_size(store)
    with store.begin() as connection:
        rows = connection.execute(_PAIRS, {"step": STEP, "review": model.review}).all()
    pairs = [(float(row.bits), row.open, row.refused, expected_precision(model, float(row.bits), size)) for row in rows]
    wanted = {weight_for(model, precision, size): precision for precision in CHOICES}
    wanted = {bits: precision for bits, precision in wanted.items() if bits > model.review and bits != model.link}
    found = [_choice(bits, precision, pairs) for bits, precision in wanted.items()]
    now = _choice(model.link, expected_precision(model, model.link, size), pairs)
    return sorted([*found, replace(now, in_force=True)], key=lambda choice: choice.bits)


def base_size(store: Store) -> int:
    """How many profiles there are to compare."""
    with store.begin() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM profile WHERE NOT gone")) or 0)


def standing(store: Store) -> str:
    """The version of the model that identities stand by; empty before the first resolving."""
    with store.begin() as connection:
        return str(connection.scalar(sa.text("SELECT model FROM resolved")) or "")


def _choice(bits: float, precision: float, pairs: Iterable[tuple[float, int, int, float]]) -> Choice:
    linked, linked_right, asked, asked_right = 0, 0.0, 0, 0.0
    for weight, free, refused, right in pairs:
        joined = free if weight >= bits else 0
        left = free + refused - joined
        linked, linked_right = linked + joined, linked_right + joined * right
        asked, asked_right = asked + left, asked_right + left * right
    return Choice(
        round(precision, 4),
        bits,
        linked,
        round(linked_right / linked, 4) if linked else 1.0,
        asked,
        round(asked_right / asked, 4) if asked else 0.0,
    )


_PAIRS = sa.text("""
SELECT floor(weight / :step) * :step AS bits, count(*) FILTER (WHERE refused IS NULL) AS open,
    count(refused) AS refused
FROM match WHERE weight >= :review GROUP BY 1 ORDER BY 1
""")
