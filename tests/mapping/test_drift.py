"""Every field is mapped, ignored by name, or told."""

from __future__ import annotations

import pytest

from landbridge.mapping.drift import Drift
from tests.mapping.conftest import Apply

WORDS = """
person:
  full_name: name
  email: 'emails[].value'
  city: address.city
created_at: {from: made, when: {field: flags.fresh, is: true}}
"""
KNOWN = {
    "id": 1,
    "name": "Ada",
    "emails": [{"value": "a@x.org"}],
    "address": {"city": "London"},
    "made": "2026-01-02",
    "flags": {"fresh": True},
}


def test_nothing_is_told_when_all_is_known(mapped: Apply) -> None:
    assert mapped(WORDS, KNOWN, {"name": "Bob"}).drift == []


def test_unknown_fields_are_told_with_type_and_count(mapped: Apply) -> None:
    odd = KNOWN | {"shoe": 42, "address": {"city": "London", "geo": {"lat": 1}}, "vip": None}
    odd["emails"] = [{"value": "a@x.org", "kind": "work"}, {"kind": "home"}]
    assert mapped(WORDS, odd, odd | {"vip": True, "tags": []}, KNOWN).drift == [
        Drift("shoe", "number", 2),
        Drift("vip", "true/false", 2),
        Drift("address.geo", "object", 2),
        Drift("emails[].kind", "in a list", 2),
        Drift("tags", "list", 1),
    ]


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("[]", ["address.geo", "address.zip", "emails[].kind", "hs_a", "hs_b"]),
        ("[hs_*]", ["address.geo", "address.zip", "emails[].kind"]),
        ("[address.geo]", ["address.zip", "emails[].kind", "hs_a", "hs_b"]),
        ("[address.*]", ["emails[].kind", "hs_a", "hs_b"]),
        ("[address.geo.lat]", ["address.geo.lon", "address.zip", "emails[].kind", "hs_a", "hs_b"]),
        ("['emails[].kind']", ["address.geo", "address.zip", "hs_a", "hs_b"]),
        ("[hs_a, hs_b, address, emails]", []),
        ("['*']", []),
    ],
)
def test_ignoring_by_name(mapped: Apply, ignore: str, left: list[str]) -> None:
    payload = KNOWN | {"hs_a": 1, "hs_b": 2, "emails": [{"kind": "x"}]}
    payload["address"] = {"zip": "1", "geo": {"lat": 1, "lon": 2}}
    assert sorted(drift.path for drift in mapped(f"{WORDS}\nignore: {ignore}", payload).drift) == left


def test_a_longer_name_is_not_ignored_by_a_shorter_one(mapped: Apply) -> None:
    assert [d.path for d in mapped(f"{WORDS}\nignore: [fax]", {"name": "a", "fax": 1, "faxes": 2}).drift] == ["faxes"]


def test_names_from_outside_are_bounded_and_printable(mapped: Apply) -> None:
    drift = mapped(WORDS, {"name": "Ada", "a.b": 1, 'q"q': 2, "x\x1b[31m": 3, "n" * 500: 4}).drift
    shown = {each.path for each in drift}
    assert shown == {'"a.b"', '"q"q"', '"x\N{REPLACEMENT CHARACTER}[31m"', "n" * 200}
