"""Which model is in force, who said so, and the way back."""

from __future__ import annotations

from dataclasses import replace

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
