"""What linking more or less boldly would come to, as a picture in the page's own colours."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from landbridge.bootstrap import Hub
from landbridge.identity import thresholds
from landbridge.identity.model import Model
from landbridge.identity.picture import Inks, thresholds_svg
from landbridge.identity.thresholds import Choice

THEME = Inks("var(--accent)", "var(--warn)", "var(--ink)", "var(--ink-soft)", "var(--line)", "none")


@dataclass(frozen=True)
class Curve:
    """The choices, the lowest threshold first, and their picture; None while there is nothing to compare."""

    choices: Sequence[Choice]
    picture: Markup | None


@dataclass
class Curves:
    """The choices of the base as it was last resolved: reckoned once, for they take a walk over all pairs."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, str], Curve] = field(default_factory=dict)

    def of(self, hub: Hub, model: Model) -> Curve:
        """The choices and their picture."""
        key = (model.version, thresholds.standing(hub.store))
        with self._lock:
            if key not in self._kept:
                self._kept = {key: _curve(thresholds.choices(hub.store, model), model)}
            return self._kept[key]


def _curve(choices: Sequence[Choice], model: Model) -> Curve:
    if len(choices) < 2 or not any(choice.linked + choice.asked for choice in choices):
        return Curve(choices, None)
    # The only markup that no template made: drawn from numbers, and the words in it are escaped by who draws it.
    return Curve(choices, Markup(thresholds_svg(choices, model.version, THEME)))
