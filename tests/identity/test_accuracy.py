"""How good on generated customers that the model has not seen. The generator stands beside the checkout, or not."""

from __future__ import annotations

import pytest

from benchmarks.customers import available, customers
from landbridge.identity.evaluate import evaluate

pytestmark = pytest.mark.skipif(not available(), reason="no generator beside the checkout (../shared/er)")


@pytest.mark.parametrize("seed", [7, 21])
def test_precision_and_f1_on_ten_thousand(seed: int) -> None:
    profiles, truth = customers(10_000, seed)
    scores = evaluate(profiles, truth)
    assert scores.precision >= 0.965
    assert scores.f1 >= 0.92
    assert scores.largest <= scores.largest_true + 4
