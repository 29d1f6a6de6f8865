"""Evidence in words."""

from __future__ import annotations

import json

import pytest

from landbridge.identity.comparisons import COMPARISONS
from landbridge.identity.explain import SAYS, explain_pair
from landbridge.identity.resolve import resolve
from tests.identity.people import person, profiles


@pytest.mark.parametrize(("comparison", "level"), [(c.name, level.name) for c in COMPARISONS for level in c.ladder])
def test_every_level_has_words(comparison: str, level: str) -> None:
    assert level in SAYS[comparison]


def test_a_salesperson_reads_why() -> None:
    table = profiles(
        person("a/u/1", full_name="Bob Stone", email="bob.stone@gmail.com", city="Leeds"),
        person("b/u/1", full_name="Robert Stone", email="bobstone@gmail.com", city="York"),
    )
    match = resolve(table).matches.to_pylist()[0]
    said = explain_pair(match["evidence"])
    assert said[0] == "same e-mail, used under no other name: bobstone@gmail.com"
    assert "first names agree apart from a nickname: bob / robert" in said
    assert said[-1] == "different town: leeds / york"


def test_values_from_outside_are_not_templates() -> None:
    piece = {"given": {"level": "similar", "weight": 1.0, "left": "{right}{0}", "right": "b"}}
    assert explain_pair(json.dumps(piece)) == ["first names differ by a slip: right}0} / b"]
