"""What is not weighed could not have mattered: pairs, letters and ceilings, held to what they stand for."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge.identity import matching, pairing
from landbridge.identity.ceiling import Ceilings
from landbridge.identity.features import features
from landbridge.identity.letters import alike, shapes, slips
from landbridge.identity.model import default_model
from landbridge.identity.splink_engine import score
from tests.identity.people import person, profiles

KEYS = st.lists(st.lists(st.integers(0, 9), unique=True), max_size=12)
NAMES = ("Anna", "Ana", "Annie", "Robert", "Bob", "Bobby", "J", "Jean-Luc", "Lucjean", "Mei", "张伟", None)
FAMILIES = ("Lindau", "Lindua", "Lindauer", "Lindau-Okafor", "Okafor", "Anna", "Robert", "O'Brien", "Obrian", None)
EMAILS = (
    "anna.lindau@gmail.com", "annalindua@gmail.com", "anna-lindau@posteo.example", "info@lindau.example",
    "bob@posteo.example", "jörg@posteo.example", "anna.lindau2@posteo.example", "x" * 300 + "@posteo.example",
)  # fmt: skip
PHONES = ("+442079460111", "+442079460112", "+442079460121", "020 7946 0111", "+46855512345")
BIRTHS = ("1980-03-04", "1980-04-03", "1980-03-05", "1980-01-01", "1981-03-04", "1955-11-30", None)
STREETS = ("1 High Street", "1 High St", "1 Hihg Street", "2 High Street", "Lindenstr. 5", None)
CITIES = ("Hull", "Hamburg", "Hambrug", "Berlin", None)
POSTCODES = ("HU1 1AA", "HU1 1AB", "20095", None)
EVERYBODY = st.lists(
    st.fixed_dictionaries(
        {
            "given_name": st.sampled_from(NAMES),
            "middle_name": st.sampled_from((None, "Maria", "M", "Anna")),
            "family_name": st.sampled_from(FAMILIES),
            "email": st.lists(st.sampled_from(EMAILS), max_size=2),
            "phone": st.lists(st.sampled_from(PHONES), max_size=2),
            "handle": st.lists(st.sampled_from(("x:annalindau", "ig:annalindau", "x:bobby_o")), max_size=1),
            "birth_date": st.sampled_from(BIRTHS),
            "street": st.sampled_from(STREETS),
            "city": st.sampled_from(CITIES),
            "postcode": st.sampled_from(POSTCODES),
            "company": st.sampled_from((None, "Lindau GmbH", "Acme Ltd")),
        }
    ),
    min_size=2,
    max_size=16,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(EVERYBODY)
def test_matches_are_the_same_whether_pairs_are_told_apart_first_or_not(
    monkeypatch: pytest.MonkeyPatch, people: list[dict[str, Any]]
) -> None:
    found = features(profiles(*(person(f"crm/users/{n:03}", **fields) for n, fields in enumerate(people))))
    few = matching.match(found, default_model())
    monkeypatch.setattr(matching, "FEW", 0)
    assert matching.match(found, default_model()).equals(few)


def weighed(people: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """For every two of these people what Splink weighs them at, and what they weigh at most."""
    found = features(profiles(*(person(f"crm/users/{n:03}", **fields) for n, fields in enumerate(people))))
    model, both = default_model(), list(combinations(range(found.num_rows), 2))
    sides = zip(("join_key_l", "join_key_r"), zip(*both, strict=True), strict=True)
    pairs = pa.table({name: pa.array(rows, pa.int32()) for name, rows in sides})
    with duckdb.connect() as con:
        con.register("features", matching.numbered(found))
        matching._nodes(con, model, matching.count(found))
        most = dict(zip(both, Ceilings(con, model, found.num_rows).of(pairs).tolist(), strict=True))
        con.register("given", pairs)
        con.execute("CREATE TABLE pairs AS SELECT '0' AS match_key, * FROM given")
        weights = con.sql(
            f"SELECT uid_l, uid_r, match_weight FROM {score(con, model, found.num_rows, -1e9)}"
        ).fetchall()
    assert len(weights) == len(both)
    return [(weight, most[left, right]) for left, right, weight in weights]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVERYBODY)
def test_no_pair_weighs_more_than_its_ceiling(people: list[dict[str, Any]]) -> None:
    assert [(weight, most) for weight, most in weighed(people) if weight > most] == []


def test_strangers_are_known_by_their_ceiling() -> None:
    anna = {"given_name": "Anna", "family_name": "Lindau", "email": ["anna.lindau@gmail.com"], "city": "Hull"}
    robert = {"given_name": "Robert", "family_name": "Okafor", "email": ["bob@posteo.example"], "city": "Berlin"}
    [(weight, most)] = weighed([anna, robert])
    assert weight <= most < default_model().review


TEXTS = st.lists(st.text("abq16 é", max_size=9) | st.sampled_from([None, "x" * 300]), min_size=2, max_size=30)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_texts_near_each_other_have_nearly_the_same_letters(texts: list[str | None]) -> None:
    both = list(combinations(range(len(texts)), 2))
    rows = [np.array(side) for side in zip(*both, strict=True)]
    told = shapes(pa.chunked_array([pa.array(texts, pa.string())]))
    left, right = (told.take(side) for side in rows)
    with duckdb.connect() as con:
        con.register("texts", pa.table({"a": [texts[i] for i, _ in both], "b": [texts[j] for _, j in both]}))
        truth = con.sql("""SELECT levenshtein(a, b) AS plain, damerau_levenshtein(a, b) AS swaps,
            jaro_winkler_similarity(a, b) AS jaro FROM texts""").fetchnumpy()
    for most in (1, 2):
        near = slips(left, right, most)
        assert near[np.ma.filled(truth["plain"] <= most, False)].all()
        assert near[np.ma.filled(truth["swaps"] <= most, False)].all()
    for least in (0.6, 0.8, 0.88, 0.93):
        assert alike(left, right, least)[np.ma.filled(truth["jaro"] >= least, False)].all()


def test_other_letters_are_seen() -> None:
    told = shapes(pa.chunked_array([pa.array(["lindau", "okafor"])]))
    one, other = told.take(np.array([0])), told.take(np.array([1]))
    assert not slips(one, other, 2).any()
    assert not alike(one, other, 0.8).any()


@pytest.mark.parametrize("crowded", [3])
@given(keys=KEYS)
def test_every_two_with_a_key_in_common_are_a_pair(keys: list[list[int]], crowded: int) -> None:
    usual, pairing.CROWDED = pairing.CROWDED, crowded
    try:
        found = pairing.pairs(pa.chunked_array([pa.array(keys, pa.list_(pa.uint64()))]))
    finally:
        pairing.CROWDED = usual
    rare = {key for key, n in Counter(key for own in keys for key in own).items() if n <= crowded}
    expected = [(a, b) for a, b in combinations(range(len(keys)), 2) if rare.intersection(keys[a], keys[b])]
    assert list(zip(*(found[side].to_pylist() for side in found.column_names), strict=True)) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people=EVERYBODY, signed=st.lists(st.lists(st.sampled_from(PHONES), max_size=2), min_size=16, max_size=16))
def test_nobody_has_a_key_twice(people: list[dict[str, Any]], signed: list[list[str]]) -> None:
    table = profiles(*(person(f"crm/users/{n:03}", **fields) for n, fields in enumerate(people)))
    signed_phones = pa.array(signed[: len(people)], pa.list_(pa.string()))
    for keys in features(table.append_column("signed_phone", signed_phones))["keys"].to_pylist():
        assert len(keys) == len(set(keys))


@given(st.lists(st.text("abcpq019 é", max_size=12)))
def test_letters_are_counted_in_their_buckets(texts: list[str]) -> None:
    found = shapes(pa.chunked_array([pa.array(texts, pa.string())]))
    for text, letters in zip(texts, found.letters.tolist(), strict=True):
        many = Counter(byte & 15 for byte in text.encode())
        assert letters == sum((1 << min(n, 4)) - 1 << 4 * bucket for bucket, n in many.items())
