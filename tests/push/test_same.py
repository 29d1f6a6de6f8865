"""Two values are one when the CRM may mean one by the other, on every machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from landbridge.push.same import alike
from landbridge.push.words import shown


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is nine and a half hours off."""
    monkeypatch.setenv("TZ", "Australia/Adelaide")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_time_without_a_zone_is_utc_wherever_we_run(far_away: None) -> None:
    assert os.environ["TZ"] and time.localtime(0).tm_hour != 0
    assert alike("2026-01-01T10:00:00", "2026-01-01T10:00:00.000+0000")
    assert not alike("2026-01-01T10:00:00", "2026-01-01T10:00:00.000+0930")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        ("=1+1", "=1+1"),
        (0.0, "0"),
        (12.5, "12.5"),
        (True, "true"),
        ({"Landbridge_Id__c": "änne"}, '{"Landbridge_Id__c": "änne"}'),
        (["a", 1], '["a", 1]'),
    ],
)
def test_a_value_is_shown_as_people_read_it(value: object, told: str) -> None:
    assert shown(value) == told
