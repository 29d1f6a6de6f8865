"""Quality without labels: what the store holds, told without giving anybody's values away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from landbridge.identity import models
from landbridge.identity.model import default_model
from landbridge.identity.quality import mask, quality, shares
from landbridge.store.engine import Store
from tests.identity.test_stage import ANNA, ANNA_AGAIN, BERT, put, resolved, rows

MODEL = default_model()


@pytest.fixture
def people(store: Store) -> Store:
    put(store, "hubspot/contacts/1", ANNA)
    put(store, "zendesk/users/1", {**ANNA_AGAIN, "phone": ["+44 20 7946 0999", "+442079460111"]})
    put(store, "zendesk/users/2", {**BERT, "phone": ["020 7946 0999"]})
    resolved(store)
    return store


def test_the_numbers_add_up(people: Store) -> None:
    found = quality(people, MODEL)
    assert (found.profiles, found.customers, found.largest) == (3, 2, 2)
    assert found.linked == len(rows(people, "SELECT FROM match WHERE band = 'link'")) == 1
    assert sum(count for _, _, count in found.sizes) == found.customers
    assert 0.9 < found.expected_precision <= 1
    assert found.expected_recall <= 1


def test_values_that_several_use_are_masked(people: Store) -> None:
    found = quality(people, MODEL)
    assert found.shared_values == {"phone": 1}
    (shared,) = found.shared
    assert (shared.kind, shared.masked, shared.profiles, shared.customers) == ("phone", "…0999", 2, 2)


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("anna.lindqvist@posteo.example", "a…t@p….example"),
        ("x@y.z", "…@y….z"),
        ("079460111", "…0111"),
        ("x:evemarlowe", "x:e…e"),
        ("a@localhost", "…@…"),
        ("", "…"),
    ],
)
def test_masks(value: str, masked: str) -> None:
    assert mask(value) == masked


def test_drift_is_told_against_what_was_noted_at_adoption(people: Store) -> None:
    own = replace(MODEL, version="own-1")
    models.adopt(people, own, "ada", "", shares(people))
    assert quality(people, own).drift == []
    for number in range(3, 9):
        put(people, f"zendesk/users/{number}", {"full_name": f"Nobody {number}"})
    resolved(people)
    chosen = replace(own, version="own-1/4.00/1.00")
    assert quality(people, chosen).drift == quality(people, own).drift
    (email, *_others) = [drift for drift in quality(people, own).drift if drift.level == "email"]
    assert (email.what, email.then, email.now) == ("filled", 1.0, pytest.approx(1 / 3, abs=0.01))


def test_a_base_of_nobody(store: Store) -> None:
    found = quality(store, MODEL)
    assert (found.profiles, found.linked, found.expected_precision, found.drift) == (0, 0, 1.0, [])
