"""The model: learned weights, how common names are, two thresholds; JSON with a version, the same on every engine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from landbridge.errors import ConfigInvalid
from landbridge.identity.comparisons import COMPARISONS
from landbridge.identity.features import FEATURES_VERSION
from landbridge.identity.soundness import unsound

DEFAULT = Path(__file__).with_name("models") / "default.json"


@dataclass(frozen=True)
class Model:
    """What a run needs to weigh evidence.

    `weights[comparison][level]` is (m, u): how often the level is met among pairs of one person, and among strangers.
    `learned_on` is the size of the base that `u` of levels marked `by_base` was seen on. `matches_per_profile`:
    expected pairs of one person per profile, which with the size of the base gives the prior.
    `rarity[column][value]` is the share of profiles that carry the value, for bases too small to tell. `link` and
    `review` are match weights (bits).
    """

    version: str
    learned_on: int
    matches_per_profile: float
    link: float
    review: float
    weights: dict[str, dict[str, tuple[float, float]]]
    rarity: dict[str, dict[str, float]] = field(default_factory=dict)
    against: tuple[int, ...] = (0, 1, 2)
    """Which of contradictions.KINDS speak against one person in this base."""
    calibration: tuple[tuple[int, tuple[tuple[float, float], ...]], ...] = ()
    """For bases of some sizes, smallest first: (bits, share of the pairs at these bits that is one person)."""
    features_version: int = FEATURES_VERSION

    def prior(self, size: int) -> float:
        """Probability that two profiles drawn from a base of `size` are one person."""
        return min(0.01, 2 * self.matches_per_profile / effective(size))

    def u(self, comparison: str, level: str, by_base: bool, size: int) -> float:
        """Chance of the level between strangers in a base of `size`."""
        m, u = self.weights[comparison][level]
        return min(u * self.learned_on / effective(size), m / 2) if by_base else u

    def as_json(self) -> str:
        """The model as JSON, stable in order so that a change can be read."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)

    def expected_precision(self, weight: float, size: int) -> float:
        """Of pairs at `weight` bits in a base of `size`, the share that is one person.

        As counted on generated bases, between their sizes by the logarithm; a model that was not calibrated is taken
        at its word. Never falls as the weight grows.
        """
        if not self.calibration:
            return float(1 / (1 + np.exp2(-np.clip(weight, -60, 60))))
        shares = [
            float(np.interp(weight, [bits for bits, _ in table], [share for _, share in table]))
            for _, table in self.calibration
        ]
        return float(np.interp(np.log(effective(size)), [float(np.log(of)) for of, _ in self.calibration], shares))

    def named(self, name: str) -> Model:
        """The same, called `name` and a digest of all that it says."""
        said = json.dumps(asdict(replace(self, version="")), sort_keys=True)
        return replace(self, version=f"{name}-{self.features_version}.{sha256(said.encode()).hexdigest()[:8]}")

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.as_json() + "\n")


SMALLEST = 5_000
"""Bases below this are weighed as if they had this size: coincidences do not vanish because a base is new."""


def effective(size: int) -> int:
    """The size of base that chances are reckoned for."""
    return max(size, SMALLEST)


def load(path: Path) -> Model:
    """Read a model. ConfigInvalid: not a model, or learned on other features or comparisons than this version's."""
    try:
        text = path.read_text()
    except (OSError, UnicodeError) as error:
        raise _no_model(path.name, error) from error
    return parse(text, path.name)


def parse(text: str, name: str) -> Model:
    """A model from its JSON; `name` is what the errors call it. Raises as `load` does."""
    try:
        raw = json.loads(text)
        raw["weights"] = {c: {k: (m, u) for k, (m, u) in levels.items()} for c, levels in raw["weights"].items()}
        tables = raw.get("calibration", ())
        raw["calibration"] = tuple((size, tuple((w, share) for w, share in table)) for size, table in tables)
        raw["against"] = tuple(raw.get("against", (0, 1, 2)))
        model = Model(**raw)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _no_model(name, error) from error
    expected = {c.name: {level.name for level in c.ladder} for c in COMPARISONS}
    if (
        model.features_version != FEATURES_VERSION
        or {c: set(levels) for c, levels in model.weights.items()} != expected
    ):
        raise ConfigInvalid(
            f"Model {model.version} was learned on other evidence.", do="Learn a new model with this version."
        )
    try:
        wrong = unsound(model)
    except (ValueError, TypeError, AttributeError) as error:
        raise _no_model(name, error) from error
    if wrong:
        raise ConfigInvalid(f"{name}: {wrong}.", do="Restore it, or learn a new model.")
    return model


def _no_model(name: str, error: Exception) -> ConfigInvalid:
    return ConfigInvalid(f"{name} is not an identity model: {error}", do="Restore it, or learn a new model.")


@cache
def default_model() -> Model:
    """The model that ships."""
    return load(DEFAULT)
