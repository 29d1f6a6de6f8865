"""The shipped model, and models that must be refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from landbridge.errors import ConfigInvalid
from landbridge.identity.comparisons import COMPARISONS
from landbridge.identity.model import DEFAULT, default_model, load, parse
from landbridge.identity.splink_engine import splink_settings


def test_the_default_ships_small_and_complete() -> None:
    model = default_model()
    assert DEFAULT.stat().st_size < 200_000
    assert all(0 < u <= 1 and 0 < m <= 1 for levels in model.weights.values() for m, u in levels.values())


def test_a_model_survives_saving(tmp_path: Path) -> None:
    default_model().save(tmp_path / "model.json")
    assert load(tmp_path / "model.json") == default_model()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}'])
def test_what_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ConfigInvalid, match="not an identity model"):
        load(tmp_path / "model.json")


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    replace(default_model(), features_version=0).save(tmp_path / "model.json")
    with pytest.raises(ConfigInvalid, match="other evidence"):
        load(tmp_path / "model.json")


def test_coincidence_and_prior_fall_as_the_base_grows() -> None:
    model = default_model()
    assert model.prior(1_000_000) < model.prior(10_000) == 2 * model.prior(20_000)
    assert model.u("email", "personal", True, 100_000) == pytest.approx(model.u("email", "personal", True, 10_000) / 10)


def test_settings_name_every_level_in_order() -> None:
    settings = splink_settings(default_model(), 1000)
    for comparison, built in zip(COMPARISONS, settings["comparisons"], strict=True):
        labels = [level["label_for_charts"] for level in built["comparison_levels"]]
        assert labels == ["absent", *(level.name for level in comparison.ladder)]


def test_expected_precision_grows_with_the_evidence_and_is_counted_at_several_sizes() -> None:
    model = default_model()
    assert len(model.calibration) >= 3
    for size in (1_000, 10_000, 55_000, 1_000_000):
        shares = [model.expected_precision(bits / 2, size) for bits in range(-20, 80)]
        assert shares == sorted(shares)
        assert 0 < shares[0] < 0.3 and 0.9 < shares[-1] <= 1


def test_a_model_that_was_not_calibrated_is_taken_at_its_word() -> None:
    assert replace(default_model(), calibration=()).expected_precision(1.0, 10_000) == pytest.approx(2 / 3)


def test_a_models_name_tells_what_it_says() -> None:
    model = default_model()
    assert model.named("default").version == model.version
    assert replace(model, link=model.link + 1).named("default").version != model.version


BROKEN = {
    "a weight that is no number": lambda raw: raw["weights"]["given"].update(same=[float("nan"), 0.1]),
    "an infinite threshold": lambda raw: raw.update(link=float("inf")),
    "a threshold that is no number": lambda raw: raw.update(review=float("nan")),
    "no size": lambda raw: raw.update(learned_on=float("nan")),
    "a rarity that is no number": lambda raw: raw["rarity"]["given"].update(anna=float("nan")),
    "a contradiction that there is not": lambda raw: raw.update(against=[7]),
    "an empty calibration": lambda raw: raw["calibration"][0].__setitem__(1, []),
    "a calibration that is no number": lambda raw: raw["calibration"][0][1][0].__setitem__(1, float("nan")),
    "a share above one": lambda raw: raw["calibration"][0][1][-1].__setitem__(1, 1.5),
    "a calibration that falls": lambda raw: raw["calibration"][0][1].reverse(),
    "sizes that fall": lambda raw: raw["calibration"].reverse(),
    "a calibration of texts": lambda raw: raw["calibration"][0][1].__setitem__(0, "ab"),
}


@pytest.mark.parametrize("harm", BROKEN)
def test_what_cannot_be_reckoned_with_is_no_model(harm: str) -> None:
    raw = json.loads(default_model().as_json())
    BROKEN[harm](raw)
    with pytest.raises(ConfigInvalid, match=r"mine\.json"):
        parse(json.dumps(raw), "mine.json")
