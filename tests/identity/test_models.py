"""Which model is in force, who said so, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import ConfigInvalid, NotFound
from landbridge.identity import models
from landbridge.identity.model import default_model
from landbridge.store.engine import Store
from landbridge.trail.audit import newest, verify

LEARNED = replace(default_model(), version="own-1", link=4.25)


def test_nothing_adopted_means_the_one_that_ships(store: Store) -> None:
    assert models.in_force(store) == default_model()
    assert [(one.version, one.in_force) for one in models.history(store)] == [(default_model().version, True)]


def test_the_last_one_adopted_is_in_force_as_it_was_learned(store: Store) -> None:
    models.adopt(store, LEARNED, "ada", "our own data")
    assert models.in_force(store) == LEARNED
    first, second = models.history(store)
    assert (first.version, first.in_force, first.adopted_by, first.reason) == ("own-1", True, "ada", "our own data")
    assert (second.version, second.in_force) == (default_model().version, False)


def test_going_back_is_an_adoption_like_any_other(store: Store) -> None:
    models.adopt(store, LEARNED, "ada", "")
    models.adopt(store, models.known(store, default_model().version), "bob", "too keen")
    assert models.in_force(store) == default_model()
    models.adopt(store, models.known(store, "own-1"), "ada", "after all")
    assert models.in_force(store) == LEARNED
    assert [one.adopted_by for one in models.history(store)] == ["ada", "bob", "ada", None]


def test_each_adoption_is_in_the_trail_and_a_second_one_writes_nothing(store: Store) -> None:
    for _ in range(2):
        models.adopt(store, LEARNED, "ada", "")
    (event,) = newest(store, 10)
    assert (event.kind, event.actor, event.subject) == ("model.adopted", "ada", "model/own-1")
    assert event.detail == {"before": default_model().version}
    assert verify(store).intact


def test_a_model_of_other_evidence_is_told_and_never_replaced_silently(store: Store) -> None:
    models.adopt(store, LEARNED, "ada", "")
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE identity_model SET content = content || '{\"features_version\": 0}'"))
    with pytest.raises(ConfigInvalid, match="learned on other evidence") as caught:
        models.in_force(store)
    assert f"--adopt {default_model().version}" in (caught.value.do or "")


def test_a_model_that_nobody_knows(store: Store) -> None:
    with pytest.raises(NotFound, match="no model 'own-9'"):
        models.known(store, "own-9")


def test_a_version_is_one_model_for_ever(store: Store) -> None:
    models.adopt(store, LEARNED, "ada", "")
    models.adopt(store, default_model(), "ada", "")
    with pytest.raises(ConfigInvalid, match="Another model is called own-1 already"):
        models.adopt(store, replace(LEARNED, link=9.0), "eve", "")
    assert models.in_force(store) == default_model()


@pytest.mark.parametrize(
    "harm",
    [
        {"weights": []},
        {"weights": {"name": 1}},
        {"version": 7},
        {"link": "5"},
        {"link": float("nan")},
        {"link": 1, "review": 9},
        {"review": {"a": "b"}},
        {"learned_on": 0},
        {"learned_on": True},
        {"matches_per_profile": float("inf")},
        {"rarity": {"given": {"anna": -1}}},
        {"rarity": ["given"]},
        {"rarity": {"given": {"an\0na": 0.1}}},
        {"rarity": {"given": {"\ud800": 0.1}}},
        {"rarity": {"\udfff": {}}},
        {"version": "own\ud800"},
    ],
)
def test_a_file_that_cannot_be_reckoned_with_is_no_model(tmp_path: Path, harm: dict[str, Any]) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(default_model().as_json()) | harm))
    with pytest.raises(ConfigInvalid, match=r"model\.json"):
        models.from_file(path)


@pytest.mark.parametrize("share", [float("nan"), -0.5, 0, 1e-300, 1e300, "a", None])
def test_a_weight_that_is_no_share_is_no_model(tmp_path: Path, share: object) -> None:
    raw = json.loads(default_model().as_json())
    levels = next(iter(raw["weights"].values()))
    levels[next(iter(levels))][1] = share
    path = tmp_path / "model.json"
    path.write_text(json.dumps(raw))
    with pytest.raises(ConfigInvalid, match="no two shares"):
        models.from_file(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 200_000, b"", b"null"])
def test_a_file_of_garbage_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ConfigInvalid, match="is not an identity model"):
        models.from_file(tmp_path / "model.json")


def test_the_model_that_ships_can_be_brought(tmp_path: Path) -> None:
    default_model().save(tmp_path / "model.json")
    assert models.from_file(tmp_path / "model.json") == default_model()
