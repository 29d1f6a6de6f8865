"""Matches by number say what their texts say, of all of them and of some."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from landbridge.identity.evidence import Matches, none, read
from landbridge.identity.features import features
from landbridge.identity.matching import matched
from landbridge.identity.model import default_model
from tests.identity.people import person, profiles

PEOPLE = (
    person("crm/users/1", full_name="Anna Lindau", phone="+442079460111", city="Hull"),
    person("crm/users/2", full_name="Anna Lindau", phone="+442079460111", city="Hull"),
    person("crm/users/3", full_name="Anna Lindau", city="Hull"),
    person("crm/users/4", full_name="Anna Lindau", email="anna.lindau@posteo.example"),
    person("crm/users/5", full_name="A. Lindau", email="anna.lindau@posteo.example", city="Hull"),
)
SIGNED = [None, None, ["+442079460111"], None, None]

FOUND = features(profiles(*PEOPLE).append_column("signed_phone", pa.array(SIGNED, pa.list_(pa.string()))))


@pytest.fixture
def found() -> Iterator[Matches]:
    with matched(FOUND, default_model()) as matches:
        yield matches


def test_what_is_written_reads_as_what_was_found(found: Matches) -> None:
    again = read(FOUND["profile_id"], found.table(FOUND["profile_id"]))
    for field in ("left", "right", "weight", "probability", "signed"):
        assert getattr(again, field).tolist() == getattr(found, field).tolist()
    assert 0 < found.signed.sum() < len(found.left)
    assert (np.diff(found.weight) <= 0).all()


def test_evidence_of_some_is_that_of_these_pairs(found: Matches) -> None:
    everything = found.evidence(None).to_pylist()
    odd = np.arange(len(everything)) % 2 == 1
    assert everything[1::2] != everything[: int(odd.sum())]
    assert found.evidence(np.flatnonzero(odd)).to_pylist() == everything[1::2]
    assert found.where(odd).evidence(None).to_pylist() == everything[1::2]
    assert found.where(odd).evidence(np.array([0])).to_pylist() == everything[1:2]
    assert found.where(odd).table(FOUND["profile_id"])["evidence"].to_pylist() == everything[1::2]


def test_of_nobody_there_is_nothing_to_tell() -> None:
    assert none().table(FOUND["profile_id"]).num_rows == 0
