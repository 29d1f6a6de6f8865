"""What no model can have. A number that is none would reach every weight, and from there every link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from landbridge.identity.contradictions import KINDS

if TYPE_CHECKING:
    from landbridge.identity.model import Model


LEAST = 1e-100
"""The least share that there is. Of some, half or less is taken by the size of the base; Splink's least is 1e-300."""


def unsound(model: Model) -> str:
    """What is wrong with a model that was read from outside, or ''."""
    return next((wrong for sound, wrong in _sound(model) if not sound), "")


def _sound(model: Model) -> Iterator[tuple[bool, str]]:
    """Whether each thing is as it must be, and what is wrong if it is not; later ones rely on those before."""
    yield isinstance(model.version, str) and _is_text(model.version), "its version is no word"
    for name in ("link", "review"):
        yield _is_number(getattr(model, name), -1000, 1000), f"its {name} threshold is no number of bits"
    yield model.review <= model.link, "it asks from a higher weight than it links from"
    yield _is_number(model.learned_on, 1, 1e12), "learned_on is no size of a base"
    yield _is_number(model.matches_per_profile, 1e-6, 1e6), "matches_per_profile is no number above 0"
    for comparison, levels in model.weights.items():
        for level, shares in levels.items():
            yield _are_shares(shares), f"the weight of {comparison}, {level} is no two shares above 0 and up to 1"
    yield isinstance(model.rarity, dict), "its rarity is no table"
    for column, values in model.rarity.items():
        sound = isinstance(values, dict) and _are_shares(values.values())
        yield sound, f"the rarity of {column!a} is no table of shares above 0 and up to 1"
        yield all(map(_is_text, (column, *values))), f"the rarity of {column!a} names what is no text"
    yield all(kind in range(len(KINDS)) for kind in model.against), "against names a contradiction that there is not"
    yield from _sound_calibration(model)


def _sound_calibration(model: Model) -> Iterator[tuple[bool, str]]:
    sizes = [size for size, _ in model.calibration]
    yield all(_is_number(size, 1, 1e12) for size in sizes), "its calibration is for a base of no size"
    yield _rises(sizes, strictly=True), "its calibration does not go from small bases to large ones"
    for size, table in model.calibration:
        bits, shares = [pair[0] for pair in table], [pair[1] for pair in table]
        yield (
            bool(table) and all(_is_number(one, -1000, 1000) for one in bits),
            f"the calibration for {size} has no bits",
        )
        yield all(_is_number(share, 0, 1) for share in shares), f"the calibration for {size} has shares beyond 0 and 1"
        yield _rises(bits, strictly=True) and _rises(shares), f"the calibration for {size} falls as weights rise"


def _rises(numbers: Iterable[float], *, strictly: bool = False) -> bool:
    return all(low < high or (low == high and not strictly) for low, high in pairwise(numbers))


def _are_shares(values: Iterable[object]) -> bool:
    return all(_is_number(value, LEAST, 1) for value in values)


def _is_text(value: str) -> bool:
    """Whether a database takes it: no half of a character, and no NUL."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_number(value: object, low: float, high: float) -> bool:
    """Whether it lies between: what is no number, or infinite, lies nowhere."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
