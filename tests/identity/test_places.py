"""Rows come back in order, however a join has handed them back."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.identity import places
from landbridge.identity.places import by_place


@given(st.lists(st.integers(0, 40), unique=True), st.booleans())
def test_rows_stand_in_the_order_of_place_with_what_belongs_to_them(order: list[int], chunked: bool) -> None:
    table = pa.table({"place": pa.array(order, pa.int32()), "text": pa.array([f"v{n}" for n in order], pa.string())})
    parts = [table.slice(at, 4) for at in range(0, len(order), 4)] if chunked and order else [table]
    found = by_place(pa.concat_tables(parts))
    assert found.to_pylist() == [{"place": n, "text": f"v{n}"} for n in sorted(order)]


def test_what_is_too_scattered_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_STRETCHES", 2)
    found = by_place(pa.table({"place": [5, 3, 1, 0], "text": ["f", "d", "b", "a"]}))
    assert found["text"].to_pylist() == ["a", "b", "d", "f"]
