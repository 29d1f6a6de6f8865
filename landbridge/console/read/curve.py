"""What linking more or less boldly would come to, as a picture drawn by the page itself, in the page's own colours."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from landbridge.bootstrap import Hub
from landbridge.identity import thresholds
from landbridge.identity.model import Model
from landbridge.identity.thresholds import Choice

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 280, 64, 24, 44


@dataclass
class Curves:
    """The choices of the base as it was last resolved: reckoned once, for they take a walk over all pairs."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, str], list[Choice]] = field(default_factory=dict)

    def of(self, hub: Hub, model: Model) -> list[Choice]:
        """The choices, the lowest threshold first."""
        key = (model.version, thresholds.standing(hub.store))
        with self._lock:
            if key not in self._kept:
                self._kept = {key: thresholds.choices(hub.store, model)}
            return self._kept[key]


@dataclass(frozen=True)
class Drawn:
    """Where things are in the picture: a place from left for each choice, one from the top for both of its values."""

    choices: Sequence[Choice]
    xs: tuple[float, ...]
    right: tuple[float, ...]
    asked: tuple[float, ...]
    floor: float
    most: int

    def line(self, ys: Sequence[float]) -> str:
        """The points of a line."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(self.xs, ys, strict=True))


def drawn(choices: Sequence[Choice]) -> Drawn | None:
    """The picture; None while there is nothing to compare."""
    if len(choices) < 2 or not any(choice.linked + choice.asked for choice in choices):
        return None
    low, high = choices[0].bits, choices[-1].bits
    most = max(choice.asked for choice in choices) or 1
    floor = min(0.99, *(choice.linked_right for choice in choices))
    wide, tall = WIDTH - 2 * LEFT, HEIGHT - TOP - BOTTOM
    return Drawn(
        choices,
        tuple(LEFT + wide * (choice.bits - low) / ((high - low) or 1) for choice in choices),
        tuple(TOP + tall * (1 - (choice.linked_right - floor) / (1 - floor)) for choice in choices),
        tuple(TOP + tall * (1 - choice.asked / most) for choice in choices),
        floor,
        most,
    )
