"""Scores against a count pair by pair."""

from __future__ import annotations

from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.evaluate import score_links


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ijkl"), st.sampled_from("pqr")), min_size=1, max_size=14))
def test_scores_agree_with_counting(rows: list[tuple[str, str]]) -> None:
    ids = [str(n) for n in range(len(rows))]
    links = pa.table({"profile_id": ids, "identity_id": [made for made, _ in rows]})
    scores = score_links(links, {profile: true for profile, (_, true) in zip(ids, rows, strict=True)})
    pairs = [(a[0] == b[0], a[1] == b[1]) for a, b in combinations(rows, 2)]
    made, true = sum(m for m, _ in pairs), sum(t for _, t in pairs)
    both = sum(m and t for m, t in pairs)
    assert scores.precision == pytest.approx(both / made if made else 1.0)
    assert scores.recall == pytest.approx(both / true if true else 1.0)
    precisions = [sum(row == other for other in rows) / sum(row[0] == other[0] for other in rows) for row in rows]
    assert scores.b3_precision == pytest.approx(sum(precisions) / len(rows))


def test_the_perfect_answer_is_one() -> None:
    scores = score_links(pa.table({"profile_id": ["a", "b"], "identity_id": ["i", "i"]}), {"a": "p", "b": "p"})
    assert (scores.precision, scores.recall, scores.f1, scores.b3_f1, scores.largest) == (1, 1, 1, 1, 2)
